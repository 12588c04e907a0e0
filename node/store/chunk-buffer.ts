/**
 * Memory for one chunk with room before it, so that neither hashing nor sending it needs a copy. Kept ones, which
 * files are written from and read into, begin at a page of memory: the disk takes them as they lie. Served ones are new
 * each time: nobody tells when libp2p has done with them.
 */
import { hash } from 'node:crypto';
import type { Bytes } from '../core/bytes.ts';
import { CHUNK_BYTES } from './blob-facts.ts';

/** Where direct access begins and ends, in memory and in a file: a page, and the largest block of an ordinary disk. */
export const PAGE_BYTES = 4096;
/** Room before a chunk: for the leaf prefix while it is hashed, then for the head of the frame it travels in. */
const HEAD_ROOM_BYTES = 16;

export class ChunkBuffer {
  readonly #memory: Bytes;
  readonly #start: number;
  /** Bytes of the chunk so far. */
  length = 0;

  /** Of `capacity` bytes, whatever was in that memory before. */
  constructor(capacity = CHUNK_BYTES, memory = newMemory(capacity), start = HEAD_ROOM_BYTES) {
    this.#memory = memory;
    this.#start = start;
  }

  get chunk(): Bytes {
    return this.#memory.subarray(this.#start, this.#start + this.length);
  }

  /** Takes as much as fits; answers how much that was. */
  fill(bytes: Bytes): number {
    const at = this.#start + this.length;
    const taken = Math.min(bytes.byteLength, this.#memory.byteLength - at);
    this.#memory.set(taken === bytes.byteLength ? bytes : bytes.subarray(0, taken), at);
    this.length += taken;
    return taken;
  }

  /** Room for reading into, then `length` is set by the reader. */
  get room(): Bytes {
    return this.#memory.subarray(this.#start);
  }

  /** The chunk, and zeros up to a whole page. */
  get pages(): Bytes {
    const end = this.#start + this.length;
    const padded = this.#start + pagesOf(this.length);
    return this.#memory.fill(0, end, padded).subarray(this.#start, padded);
  }

  /**
   * RFC 6962 leaf hash of the chunk. On the calling thread: handing a chunk to the thread pool copies it first, which
   * costs more of this thread than hashing it (1.0 against 0.7 ms, measured).
   */
  leafHash(): Bytes {
    return hash('sha256', this.leaf, 'buffer');
  }

  /** What the leaf hash is of: the prefix and the chunk. */
  get leaf(): Bytes {
    const at = this.#start - 1;
    this.#memory[at] = 0;
    return this.#memory.subarray(at, this.#start + this.length);
  }

  /** The chunk with `head` (at most 16 bytes) before it; the same memory. */
  after(head: Bytes): Bytes {
    const from = this.#start - head.byteLength;
    this.#memory.set(head, from);
    return this.#memory.subarray(from, this.#start + this.length);
  }
}

/** Bytes of the pages that hold so many. */
export const pagesOf = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;

const newMemory = (capacity: number): Bytes =>
  new Uint8Array(Buffer.allocUnsafeSlow(HEAD_ROOM_BYTES + capacity).buffer);

/** Memory that may be grown is mapped by itself, from the beginning of a page: nothing else in Node promises that. */
function newPages(): Bytes {
  const bytes = PAGE_BYTES + CHUNK_BYTES;
  return new Uint8Array(new SharedArrayBuffer(bytes, { maxByteLength: bytes }), 0, bytes);
}

/** Buffers kept for the next chunk: a new MiB for each costs a fifth of a transfer in garbage collection (measured). */
const KEPT_BUFFERS = 8;
const kept: ChunkBuffer[] = [];

/** An empty buffer of whole pages; give it back when nothing refers to its bytes any more. */
export const takeChunkBuffer = (): ChunkBuffer =>
  kept.pop() ?? new ChunkBuffer(CHUNK_BYTES, newPages(), PAGE_BYTES);

export function giveChunkBuffer(buffer: ChunkBuffer): void {
  buffer.length = 0;
  if (kept.length < KEPT_BUFFERS) kept.push(buffer);
}
