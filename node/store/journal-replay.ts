/**
 * At opening: gives the database what the journal holds and it lacks. LevelDB's log isn't synced, so that after a loss
 * of power any part of it may be missing, in the middle too; a group it has carries its commit row. From the first
 * group that lacks it all are written again, synced, as long as they go on from what is there. Whether that is all
 * that was acknowledged is judged afterwards (level-opening), as if the database had never lacked anything.
 */
import { type Bytes, equalBytes } from '../core/bytes.ts';
import { type ChainPoint, commitKey, pointOf } from './commit-chain.ts';
import type { Journal } from './journal.ts';
import type { Operation } from './journal-record.ts';
import { PREFIX, prefixRange } from './keys.ts';
import { type Database, type LevelReader, levelError } from './level-reader.ts';
import { unsealValue } from './sealed-value.ts';

/**
 * Number of groups written again. `found` is the store id the database holds, undefined for one without any row;
 * `checkpoint` is undefined where the witness is lost: then from the first commit row there is. Throws 'damaged' when a
 * commit row is.
 */
export async function replayJournal(
  db: Database,
  reader: LevelReader,
  journal: Journal,
  { storeId, checkpoint }: { storeId: Bytes; checkpoint: ChainPoint | undefined },
  found: Bytes | undefined,
): Promise<number> {
  // a database of another store, or one that was emptied, isn't filled from here
  if (found === undefined ? checkpoint?.sequence !== 0 : !equalBytes(found, storeId)) return 0;
  let last = await lastWhole(reader, checkpoint);
  if (last === undefined) return 0;
  let count = 0;
  for await (const { sequence, operations } of journal.from(last.sequence + 1, storeId)) {
    const row = rowOf(operations, sequence);
    if (row === undefined || !equalBytes(row.value.subarray(0, 32), last.hash)) break;
    await db.batch(operations, { sync: true } as object).catch(levelError);
    last = pointOf(row);
    count++;
  }
  return count;
}

/**
 * The last group the database has without a gap, from the checkpoint on; undefined when it lacks the checkpoint itself,
 * which was in its tables: an older copy.
 */
async function lastWhole(
  reader: LevelReader,
  checkpoint: ChainPoint | undefined,
): Promise<ChainPoint | undefined> {
  let last = checkpoint?.sequence === 0 ? checkpoint : undefined;
  const from = commitKey(checkpoint?.sequence ?? 0);
  for await (const row of reader.range({ gte: from, lt: prefixRange(PREFIX.commit).lt })) {
    const point = pointOf(row);
    if (last !== undefined && point.sequence !== last.sequence + 1) break;
    if (last === undefined && checkpoint !== undefined && !isSame(point, checkpoint)) break;
    last = point;
  }
  return last;
}

const isSame = (a: ChainPoint, b: ChainPoint): boolean =>
  a.sequence === b.sequence && equalBytes(a.hash, b.hash);

/** The commit row a group carries. */
function rowOf(operations: readonly Operation[], sequence: number): { key: Bytes; value: Bytes } | undefined {
  const key = commitKey(sequence);
  for (const one of operations)
    if (one.type === 'put' && equalBytes(one.key, key)) return { key, value: unsealValue(key, one.value) };
  return undefined;
}
