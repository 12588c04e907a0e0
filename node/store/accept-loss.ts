/**
 * The way out of read-only after commits were lost: a person has seen what is missing and goes on with what is there.
 * One synced batch holds a new link of the commit chain and what the caller adds (the new epoch of the audit log);
 * then the journal is emptied and the witness made anew, then the notes go into a file of their own. A crash between any two leaves the notes:
 * the store stays read-only and the loss is accepted again. Called while the store is closed. Damaged tables can't be
 * accepted: what they hold would go on being answered in doubt; such a store is copied row by row into a new folder.
 */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { type Clock, type Random, systemClock, systemRandom } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import { CHAIN_START, commitKey, nextRow, pointOf } from './commit-chain.ts';
import { DamageNotes } from './damage-notes.ts';
import { isMissing, syncFolder } from './folder.ts';
import { Journal } from './journal.ts';
import type { Problem, Reader, Write } from './key-value.ts';
import { PREFIX, prefixRange } from './keys.ts';
import { LEVEL_OPTIONS } from './level-engine.ts';
import { STORE_ID_KEY } from './level-opening.ts';
import { type Database, LevelReader, levelError } from './level-reader.ts';
import { sealValue } from './sealed-value.ts';
import { STORE_ID_BYTES, WitnessFile } from './witness-file.ts';

const ACCEPTABLE = new Set<Problem['kind']>([
  'commits-missing',
  'database-behind',
  'witness-lost',
  'write-failed',
]);
/** Of the audit log: accepted only by who opens a new epoch, so that the damaged one is never written to again. */
const ENDED_BY_EPOCH = new Set<Problem['kind']>(['audit-ahead', 'audit-damaged']);

export interface LossInit {
  clock?: Clock;
  random?: Random;
  /** Rows of a new epoch of the audit log, into the same batch. */
  newEpoch?: (reader: Reader) => Promise<readonly Write[]>;
}

/** Answers what was accepted; 'damaged' when something can't be. Afterwards the store opens healthy. */
export async function acceptLoss(
  folder: string,
  { clock = systemClock, random = systemRandom, newEpoch }: LossInit = {},
): Promise<readonly Problem[]> {
  const notes = await new DamageNotes(folder).read();
  const stays = notes.find(
    ({ kind }) => !ACCEPTABLE.has(kind) && !(newEpoch !== undefined && ENDED_BY_EPOCH.has(kind)),
  );
  if (stays !== undefined) throw new LienthongError('damaged', { where: stays.where, reason: stays.kind });
  const db = new Level(join(folder, 'database'), LEVEL_OPTIONS) as Database;
  await db.open().catch(levelError);
  const witness = new WitnessFile(join(folder, 'witness'));
  try {
    await witness.read();
    const reader = new LevelReader(db, []);
    const storeId = (await reader.get(STORE_ID_KEY)) ?? random(STORE_ID_BYTES);
    let last = CHAIN_START;
    for await (const row of reader.range({ ...prefixRange(PREFIX.commit), reverse: true, limit: 1 }))
      last = pointOf(row);
    const writes = [{ put: STORE_ID_KEY, value: storeId }, ...((await newEpoch?.(reader)) ?? [])];
    const row = nextRow(last, writes.length);
    const rows = rowsOf([...writes, { put: row.key, value: row.value }]);
    await db.batch(rows, { sync: true } as object).catch(levelError);
    await db.clear({ gte: prefixRange(PREFIX.commit).gte, lt: commitKey(row.point.sequence) });
    await Journal.discard(folder);
    await witness.write({ storeId, checkpoint: row.point, tail: row.point }, true);
  } finally {
    await witness.close();
    await db.close();
  }
  await rename(join(folder, 'damage.json'), join(folder, `damage-accepted-${clock.nowMs()}.json`)).catch(
    (error) => {
      if (!isMissing(error)) throw error;
    },
  );
  await syncFolder(folder);
  return notes;
}

const rowsOf = (writes: readonly Write[]) =>
  writes.map((write) =>
    'put' in write
      ? { type: 'put' as const, key: write.put, value: sealValue(write.put, write.value) }
      : { type: 'del' as const, key: write.del },
  );
