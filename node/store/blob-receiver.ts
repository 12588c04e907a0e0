/**
 * Takes the chunks of a file whose chunk hashes are known (and proved by a signed root), in any order and several
 * at a time, each checked before it is kept. The partial file stays when a transfer stops, so that the next one
 * goes on: what is there is judged by its hashes, nothing else is remembered. The hash of the whole file follows
 * the contiguous beginning as it grows; chunks that came early are read back.
 */
import { constants, unlink } from 'node:fs/promises';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { type BlobFacts, CHUNK_BYTES, chunkLength } from './blob-facts.ts';
import type { BlobWriterComponents } from './blob-writer.ts';
import {
  ChunkBuffer,
  chunkBufferOf,
  giveChunkBuffer,
  giveChunkMemory,
  takeChunkBuffer,
} from './chunk-buffer.ts';
import { ChunkFile } from './chunk-file.ts';
import { diskError, isUnreadable } from './folder.ts';
import { type FileHashes, hashesOf } from './hash-thread.ts';

/** Free room is asked for again after so many chunks: other files come at the same time. */
const ROOM_CHECK_CHUNKS = 4;

export class BlobReceiver<Stored extends BlobFacts> {
  readonly #components: BlobWriterComponents;
  readonly #facts: BlobFacts;
  readonly #file: ChunkFile;
  readonly #held: Uint8Array;
  #hashes: FileHashes;
  #heldCount = 0;
  #hashedTo = 0;
  #ended = false;

  private constructor(components: BlobWriterComponents, facts: BlobFacts, file: ChunkFile) {
    this.#components = components;
    this.#facts = facts;
    this.#file = file;
    this.#hashes = hashesOf(facts.size);
    this.#held = new Uint8Array(facts.chunkHashes.length);
  }

  /** Opens the partial file, or makes it; finds out which chunks of it are good. */
  static async open<Stored extends BlobFacts>(
    components: BlobWriterComponents,
    facts: BlobFacts,
    signal?: AbortSignal,
  ): Promise<BlobReceiver<Stored>> {
    try {
      const { temporaryPath, access } = components;
      const large = facts.size >= CHUNK_BYTES;
      const flags = constants.O_RDWR | constants.O_CREAT;
      const file = await ChunkFile.open(temporaryPath, flags, { access, large });
      const receiver = new BlobReceiver<Stored>(components, facts, file);
      try {
        await receiver.#look(signal);
        return receiver;
      } catch (error) {
        receiver.#hashes.end();
        await file.close();
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

  /** Keeps a chunk, whose bytes are this receiver's from now on; 'blob-mismatch' when it isn't the one that was signed; again the same one is no harm. */
  async writeChunk(index: number, bytes: Bytes): Promise<void> {
    const expected = this.#facts.chunkHashes[index];
    const fits = expected !== undefined && bytes.byteLength === chunkLength(this.#facts.size, index);
    if (this.#ended || !fits || this.has(index)) giveChunkMemory(bytes);
    if (this.#ended) throw new LienthongError('internal', { reason: 'blob receiver has ended' });
    if (!fits) throw new LienthongError('blob-mismatch', { chunk: index, bytes: bytes.byteLength });
    if (this.has(index)) return;
    const buffer = chunkBufferOf(bytes);
    try {
      await this.#keep(buffer, index, expected);
    } finally {
      giveChunkBuffer(buffer);
    }
  }

  async #keep(buffer: ChunkBuffer, index: number, expected: Bytes): Promise<void> {
    const hashes = this.#hashes;
    const verdict = await hashes.accept(buffer, index, expected);
    if (verdict === 'differs') throw new LienthongError('blob-mismatch', { chunk: index });
    if (verdict === 'followed' && hashes === this.#hashes) this.#hashedTo++;
    try {
      await this.#file.write(buffer, index);
    } catch (error) {
      this.#hashAnew();
      throw diskError(error, 'blobs');
    }
    if (!this.has(index)) this.#hold(index);
    // last, so that chunks enter the hash in the order they came
    if (this.#heldCount % ROOM_CHECK_CHUNKS === 0) await this.#requireRoom(ROOM_CHECK_CHUNKS);
  }

  /** Bytes that aren't on disk went into the hash: what came since is taken from the disk at the end. */
  #hashAnew(): void {
    if (this.#ended) return;
    this.#hashes.end();
    this.#hashes = hashesOf(this.#facts.size);
    this.#hashedTo = 0;
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
      await this.#hashRest();
      const found = await this.#hashes.digest();
      if (!equalBytes(found, sha256)) {
        await this.abort();
        throw new LienthongError('blob-mismatch', { expected: hex(sha256), found: hex(found) });
      }
      this.#ended = true;
      await this.#file.finish(this.#facts.size);
      return await this.#components.place<Stored>(this.#facts, this.#components.temporaryPath);
    } catch (error) {
      throw diskError(error, 'blobs');
    } finally {
      await this.close();
    }
  }

  async #hashRest(): Promise<void> {
    const buffer = takeChunkBuffer();
    try {
      while (this.#hashedTo < this.#facts.chunkHashes.length)
        await this.#hashes.update(await this.#readBack(buffer, this.#hashedTo++));
    } finally {
      giveChunkBuffer(buffer);
    }
  }

  /** Stops and keeps what is there, for the next attempt. */
  async close(): Promise<void> {
    const isFirst = !this.#ended;
    this.#ended = true;
    this.#hashes.end();
    if (isFirst) await this.#file.close();
    this.#components.ended();
  }

  /** Stops and drops what is there. */
  async abort(): Promise<void> {
    await this.close();
    await unlink(this.#components.temporaryPath).catch(() => undefined);
  }

  async #look(signal: AbortSignal | undefined): Promise<void> {
    const { size } = await this.#file.stat();
    const { chunkHashes } = this.#facts;
    const buffer = takeChunkBuffer();
    try {
      for (let index = 0; index < chunkHashes.length && index * CHUNK_BYTES < size; index++) {
        signal?.throwIfAborted();
        if (!(await this.#isReadable(buffer, index))) continue;
        const verdict = await this.#hashes.accept(buffer, index, chunkHashes[index]!);
        if (verdict !== 'differs') this.#hold(index);
        if (verdict === 'followed') this.#hashedTo++;
      }
    } finally {
      giveChunkBuffer(buffer);
    }
    await this.#requireRoom();
  }

  /** For the chunks still to come, of which only so many are asked for. */
  async #requireRoom(most = Number.POSITIVE_INFINITY): Promise<void> {
    const missing = this.#facts.chunkHashes.length - this.#heldCount;
    if (missing === 0) return;
    await this.#components.requireRoom(Math.min(most, missing) * CHUNK_BYTES);
  }

  async #isReadable(buffer: ChunkBuffer, index: number): Promise<boolean> {
    try {
      await this.#readBack(buffer, index);
      return true;
    } catch (error) {
      if (isUnreadable(error)) return false;
      throw error;
    }
  }

  async #readBack(buffer: ChunkBuffer, index: number): Promise<ChunkBuffer> {
    await this.#file.read(buffer, index, chunkLength(this.#facts.size, index));
    return buffer;
  }

  #hold(index: number): void {
    this.#held[index] = 1;
    this.#heldCount++;
  }
}
