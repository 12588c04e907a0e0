/**
 * Serves attachments to whoever holds a ticket: the seat a dispatch was offered to may read the attachments of the
 * document it names, the seat that signed a dispatch taken in here those it sent, and nobody else anything. One answer for "not here", "not yours" and "no such thing", so that
 * nobody learns what is held. Answers in the order asked.
 */
import {
  type Attachment,
  type BlobRequest,
  blobRequest,
  blobResponse,
  type DeliveryRow,
  type Dispatch,
  type DocumentRow,
  dispatch as dispatchCodec,
  document as documentCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import { leafHash } from '../core/merkle.ts';
import { getArrival } from '../store/arrivals.ts';
import { type BlobFacts, chunkCount } from '../store/blob-facts.ts';
import type { BlobReader } from '../store/blob-reader.ts';
import type { BlobStore } from '../store/blobs.ts';
import { ChunkBuffer } from '../store/chunk-buffer.ts';
import { getDelivery, getTicket } from '../store/deliveries.ts';
import { getDocument } from '../store/documents.ts';
import type { KeyValueStore } from '../store/key-value.ts';
import { getSmallBlob } from '../store/small-blobs.ts';
import { chunkFrame } from './blob-frames.ts';
import type { DeliveryEvents } from './delivery-events.ts';
import type { Frames, Report, TrustedDirectory } from './ports.ts';
import type { Quotas } from './quotas.ts';

/** Chunk hashes in one answer: 512 KiB, half the frame. */
const HASHES_PER_ANSWER = 16_384;
/** Chunks read and hashed ahead of the one being written: as many as a puller asks for. */
const ANSWERS_AHEAD = 4;
/** Files one stream may have open. */
const OPEN_FILES = 4;

interface Entitled {
  row: DeliveryRow | undefined;
  document: DocumentRow;
  attachment: Attachment;
}

/** An attachment a ticket opens; small ones are a single chunk in memory. */
interface Opened {
  /** Undefined where the reader takes back what it sent. */
  row: DeliveryRow | undefined;
  attachment: Attachment;
  facts: Pick<BlobFacts, 'chunkHashes'>;
  /** One chunk, checked, in memory nobody else uses. Throws 'damaged'. */
  chunk(index: number): Promise<ChunkBuffer>;
  close(): Promise<void>;
}

export class BlobServer {
  readonly #store: KeyValueStore;
  readonly #blobs: BlobStore;
  readonly #events: DeliveryEvents;
  readonly #report: Report;
  readonly #directory: () => Pick<TrustedDirectory, 'agencyOfSeat'>;
  readonly #quotas: Quotas;

  constructor(components: {
    store: KeyValueStore;
    blobs: BlobStore;
    directory: () => Pick<TrustedDirectory, 'agencyOfSeat'>;
    quotas: Quotas;
    events: DeliveryEvents;
    report: Report;
  }) {
    this.#store = components.store;
    this.#blobs = components.blobs;
    this.#events = components.events;
    this.#report = components.report;
    this.#directory = components.directory;
    this.#quotas = components.quotas;
  }

  /** Serves one stream of a seat until it ends. Never rejects. */
  async serve(frames: Frames, seat: string): Promise<void> {
    const opened = new Map<string, Opened>();
    // answers are made some ahead and written in the order asked: disk and hashing go on while a chunk travels
    const ahead: Promise<void>[] = [];
    let last: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        const bytes = await frames.read();
        if (bytes === undefined) break;
        const request = blobRequest.parse(bytes);
        const file = await this.#open(request, seat, opened, () => last);
        const answer = this.#answer(request, file, seat);
        const before = last;
        last = Promise.all([answer, before]).then(([frame]) => frames.write(frame));
        last.catch(() => {});
        ahead.push(last);
        if (ahead.length >= ANSWERS_AHEAD) await ahead.shift();
      }
      await last;
      await frames.close();
    } catch (error) {
      frames.abort(error as Error);
      this.#report('stream.broken', { seat, protocol: 'blob', reason: (error as Error).message });
    } finally {
      await Promise.allSettled(ahead);
      await Promise.allSettled([...opened.values()].map((file) => file.close()));
    }
  }

  /** The frame that answers a request. */
  async #answer(request: BlobRequest, file: Opened | 'over-limit' | undefined, seat: string): Promise<Bytes> {
    const { sequence } = request;
    if (file === 'over-limit') return blobResponse.encode({ sequence, refused: { later: true } });
    if (file === undefined) {
      this.#report('blob.refused', { seat, sha256: hex(request.sha256), dispatch: hex(request.dispatchId) });
      return blobResponse.encode({ sequence, refused: {} });
    }
    if (request.want === 'hashesFrom') {
      const from = request.hashesFrom ?? 0;
      const leafHashes = file.facts.chunkHashes.slice(from, from + HASHES_PER_ANSWER);
      return blobResponse.encode({ sequence, hashes: { leafHashes } });
    }
    const index = request.chunk ?? 0;
    if (request.want !== 'chunk' || index >= chunkCount(file.attachment.size))
      return blobResponse.encode({ sequence, refused: {} });
    try {
      const chunk = await file.chunk(index);
      if (file.row !== undefined) this.#events.pulled(file.row, chunk.length);
      return chunkFrame(sequence, chunk);
    } catch (error) {
      if (!isLienthongError(error, 'damaged')) throw error;
      this.#noteDamage(file.attachment);
      return blobResponse.encode({ sequence, refused: { later: true } });
    }
  }

  /** `idle` waits for the answers under way before a file they may read from is closed. */
  async #open(
    request: BlobRequest,
    seat: string,
    opened: Map<string, Opened>,
    idle: () => Promise<void>,
  ): Promise<Opened | 'over-limit' | undefined> {
    const name = `${hex(request.dispatchId)} ${hex(request.sha256)}`;
    const already = opened.get(name);
    if (already !== undefined) return already;
    if (!this.#mayPull(seat)) return 'over-limit';
    const entitled = await this.#entitled(request, seat);
    if (entitled === undefined) return undefined;
    const file = await this.#openFile(entitled);
    if (file === undefined) return undefined;
    for (const [oldest, other] of opened) {
      if (opened.size < OPEN_FILES) break;
      opened.delete(oldest);
      await idle();
      await other.close();
    }
    opened.set(name, file);
    return file;
  }

  /** Asked before the disk is: what isn't to be had costs as much as what is. */
  #mayPull(seat: string): boolean {
    try {
      this.#quotas.spendPull(this.#directory().agencyOfSeat(seat) ?? seat);
      return true;
    } catch (error) {
      if (!isLienthongError(error, 'quota')) throw error;
      return false;
    }
  }

  /** The attachment a ticket names, and the delivery of it to this seat; none for a dispatch this seat signed itself. */
  async #entitled(request: BlobRequest, seat: string): Promise<Entitled | undefined> {
    const ticket = await getTicket(this.#store, request.dispatchId);
    const found = ticket && (await getDelivery(this.#store, ticket));
    const row = found?.seat === seat ? found : undefined;
    const documentId = row?.documentId ?? (await this.#sentBy(seat, request));
    const document = documentId && (await getDocument(this.#store, documentId));
    if (document === undefined) return undefined;
    const { attachments } = documentCodec.parse(signedCodec.parse(document.envelope).payload);
    const attachment = attachments.find((candidate) => equalBytes(candidate.sha256!, request.sha256));
    return attachment && { row, document, attachment: attachment as Attachment };
  }

  /** The document that came with this dispatch of the seat's own, which the ticket helps to find. */
  async #sentBy(seat: string, { dispatchId, ticket }: BlobRequest): Promise<Bytes | undefined> {
    if (ticket.byteLength === 0) return undefined;
    const place = readTicket(ticket);
    const arrival = place && (await getArrival(this.#store, place.documentId, place.unit));
    const isTheirs = arrival?.fromSeat === seat && equalBytes(arrival.dispatchId, dispatchId);
    return isTheirs ? arrival.documentId : undefined;
  }

  /** Named, and brought back in the background: who asks here comes again. */
  #noteDamage({ sha256, name }: Attachment): void {
    this.#report('blob.damaged', { sha256: hex(sha256), name });
    void this.#blobs.mend(sha256);
  }

  async #openFile({ row, document, attachment }: Entitled): Promise<Opened | undefined> {
    const small = await getSmallBlob(this.#store, document, attachment.sha256);
    if (small !== undefined) {
      const facts = { chunkHashes: [leafHash(small)] };
      return { row, attachment, facts, chunk: async () => chunkOf(small), close: async () => {} };
    }
    const facts = await this.#blobs.facts(attachment.sha256);
    const reader: BlobReader | undefined = await this.#blobs.open(attachment.sha256);
    if (facts === undefined || reader === undefined || facts.size !== attachment.size) {
      await reader?.close();
      this.#noteDamage(attachment);
      return undefined;
    }
    const chunk = (index: number) => reader.chunk(facts, index);
    return { row, attachment, facts, chunk, close: () => reader.close() };
  }
}

function readTicket(bytes: Bytes): Dispatch | undefined {
  try {
    return dispatchCodec.parse(signedCodec.parse(bytes).payload);
  } catch {
    return undefined;
  }
}

function chunkOf(bytes: Bytes): ChunkBuffer {
  const buffer = new ChunkBuffer(bytes.byteLength);
  buffer.fill(bytes);
  return buffer;
}
