/**
 * Brings back attachments that were found damaged or missing, from whoever has them: the seat that sent the document, and
 * the seats that took a document of this node's own, each with the dispatch as the ticket. Only chunks that aren't good here
 * travel. What is brought back takes the damaged file's place whole, or nothing changes; a small attachment comes as a
 * file, too, and from that into its document's row. One at a time: damage is rare, and a disk that has much of it needs a
 * person. Made by exchange; ended by stop().
 */
import {
  type Attachment,
  type Document,
  document as documentCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { parseTransportState } from '../core/transport.ts';
import { arrivalsOf } from '../store/arrivals.ts';
import type { Lease } from '../store/blobs.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import { documentsWithBlob, getDocument, isBlobReferenced } from '../store/documents.ts';
import { SMALL_BLOB_BYTES, type SmallBlobOwner, smallBlobWrite } from '../store/small-blobs.ts';
import type { BlobPuller, Pull } from './blob-puller.ts';
import type { ExchangeComponents } from './ports.ts';

/** Documents that name one file, and seats that are asked for it: beyond these it is nowhere. */
const MOST_DOCUMENTS = 20;
const MOST_SEATS = 20;
/** Files that wait for their turn: whoever finds more of them damaged finds them again. */
const MOST_WAITING = 100;

export type MenderComponents = Pick<ExchangeComponents, 'store' | 'blobs' | 'self' | 'report'> & {
  puller: BlobPuller;
};

export class Mender {
  readonly #with: MenderComponents;
  readonly #stopping = new AbortController();
  readonly #wanted = new Map<string, Promise<boolean>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(components: MenderComponents) {
    this.#with = components;
  }

  /** Whether the file, or the row of that document's small attachment, is whole again. Never rejects. */
  mend(sha256: Bytes, small?: SmallBlobOwner): Promise<boolean> {
    const name = small === undefined ? hex(sha256) : `${hex(sha256)} ${hex(small.documentId)}`;
    const wanted = this.#wanted.get(name);
    if (wanted !== undefined) return wanted;
    if (this.#stopping.signal.aborted || this.#wanted.size >= MOST_WAITING) return Promise.resolve(false);
    const work = this.#last
      .then(() => this.#fetch(sha256, small))
      .catch((error) => {
        this.#with.report('blob.unmended', { sha256: hex(sha256), reason: reasonOf(error) });
        return false;
      })
      .finally(() => this.#wanted.delete(name));
    this.#wanted.set(name, work);
    this.#last = work;
    return work;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new LienthongError('not-running'));
    await this.#last;
  }

  async #fetch(sha256: Bytes, small: SmallBlobOwner | undefined): Promise<boolean> {
    const { puller, report } = this.#with;
    const { signal } = this.#stopping;
    let reason = 'nobody else has it';
    for (const pull of await this.#holders(sha256, small)) {
      signal.throwIfAborted();
      try {
        const { lease } = await puller.pull(pull, signal);
        // the documents that name a file are stored
        if (small === undefined) await lease.release();
        else await this.#intoRow(small, pull.attachment, lease);
        report('blob.mended', { sha256: hex(sha256), name: pull.attachment.name, from: pull.seat });
        return true;
      } catch (error) {
        signal.throwIfAborted();
        reason = reasonOf(error);
      }
    }
    throw new LienthongError('blob-unavailable', { reason });
  }

  /** The row is there before the file goes, which stays only where another document keeps it. */
  async #intoRow(of: SmallBlobOwner, { sha256, size }: Attachment, lease: Lease): Promise<void> {
    const { store, blobs } = this.#with;
    const reader = await blobs.open(sha256);
    try {
      const bytes = await reader!.read(0, size);
      await store.commit({ writes: [smallBlobWrite(of, sha256, bytes), ...lease.writes] });
    } catch (error) {
      await lease.release().catch(() => {});
      throw error;
    } finally {
      await reader?.close();
    }
    await blobs.collectOne(sha256, (one) => isBlobReferenced(store, one));
  }

  /** Each seat that should have it, once, with what entitles this node to read it there. */
  async #holders(sha256: Bytes, small: SmallBlobOwner | undefined): Promise<Pull[]> {
    const { store } = this.#with;
    const pulls = new Map<string, Pull>();
    const documents = small ? [small.documentId] : documentsWithBlob(store, sha256, MOST_DOCUMENTS);
    for await (const documentId of documents) {
      const row = await getDocument(store, documentId);
      if (row === undefined) continue;
      const { attachments }: Document = documentCodec.parse(signedCodec.parse(row.envelope).payload);
      const attachment = attachments.find((one) => equalBytes(one.sha256!, sha256)) as Attachment | undefined;
      // the message a document was imported from is nobody else's
      if (attachment === undefined || (small && attachment.size > SMALL_BLOB_BYTES)) continue;
      const of = { attachment, salvage: true };
      for (const { fromSeat: seat, dispatchId, urgency } of await arrivalsOf(store, documentId))
        pulls.set(seat, { ...of, seat, dispatchId, urgency });
      for (const { seat, state, dispatchId, dispatch, urgency } of await deliveriesOf(store, documentId))
        if (parseTransportState(state) === 'delivered')
          pulls.set(seat, { ...of, seat, dispatchId, urgency, ticket: dispatch });
    }
    // between units of this seat it is the same file
    pulls.delete(this.#with.self.seat);
    return [...pulls.values()].slice(0, MOST_SEATS);
  }
}

const reasonOf = (error: unknown): string => {
  if (!isLienthongError(error)) return 'internal';
  return isLienthongError(error.cause) ? `${error.code}: ${error.cause.code}` : error.code;
};
