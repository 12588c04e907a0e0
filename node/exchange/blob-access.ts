/**
 * Who may read which attachment, and the file it reads. Three may: the seat a dispatch of this node was offered to,
 * what the document it names holds; the seat that signed a dispatch taken in here, what it sent; and a recipient of a
 * circular that came here too, what is here of it, also while it is still being pulled. Each names a dispatch, the
 * ticket. Everyone else gets undefined, whatever is held, and so does who asks for something else. Called by blob-server.
 */
import {
  type ArrivalRow,
  type Attachment,
  type BlobRequest,
  type DeliveryRow,
  type Dispatch,
  type DocumentRow,
  dispatch as dispatchCodec,
  document as documentCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { leafHash } from '../core/merkle.ts';
import { arrivalsOf, getArrival } from '../store/arrivals.ts';
import { type BlobFacts, chunkCount, factsOf } from '../store/blob-facts.ts';
import type { BlobReader } from '../store/blob-reader.ts';
import { ChunkBuffer } from '../store/chunk-buffer.ts';
import { getDelivery, getTicket, rankOf } from '../store/deliveries.ts';
import { getDocument } from '../store/documents.ts';
import { checkedSmallBlob, type SmallBlobOwner } from '../store/small-blobs.ts';
import { bitsOf } from './chunk-bits.ts';
import { isCircular } from './circular-helpers.ts';
import type { ArrivingFile, FilesArriving } from './files-arriving.ts';
import type { ExchangeComponents } from './ports.ts';
import { readDispatch, type Trust } from './trust.ts';

/** As what a seat reads. */
export type Standing = 'recipient' | 'recipient-of-circular' | 'sender' | 'helped';

interface Entitled {
  as: Standing;
  /** The delivery, where the reader is its recipient. */
  row?: DeliveryRow;
  document: DocumentRow;
  attachment: Attachment;
  urgency: number;
}

/** An attachment a ticket opens. */
export interface OpenedBlob {
  as: Standing;
  row: DeliveryRow | undefined;
  documentId: Bytes;
  sha256: Bytes;
  name?: string;
  /** Of its chunks: lower goes first. */
  rank: number;
  chunkHashes: readonly Bytes[];
  /** The chunks that are here. */
  held(): Bytes;
  /** Called whenever more are; the answer ends it. */
  onMore(call: () => void): () => void;
  /** One chunk, checked against the disk, in memory nobody else uses; undefined where it isn't here. Throws 'damaged'. */
  chunk(index: number): Promise<ChunkBuffer | undefined>;
  close(): Promise<void>;
}

export type BlobAccessComponents = Pick<
  ExchangeComponents,
  'store' | 'blobs' | 'directory' | 'clock' | 'report'
> & { trust: Trust; arriving: FilesArriving };

export class BlobAccess {
  readonly #with: BlobAccessComponents;

  constructor(components: BlobAccessComponents) {
    this.#with = components;
  }

  async open(request: BlobRequest, seat: string): Promise<OpenedBlob | undefined> {
    const entitled = await this.#entitled(request, seat);
    if (entitled !== undefined) return this.#openFile(entitled);
    const helped = await this.#openHelped(request, seat);
    // another recipient may ask before this node's own offer has come
    if (helped === 'not-here') return undefined;
    if (helped !== undefined) return helped;
    const { sha256, dispatchId } = request;
    this.#with.report('blob.refused', { seat, sha256: hex(sha256), dispatch: hex(dispatchId) });
    return undefined;
  }

  /** Of a document this node sent, or one the reader sent here. */
  async #entitled(request: BlobRequest, seat: string): Promise<Entitled | undefined> {
    const { store } = this.#with;
    const ticket = await getTicket(store, request.dispatchId);
    const found = ticket && (await getDelivery(store, ticket));
    if (found?.seat === seat) {
      const as = isCircular(found.dispatch) ? 'recipient-of-circular' : 'recipient';
      const of = await this.#attachmentOf(found.documentId, request.sha256);
      return of && { as, row: found, urgency: found.urgency, ...of };
    }
    const arrival = await this.#sentBy(seat, request);
    const of = arrival && (await this.#attachmentOf(arrival.documentId, request.sha256));
    return of && { as: 'sender', urgency: arrival.urgency, ...of };
  }

  /** The document that came with this dispatch of the seat's own, which the ticket helps to find. */
  async #sentBy(seat: string, { dispatchId, ticket }: BlobRequest): Promise<ArrivalRow | undefined> {
    if (ticket.byteLength === 0) return undefined;
    const place = readTicket(ticket);
    const arrival = place && (await getArrival(this.#with.store, place.documentId, place.unit));
    const isTheirs = arrival?.fromSeat === seat && equalBytes(arrival.dispatchId, dispatchId);
    return isTheirs ? arrival : undefined;
  }

  /** Of a circular that was offered here and found good, for another recipient of it. */
  async #openHelped(request: BlobRequest, seat: string): Promise<OpenedBlob | 'not-here' | undefined> {
    const { directory, trust, clock, store } = this.#with;
    if (request.ticket.byteLength === 0) return undefined;
    const ticket = readDispatch(request.ticket, directory().federationId);
    if (ticket === undefined || !equalBytes(ticket.id, request.dispatchId)) return undefined;
    const { documentId, unit, circular, urgency } = ticket.content;
    const service = directory().service(unit);
    if (!circular || service.kind !== 'served' || service.seat !== seat) return undefined;
    const arriving = this.#with.arriving.find(documentId, request.sha256);
    const arrival = (await arrivalsOf(store, documentId)).find((row) => isCircular(row.dispatch));
    const fromSeat = arriving?.fromSeat ?? arrival?.fromSeat;
    // checked as well where nothing is here: how long an answer takes tells nothing
    const fault = trust.serviceFault(ticket.signed, fromSeat ?? seat, clock.nowMs());
    if (fromSeat === undefined) return 'not-here';
    if (fault !== undefined) return undefined;
    if (arriving !== undefined) return this.#openArriving(documentId, arriving.file, rankOf(urgency));
    const of = await this.#attachmentOf(documentId, request.sha256);
    return of && this.#openFile({ as: 'helped', urgency, ...of });
  }

  async #attachmentOf(
    documentId: Bytes,
    sha256: Bytes,
  ): Promise<{ document: DocumentRow; attachment: Attachment } | undefined> {
    const document = await getDocument(this.#with.store, documentId);
    if (document === undefined) return undefined;
    const { attachments } = documentCodec.parse(signedCodec.parse(document.envelope).payload);
    const attachment = attachments.find((candidate) => equalBytes(candidate.sha256!, sha256));
    return attachment && { document, attachment: attachment as Attachment };
  }

  async #openFile({ as, row, document, attachment, urgency }: Entitled): Promise<OpenedBlob | undefined> {
    const { sha256 } = attachment;
    const whole = {
      ...{ as, row, sha256, name: attachment.name },
      ...{ documentId: document.documentId, rank: rankOf(urgency) },
      held: () => bitsOf(chunkCount(attachment.size), () => true),
      onMore: () => () => {},
    };
    const small = await checkedSmallBlob(this.#with.store, document, sha256);
    if (typeof small === 'string') {
      this.noteDamage(attachment, document);
      return undefined;
    }
    if (small !== undefined)
      return {
        ...whole,
        chunkHashes: [leafHash(small)],
        chunk: async () => chunkOf(small),
        close: async () => {},
      };
    const stored = await this.#stored(sha256);
    if (stored?.reader.size !== attachment.size) {
      await stored?.reader.close();
      this.noteDamage(attachment);
      return undefined;
    }
    const { reader, facts } = stored;
    const chunk = (index: number) => reader.chunkToSend(facts, index);
    return { ...whole, chunkHashes: facts.chunkHashes, chunk, close: () => reader.close() };
  }

  /** Read from the partial file, and from the one under its name once it is whole. */
  #openArriving(documentId: Bytes, file: ArrivingFile, rank: number): OpenedBlob {
    const { sha256, chunkHashes } = file;
    let reader: Promise<BlobReader | undefined> | undefined;
    const chunk = async (index: number): Promise<ChunkBuffer | undefined> => {
      const partial = await file.read(index);
      if (partial !== undefined) return checked(partial, sha256, chunkHashes, index);
      if (!file.has(index)) return undefined;
      await file.ended;
      reader ??= this.#with.blobs.open(sha256);
      const whole = await reader;
      return whole?.chunk(factsOf(sha256, whole.size, chunkHashes), index);
    };
    return {
      ...{ as: 'helped' as const, row: undefined, documentId, sha256, rank, chunkHashes, chunk },
      held: () => file.held(),
      onMore: (call) => file.onMore(call),
      close: async () => (await reader)?.close(),
    };
  }

  /** Named, and brought back in the background: who asks here comes again. */
  noteDamage({ sha256, name }: { sha256: Bytes; name?: string }, small?: SmallBlobOwner): void {
    this.#with.report('blob.damaged', { sha256: hex(sha256), ...(name !== undefined && { name }) });
    void this.#with.blobs.mend(sha256, small);
  }

  async #stored(sha256: Bytes): Promise<{ reader: BlobReader; facts: BlobFacts } | undefined> {
    const { blobs } = this.#with;
    const facts = await blobs.facts(sha256);
    const reader = await blobs.open(sha256);
    if (facts !== undefined && reader?.size === facts.size) return { reader, facts };
    await reader?.close();
    return undefined;
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

function checked(
  buffer: ChunkBuffer,
  sha256: Bytes,
  chunkHashes: readonly Bytes[],
  index: number,
): ChunkBuffer {
  if (!equalBytes(buffer.leafHash(), chunkHashes[index]!))
    throw new LienthongError('damaged', { where: `blob ${hex(sha256)}, chunk ${index}` });
  return buffer;
}
