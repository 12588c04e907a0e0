/**
 * Memory for one chunk with room before it, so that neither hashing nor sending it needs a copy. Kept ones, which
 * files are written from and read into and pulled chunks arrive in, begin at a page of memory: the disk takes them as
 * they lie. Served ones are new each time: nobody tells when libp2p has done with them.
 */
import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Bytes, copyInto } from '../core/bytes.ts';
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

  /** Whether the disk may be given it as it lies. */
  get isPaged(): boolean {
    return this.#start === PAGE_BYTES;
  }

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
    copyInto(this.#memory, at, taken === bytes.byteLength ? bytes : bytes.subarray(0, taken));
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

  /** CRC-32 of the chunk: a third of the processor time of its hash (measured), and enough to tell a disk's damage. */
  checksum(): number {
    return crc32(this.chunk);
  }

  /** What the leaf hash is of: the prefix and the chunk. */
  get leaf(): Bytes {
    const at = this.#start - 1;
    this.#memory[at] = 0;
    return this.#memory.subarray(at, this.#start + this.length);
  }

  /** The memory of a whole chunk with `head` bytes (at most 16) before it, for a frame to be received in. */
  frame(head: number): Bytes {
    return this.#memory.subarray(this.#start - head, this.#start + CHUNK_BYTES);
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

/**
 * Of one process, in use or kept. V8 doesn't see this memory, so it must not become garbage: beyond these, which several
 * transfers at once reach, chunks are in ordinary memory and pass through the page cache.
 */
const MOST_PAGED = 32;
const kept: ChunkBuffer[] = [];
let paged = 0;
/** Paged buffers by their memory: what arrives in one is found again. */
const byMemory = new WeakMap<ArrayBufferLike, ChunkBuffer>();
/** Frames of streams that broke are never given back. */
const lost = new FinalizationRegistry(() => {
  paged--;
});

/** Memory that may be grown is mapped by itself, from the beginning of a page: nothing else in Node promises that. */
function newPaged(): ChunkBuffer {
  const bytes = PAGE_BYTES + CHUNK_BYTES;
  const memory = new SharedArrayBuffer(bytes, { maxByteLength: bytes });
  const buffer = new ChunkBuffer(CHUNK_BYTES, new Uint8Array(memory, 0, bytes), PAGE_BYTES);
  byMemory.set(memory, buffer);
  lost.register(memory, undefined);
  paged++;
  return buffer;
}

/** An empty buffer, of whole pages while there are such; give it back when nothing refers to its bytes any more. */
export const takeChunkBuffer = (): ChunkBuffer =>
  kept.pop() ?? (paged < MOST_PAGED ? newPaged() : new ChunkBuffer());

/** A new MiB for each chunk costs a fifth of a transfer in garbage collection (measured). */
export function giveChunkBuffer(buffer: ChunkBuffer): void {
  buffer.length = 0;
  if (buffer.isPaged) kept.push(buffer);
}

/** Where a frame of so many bytes is received: one that carries a whole chunk so that the chunk begins at a page. */
export function chunkFrameMemory(bytes: number): Bytes {
  const head = bytes - CHUNK_BYTES;
  if (head <= 0 || head > HEAD_ROOM_BYTES) return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
  const buffer = takeChunkBuffer();
  return buffer.frame(head);
}

/** The chunk in a buffer to be given back: where it arrived, or a copy. Nothing else may use the bytes any more. */
export function chunkBufferOf(chunk: Bytes): ChunkBuffer {
  const arrived = arrivedIn(chunk);
  if (arrived !== undefined) {
    arrived.length = chunk.byteLength;
    return arrived;
  }
  const buffer = takeChunkBuffer();
  buffer.fill(chunk);
  return buffer;
}

/** Gives back the memory a chunk nobody wants arrived in, where that is kept memory. */
export function giveChunkMemory(chunk: Bytes): void {
  const arrived = arrivedIn(chunk);
  if (arrived !== undefined) giveChunkBuffer(arrived);
}

function arrivedIn(chunk: Bytes): ChunkBuffer | undefined {
  const buffer = byMemory.get(chunk.buffer);
  return chunk.byteOffset === PAGE_BYTES && buffer?.length === 0 ? buffer : undefined;
}
