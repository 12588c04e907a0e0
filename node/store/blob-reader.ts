/**
 * Reads of one stored file, at random places or chunk by chunk; the file stays readable while this is open. Whole chunks
 * of a large file that nobody else reads now are read past the page cache; further readers share what it holds.
 */
import { constants, type FileHandle, open } from 'node:fs/promises';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { type BlobFacts, CHUNK_BYTES, chunkLength } from './blob-facts.ts';
import { ChunkBuffer, giveChunkBuffer, takeChunkBuffer } from './chunk-buffer.ts';
import { ChunkFile, type DirectAccess } from './chunk-file.ts';
import { diskError, isMissing, isUnreadable, readAll } from './folder.ts';

/** Smaller files stay in the page cache: a circular's recipients all read them. */
const LARGE_BYTES = 16 * CHUNK_BYTES;
/** Files whose chunks are read past the page cache now. */
const alone = new Set<string>();

export class BlobReader {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #access: DirectAccess;
  readonly size: number;
  #direct: Promise<ChunkFile | undefined> | undefined;
  #isAlone = false;

  private constructor(handle: FileHandle, path: string, size: number, access: DirectAccess) {
    this.#handle = handle;
    this.#path = path;
    this.size = size;
    this.#access = access;
  }

  /** Undefined when there is no such file, or none that can be read. */
  static async open(path: string, access: DirectAccess): Promise<BlobReader | undefined> {
    try {
      // without O_NONBLOCK a pipe in its place would hold this up
      const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      let reader: BlobReader | undefined;
      try {
        const found = await handle.stat();
        if (found.isFile()) reader = new BlobReader(handle, path, found.size, access);
        return reader;
      } finally {
        if (reader === undefined) await handle.close();
      }
    } catch (error) {
      if (isMissing(error) || isUnreadable(error)) return undefined;
      throw diskError(error, 'blobs');
    }
  }

  /** Exactly the bytes asked for; 'usage' beyond the end or above one chunk, 'damaged' when they aren't to be had. */
  async read(offset: number, length: number): Promise<Bytes> {
    if (offset < 0 || length < 0 || length > CHUNK_BYTES || offset + length > this.size)
      throw new LienthongError('usage', { reason: 'read beyond the file', offset, length });
    const bytes = new Uint8Array(length);
    await this.readInto(bytes, offset);
    return bytes;
  }

  /** Fills the buffer from `offset`; 'damaged' when the file ends before, or the disk can't read it. */
  async readInto(bytes: Bytes, offset: number): Promise<void> {
    const length = bytes.byteLength;
    const done = await readAll(this.#handle, bytes, offset).catch((error) => {
      throw readError(error);
    });
    if (done < length) throw new LienthongError('damaged', { where: 'blob' });
  }

  /** A chunk as it was signed, in memory nobody else uses; 'damaged' when the disk gives something else. */
  chunk(facts: BlobFacts, index: number): Promise<ChunkBuffer> {
    return this.#checked(facts, index, (buffer) => isSigned(facts, index, buffer));
  }

  /**
   * The same for whoever holds it against its hash himself: checked here by its CRC-32 only, where there is one, against the
   * disk. What fails that is judged by its hash.
   */
  chunkToSend(facts: BlobFacts, index: number): Promise<ChunkBuffer> {
    const expected = facts.checksums?.[index];
    return this.#checked(
      facts,
      index,
      (buffer) => buffer.checksum() === expected || isSigned(facts, index, buffer),
    );
  }

  async #checked(
    facts: BlobFacts,
    index: number,
    isRight: (buffer: ChunkBuffer) => boolean,
  ): Promise<ChunkBuffer> {
    const chunk = new ChunkBuffer(chunkLength(facts.size, index));
    const buffer = takeChunkBuffer();
    try {
      await this.readChunk(buffer, index);
      if (!isRight(buffer))
        throw new LienthongError('damaged', { where: `blob ${hex(facts.sha256)}, chunk ${index}` });
      chunk.fill(buffer.chunk);
    } finally {
      giveChunkBuffer(buffer);
    }
    return chunk;
  }

  /** A chunk as the disk has it; 'damaged' when the file ends before, or the disk can't read it. */
  async readChunk(buffer: ChunkBuffer, index: number): Promise<void> {
    const length = chunkLength(this.size, index);
    try {
      this.#direct ??= this.#openDirect();
      const direct = await this.#direct;
      if (direct !== undefined) await direct.read(buffer, index, length);
      else buffer.length = await readAll(this.#handle, buffer.room.subarray(0, length), index * CHUNK_BYTES);
    } catch (error) {
      throw readError(error);
    }
    if (buffer.length < length) throw new LienthongError('damaged', { where: 'blob' });
  }

  /** Undefined where chunks are read through the page cache. A file that lost its name is read as it was opened. */
  async #openDirect(): Promise<ChunkFile | undefined> {
    if (this.size < LARGE_BYTES || alone.has(this.#path)) return undefined;
    alone.add(this.#path);
    this.#isAlone = true;
    const how = { access: this.#access, large: true };
    return ChunkFile.open(this.#path, constants.O_RDONLY, how).catch((error) => {
      if (!isMissing(error)) throw error;
      return undefined;
    });
  }

  /** The whole file in pieces of one chunk; each is the receiver's to keep. */
  async *stream(signal?: AbortSignal): AsyncGenerator<Bytes> {
    for (let offset = 0; offset < this.size; offset += CHUNK_BYTES) {
      signal?.throwIfAborted();
      yield await this.read(offset, Math.min(CHUNK_BYTES, this.size - offset));
    }
  }

  async close(): Promise<void> {
    if (this.#isAlone) alone.delete(this.#path);
    const direct = await this.#direct?.catch(() => undefined);
    await Promise.all([direct?.close(), this.#handle.close()]);
  }
}

const readError = (cause: unknown): LienthongError =>
  isUnreadable(cause)
    ? new LienthongError('damaged', { where: 'blob' }, { cause })
    : diskError(cause, 'blobs');

const isSigned = ({ chunkHashes }: BlobFacts, index: number, buffer: ChunkBuffer): boolean =>
  equalBytes(buffer.leafHash(), chunkHashes[index]!);
