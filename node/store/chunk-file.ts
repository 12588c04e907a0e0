/**
 * One large file as the blob store writes and reads it: whole chunks, past the page cache where the file system can
 * (O_DIRECT). Through it each byte costs its place in memory, twice where the file is read back once: more processor
 * time than all of the hashing. A file system that refuses is noticed at its first refusal, and written through the cache
 * from then on, with the same result. Durable when `finish` resolves. Called by the blob writer, receiver and reader.
 */
import { constants, type FileHandle, open } from 'node:fs/promises';
import { BackgroundSync } from './background-sync.ts';
import { CHUNK_BYTES } from './blob-facts.ts';
import { type ChunkBuffer, pagesOf } from './chunk-buffer.ts';
import { FILE_MODE, readAll, writeAll } from './folder.ts';

/** Not every system has it. */
const O_DIRECT: number = constants.O_DIRECT ?? 0;
/** Refusals of a file system, or of its disk's larger blocks. */
const REFUSALS = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

/** What the file system below one folder can; found out by trying. */
export interface DirectAccess {
  works: boolean;
}

export const directAccess = (): DirectAccess => ({ works: O_DIRECT !== 0 });

export class ChunkFile {
  readonly #path: string;
  readonly #access: DirectAccess;
  readonly #isDirect: boolean;
  readonly #handle: FileHandle;
  readonly #mayWrite: boolean;
  readonly #sync = new BackgroundSync();
  #cached: Promise<FileHandle> | undefined;
  #isClosed = false;

  private constructor(
    path: string,
    handle: FileHandle,
    access: DirectAccess,
    options: { isDirect: boolean; mayWrite: boolean },
  ) {
    this.#path = path;
    this.#handle = handle;
    this.#access = access;
    this.#isDirect = options.isDirect;
    this.#mayWrite = options.mayWrite;
  }

  /** `flags` as open(2) takes them. A file that isn't `large` is kept in the page cache. Throws as open does. */
  static async open(
    path: string,
    flags: number,
    { access, large }: { access: DirectAccess; large: boolean },
  ): Promise<ChunkFile> {
    const mayWrite = (flags & constants.O_RDWR) !== 0;
    if (large && access.works) {
      try {
        const handle = await open(path, flags | O_DIRECT, FILE_MODE);
        return new ChunkFile(path, handle, access, { isDirect: true, mayWrite });
      } catch (error) {
        if (!isRefusal(error)) throw error;
        access.works = false;
        // the file was made all the same
        return ChunkFile.open(path, flags & ~constants.O_EXCL, { access, large });
      }
    }
    const handle = await open(path, flags, FILE_MODE);
    return new ChunkFile(path, handle, access, { isDirect: false, mayWrite });
  }

  async stat(): Promise<{ size: number }> {
    return this.#handle.stat();
  }

  /** The buffer's memory must stay as it is until this resolves. The file is longer than its bytes until `finish`. */
  async write(buffer: ChunkBuffer, index: number): Promise<void> {
    const at = index * CHUNK_BYTES;
    if (this.#isDirect && buffer.isPaged && this.#cached === undefined) {
      try {
        return await writeAll(this.#handle, buffer.pages, at);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        this.#access.works = false;
      }
    }
    const handle = await this.#throughCache();
    await writeAll(handle, buffer.chunk, at);
    this.#sync.wrote(buffer.length, handle);
  }

  /** Fills the buffer with at most `length` bytes of a chunk: fewer where the file ends before. */
  async read(buffer: ChunkBuffer, index: number, length: number): Promise<void> {
    const at = index * CHUNK_BYTES;
    if (this.#isDirect && buffer.isPaged && this.#cached === undefined) {
      try {
        const { bytesRead } = await this.#handle.read(buffer.room, 0, pagesOf(length), at);
        buffer.length = Math.min(bytesRead, length);
        if (buffer.length === length) return;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        this.#access.works = false;
      }
    }
    buffer.length = await readAll(await this.#throughCache(), buffer.room.subarray(0, length), at);
  }

  /** Of `size` bytes exactly, and durable, when this resolves; closed either way. */
  async finish(size: number): Promise<void> {
    try {
      await this.#sync.idle();
      await this.#handle.truncate(size);
      await this.#handle.sync();
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#sync.idle();
    const cached = await this.#cached?.catch(() => undefined);
    await Promise.all([this.#handle.close(), cached?.close()]);
  }

  async #throughCache(): Promise<FileHandle> {
    // a read that is refused meanwhile would open it again, for nobody to close
    if (!this.#isDirect || this.#isClosed) return this.#handle;
    this.#cached ??= open(this.#path, this.#mayWrite ? constants.O_RDWR : constants.O_RDONLY);
    return this.#cached;
  }
}

const isRefusal = (error: unknown): boolean => REFUSALS.has((error as NodeJS.ErrnoException).code ?? '');
