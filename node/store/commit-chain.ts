/**
 * The rows that prove no commit is missing: each group of commits writes one, holding its sequence number (in
 * the key), the hash of the row before, and how many writes it carried. LevelDB drops damaged log records
 * without a word; a hole in this chain is how that shows. WARNING: persisted.
 */
import { type Bytes, concat, equalBytes, sha256, uint32be, uint64be } from '../core/bytes.ts';
import { key, PREFIX, partsOf } from './keys.ts';

/** A position in the chain: row `sequence` has this hash. Sequence 0 is before the first commit. */
export interface ChainPoint {
  sequence: number;
  hash: Bytes;
}

export const CHAIN_START: ChainPoint = { sequence: 0, hash: new Uint8Array(32) };
const ROW_BYTES = 36;

export const commitKey = (sequence: number): Bytes => key(PREFIX.commit, sequence);

/** The next row: what to write, and the point the chain is at after it. */
export function nextRow(
  previous: ChainPoint,
  writes: number,
): { key: Bytes; value: Bytes; point: ChainPoint } {
  const sequence = previous.sequence + 1;
  const value = concat(previous.hash, uint32be(writes));
  return { key: commitKey(sequence), value, point: { sequence, hash: hashOf(sequence, value) } };
}

export interface ChainVerdict {
  /** Where the contiguous part ends. */
  last: ChainPoint;
  /** What is wrong, in words for a person; undefined when the chain is whole. */
  gap: string | undefined;
  /** Rows seen. */
  rows: number;
}

/**
 * Follows rows from the checkpoint's own row (when there is one) to the end and says whether they chain, and
 * reach at least the `tail` that was acknowledged.
 */
export async function followChain(
  rows: AsyncIterable<{ key: Bytes; value: Bytes }>,
  from: ChainPoint,
  tail: ChainPoint,
): Promise<ChainVerdict> {
  let last: ChainPoint = CHAIN_START;
  let count = 0;
  let gap: string | undefined;
  const say = (text: string) => {
    gap ??= text;
  };
  for await (const { key: rowKey, value } of rows) {
    const point = pointOf({ key: rowKey, value });
    const { sequence } = point;
    if (count === 0) {
      if (from.sequence === 0 ? sequence !== 1 : sequence !== from.sequence)
        say(`commits ${from.sequence || 1} to ${sequence - 1}`);
      else if (from.sequence > 0 && !equalBytes(point.hash, from.hash))
        say(`commit ${sequence} is another one`);
    } else if (sequence !== last.sequence + 1) {
      say(`commits ${last.sequence + 1} to ${sequence - 1}`);
    }
    const chains =
      count === 0 ||
      gap !== undefined ||
      (value.byteLength === ROW_BYTES && equalBytes(value.subarray(0, 32), last.hash));
    if (!chains) say(`commit ${sequence} does not follow ${last.sequence}`);
    if (sequence === tail.sequence && !equalBytes(point.hash, tail.hash))
      say(`commit ${sequence} is another one`);
    last = point;
    count++;
  }
  if (last.sequence < tail.sequence) say(`commits ${last.sequence + 1} to ${tail.sequence}`);
  return { last, gap, rows: count };
}

/** The point of the chain a stored row stands for. */
export function pointOf(row: { key: Bytes; value: Bytes }): ChainPoint {
  const [sequence] = partsOf(row.key, ['number']);
  return { sequence, hash: hashOf(sequence, row.value) };
}

function hashOf(sequence: number, value: Bytes): Bytes {
  return sha256(uint64be(sequence), value);
}
