/**
 * Reads rows of a LevelDB database, now or as of a snapshot, each proved by its checksum; keys that lie in a
 * damaged part of a table are refused rather than answered from what is left (an older value, or nothing).
 * The engine and its snapshots are made of this.
 */
import type { Level } from 'level';
import { type Bytes, compareBytes } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { diskError } from './folder.ts';
import type { Entry, Range, Reader } from './key-value.ts';
import { PREFIX, prefixRange } from './keys.ts';
import { damaged, unsealValue } from './sealed-value.ts';
import type { DamagedKeys } from './table-file.ts';

export type Database = Level<Bytes, Bytes>;
type LevelSnapshot = ReturnType<Database['snapshot']>;

/** Entries fetched at a time while scanning, and the memory they may take. */
const SCAN_ENTRIES = 256;
const SCAN_BYTES = 256 * 1024;
/**
 * The first time fewer, since most scans are of one document's few rows. An iterator holds 64 bytes for each entry it was
 * asked for, and keeps them, outside of what V8 knows of, until V8 marks its whole heap: 300 MB while an index is built,
 * were it 256 at once (measured).
 */
const FIRST_ENTRIES = 4;

export class LevelReader implements Reader {
  readonly #db: Database;
  readonly #doubtful: readonly DamagedKeys[];
  readonly #snapshot: LevelSnapshot | undefined;

  constructor(db: Database, doubtful: readonly DamagedKeys[], snapshot?: LevelSnapshot) {
    this.#db = db;
    this.#doubtful = doubtful;
    this.#snapshot = snapshot;
  }

  async get(key: Bytes): Promise<Bytes | undefined> {
    this.#refuseDoubtful(key, key);
    const stored = this.#stored(key);
    return stored === undefined ? undefined : unsealValue(key, stored);
  }

  async getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]> {
    for (const key of keys) this.#refuseDoubtful(key, key);
    return keys.map((key) => {
      const stored = this.#stored(key);
      return stored === undefined ? undefined : unsealValue(key, stored);
    });
  }

  async *range({ gte, gt, lt, lte, reverse = false, limit = -1 }: Range): AsyncGenerator<Entry> {
    this.#refuseDoubtful(gte ?? gt, lt ?? lte);
    const bounds = { ...lowerBound(gte, gt), ...upperBound(lt, lte) };
    const iterator = this.#db.iterator({
      ...bounds,
      ...this.#options(),
      reverse,
      limit,
      highWaterMarkBytes: SCAN_BYTES,
    } as object);
    try {
      for (let size = FIRST_ENTRIES; ; size = SCAN_ENTRIES) {
        const found = await iterator.nextv(size).catch(levelError);
        if (found.length === 0) return;
        for (const [key, stored] of found)
          yield {
            key: new Uint8Array(key.buffer, key.byteOffset, key.byteLength),
            value: unsealValue(key, stored),
          };
      }
    } finally {
      await iterator.close();
    }
  }

  /** Every row but attachments', which are held against their documents (folder-check). Throws 'damaged' at the first that is. */
  async proveRows(signal?: AbortSignal): Promise<void> {
    const { gte: small, lt: behind } = prefixRange(PREFIX.smallBlob);
    for (const range of [{ lt: small }, { gte: behind }])
      for await (const _ of this.range(range)) signal?.throwIfAborted();
  }

  /**
   * On the calling thread: a point read takes 6 µs, a trip through the thread pool 25 µs of CPU, and the pool's few
   * threads are where the syncs wait (measured, 1.5 KB values).
   */
  #stored(key: Bytes): Bytes | undefined {
    try {
      return this.#db.getSync(key, this.#options()) as Bytes | undefined;
    } catch (error) {
      return levelError(error);
    }
  }

  #options(): object {
    return this.#snapshot === undefined ? {} : { snapshot: this.#snapshot };
  }

  #refuseDoubtful(first: Bytes | undefined, last: Bytes | undefined): void {
    for (const { after, upTo } of this.#doubtful) {
      const endsBefore = after !== undefined && last !== undefined && compareBytes(last, after) <= 0;
      const startsBehind = upTo !== undefined && first !== undefined && compareBytes(first, upTo) > 0;
      if (!endsBefore && !startsBehind) throw damaged(first ?? last ?? upTo ?? new Uint8Array(0));
    }
  }
}

/** LevelDB's errors in our words. */
export function levelError(cause: unknown): never {
  const error = cause as { code?: string; message?: string; cause?: { code?: string } } | undefined;
  const code = error?.cause?.code ?? error?.code;
  if (cause instanceof LienthongError) throw cause;
  if (code === 'LEVEL_LOCKED') throw new LienthongError('locked', { where: 'database' }, { cause });
  if (code === 'LEVEL_CORRUPTION') throw new LienthongError('damaged', { where: 'database' }, { cause });
  if (code === 'LEVEL_DATABASE_NOT_OPEN' || code === 'LEVEL_ITERATOR_NOT_OPEN')
    throw new LienthongError('not-running', { what: 'store' }, { cause });
  throw diskError(error?.cause ?? cause, 'database');
}

/** LevelDB's iterator heeds one bound a side; of two given the tighter one counts. */
function lowerBound(gte: Bytes | undefined, gt: Bytes | undefined): object {
  if (gt !== undefined && (gte === undefined || compareBytes(gt, gte) >= 0)) return { gt };
  return gte === undefined ? {} : { gte };
}

function upperBound(lt: Bytes | undefined, lte: Bytes | undefined): object {
  if (lt !== undefined && (lte === undefined || compareBytes(lt, lte) <= 0)) return { lt };
  return lte === undefined ? {} : { lte };
}
