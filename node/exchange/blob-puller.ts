/**
 * Pulls one attachment from the seat that offered it: the list of chunk hashes first, held against the signed chunk
 * root, then the chunks, a few outstanding, each checked before it is written; the whole file's SHA-256 is checked
 * before it is used. What was pulled survives a break or a restart and isn't pulled again. Called by collector.
 */
import { type Attachment, type BlobResponse, blobRequest, blobResponse } from '../../proto/messages.ts';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { rootOf } from '../core/merkle.ts';
import { chunkCount } from '../store/blob-facts.ts';
import type { BlobReceiver } from '../store/blob-receiver.ts';
import type { BlobStore, LeasedBlob } from '../store/blobs.ts';
import { KeyedLock } from '../store/keyed-lock.ts';
import type { Frames, Peers } from './ports.ts';
import { PullLanes } from './pull-lanes.ts';

/** Chunks asked for and not yet here: hides a round trip, and bounds memory to 4 MiB a file. */
const OUTSTANDING = 4;
/** Chunks being hashed and written at once. */
const WRITING = 3;
/** A chunk takes 33 s at 256 kbit/s; beyond this the seat has stalled. */
const CHUNK_MS = 60_000;

export interface Pull {
  seat: string;
  /** The ticket. */
  dispatchId: Bytes;
  attachment: Attachment;
  /** Of the document it belongs to, as on the wire. */
  urgency: number;
  /** The Signed dispatch, where the seat received it rather than made it. */
  ticket?: Bytes;
  /** What is good in a damaged file of that name needn't travel: only where this seat may know that it was here. */
  salvage?: boolean;
}

export class BlobPuller {
  readonly #peers: Peers;
  readonly #blobs: BlobStore;
  readonly #locks = new KeyedLock();
  readonly #lanes = new PullLanes();

  constructor(components: { peers: Peers; blobs: BlobStore }) {
    this.#peers = components.peers;
    this.#blobs = components.blobs;
  }

  /** A leased file. Throws 'blob-mismatch' when signed facts contradict each other, else 'blob-unavailable'. */
  async pull(pull: Pull, signal: AbortSignal): Promise<LeasedBlob> {
    try {
      // one file is pulled by one stream at a time, whoever offers it, and a seat by a few
      return await this.#lanes.run(pull.seat, pull.urgency, () =>
        this.#locks.run(`file ${hex(pull.attachment.sha256)}`, () => this.#pull(pull, signal)),
      );
    } catch (error) {
      if (isLienthongError(error, 'blob-mismatch') && error.details.chunk === undefined) throw error;
      if (isLienthongError(error, 'disk-full')) throw error;
      signal.throwIfAborted();
      throw new LienthongError('blob-unavailable', { name: pull.attachment.name }, { cause: error });
    }
  }

  async #pull(pull: Pull, signal: AbortSignal): Promise<LeasedBlob> {
    const { attachment } = pull;
    const frames = await this.#peers.openBlob(pull.seat, signal);
    try {
      const stream = new BlobStream(frames, pull, signal);
      const chunkHashes = await stream.hashes();
      if (!equalBytes(rootOf(chunkHashes), attachment.chunkRoot)) {
        const reason = 'chunk hashes differ from the signed root';
        throw new LienthongError('blob-unavailable', { reason, isFinal: true });
      }
      const promised = { sha256: attachment.sha256, size: attachment.size, chunkHashes };
      const { seat: from, salvage } = pull;
      const receiver = await this.#blobs.receive(promised, { from, salvage, signal });
      try {
        await stream.chunks(receiver);
        return await receiver.finish();
      } finally {
        await receiver.close();
      }
    } finally {
      await frames.close().catch(() => {});
    }
  }
}

/** One stream of /lienthong/blob/1, from the reader's side. */
class BlobStream {
  readonly #frames: Frames;
  readonly #pull: Pull;
  readonly #signal: AbortSignal;
  #sequence = 0;

  constructor(frames: Frames, pull: Pull, signal: AbortSignal) {
    this.#frames = frames;
    this.#pull = pull;
    this.#signal = signal;
  }

  async hashes(): Promise<Bytes[]> {
    const wanted = chunkCount(this.#pull.attachment.size);
    const hashes: Bytes[] = [];
    while (hashes.length < wanted) {
      await this.#ask({ hashesFrom: hashes.length });
      const { hashes: page } = await this.#answer();
      const more = page?.leafHashes ?? [];
      if (more.length === 0 || hashes.length + more.length > wanted) {
        throw new LienthongError('malformed', { field: 'ChunkHashes' });
      }
      hashes.push(...more);
    }
    return hashes;
  }

  async chunks(receiver: BlobReceiver<LeasedBlob>): Promise<void> {
    const missing = receiver.missing();
    const asked: number[] = [];
    const writing: Promise<void>[] = [];
    try {
      for (let next = 0; next < missing.length || asked.length > 0; ) {
        while (next < missing.length && asked.length < OUTSTANDING) {
          const chunk = missing[next++]!;
          await this.#ask({ chunk });
          asked.push(chunk);
        }
        const { chunk } = await this.#answer();
        if (chunk === undefined || chunk === null)
          throw new LienthongError('malformed', { field: 'BlobResponse.chunk' });
        const work = receiver.writeChunk(asked.shift()!, chunk);
        // awaited some chunks later: hashing and writing go on while those travel
        work.catch(() => {});
        writing.push(work);
        if (writing.length >= WRITING) await writing.shift();
      }
      await Promise.all(writing);
    } finally {
      await Promise.allSettled(writing);
    }
  }

  #ask(want: { hashesFrom?: number; chunk?: number }): Promise<void> {
    const { dispatchId, attachment, ticket } = this.#pull;
    const request = { sequence: ++this.#sequence, dispatchId, sha256: attachment.sha256, ticket, ...want };
    return this.#frames.write(blobRequest.encode(request));
  }

  async #answer(): Promise<BlobResponse> {
    const bytes = await this.#frames.read({ signal: this.#signal, timeoutMs: CHUNK_MS });
    if (bytes === undefined) throw new LienthongError('blob-unavailable', { reason: 'stream ended' });
    const response = blobResponse.parse(bytes);
    if (response.refused)
      throw new LienthongError('blob-unavailable', { reason: 'refused', isFinal: !response.refused.later });
    return response;
  }
}
