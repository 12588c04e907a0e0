/**
 * The journal: where a group of commits becomes durable before LevelDB takes it without a sync of its own. LevelDB's
 * own log grows with each write, and every sync of a growing file waits for the file system's journal; here the room
 * was written ahead, and one call writes and syncs. Two files of SEGMENT_BYTES are written in turn, from the start
 * with each opening: a record is overwritten only after so many bytes more that LevelDB has it in a synced table.
 * At opening what LevelDB lacks of it is written again, in order: after a loss of power it may lack any part of its
 * log. Writing groups again that it has changes nothing, as rows are put and removed, never reckoned from others.
 * WARNING: persisted.
 */
import { constants, type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes } from '../core/bytes.ts';
import { diskError, FILE_MODE, isMissing, readAll, syncFolder, writeAll } from './folder.ts';
import {
  claimOf,
  HEAD_BYTES,
  type JournalRecord,
  type Operation,
  readRecord,
  recordBytes,
  writeRecord,
} from './journal-record.ts';

const FILES = ['journal-1', 'journal-2'] as const;
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC;
/** Zeros written ahead at a time, where the file wasn't that long yet. */
const AHEAD_BYTES = 4 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;
/** Records are made in one buffer that stays; a larger one gets its own. */
const SCRATCH_BYTES = 2 * 1024 * 1024;

export class Journal {
  readonly #folder: string;
  readonly #segmentBytes: number;
  readonly #files: FileHandle[];
  readonly #lengths: number[];
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  /** The file being written, and where its next record goes. */
  #current = 0;
  #at = 0;

  private constructor(folder: string, segmentBytes: number, files: FileHandle[], lengths: number[]) {
    this.#folder = folder;
    this.#segmentBytes = segmentBytes;
    this.#files = files;
    this.#lengths = lengths;
  }

  /** Opens both files, making them when missing. */
  static async open(folder: string, segmentBytes: number): Promise<Journal> {
    const files: FileHandle[] = [];
    try {
      for (const name of FILES) files.push(await open(join(folder, name), FLAGS, FILE_MODE));
      await syncFolder(folder);
      const lengths = await Promise.all(files.map(async (file) => (await file.stat()).size));
      return new Journal(folder, segmentBytes, files, lengths);
    } catch (error) {
      for (const file of files) await file.close();
      throw diskError(error, folder);
    }
  }

  /** Empties a closed journal: what was lost has been accepted, and must not come back. */
  static async discard(folder: string): Promise<void> {
    for (const name of FILES) {
      try {
        const file = await open(join(folder, name), 'r+');
        try {
          await file.truncate(0);
          await file.sync();
        } finally {
          await file.close();
        }
      } catch (error) {
        if (!isMissing(error)) throw diskError(error, name);
      }
    }
  }

  /** Makes a group durable. True when it began the other file: what stood there is in the database for good. */
  async append(storeId: Bytes, sequence: number, operations: readonly Operation[]): Promise<boolean> {
    const bytes = recordBytes(operations);
    const scratch = bytes <= SCRATCH_BYTES ? this.#scratch : Buffer.allocUnsafeSlow(bytes);
    const record = writeRecord(scratch, storeId, sequence, operations);
    const isFull = this.#at > 0 && this.#at + bytes > this.#segmentBytes;
    if (isFull) {
      this.#current = 1 - this.#current;
      this.#at = 0;
    }
    try {
      await this.#makeRoom(this.#at + bytes);
      await writeAll(this.#files[this.#current]!, record, this.#at);
    } catch (error) {
      throw diskError(error, this.#folder);
    }
    this.#at += bytes;
    return isFull;
  }

  /**
   * Groups from `first` on, in order and without a gap, to where the journal ends or isn't whole; nothing where it
   * doesn't hold `first`.
   */
  async *from(first: number, storeId: Bytes): AsyncGenerator<JournalRecord> {
    let next = first;
    for (const file of await this.#filesFrom(first))
      for await (const record of this.#records(file, storeId)) {
        if (record.sequence > next) return;
        if (record.sequence < next) continue;
        yield record;
        next++;
      }
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close();
  }

  /** The files that may hold groups from `first` on, in the order they were written. */
  async #filesFrom(first: number): Promise<FileHandle[]> {
    const begun: { file: FileHandle; sequence: number }[] = [];
    for (const file of this.#files) {
      const head = new Uint8Array(HEAD_BYTES);
      const claim = claimOf(head.subarray(0, await readAll(file, head, 0)));
      if (claim !== undefined) begun.push({ file, sequence: claim.sequence });
    }
    begun.sort((a, b) => a.sequence - b.sequence);
    return begun.filter((_, i) => (begun[i + 1]?.sequence ?? first + 1) > first).map(({ file }) => file);
  }

  /** Whole records of a file whose numbers follow one another; older ones may lie behind the last. */
  async *#records(file: FileHandle, storeId: Bytes): AsyncGenerator<JournalRecord> {
    let held = Buffer.alloc(0);
    let sequence: number | undefined;
    for (let at = 0; ; ) {
      const record = readRecord(held, storeId);
      if (record !== undefined) {
        if (sequence !== undefined && record.sequence !== sequence + 1) return;
        yield record;
        sequence = record.sequence;
        held = held.subarray(record.bytes);
        continue;
      }
      const wanted = claimOf(held)?.bytes ?? READ_BYTES;
      if (held.byteLength >= wanted) return;
      const more = Buffer.allocUnsafe(Math.max(READ_BYTES, wanted - held.byteLength));
      const read = await readAll(file, more, at);
      if (read === 0) return;
      at += read;
      held = Buffer.concat([held, more.subarray(0, read)]);
    }
  }

  async #makeRoom(end: number): Promise<void> {
    const length = this.#lengths[this.#current]!;
    if (end <= length) return;
    const zeros = new Uint8Array(Math.max(end, Math.min(end + AHEAD_BYTES, this.#segmentBytes)) - length);
    await writeAll(this.#files[this.#current]!, zeros, length);
    this.#lengths[this.#current] = length + zeros.byteLength;
  }
}
