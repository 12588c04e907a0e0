/**
 * Files streamed into the store before the document that names them is submitted. Each is kept by a lease for an
 * hour; what isn't submitted by then, or was given back, is let go and removed. Held in memory: a restart ends all
 * leases, and the caller streams again.
 */
import { AtMost } from '../core/at-most.ts';
import { hex } from '../core/bytes.ts';
import type { Clock, Random } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import { MAX_ATTACHMENT_BYTES } from '../core/field-limits.ts';
import type { LocalFile, StoredBlob } from '../core/views.ts';
import { CHUNK_BYTES, chunkCount, chunkLength } from '../store/blob-facts.ts';
import type { BlobStore, LeasedBlob } from '../store/blobs.ts';
import { type ChunkBuffer, giveChunkBuffer, takeChunkBuffer } from '../store/chunk-buffer.ts';
import { isBlobReferenced } from '../store/documents.ts';
import type { KeyValueStore } from '../store/key-value.ts';

const KEEP_MS = 3_600_000;
/** Files read in at once, six chunks of each in memory; a disk is busy with two. */
const MOST_AT_ONCE = 16;
/** Uploads that wait for their document at once, over all callers. */
const MOST_UPLOADS = 10_000;

export interface Upload {
  /** Throws 'file-too-large', 'disk-full'. */
  write(chunk: Uint8Array): Promise<void>;
  /** Throws 'file-empty'. */
  finish(): Promise<StoredBlob>;
  abort(): Promise<void>;
}

export interface StoreOptions {
  signal?: AbortSignal;
  /** Where it is known: no room for it is said at once then. */
  size?: number | undefined;
}

export interface StoreFileOptions {
  signal?: AbortSignal;
  /** Told the bytes taken so far. */
  progress?: (bytes: number) => void;
}

export class Uploads {
  readonly #store: KeyValueStore;
  readonly #blobs: BlobStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #reading = new AtMost(MOST_AT_ONCE);
  readonly #held = new Map<string, { blob: LeasedBlob; cancelExpiry: () => void }>();

  constructor(components: { store: KeyValueStore; blobs: BlobStore; clock: Clock; random: Random }) {
    this.#store = components.store;
    this.#blobs = components.blobs;
    this.#clock = components.clock;
    this.#random = components.random;
  }

  /** Streams a file in. Throws 'file-empty', 'file-too-large', 'disk-full'; nothing is left behind then. */
  store(source: AsyncIterable<Uint8Array>, options: StoreOptions = {}): Promise<StoredBlob> {
    return this.#reading.run(options.signal, () => this.#storeStream(source, options));
  }

  async #storeStream(source: AsyncIterable<Uint8Array>, { signal, size }: StoreOptions): Promise<StoredBlob> {
    const upload = await this.begin(MAX_ATTACHMENT_BYTES, size);
    try {
      for await (const chunk of source) {
        signal?.throwIfAborted();
        await upload.write(chunk);
      }
      signal?.throwIfAborted();
      return await upload.finish();
    } catch (error) {
      await upload.abort();
      throw error;
    }
  }

  /** As `store`, of a file that is read here, straight into the memory it is written from. Also throws 'invalid-file'. */
  storeFile(file: LocalFile, options: StoreFileOptions = {}): Promise<StoredBlob> {
    return this.#reading.run(options.signal, () => this.#storeRead(file, options));
  }

  async #storeRead(file: LocalFile, { signal, progress }: StoreFileOptions): Promise<StoredBlob> {
    const { size } = file;
    this.#requirePlace();
    if (size === 0) throw new LienthongError('file-empty');
    if (size > MAX_ATTACHMENT_BYTES)
      throw new LienthongError('file-too-large', { size, most: MAX_ATTACHMENT_BYTES });
    const writer = await this.#blobs.create({ size });
    let ahead: Promise<ChunkBuffer> | undefined;
    try {
      const chunks = chunkCount(size);
      ahead = readChunk(file, 0);
      for (let index = 0; index < chunks; index++) {
        signal?.throwIfAborted();
        const chunk: ChunkBuffer = await ahead!;
        // the next one is read while this one is hashed
        ahead = index + 1 < chunks ? readChunk(file, index + 1) : undefined;
        // what it fails with is thrown when it is its turn
        ahead?.catch(() => {});
        await writer.take(chunk);
        progress?.(Math.min(size, (index + 1) * CHUNK_BYTES));
      }
      await file.requireUnchanged();
      signal?.throwIfAborted();
      return this.#hold(await writer.finish());
    } catch (error) {
      await ahead?.then(giveChunkBuffer, () => undefined);
      await writer.abort();
      throw error;
    }
  }

  /** A file written piece by piece, for who has the bytes pass by. Ended by `finish` or `abort`. */
  async begin(mostBytes = MAX_ATTACHMENT_BYTES, expectedBytes?: number): Promise<Upload> {
    this.#requirePlace();
    const writer = await this.#blobs.create(expectedBytes === undefined ? {} : { size: expectedBytes });
    let size = 0;
    return {
      write: async (chunk) => {
        size += chunk.byteLength;
        if (size > mostBytes) throw new LienthongError('file-too-large', { size, most: mostBytes });
        await writer.write(chunk);
      },
      finish: async () => {
        if (size === 0) throw new LienthongError('file-empty');
        return this.#hold(await writer.finish());
      },
      abort: () => writer.abort(),
    };
  }

  /** The held file a submission names. Throws 'not-found' when its lease is over. */
  require(lease: string, sha256: string): LeasedBlob {
    const held = this.#held.get(lease);
    if (held === undefined || hex(held.blob.sha256) !== sha256)
      throw new LienthongError('not-found', { what: 'upload' });
    return held.blob;
  }

  /** Its reference is committed, and the lease row gone with that commit. */
  forget(lease: string): void {
    this.#held.get(lease)?.cancelExpiry();
    this.#held.delete(lease);
  }

  async stop(): Promise<void> {
    const held = [...this.#held.keys()];
    await Promise.allSettled(held.map((lease) => this.release(lease)));
  }

  #requirePlace(): void {
    if (this.#held.size >= MOST_UPLOADS) throw new LienthongError('too-many-waiting', { what: 'uploads' });
  }

  #hold(blob: LeasedBlob): StoredBlob {
    const lease = hex(this.#random(16));
    this.#keep(lease, blob);
    return { sha256: hex(blob.sha256), size: blob.size, lease };
  }

  /** For an hour from now; where it can't be let go then (no room even for that), for another. */
  #keep(lease: string, blob: LeasedBlob): void {
    const expire = () => void this.release(lease).catch(() => this.#keep(lease, blob));
    this.#held.set(lease, { blob, cancelExpiry: this.#clock.after(KEEP_MS, expire) });
  }

  /** Ends the lease; the file goes at once where nothing else needs it. An unknown lease changes nothing. */
  async release(lease: string): Promise<void> {
    const blob = this.#held.get(lease)?.blob;
    if (blob === undefined) return;
    await blob.lease.release();
    this.forget(lease);
    await this.#blobs.collectOne(blob.sha256, (sha256) => isBlobReferenced(this.#store, sha256));
  }
}

/** Throws 'invalid-file' when the file has become shorter. */
async function readChunk(file: LocalFile, index: number): Promise<ChunkBuffer> {
  const buffer = takeChunkBuffer();
  const length = chunkLength(file.size, index);
  try {
    while (buffer.length < length) {
      const at = index * CHUNK_BYTES + buffer.length;
      const read = await file.read(buffer.room.subarray(buffer.length, length), at);
      if (read === 0) throw new LienthongError('invalid-file', { reason: 'changed' });
      buffer.length += read;
    }
    return buffer;
  } catch (error) {
    giveChunkBuffer(buffer);
    throw error;
  }
}
