/** Reads of one stored file, at random places or as a stream; the file stays readable while this is open. */
import { type FileHandle, open } from 'node:fs/promises';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { type BlobFacts, CHUNK_BYTES, ChunkBuffer, chunkLength } from './blob-facts.ts';
import { diskError, isMissing, readAll } from './folder.ts';

export class BlobReader {
  readonly #handle: FileHandle;
  readonly size: number;

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  /** Undefined when there is no such file. */
  static async open(path: string): Promise<BlobReader | undefined> {
    try {
      const handle = await open(path, 'r');
      const { size } = await handle.stat();
      return new BlobReader(handle, size);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw diskError(error, 'blobs');
    }
  }

  /** Exactly the bytes asked for; 'usage' beyond the end or above one chunk, 'damaged' when the file is shorter. */
  async read(offset: number, length: number): Promise<Bytes> {
    if (offset < 0 || length < 0 || length > CHUNK_BYTES || offset + length > this.size)
      throw new LienthongError('usage', { reason: 'read beyond the file', offset, length });
    const bytes = new Uint8Array(length);
    await this.readInto(bytes, offset);
    return bytes;
  }

  /** Fills the buffer from `offset`; 'damaged' when the file ends before. */
  async readInto(bytes: Bytes, offset: number): Promise<void> {
    const length = bytes.byteLength;
    const done = await readAll(this.#handle, bytes, offset).catch((error) => {
      throw diskError(error, 'blobs');
    });
    if (done < length) throw new LienthongError('damaged', { where: 'blob' });
  }

  /** A chunk as it was signed, in memory nobody else uses; 'damaged' when the disk gives something else. */
  async chunk(facts: BlobFacts, index: number): Promise<ChunkBuffer> {
    const length = chunkLength(facts.size, index);
    const buffer = new ChunkBuffer(length);
    buffer.length = length;
    await this.readInto(buffer.chunk, index * CHUNK_BYTES);
    if (!equalBytes(buffer.leafHash(), facts.chunkHashes[index]!))
      throw new LienthongError('damaged', { where: `blob ${hex(facts.sha256)}, chunk ${index}` });
    return buffer;
  }

  /** The whole file in pieces of one chunk; each is the receiver's to keep. */
  async *stream(signal?: AbortSignal): AsyncGenerator<Bytes> {
    for (let offset = 0; offset < this.size; offset += CHUNK_BYTES) {
      signal?.throwIfAborted();
      yield await this.read(offset, Math.min(CHUNK_BYTES, this.size - offset));
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
