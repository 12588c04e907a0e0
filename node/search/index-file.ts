/**
 * The file of the index: an SQLite database with one full-text table for each box. Opened by the index's own thread
 * only. It holds nothing that isn't in the store, so one that is damaged or of another version is deleted and begun
 * anew. A transaction that was answered may be lost with the power, never a part of one: the note of how far the index
 * is stands in the same transaction as what it says.
 */
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

/** Tables, words and facets. WARNING: persisted; another version is deleted and built anew. */
export const INDEX_VERSION = 2;

/** Beginnings of words kept as words: a search for one costs as much as for a word. Vietnamese words end at seven. */
const BEGINNINGS = '2 3 4 5 6';
/** Pages held in memory, KiB: the upper levels of the trees of a million documents. */
const CACHE_KIB = 8192;
/** The write-ahead log is cut back to this after a large transaction. */
const LOG_BYTES = 16 * 1024 * 1024;

const tablesOf = (box: string) => `
  CREATE TABLE ${box} (slot INTEGER PRIMARY KEY, id BLOB NOT NULL, mark INTEGER NOT NULL);
  CREATE TABLE ${box}_steps (slot INTEGER PRIMARY KEY, stretch INTEGER NOT NULL UNIQUE);
  CREATE VIRTUAL TABLE ${box}_words USING fts5(
    words, content='', contentless_delete=1, tokenize='ascii', prefix='${BEGINNINGS}');
  CREATE TABLE ${box}_moments (
    slot INTEGER NOT NULL, kind TEXT NOT NULL, at_ms INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (slot, kind, at_ms)) WITHOUT ROWID;
  CREATE INDEX ${box}_moments_by_time ON ${box}_moments (kind, at_ms, n);`;

export type Sqlite = typeof DatabaseSync;

/** Primary SQLite results that mean the file itself is no good: CORRUPT, NOTADB; and ERROR where a table is gone. */
const DAMAGED = new Set([11, 26]);
const ERROR = 1;

export function isDamage(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false;
  const primary = error.errcode & 0xff;
  return DAMAGED.has(primary) || (primary === ERROR && /^no such table/.test(error.message));
}

/** An open file with its tables; made when it is missing, made anew when it is damaged or of another version. */
export function openIndexFile(sqlite: Sqlite, path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return begin(sqlite, path);
  } catch (error) {
    if (!isDamage(error) && !(error instanceof OtherVersion)) throw error;
  }
  removeIndexFile(path);
  return begin(sqlite, path);
}

export function removeIndexFile(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${suffix}`, { force: true });
}

class OtherVersion extends Error {}

function begin(sqlite: Sqlite, path: string): DatabaseSync {
  closeSync(openSync(path, 'a', 0o600)); // its log files are made with the same rights
  const database = new sqlite(path);
  try {
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA journal_size_limit = ${LOG_BYTES};`);
    const version = database.prepare('PRAGMA user_version').get()?.user_version;
    const tables = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n;
    if (version === 0 && tables === 0) {
      database.exec(`
        BEGIN;
        CREATE TABLE notes (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
        ${tablesOf('inbox')} ${tablesOf('outbox')}
        PRAGMA user_version = ${INDEX_VERSION};
        COMMIT;`);
    } else if (version !== INDEX_VERSION) throw new OtherVersion();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
