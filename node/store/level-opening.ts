/**
 * What happens between "here is a folder" and "this database holds everything that was acknowledged": the tables'
 * own checksums, the commit chain from the checkpoint on (after the journal has given back what LevelDB's unsynced log
 * lost), and the witness beside the database are held against each other. Anything missing becomes a named problem and
 * the store opens read-only, with the witness left as it is, so that every later opening says the same until the loss
 * is accepted.
 * A crash between any two steps is harmless: the witness is made before the first commit, and moved only to
 * commits that are already durable; rows behind the checkpoint are removed only after it was synced.
 */
import { type Bytes, equalBytes } from '../core/bytes.ts';
import type { Random } from '../core/clock.ts';
import { isLienthongError } from '../core/errors.ts';
import { CHAIN_START, type ChainPoint, commitKey, followChain } from './commit-chain.ts';
import type { Problem } from './key-value.ts';
import { key, PREFIX, prefixRange } from './keys.ts';
import type { LevelReader } from './level-reader.ts';
import { STORE_ID_BYTES, type WitnessFile } from './witness-file.ts';

export const STORE_ID_KEY: Bytes = key(PREFIX.store, 'id');

export interface Opening {
  storeId: Bytes;
  /** Nothing was ever committed here: the store's id still has to be. */
  isNew: boolean;
  last: ChainPoint;
  problem: Problem | undefined;
}

/** Writes again what the journal holds and the database lacks; how many groups that was. */
export type Replay = (
  of: { storeId: Bytes; checkpoint: ChainPoint | undefined },
  found: Bytes | undefined,
) => Promise<number>;

/** Judges an opened database against its witness; on success the checkpoint has moved to the last commit. */
export async function judgeOpening(
  reader: LevelReader,
  witness: WitnessFile,
  random: Random,
  replay: Replay,
): Promise<Opening> {
  const { exists, testimony } = await witness.read();
  let first = await firstOf(reader);
  const of = testimony ?? (first.storeId && { storeId: first.storeId, checkpoint: undefined });
  if (of !== undefined && first.problem === undefined) {
    try {
      if ((await replay(of, first.storeId)) > 0) first = await firstOf(reader);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return { ...lost('commits-missing', 'a commit row is damaged'), storeId: of.storeId };
    }
  }
  if (testimony === undefined) {
    if (!exists && !first.any) {
      const storeId = random(STORE_ID_BYTES);
      await witness.write({ storeId, checkpoint: CHAIN_START, tail: CHAIN_START }, true);
      return { storeId, isNew: true, last: CHAIN_START, problem: undefined };
    }
    return lost('witness-lost', exists ? 'witness file unreadable' : 'witness file missing');
  }
  const { storeId, checkpoint, tail } = testimony;
  if (first.problem !== undefined) return { ...lost(first.problem.kind, first.problem.where), storeId };
  if (!first.any) {
    if (tail.sequence === 0) return { storeId, isNew: true, last: CHAIN_START, problem: undefined };
    return { ...lost('database-behind', `commits 1 to ${tail.sequence}: the database is empty`), storeId };
  }
  if (first.storeId === undefined || !equalBytes(first.storeId, storeId))
    return { ...lost('database-behind', 'the database is of another store'), storeId };
  try {
    const rows = reader.range({ gte: commitKey(checkpoint.sequence), lt: prefixRange(PREFIX.commit).lt });
    const { last, gap } = await followChain(rows, checkpoint, tail);
    if (gap !== undefined) {
      const kind = last.sequence < tail.sequence ? 'database-behind' : 'commits-missing';
      return { storeId, isNew: false, last, problem: { kind, where: gap } };
    }
    await witness.write({ storeId, checkpoint: last, tail: last }, true);
    return { storeId, isNew: false, last, problem: undefined };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { ...lost('commits-missing', 'a commit row is damaged'), storeId };
  }
}

const isDamage = (error: unknown): boolean =>
  isLienthongError(error, 'damaged') || error instanceof RangeError;

function lost(kind: Problem['kind'], where: string): Opening {
  return {
    storeId: new Uint8Array(STORE_ID_BYTES),
    isNew: false,
    last: CHAIN_START,
    problem: { kind, where },
  };
}

async function firstOf(reader: LevelReader): Promise<{ any: boolean; storeId?: Bytes; problem?: Problem }> {
  try {
    const storeId = await reader.get(STORE_ID_KEY);
    if (storeId !== undefined) return { any: true, storeId };
    for await (const _ of reader.range({ limit: 1 })) return { any: true };
    return { any: false };
  } catch (error) {
    if (!isLienthongError(error, 'damaged')) throw error;
    return { any: true, problem: { kind: 'table-damaged', where: `${error.details.where}` } };
  }
}
