/**
 * The heart, put together: outbox, courier, inbox, attachments, and reading. Doors call these functions and hold no
 * rules of their own; agency.ts makes one and gives it its ports. Order of starting: courier last; of stopping:
 * courier first, so that nothing new leaves while what came in is being finished.
 */

import type { Attachment } from '../../proto/messages.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import { isoTime } from '../core/dates.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { LogFindings, RecoveryView } from '../core/log-views.ts';
import { isSettled } from '../core/transport.ts';
import type {
  DeliveryUpdate,
  DocumentItem,
  DocumentView,
  EvidenceFile,
  ListQuery,
  Page,
  Proposal,
  StoredBlob,
  Submission,
  SubmitAnswer,
  Verification,
} from '../core/views.ts';
import { BatchSigner } from '../signing/batch-signer.ts';
import { streamAttachment } from './attachments.ts';
import { BlobPuller } from './blob-puller.ts';
import { BlobServer } from './blob-server.ts';
import { Collector } from './collector.ts';
import { Courier, type SeatQueue } from './courier.ts';
import { DeliveryEvents } from './delivery-events.ts';
import { DeliveryServer } from './delivery-server.ts';
import { envelopesOf, evidenceFiles } from './evidence.ts';
import { Finder } from './finder.ts';
import { FreshSignatures } from './fresh-signatures.ts';
import { Inbox } from './inbox.ts';
import { Library } from './library.ts';
import { LogExaminer } from './log-examiner.ts';
import { logFindings } from './log-findings.ts';
import { LogServer } from './log-server.ts';
import { LogWitness } from './log-witness.ts';
import { Outbox } from './outbox.ts';
import type { ExchangeComponents, Frames } from './ports.ts';
import { type Quota, Quotas } from './quotas.ts';
import { Refuser } from './refuser.ts';
import { Restorer } from './restorer.ts';
import { Settlement } from './settlement.ts';
import { TakeBack } from './take-back.ts';
import { Trust } from './trust.ts';
import { Uploads } from './uploads.ts';
import { verifyDocument } from './verification.ts';
import { watchDeliveries } from './watch.ts';

export interface ExchangeInit {
  quota?: Quota;
  /** A document was taken in: for whoever shows it. */
  onReceived?: (documentId: Bytes) => void;
}

export class Exchange {
  readonly #with: ExchangeComponents;
  readonly #trust: Trust;
  readonly #events = new DeliveryEvents();
  readonly #uploads: Uploads;
  readonly #outbox: Outbox;
  readonly #courier: Courier;
  readonly #deliveryServer: DeliveryServer;
  readonly #blobServer: BlobServer;
  readonly #library: Library;
  readonly finder: Finder;
  readonly #witness: LogWitness;
  readonly #examiner: LogExaminer;
  readonly #takeBack: TakeBack;
  readonly #logServer: LogServer;
  readonly #serving = new Set<Promise<void>>();

  constructor(components: ExchangeComponents, init: ExchangeInit = {}) {
    const { directory, clock } = components;
    const trust = new Trust(directory);
    const signer = new BatchSigner(() => ({
      federationId: directory().federationId,
      claimedAtMs: clock.nowMs(),
      headHash: directory().headHash,
    }));
    const events = this.#events;
    const witness = new LogWitness({
      ...components,
      trust,
      onDoubt: (seat) => this.#examiner.consider(seat),
    });
    const settlement = new Settlement({
      ...components,
      trust,
      events,
      witness,
      reroute: (delivery) => this.#courier.add(delivery),
    });
    const collector = new Collector({ ...components, puller: new BlobPuller(components) });
    const signatures = new FreshSignatures(components);
    const inbox = new Inbox({
      ...components,
      signer,
      signatures,
      trust,
      collector,
      refuser: new Refuser({ ...components, signer }),
      quotas: new Quotas(init.quota),
      witness,
      onReceived: init.onReceived ?? (() => {}),
    });
    this.#with = components;
    this.#witness = witness;
    this.#examiner = new LogExaminer({ ...components, witness });
    const restorer = new Restorer({ ...components, trust, collector, witness, events });
    this.#takeBack = new TakeBack({ ...components, signer, restorer });
    this.#logServer = new LogServer({ ...components, signer, witness });
    this.#trust = trust;
    this.#uploads = new Uploads(components);
    this.#courier = new Courier({ ...components, settlement, events, signatures });
    this.#outbox = new Outbox({
      ...components,
      signer,
      uploads: this.#uploads,
      events,
      onQueued: (delivery, fresh) => this.#courier.add(delivery, fresh),
    });
    this.#deliveryServer = new DeliveryServer({ inbox, report: components.report });
    this.#blobServer = new BlobServer({ ...components, events });
    this.#library = new Library({ ...components, trust });
    this.finder = new Finder({ ...components, itemOf: (document) => this.#library.itemOf(document) });
  }

  /** Before the network: what was seen of other seats' logs, and what is still to be taken back. */
  async load(): Promise<void> {
    await this.#witness.load();
    await this.#takeBack.load();
  }

  /** The largest log head of a seat seen here, for its Hello; and what a peer shows of our own log. */
  get logWitness(): LogWitness {
    return this.#witness;
  }

  async start(): Promise<void> {
    await this.#courier.start();
    this.#examiner.start();
    this.#takeBack.start();
    this.finder.start();
  }

  /** Nothing new leaves; outcomes of what is in flight are written down or left in doubt. Before the network stops. */
  async stopSending(): Promise<void> {
    await Promise.all([this.#courier.stop(), this.#examiner.stop(), this.#takeBack.stop()]);
  }

  /** After the network has stopped: what was being served has ended or ends now; held uploads are let go. */
  async finish(): Promise<void> {
    await Promise.allSettled(this.#serving);
    await Promise.all([this.#uploads.stop(), this.finder.stop()]);
  }

  /** Serves one delivery stream that `seat` opened. Never rejects. */
  serveDelivery(frames: Frames, seat: string): Promise<void> {
    return this.#serve(this.#deliveryServer.serve(frames, seat));
  }

  /** Serves one stream of attachments that `seat` opened. Never rejects. */
  serveBlobs(frames: Frames, seat: string): Promise<void> {
    return this.#serve(this.#blobServer.serve(frames, seat));
  }

  /** Serves one stream of audit log questions that `seat` opened. Never rejects. */
  serveLog(frames: Frames, seat: string): Promise<void> {
    return this.#serve(this.#logServer.serve(frames, seat));
  }

  onContact(seat: string): void {
    this.#courier.onContact(seat);
    this.#examiner.consider(seat);
    this.#takeBack.onContact(seat);
  }

  /** What has been taken back after a loss; undefined for a node that lost nothing. */
  recovery(): Promise<RecoveryView | undefined> {
    return this.#takeBack.state();
  }

  /** What was witnessed of other seats' logs that someone should ask about. */
  logFindings(): Promise<LogFindings> {
    return logFindings(this.#with);
  }

  async submit(submission: Submission): Promise<SubmitAnswer> {
    this.#takeBack.requireNumbersKnown();
    try {
      return await this.#outbox.submit(submission);
    } catch (error) {
      if (isLienthongError(error, 'classified') || isLienthongError(error, 'secrecy-marking')) {
        await this.#auditRefusal(submission, error);
      }
      throw error;
    }
  }

  /** Throws what `submit` would, and answers what it would where the same was submitted before. */
  async validate(proposal: Proposal): Promise<SubmitAnswer | undefined> {
    this.#takeBack.requireNumbersKnown();
    return this.#outbox.validate(proposal);
  }

  /** Gives back a file that won't be submitted; an unknown lease changes nothing. */
  releaseBlob(lease: string): Promise<void> {
    return this.#uploads.release(lease);
  }

  storeBlob(source: AsyncIterable<Uint8Array>, options: { signal?: AbortSignal } = {}): Promise<StoredBlob> {
    return this.#uploads.store(source, options.signal);
  }

  list(query: ListQuery): Promise<Page<DocumentItem>> {
    return this.finder.list(query);
  }

  show(id: string): Promise<DocumentView> {
    return this.#library.show(id);
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
    const { row, content } = await this.#library.require(id);
    const attachment = content.attachments[index] as Attachment | undefined;
    if (attachment === undefined) throw new LienthongError('not-found', { what: 'attachment', index });
    const { name, mediaType, size, sha256 } = attachment;
    const stream = streamAttachment(attachment, row, this.#with.store, this.#with.blobs);
    return { name, mediaType, size, sha256: hex(sha256), stream };
  }

  async evidence(id: string): Promise<EvidenceFile[]> {
    const document = await this.#library.require(id);
    return evidenceFiles(await envelopesOf(document, this.#with.store), this.#with.directory());
  }

  async verify(id: string): Promise<Verification> {
    return verifyDocument(await this.#library.require(id), { ...this.#with, trust: this.#trust });
  }

  /** Current states first, then each change; ends when every delivery is settled. */
  async *watch(id: string, signal: AbortSignal): AsyncGenerator<DeliveryUpdate> {
    const documentId = await this.#library.requireId(id);
    const { store, clock } = this.#with;
    for await (const event of watchDeliveries(documentId, store, this.#events, signal)) {
      yield {
        to: event.unit,
        state: event.state,
        at: isoTime(clock.nowMs()),
        lastError: event.lastError || null,
        elapsedMs: isSettled(event.state) ? (event.elapsedMs ?? null) : null,
        pulledBytes: event.pulledBytes,
        totalBytes: event.totalBytes,
      };
    }
  }

  queues(): Promise<SeatQueue[]> {
    return this.#courier.queues();
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
