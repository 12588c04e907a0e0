/**
 * What an agency node's doors can ask for: the exchange's functions, and what only the whole node knows (status,
 * check, directory, announced addresses). Holds no rules. Made by agency.ts.
 */

import type { Classification } from '../core/classification.ts';
import type { Clock } from '../core/clock.ts';
import { isoTime } from '../core/dates.ts';
import type { EdxmlExport, ExportOptions, ImportAnswer, ImportOptions } from '../core/edxml-views.ts';
import type {
  CertificateSummary,
  CheckReport,
  DirectoryDetail,
  DirectoryItem,
  NodeStatus,
} from '../core/node-views.ts';
import type { RegisterPage, RegisterQuery } from '../core/register-views.ts';
import type { RecallAnswer, StatusAct, StatusAnswer } from '../core/status-views.ts';
import { VERSION } from '../core/version.ts';
import type {
  DeliverySummary,
  DeliveryUpdate,
  DocumentItem,
  DocumentView,
  EvidenceFile,
  ListQuery,
  LocalFile,
  Page,
  Proposal,
  StoredBlob,
  Submission,
  SubmitAnswer,
  Verification,
} from '../core/views.ts';
import { calendarView, type WorkingCalendar } from '../core/working-days.ts';
import type { Directory } from '../directory/directory.ts';
import type { DirectoryStore } from '../directory/directory-store.ts';
import { certificateSummary, directoryDetail, directoryItems } from '../directory/directory-views.ts';
import type { OwnKeys } from '../directory/own-keys.ts';
import type { SealInToken } from '../directory/seal-key.ts';
import type { SeatNetwork } from '../directory/seat-network.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { countDocuments } from '../store/documents.ts';
import { freeBytes } from '../store/folder.ts';
import type { NodeStore } from '../store/node-store.ts';
import type { RecallAsked } from './http/life-service.ts';
import type { AttachmentStream, NodeService, SealAsked, StoreBlobOptions } from './http/services.ts';
import { checkWithSeal, sealCustody } from './seal-check.ts';

export interface AgencyServiceComponents {
  dir: string;
  exchange: Exchange;
  storage: NodeStore;
  directory: DirectoryStore;
  network: SeatNetwork;
  own: OwnKeys;
  /** The token that holds the seal, if one does. */
  sealToken: SealInToken | undefined;
  clock: Clock;
  startedAtMs: number;
  /** The folder's declared classification, for submissions that bring none. */
  classification: Classification | undefined;
  calendar: WorkingCalendar;
  announce: (addresses: string[]) => Promise<void>;
  askForSeal: (fingerprint: string) => Promise<SealAsked>;
}

export class AgencyService implements NodeService {
  readonly #with: AgencyServiceComponents;

  constructor(components: AgencyServiceComponents) {
    this.#with = components;
  }

  submit(submission: Submission): Promise<SubmitAnswer> {
    const classification = submission.classification ?? this.#with.classification;
    return this.#with.exchange.submit({ ...submission, classification });
  }

  validate(proposal: Proposal): Promise<SubmitAnswer | undefined> {
    const classification = proposal.classification ?? this.#with.classification;
    return this.#with.exchange.validate({ ...proposal, classification });
  }

  storeBlob(source: AsyncIterable<Uint8Array>, options: StoreBlobOptions): Promise<StoredBlob> {
    return this.#with.exchange.storeBlob(source, options);
  }

  storeFile(
    file: LocalFile,
    options: { signal: AbortSignal; progress: (bytes: number) => void },
  ): Promise<StoredBlob> {
    return this.#with.exchange.storeFile(file, options);
  }

  releaseBlob(lease: string): Promise<void> {
    return this.#with.exchange.releaseBlob(lease);
  }

  importEdxml(source: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImportAnswer> {
    const classification = options.classification ?? this.#with.classification;
    return this.#with.exchange.importEdxml(source, { ...options, classification });
  }

  exportEdxml(id: string, options: ExportOptions): Promise<EdxmlExport> {
    return this.#with.exchange.exportEdxml(id, options);
  }

  list(query: ListQuery): Promise<Page<DocumentItem>> {
    return this.#with.exchange.list(query);
  }

  show(id: string): Promise<DocumentView> {
    return this.#with.exchange.show(id);
  }

  attachment(id: string, index: number): Promise<AttachmentStream> {
    return this.#with.exchange.attachment(id, index);
  }

  evidence(id: string): Promise<EvidenceFile[]> {
    return this.#with.exchange.evidence(id);
  }

  verify(id: string): Promise<Verification> {
    return this.#with.exchange.verify(id);
  }

  watch(id: string, signal: AbortSignal): AsyncIterable<DeliveryUpdate> {
    return this.#with.exchange.watch(id, signal);
  }

  say(id: string, act: StatusAct): Promise<StatusAnswer> {
    return this.#with.exchange.say(id, act);
  }

  taken(id: string, unit?: string): Promise<void> {
    return this.#with.exchange.taken(id, unit);
  }

  recall(id: string, request: RecallAsked): Promise<RecallAnswer[]> {
    return this.#with.exchange.recall(id, request);
  }

  addRecipients(id: string, to: readonly string[], reason: string, by?: string): Promise<DeliverySummary[]> {
    return this.#with.exchange.addRecipients(id, to, reason, by);
  }

  register(query: RegisterQuery): Promise<RegisterPage> {
    return this.#with.exchange.register(query);
  }

  async check(): Promise<CheckReport> {
    const report = await checkWithSeal(this.#with.storage, this.#with.sealToken);
    const differs = await this.#with.exchange.finder.check();
    if (differs === undefined) return report;
    return { ...report, ok: false, problems: [...report.problems, { kind: 'search-index', where: differs }] };
  }

  announce(addresses: string[]): Promise<void> {
    return this.#with.announce(addresses);
  }

  askForSeal(fingerprint: string): Promise<SealAsked> {
    return this.#with.askForSeal(fingerprint);
  }

  async directory(): Promise<DirectoryItem[]> {
    return directoryItems(this.#directory());
  }

  async directoryEntry(code: string): Promise<DirectoryDetail> {
    return directoryDetail(this.#directory(), code);
  }

  async status(): Promise<NodeStatus> {
    const { network, own, sealToken, storage, exchange, clock, startedAtMs, dir } = this.#with;
    const { host, registryLink } = network;
    const directory = this.#directory();
    const { health } = storage.store;
    const queues = await exchange.queues();
    // asks the index, so that what is said of it is what it says
    const clocks = (await exchange.finder.clockCounts()) ?? null;
    return {
      agency: own.agency,
      agencyName: directory.agencyName(own.agency) ?? '',
      peerId: host.peerId,
      listening: host.addresses(),
      version: VERSION,
      uptimeSeconds: Math.floor((clock.nowMs() - startedAtMs) / 1000),
      directory: {
        epoch: directory.epoch,
        version: directory.version,
        freshUntil: isoTime(directory.freshUntilMs),
        validUntil: isoTime(directory.validUntilMs),
        state: this.#directoryState(directory),
      },
      certificates: this.#certificates(directory),
      sealFingerprint: own.sealFingerprint,
      seal: await sealCustody(sealToken, clock),
      queues: queues.map(({ seat, waiting, oldestAtMs, nextAttemptAtMs, lastError }) => ({
        seat,
        agency: directory.agencyOfSeat(seat) ?? '',
        own: seat === own.seat,
        waiting,
        oldestAt: oldestAtMs === undefined ? null : isoTime(oldestAtMs),
        nextAttemptAt: nextAttemptAtMs === undefined ? null : isoTime(nextAttemptAtMs),
        lastError: lastError ?? null,
      })),
      peers: {
        connected: new Set(
          host
            .connections()
            .filter(({ isUsable }) => isUsable)
            .map(({ peerId }) => peerId),
        ).size,
        registry: registryLink.isConnected,
      },
      disk: { freeBytes: await freeBytes(dir) },
      store: { state: health.state, problems: health.problems.map(({ kind, where }) => `${kind}: ${where}`) },
      counts: {
        inbox: await countDocuments(storage.store, 'inbox'),
        outbox: await countDocuments(storage.store, 'outbox'),
        waiting: queues.reduce((sum, { waiting }) => sum + waiting, 0),
      },
      log: { epoch: storage.audit.head().epoch, size: storage.audit.head().size },
      limited: exchange.limited().map(({ sinceMs, untilMs, ...limited }) => ({
        ...limited,
        since: isoTime(sinceMs),
        until: untilMs === undefined ? null : isoTime(untilMs),
      })),
      recovery: (await exchange.recovery()) ?? null,
      witness: await exchange.logFindings(),
      search: exchange.finder.search ?? null,
      clocks,
      calendar: calendarView(this.#with.calendar, clock.nowMs()),
    };
  }

  #directory(): Directory {
    return this.#with.directory.require();
  }

  #directoryState(directory: Directory): string {
    const { directory: store, network, clock } = this.#with;
    if (store.forks.length > 0) return 'fork';
    const own = directory.nodeMayConnect(network.host.peerId, clock.nowMs());
    if (!own.ok && own.code !== 'unknown') return own.code === 'revoked' ? 'revoked' : 'certificate-expired';
    return directory.freshness(clock.nowMs());
  }

  #certificates(directory: Directory): CertificateSummary[] {
    const { own, clock } = this.#with;
    const listed = directory
      .certificatesOf(own.agency)
      .filter(({ role, seat }) => role === 'seal' || seat === own.seat)
      .map((one) => certificateSummary(directory, one, clock.nowMs()));
    if (listed.some(({ role }) => role === 'seal')) return listed;
    return [...listed, { role: 'seal', serial: '', notAfter: '', state: 'not-granted' }];
  }
}
