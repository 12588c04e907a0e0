/**
 * Files streamed into the store before the document that names them is submitted. Each is kept by a lease for an
 * hour; what isn't submitted by then, or was given back, is let go and removed. Held in memory: a restart ends all
 * leases, and the caller streams again.
 */
import { hex } from '../core/bytes.ts';
import type { Clock, Random } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import { MAX_ATTACHMENT_BYTES } from '../core/field-limits.ts';
import type { StoredBlob } from '../core/views.ts';
import type { BlobStore, LeasedBlob } from '../store/blobs.ts';
import { isBlobReferenced } from '../store/documents.ts';
import type { KeyValueStore } from '../store/key-value.ts';

const KEEP_MS = 3_600_000;
/** Uploads that wait for their document at once, over all callers. */
const MOST_UPLOADS = 10_000;

export interface Upload {
  /** Throws 'file-too-large', 'disk-full'. */
  write(chunk: Uint8Array): Promise<void>;
  /** Throws 'file-empty'. */
  finish(): Promise<StoredBlob>;
  abort(): Promise<void>;
}

export class Uploads {
  readonly #store: KeyValueStore;
  readonly #blobs: BlobStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #held = new Map<string, { blob: LeasedBlob; cancelExpiry: () => void }>();

  constructor(components: { store: KeyValueStore; blobs: BlobStore; clock: Clock; random: Random }) {
    this.#store = components.store;
    this.#blobs = components.blobs;
    this.#clock = components.clock;
    this.#random = components.random;
  }

  /** Streams a file in. Throws 'file-empty', 'file-too-large', 'disk-full'; nothing is left behind then. */
  async store(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<StoredBlob> {
    const upload = await this.begin();
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

  /** A file written piece by piece, for who has the bytes pass by. Ended by `finish` or `abort`. */
  async begin(mostBytes = MAX_ATTACHMENT_BYTES): Promise<Upload> {
    if (this.#held.size >= MOST_UPLOADS) throw new LienthongError('too-many-waiting', { what: 'uploads' });
    const writer = await this.#blobs.create();
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
