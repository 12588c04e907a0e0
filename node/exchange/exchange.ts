/**
 * The heart, put together: outbox, courier, inbox, attachments, and reading. Doors call these functions and hold no
 * rules of their own; agency.ts makes one and gives it its ports. Order of starting: courier last; of stopping:
 * courier first, so that nothing new leaves while what came in is being finished.
 */

import type { Attachment } from '../../proto/messages.ts';
import { hex } from '../core/bytes.ts';
import { parseUnitCode } from '../core/codes.ts';
import { isoTime } from '../core/dates.ts';
import type { EdxmlExport, ExportOptions, ImportAnswer, ImportOptions } from '../core/edxml-views.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { LogFindings, RecoveryView } from '../core/log-views.ts';
import type { RegisterPage, RegisterQuery } from '../core/register-views.ts';
import type { RecallAnswer, StatusAct, StatusAnswer } from '../core/status-views.ts';
import { isSettled } from '../core/transport.ts';
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
import { streamAttachment } from './attachments.ts';
import type { SeatQueue } from './courier.ts';
import { envelopesOf, evidenceFiles } from './evidence.ts';
import { Exports } from './exports.ts';
import type { Finder } from './finder.ts';
import { Imports } from './imports.ts';
import { logFindings } from './log-findings.ts';
import type { LogWitness } from './log-witness.ts';
import { withOwnSeat } from './own-seat.ts';
import { type ExchangeInit, ExchangeParts } from './parts.ts';
import type { ExchangeComponents, Frames } from './ports.ts';
import type { LimitedAgency } from './quotas.ts';
import type { RecallRequest } from './recalls.ts';
import type { StoreFileOptions, StoreOptions } from './uploads.ts';
import { verifyDocument } from './verification.ts';
import { watchDeliveries } from './watch.ts';

export type { ExchangeInit } from './parts.ts';

export class Exchange {
  readonly #with: ExchangeComponents;
  readonly #parts: ExchangeParts;
  readonly #imports: Imports;
  readonly #serving = new Set<Promise<void>>();

  constructor(given: ExchangeComponents, init: ExchangeInit = {}) {
    const { seat } = given.self;
    const peers = withOwnSeat(given.peers, given.self, (frames) => this.serveDelivery(frames, seat));
    const components = { ...given, peers };
    this.#with = components;
    const parts = new ExchangeParts(components, init);
    this.#parts = parts;
    const { uploads, recalls, moreRecipients, desk } = parts;
    this.#imports = new Imports({
      ...components,
      ...{ uploads, recalls, moreRecipients, desk },
      submit: (submission) => this.submit(submission),
      originalTravels: init.edxmlOriginalTravels ?? false,
    });
  }

  /** Lists, and the index they are looked up in. */
  get finder(): Finder {
    return this.#parts.finder;
  }

  /** Before the network: what was seen of other seats' logs, and what is still to be taken back. */
  load(): Promise<void> {
    return this.#parts.load();
  }

  /** The largest log head of a seat seen here, for its Hello; and what a peer shows of our own log. */
  get logWitness(): LogWitness {
    return this.#parts.witness;
  }

  start(): Promise<void> {
    return this.#parts.start();
  }

  /** Nothing new leaves; outcomes of what is in flight are written down or left in doubt. Before the network stops. */
  stopSending(): Promise<void> {
    return this.#parts.stopSending();
  }

  /** After the network has stopped: what was being served has ended or ends now; held uploads are let go. */
  async finish(): Promise<void> {
    await Promise.allSettled(this.#serving);
    await Promise.all([this.#parts.uploads.stop(), this.finder.stop()]);
  }

  /** Serves one delivery stream that `seat` opened. Never rejects. */
  serveDelivery(frames: Frames, seat: string): Promise<void> {
    return this.#serve(this.#parts.deliveryServer.serve(frames, seat));
  }

  /** Serves one stream of attachments that `seat` opened. Never rejects. */
  serveBlobs(frames: Frames, seat: string): Promise<void> {
    return this.#serve(this.#parts.blobServer.serve(frames, seat));
  }

  /** Serves one stream of audit log questions that `seat` opened. Never rejects. */
  serveLog(frames: Frames, seat: string): Promise<void> {
    return this.#serve(this.#parts.logServer.serve(frames, seat));
  }

  onContact(seat: string): void {
    this.#parts.courier.onContact(seat);
    this.#parts.examiner.consider(seat);
    this.#parts.takeBack.onContact(seat);
  }

  /** What has been taken back after a loss; undefined for a node that lost nothing. */
  recovery(): Promise<RecoveryView | undefined> {
    return this.#parts.takeBack.state();
  }

  /** What was witnessed of other seats' logs that someone should ask about. */
  logFindings(): Promise<LogFindings> {
    return logFindings(this.#with);
  }

  async submit(submission: Submission): Promise<SubmitAnswer> {
    this.#parts.takeBack.requireNumbersKnown();
    try {
      return await this.#parts.outbox.submit(submission);
    } catch (error) {
      if (isLienthongError(error, 'classified') || isLienthongError(error, 'secrecy-marking')) {
        await this.#auditRefusal(submission, error);
      }
      throw error;
    }
  }

  /** Throws what `submit` would, and answers what it would where the same was submitted before. */
  async validate(proposal: Proposal): Promise<SubmitAnswer | undefined> {
    this.#parts.takeBack.requireNumbersKnown();
    return this.#parts.outbox.validate(proposal);
  }

  /** Gives back a file that won't be submitted; an unknown lease changes nothing. */
  releaseBlob(lease: string): Promise<void> {
    return this.#parts.uploads.release(lease);
  }

  storeBlob(source: AsyncIterable<Uint8Array>, options: StoreOptions = {}): Promise<StoredBlob> {
    return this.#parts.uploads.store(source, options);
  }

  /** As storeBlob, of a file that is read here. */
  storeFile(file: LocalFile, options: StoreFileOptions = {}): Promise<StoredBlob> {
    return this.#parts.uploads.storeFile(file, options);
  }

  /** Takes an edXML file as it streams: a document to submit, or a status to say. Throws as Imports. */
  async importEdxml(source: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImportAnswer> {
    this.#parts.takeBack.requireNumbersKnown();
    return this.#imports.import(source, options);
  }

  /** A document, or a status said about it, as an edXML file. Throws as Exports. */
  async exportEdxml(id: string, options: ExportOptions = {}): Promise<EdxmlExport> {
    return new Exports(this.#with).export(await this.#parts.library.require(id), options);
  }

  list(query: ListQuery): Promise<Page<DocumentItem>> {
    return this.finder.list(query);
  }

  show(id: string): Promise<DocumentView> {
    return this.#parts.library.show(id);
  }

  async attachment(
    id: string,
    index: number,
  ): Promise<{
    name: string;
    mediaType: string;
    size: number;
    sha256: string;
    stream: AsyncIterable<Uint8Array>;
  }> {
    const { row, content } = await this.#parts.library.require(id);
    const attachment = content.attachments[index] as Attachment | undefined;
    if (attachment === undefined) throw new LienthongError('not-found', { what: 'attachment', index });
    const { name, mediaType, size, sha256 } = attachment;
    const stream = streamAttachment(attachment, row, this.#with.store, this.#with.blobs);
    return { name, mediaType, size, sha256: hex(sha256), stream };
  }

  async evidence(id: string): Promise<EvidenceFile[]> {
    const document = await this.#parts.library.require(id);
    return evidenceFiles(await envelopesOf(document, this.#with.store), this.#with.directory());
  }

  async verify(id: string): Promise<Verification> {
    return verifyDocument(await this.#parts.library.require(id), { ...this.#with, trust: this.#parts.trust });
  }

  /** Current states first, then each change; ends when every delivery is settled. */
  async *watch(id: string, signal: AbortSignal): AsyncGenerator<DeliveryUpdate> {
    const documentId = await this.#parts.library.requireId(id);
    const { store, clock } = this.#with;
    for await (const event of watchDeliveries(documentId, store, this.#parts.events, signal)) {
      yield {
        to: event.unit,
        state: event.state,
        at: isoTime(clock.nowMs()),
        lastError: event.lastError || null,
        elapsedMs: isSettled(event.state) ? (event.elapsedMs ?? null) : null,
        pulledBytes: event.pulledBytes,
        givenBytes: event.givenBytes,
        totalBytes: event.totalBytes,
      };
    }
  }

  /** A clerk or the local system says something about a document received. Throws as StatusDesk. */
  async say(id: string, act: StatusAct): Promise<StatusAnswer> {
    this.#parts.takeBack.requireNumbersKnown();
    const { answers, unit, ...rest } = act;
    const answered = answers === undefined ? undefined : await this.#parts.library.requireId(answers);
    return this.#parts.desk.say(await this.#parts.library.requireId(id), {
      ...rest,
      unit: unit === undefined ? undefined : parseUnitCode(unit),
      answers: answered,
    });
  }

  /** The document was handed over: status 01 for the copies nobody has said anything about. */
  async taken(id: string, unit?: string): Promise<void> {
    this.#parts.takeBack.requireNumbersKnown();
    const of = unit === undefined ? undefined : parseUnitCode(unit);
    await this.#parts.desk.taken(await this.#parts.library.requireId(id), of);
  }

  /** Asks recipients to give a document back; settled at once where nothing has left. Throws as Recalls. */
  async recall(id: string, request: RecallRequest): Promise<RecallAnswer[]> {
    this.#parts.takeBack.requireNumbersKnown();
    const units = request.units?.map(parseUnitCode);
    const by = request.by === undefined ? undefined : parseUnitCode(request.by);
    return this.#parts.recalls.recall(await this.#parts.library.requireId(id), { ...request, units, by });
  }

  /** The same document to more recipients. Throws as MoreRecipients. */
  async addRecipients(
    id: string,
    to: readonly string[],
    reason: string,
    by?: string,
  ): Promise<DeliverySummary[]> {
    this.#parts.takeBack.requireNumbersKnown();
    const unit = by === undefined ? undefined : parseUnitCode(by);
    return this.#parts.moreRecipients.add(await this.#parts.library.requireId(id), to, reason, unit);
  }

  /** A page of the register of incoming or outgoing documents of a year. Throws as Register. */
  register(query: RegisterQuery): Promise<RegisterPage> {
    return this.#parts.register.page(query);
  }

  /** Agencies that ask more of this node than their limits. */
  limited(): LimitedAgency[] {
    return this.#parts.quotas.limited();
  }

  queues(): Promise<SeatQueue[]> {
    return this.#parts.courier.queues();
  }

  /** R1: a refusal at the sender's edge is an audit entry too. Says nothing of the content. */
  async #auditRefusal(submission: Submission, error: LienthongError): Promise<void> {
    const fields = [
      { name: 'code', value: error.code },
      { name: 'number', value: `${submission.number}/${submission.notation}`.slice(0, 100) },
      { name: 'system', value: submission.system },
    ];
    const audit = [{ atMs: this.#with.clock.nowMs(), event: 'submission.refused', fields }];
    await this.#with.store.commit({ writes: [], audit });
  }

  #serve(work: Promise<void>): Promise<void> {
    this.#serving.add(work);
    return work.finally(() => this.#serving.delete(work));
  }
}
