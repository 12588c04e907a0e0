/**
 * Reads from LevelDB's manifest which table files are live. Others may lie in the folder as well: half-written by
 * a compaction that runs or was killed; they belong to nobody and LevelDB removes them. Layouts:
 * leveldb/doc/log_format.md and VersionEdit of db/version_edit.cc. Read-only; what can't be understood ends the
 * reading, as LevelDB judges the manifest itself, with checksums, when it opens.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, concat } from '../core/bytes.ts';
import { diskError, isMissing } from './folder.ts';
import { VarintReader } from './varint.ts';

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
/** 10,000 tables take about 1 MiB. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

const FULL = 1;
const FIRST = 2;
const LAST = 4;

/** Tags of a version edit. */
const TAG = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deleted: 6,
  added: 7,
  previousLog: 9,
};

/** Numbers of the live tables of a database folder; none when it has no manifest yet. */
export async function liveTables(folder: string): Promise<ReadonlySet<number>> {
  const live = new Set<number>();
  try {
    const name = (await readFile(join(folder, 'CURRENT'), 'utf8')).trim();
    const path = join(folder, name);
    if (!/^MANIFEST-\d+$/.test(name) || (await stat(path)).size > MAX_MANIFEST_BYTES) return live;
    for (const record of recordsOf(await readFile(path))) applyEdit(record, live);
  } catch (error) {
    if (!isMissing(error) && !(error instanceof RangeError)) throw diskError(error, 'database');
  }
  return live;
}

function* recordsOf(file: Bytes): Generator<Bytes> {
  let fragments: Bytes[] = [];
  for (let at = 0; at + HEADER_BYTES <= file.byteLength; ) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (left < HEADER_BYTES) {
      at += left;
      continue;
    }
    const length = file[at + 4]! | (file[at + 5]! << 8);
    const type = file[at + 6]!;
    const end = at + HEADER_BYTES + length;
    if (type === 0 || type > LAST || end > file.byteLength || HEADER_BYTES + length > left) return;
    if (type === FULL || type === FIRST) fragments = [];
    fragments.push(file.subarray(at + HEADER_BYTES, end));
    at = end;
    if (type === FULL || type === LAST) yield concat(...fragments);
  }
}

function applyEdit(edit: Bytes, live: Set<number>): void {
  const reader = new VarintReader(edit);
  const skipText = () => reader.take(reader.next());
  while (!reader.done) {
    const tag = reader.next();
    if (tag === TAG.comparator) skipText();
    else if (tag === TAG.compactPointer) {
      reader.next();
      skipText();
    } else if (tag === TAG.deleted) {
      reader.next();
      live.delete(reader.next());
    } else if (tag === TAG.added) {
      reader.next();
      live.add(reader.next());
      reader.next();
      skipText();
      skipText();
    } else if (
      tag === TAG.logNumber ||
      tag === TAG.nextFile ||
      tag === TAG.lastSequence ||
      tag === TAG.previousLog
    ) {
      reader.next();
    } else throw new RangeError('unknown tag in a manifest');
  }
}
