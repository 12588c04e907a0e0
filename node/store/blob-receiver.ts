/**
 * Takes the chunks of a file whose chunk hashes are known (and proved by a signed root), in any order and several
 * at a time, each checked before it is kept. The partial file stays when a transfer stops, so that the next one
 * goes on: what is there is judged by its hashes, nothing else is remembered. The hash of the whole file follows
 * the contiguous beginning as it grows; chunks that came early are read back from the page cache.
 */
import { constants, type FileHandle, open, unlink } from 'node:fs/promises';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { leafHash } from '../core/merkle.ts';
import { BackgroundSync } from './background-sync.ts';
import { type BlobFacts, CHUNK_BYTES, ChunkBuffer, chunkLength, newSha256 } from './blob-facts.ts';
import type { BlobWriterComponents } from './blob-writer.ts';
import { diskError, FILE_MODE, readAll, writeAll } from './folder.ts';

export class BlobReceiver<Stored extends BlobFacts> {
  readonly #components: BlobWriterComponents;
  readonly #facts: BlobFacts;
  readonly #handle: FileHandle;
  readonly #held: Uint8Array;
  readonly #sync = new BackgroundSync();
  #whole = newSha256();
  #heldCount = 0;
  #hashedTo = 0;
  #followsDisk = true;
  #ended = false;

  private constructor(components: BlobWriterComponents, facts: BlobFacts, handle: FileHandle) {
    this.#components = components;
    this.#facts = facts;
    this.#handle = handle;
    this.#held = new Uint8Array(facts.chunkHashes.length);
  }

  /** Opens the partial file, or makes it; finds out which chunks of it are good. */
  static async open<Stored extends BlobFacts>(
    components: BlobWriterComponents,
    facts: BlobFacts,
    signal?: AbortSignal,
  ): Promise<BlobReceiver<Stored>> {
    try {
      const handle = await open(components.temporaryPath, constants.O_RDWR | constants.O_CREAT, FILE_MODE);
      const receiver = new BlobReceiver<Stored>(components, facts, handle);
      try {
        await receiver.#look(signal);
        return receiver;
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      components.ended();
      throw signal?.aborted ? error : diskError(error, 'blobs');
    }
  }

  /** Indexes of the chunks still to come, ascending, at most `limit`. */
  missing(limit: number = Number.POSITIVE_INFINITY): number[] {
    const indexes: number[] = [];
    for (let i = 0; i < this.#held.length && indexes.length < limit; i++)
      if (this.#held[i] === 0) indexes.push(i);
    return indexes;
  }

  has(index: number): boolean {
    return this.#held[index] === 1;
  }

  /** A chunk that is here, in memory of its own, as the disk gives it; undefined where it isn't, or this has ended. */
  async readChunk(index: number): Promise<ChunkBuffer | undefined> {
    if (this.#ended || !this.has(index)) return undefined;
    const buffer = new ChunkBuffer(chunkLength(this.#facts.size, index));
    try {
      await this.#readBack(buffer, index);
      return buffer;
    } catch (error) {
      if (this.#ended) return undefined;
      throw diskError(error, 'blobs');
    }
  }

  /** Bytes already here: for progress. */
  get heldBytes(): number {
    const { size } = this.#facts;
    const last = this.#held.length - 1;
    const all = this.#heldCount * CHUNK_BYTES;
    return this.#held[last] === 1 ? all - CHUNK_BYTES + chunkLength(size, last) : all;
  }

  /** Keeps a chunk, whose bytes must stay as they are until then; 'blob-mismatch' when it isn't the one that was signed; again the same one is no harm. */
  async writeChunk(index: number, bytes: Bytes): Promise<void> {
    const expected = this.#facts.chunkHashes[index];
    if (this.#ended) throw new LienthongError('internal', { reason: 'blob receiver has ended' });
    if (expected === undefined || bytes.byteLength !== chunkLength(this.#facts.size, index))
      throw new LienthongError('blob-mismatch', { chunk: index, bytes: bytes.byteLength });
    if (this.has(index)) return;
    if (!equalBytes(leafHash(bytes), expected)) throw new LienthongError('blob-mismatch', { chunk: index });
    // several chunks are under way at once: the whole's hash takes them in the order they came
    if (this.#followsDisk && index === this.#hashedTo) {
      this.#whole.update(bytes);
      this.#hashedTo++;
    }
    try {
      await writeAll(this.#handle, bytes, index * CHUNK_BYTES);
    } catch (error) {
      this.#hashAnew();
      throw diskError(error, 'blobs');
    }
    if (this.has(index)) return;
    this.#hold(index);
    this.#sync.wrote(bytes.byteLength, this.#handle);
  }

  /** Bytes that aren't on disk went into the hash: it is taken from the disk at the end. */
  #hashAnew(): void {
    this.#whole = newSha256();
    this.#hashedTo = 0;
    this.#followsDisk = false;
  }

  /**
   * The file is durable under its name when this resolves. 'blob-mismatch' when the whole isn't the promised file
   * (then the partial file is dropped), 'blob-unavailable' while chunks are missing.
   */
  async finish(): Promise<Stored> {
    const { sha256, chunkHashes } = this.#facts;
    if (this.#heldCount < chunkHashes.length)
      throw new LienthongError('blob-unavailable', { missing: chunkHashes.length - this.#heldCount });
    try {
      const buffer = new ChunkBuffer();
      while (this.#hashedTo < chunkHashes.length)
        this.#whole.update(await this.#readBack(buffer, this.#hashedTo++));
      const found = new Uint8Array(this.#whole.digest());
      if (!equalBytes(found, sha256)) {
        await this.abort();
        throw new LienthongError('blob-mismatch', { expected: hex(sha256), found: hex(found) });
      }
      await this.#sync.idle();
      await this.#handle.truncate(this.#facts.size);
      await this.#handle.sync();
      this.#ended = true;
      await this.#handle.close();
      return await this.#components.place<Stored>(this.#facts, this.#components.temporaryPath);
    } catch (error) {
      throw diskError(error, 'blobs');
    } finally {
      await this.close();
    }
  }

  /** Stops and keeps what is there, for the next attempt. */
  async close(): Promise<void> {
    const isFirst = !this.#ended;
    this.#ended = true;
    await this.#sync.idle();
    if (isFirst) await this.#handle.close();
    this.#components.ended();
  }

  /** Stops and drops what is there. */
  async abort(): Promise<void> {
    await this.close();
    await unlink(this.#components.temporaryPath).catch(() => undefined);
  }

  async #look(signal: AbortSignal | undefined): Promise<void> {
    const { size } = await this.#handle.stat();
    const { chunkHashes } = this.#facts;
    const buffer = new ChunkBuffer();
    for (let index = 0; index < chunkHashes.length && index * CHUNK_BYTES < size; index++) {
      signal?.throwIfAborted();
      const chunk = await this.#readBack(buffer, index);
      if (!equalBytes(await buffer.leafHash(), chunkHashes[index]!)) continue;
      this.#hold(index);
      if (index !== this.#hashedTo) continue;
      this.#whole.update(chunk);
      this.#hashedTo++;
    }
    await this.#components.requireRoom((chunkHashes.length - this.#heldCount) * CHUNK_BYTES);
  }

  async #readBack(buffer: ChunkBuffer, index: number): Promise<Bytes> {
    const room = buffer.room.subarray(0, chunkLength(this.#facts.size, index));
    buffer.length = await readAll(this.#handle, room, index * CHUNK_BYTES);
    return buffer.chunk;
  }

  #hold(index: number): void {
    this.#held[index] = 1;
    this.#heldCount++;
  }
}
