/**
 * Rows of the audit log's Merkle tree and the hashes of its subtrees. Leaves are kept whole; of the inner nodes
 * only every fourth level is stored (one row per 16 leaves), the ones between are hashed again when a proof
 * needs them: at most 15 extra hashes a level, for a sixteenth of the rows. WARNING: persisted.
 */
import { type Bytes, concat, readUint64be, uint64be } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { Frontier, leafHash, nodeHash } from '../core/merkle.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX } from './keys.ts';

const STORED_LEVELS = 4;
const STORED_LEAVES = 2 ** STORED_LEVELS;

export const leafKey = (epoch: number, index: number): Bytes => key(PREFIX.auditLeaf, epoch, index);
export const stateKey = (epoch: number): Bytes => key(PREFIX.auditState, epoch);
const subtreeKey = (epoch: number, level: number, index: number): Bytes =>
  key(PREFIX.auditNode, epoch, level, index);

/**
 * What the database says of an epoch; `synced` is how far the file was synced when the last group came: it can't end
 * earlier.
 */
export interface AuditState {
  fileBytes: number;
  syncedSize: number;
  syncedFileBytes: number;
  frontier: Frontier;
}

export function encodeState({ fileBytes, syncedSize, syncedFileBytes, frontier }: AuditState): Bytes {
  const { size, roots } = frontier.state();
  return concat(
    uint64be(size),
    uint64be(fileBytes),
    uint64be(syncedSize),
    uint64be(syncedFileBytes),
    ...roots,
  );
}

/** RangeError when the bytes are no state. */
export function decodeState(bytes: Bytes): AuditState {
  const number = (at: number) => readUint64be(bytes.subarray(at, at + 8));
  const roots: Bytes[] = [];
  for (let at = 32; at < bytes.byteLength; at += 32) roots.push(bytes.slice(at, at + 32));
  const frontier = new Frontier({ size: number(0), roots });
  return { fileBytes: number(8), syncedSize: number(16), syncedFileBytes: number(24), frontier };
}

/** Collects the rows of full subtrees as leaves are appended: only the open ends of each stored level. */
export class SubtreeRows {
  readonly #epoch: number;
  /** level / 4 → hashes waiting for their 16 to be full. */
  readonly #open: Bytes[][];

  private constructor(epoch: number, open: Bytes[][]) {
    this.#epoch = epoch;
    this.#open = open;
  }

  /** Continues a tree of `size` leaves; reads at most 15 hashes a stored level. */
  static async load(reader: Reader, epoch: number, size: number): Promise<SubtreeRows> {
    const open: Bytes[][] = [];
    for (
      let level = 0, count = size;
      count > 0;
      level += STORED_LEVELS, count = Math.floor(count / STORED_LEAVES)
    ) {
      const first = count - (count % STORED_LEAVES);
      open.push(await storedHashes(reader, epoch, level, first, count));
    }
    return new SubtreeRows(epoch, open);
  }

  append(hash: Bytes, index: number): Write[] {
    const rows: Write[] = [];
    let at = index;
    for (let step = 0, node = hash; ; step++) {
      const waiting = this.#open[step] ?? [];
      this.#open[step] = waiting;
      waiting.push(node);
      if (waiting.length < STORED_LEAVES) return rows;
      node = perfectRoot(waiting);
      at = Math.floor(at / STORED_LEAVES);
      rows.push({ put: subtreeKey(this.#epoch, (step + 1) * STORED_LEVELS, at), value: node });
      this.#open[step] = [];
    }
  }
}

/** Root of leaves `from` … `to` - 1 (RFC 6962 MTH), where `from` is a multiple of the largest subtree's size. */
export async function rangeRoot(reader: Reader, epoch: number, from: number, to: number): Promise<Bytes> {
  const size = to - from;
  const level = Math.floor(Math.log2(size));
  if (2 ** level === size) return subtreeRoot(reader, epoch, level, from / size);
  const middle = from + splitOf(size);
  const [left, right] = await Promise.all([
    rangeRoot(reader, epoch, from, middle),
    rangeRoot(reader, epoch, middle, to),
  ]);
  return nodeHash(left, right);
}

/** Largest power of two smaller than n, for n ≥ 2. */
export function splitOf(n: number): number {
  let split = 1;
  while (split * 2 < n) split *= 2;
  return split;
}

async function subtreeRoot(reader: Reader, epoch: number, level: number, index: number): Promise<Bytes> {
  const stored = level - (level % STORED_LEVELS);
  const width = 2 ** (level - stored);
  return perfectRoot(await storedHashes(reader, epoch, stored, index * width, (index + 1) * width));
}

async function storedHashes(
  reader: Reader,
  epoch: number,
  level: number,
  from: number,
  to: number,
): Promise<Bytes[]> {
  const indexes = Array.from({ length: to - from }, (_, i) => from + i);
  const rows = await reader.getMany(
    indexes.map((index) => (level === 0 ? leafKey(epoch, index) : subtreeKey(epoch, level, index))),
  );
  return rows.map((row) => {
    if (row === undefined) throw new LienthongError('damaged', { where: 'audit log' });
    return level === 0 ? leafHash(row) : row;
  });
}

function perfectRoot(hashes: readonly Bytes[]): Bytes {
  let row = hashes;
  while (row.length > 1) row = row.flatMap((hash, i) => (i % 2 === 0 ? [nodeHash(hash, row[i + 1]!)] : []));
  return row[0]!;
}
