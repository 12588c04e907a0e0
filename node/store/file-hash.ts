/**
 * The SHA-256 of one file that comes in chunks, and the check of each chunk by its leaf hash. Only a chunk that is right and
 * follows on what has been hashed goes into the hash of the whole, so that whoever holds this needs no order of its own.
 * Used by hash-thread.ts on either thread.
 */
import { createHash, hash } from 'node:crypto';

/** Not the chunk expected; it is; it is, and the hash of the whole has gone on by it. */
export type ChunkVerdict = 'differs' | 'good' | 'followed';

export class FileHash {
  readonly #whole = createHash('sha256');
  /** Chunks the whole has. */
  #count = 0;

  /** The next chunk of the whole. */
  update(chunk: Uint8Array): void {
    this.#whole.update(chunk);
    this.#count++;
  }

  /** `leaf` is the chunk behind its prefix of one byte (RFC 6962), `expected` its hash. */
  accept(leaf: Uint8Array, index: number, expected: Uint8Array): ChunkVerdict {
    if (Buffer.compare(leafHashOf(leaf), expected) !== 0) return 'differs';
    if (index !== this.#count) return 'good';
    this.update(leaf.subarray(1));
    return 'followed';
  }

  /** Its last call. */
  digest(): Uint8Array {
    return new Uint8Array(this.#whole.digest());
  }
}

export const leafHashOf = (leaf: Uint8Array): Uint8Array => new Uint8Array(hash('sha256', leaf, 'buffer'));
