/**
 * The audit log's own file, one per epoch: leaves in order, each framed by its length and the CRC-32 of length and leaf
 * (both big-endian, four bytes). A second witness of what the database must hold. Appended before anyone is answered, and
 * synced in the background, so that many groups share a sync: what ends the process alone takes nothing of it, and a
 * loss of power at most what came within the last sync, of which the database says how much that can be.
 * Behind the last leaf lie zeros, written ahead: a sync of a file whose length doesn't change needs no commit of the file
 * system's journal, which would wait for whatever else is on its way to the disk.
 * WARNING: persisted.
 */
import { writeSync } from 'node:fs';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Bytes, concat, equalBytes, uint32be } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { diskError, FILE_MODE, readAll, syncFolder, writeAll } from './folder.ts';

const FLAGS = constants.O_RDWR | constants.O_CREAT;
const FRAME_BYTES = 8;
/** No leaf comes near; a length above is damage. */
export const MAX_LEAF_BYTES = 1024 * 1024;
const READ_BYTES = 256 * 1024;
/** Zeros written ahead at a time: some thousand leaves. */
const AHEAD_BYTES = 1024 * 1024;
/** What was appended is synced this much later, with all that came meanwhile. */
const SYNC_WITHIN_MS = 50;
/** And at once, while the next append waits, where this much came: start reads so much again. */
const MOST_UNSYNCED_BYTES = 1024 * 1024;

export const frameBytes = (leaf: Bytes): number => FRAME_BYTES + leaf.byteLength;

export function frame(leaf: Bytes): Bytes {
  return concat(uint32be(leaf.byteLength), uint32be(checksum(leaf)), leaf);
}

/** Over the length too: a page of zeros must not read as empty leaves. */
const checksum = (leaf: Bytes): number => crc32(leaf, crc32(uint32be(leaf.byteLength)));

export class AuditFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #clock: Pick<Clock, 'after'>;
  /** Length of the file, zeros included. */
  #length: number;
  /** Where what was appended ends, and how far of it is synced. */
  #end = 0;
  #syncedEnd = 0;
  #cancelSync: (() => void) | undefined;
  #syncing: Promise<void> | undefined;
  #failure: unknown;
  #isClosed = false;

  private constructor(path: string, handle: FileHandle, clock: Pick<Clock, 'after'>, length: number) {
    this.#path = path;
    this.#handle = handle;
    this.#clock = clock;
    this.#length = length;
  }

  /** Opens the file, making an empty one when it is missing. */
  static async open(path: string, clock: Pick<Clock, 'after'>): Promise<AuditFile> {
    try {
      const handle = await open(path, FLAGS, FILE_MODE);
      await syncFolder(dirname(path));
      return new AuditFile(path, handle, clock, (await handle.stat()).size);
    } catch (error) {
      throw diskError(error, path);
    }
  }

  /** Length in bytes, the zeros behind the last leaf included. */
  get length(): number {
    return this.#length;
  }

  /** How far beyond `end` anything but zeros is written. */
  async beyond(end: number): Promise<number> {
    let last = end;
    const zeros = new Uint8Array(READ_BYTES);
    for (let at = end; at < this.#length; at += READ_BYTES) {
      const bytes = await this.read(at, READ_BYTES);
      // a megabyte of zeros is looked through at every start
      if (equalBytes(bytes, zeros.subarray(0, bytes.byteLength))) continue;
      last = at + bytes.findLastIndex((byte) => byte !== 0) + 1;
    }
    return last - end;
  }

  /** Everything before is synced, whatever happens to this machine. */
  get syncedEnd(): number {
    return this.#syncedEnd;
  }

  /** Writes frames at the given end; their sync follows. Throws also where an earlier sync failed. */
  async append(bytes: Bytes, at: number): Promise<void> {
    const end = at + bytes.byteLength;
    try {
      if (this.#failure !== undefined) throw this.#failure;
      if (end > this.#length) {
        const zeros = new Uint8Array(end + AHEAD_BYTES - this.#length);
        await writeAll(this.#handle, zeros, this.#length);
        this.#length += zeros.byteLength;
      }
      // as the witness: into the page cache a call of microseconds, by way of the thread pool some hundred, for every group
      for (let done = 0; done < bytes.byteLength; )
        done += writeSync(this.#handle.fd, bytes, done, bytes.byteLength - done, at + done);
      this.#end = end;
      if (end - this.#syncedEnd > MOST_UNSYNCED_BYTES) await this.sync();
      else this.#syncSoon();
    } catch (error) {
      throw diskError(error, this.#path);
    }
  }

  /** Syncs what was appended until now; `end` tells where that ends in a file just opened. */
  async sync(end = this.#end): Promise<void> {
    await this.#syncing;
    this.#end = end;
    await this.#syncNow();
    if (this.#failure !== undefined) throw diskError(this.#failure, this.#path);
  }

  #syncSoon(): void {
    if (this.#cancelSync !== undefined || this.#syncing !== undefined) return;
    this.#cancelSync = this.#clock.after(SYNC_WITHIN_MS, () => void this.#syncNow());
  }

  #syncNow(): Promise<void> {
    this.#cancelSync?.();
    this.#cancelSync = undefined;
    const end = this.#end;
    this.#syncing ??= this.#handle
      .datasync()
      .then(
        () => {
          this.#syncedEnd = end;
        },
        (error) => {
          this.#failure = error;
        },
      )
      .finally(() => {
        this.#syncing = undefined;
        if (this.#failure === undefined && this.#end > end) this.#syncSoon();
      });
    return this.#syncing;
  }

  /** Up to `length` bytes from `at`; shorter only at the end of the file. */
  async read(at: number, length: number): Promise<Bytes> {
    const into = new Uint8Array(length);
    return into.subarray(0, await readAll(this.#handle, into, at));
  }

  /** Every whole frame from the start; stops at the first that isn't, where `end` tells. */
  async *leaves(): AsyncGenerator<{ leaf: Bytes; end: number }> {
    let at = 0;
    let held: Bytes = new Uint8Array(0);
    for (;;) {
      const more = await this.read(at + held.byteLength, READ_BYTES);
      held = held.byteLength === 0 ? more : concat(held, more);
      let used = 0;
      for (;;) {
        const next = unframe(held.subarray(used));
        if (next === undefined) break;
        used += frameBytes(next);
        yield { leaf: next, end: at + used };
      }
      at += used;
      held = held.subarray(used);
      if (more.byteLength < READ_BYTES || held.byteLength > MAX_LEAF_BYTES + FRAME_BYTES) return;
    }
  }

  /** Again, it does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.sync();
    } finally {
      this.#cancelSync?.();
      await this.#handle.close();
    }
  }
}

/** The leaf at the start of `bytes`; undefined when it isn't whole or isn't what was written. */
export function unframe(bytes: Bytes): Bytes | undefined {
  if (bytes.byteLength < FRAME_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, FRAME_BYTES);
  const length = view.getUint32(0);
  if (length > MAX_LEAF_BYTES || bytes.byteLength < FRAME_BYTES + length) return undefined;
  const leaf = bytes.subarray(FRAME_BYTES, FRAME_BYTES + length);
  return checksum(leaf) === view.getUint32(4) ? leaf : undefined;
}
