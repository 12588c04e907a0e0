/**
 * Rows of the directory on disk. An entry's row is named by epoch, group, key and the version that changed it, so a
 * newer version never overwrites an older one: until `adopted` names the newer head its rows mean nothing, and one
 * small commit makes a directory of any size the current one. Superseded rows stay, for proofs at older heads.
 * WARNING: persisted.
 */
import { lienthong } from '../../proto/messages.ts';
import { type Bytes, concat, copyOf, EMPTY, equalBytes, hex, readUint64be, uint64be } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import type { Reader, Write } from '../store/key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from '../store/keys.ts';
import type { Entry } from './entries.ts';
import { type GroupSummary, groupBytes, parseGroup } from './tree.ts';

/** A group and the newest version that changed it. */
export interface GroupRow extends GroupSummary {
  readonly changedIn: number;
}

/** An entry's row as it is scanned: what names it, and its bytes. */
export interface EntryRow {
  readonly rowKey: Bytes;
  readonly changedIn: number;
  readonly bytes: Bytes;
}

/** The entry's key within its group. */
export const entryKeyOf = ({ rowKey }: EntryRow): string =>
  partsOf(rowKey, ['number', 'text', 'text', 'number'])[2];

const ADOPTED = key(PREFIX.directoryState, 'adopted');

export const adoptedKey = (): Bytes => ADOPTED;
export const adoptedValue = (epoch: number, version: number): Bytes =>
  concat(uint64be(epoch), uint64be(version));

export async function readAdopted(reader: Reader): Promise<{ epoch: number; version: number } | undefined> {
  const value = await reader.get(ADOPTED);
  if (value === undefined) return undefined;
  return { epoch: readUint64be(value), version: readUint64be(value.subarray(8)) };
}

export const headKey = (epoch: number, version: number): Bytes => key(PREFIX.directoryHead, epoch, version);
export const headRange = (epoch: number, from: number, to: number) => ({
  gte: headKey(epoch, from),
  lte: headKey(epoch, to),
});

export const forkKey = (hash: Bytes): Bytes => key(PREFIX.directoryState, 'fork', hash);
export const forkRange = () => prefixRange(PREFIX.directoryState, 'fork');

export const entryWrite = (epoch: number, entry: Entry): Write => ({
  put: key(PREFIX.directoryEntry, epoch, entry.group, entry.key, entry.changedIn),
  value: entry.bytes,
});

export const groupWrite = (epoch: number, group: GroupRow): Write => ({
  put: key(PREFIX.directoryState, 'group', epoch, group.name),
  value: concat(uint64be(group.changedIn), groupBytes(group)),
});

export async function readGroups(reader: Reader, epoch: number): Promise<Map<string, GroupRow>> {
  const groups = new Map<string, GroupRow>();
  for await (const { value } of reader.range(prefixRange(PREFIX.directoryState, 'group', epoch))) {
    const group = parseGroup(copyOf(value.subarray(8)));
    groups.set(group.name, { ...group, changedIn: readUint64be(value) });
  }
  return groups;
}

/** The entries of one group as they stood at `version`, in key order. */
export async function* rowsAt(
  reader: Reader,
  epoch: number,
  group: string,
  version: number,
): AsyncGenerator<EntryRow> {
  const names = new RowNames();
  let last: EntryRow | undefined;
  for await (const { key: rowKey, value } of reader.range(prefixRange(PREFIX.directoryEntry, epoch, group))) {
    const { changedIn, isFirst } = names.next(rowKey);
    if (isFirst && last !== undefined) yield last;
    if (isFirst) last = undefined;
    if (changedIn <= version) last = { rowKey, changedIn, bytes: value };
  }
  if (last !== undefined) yield last;
}

/** Every row of an epoch in order, of all versions. */
export const epochRange = (epoch: number) => prefixRange(PREFIX.directoryEntry, epoch);

/** Names rows as a scan in order meets them: the version a row is of, and whether its entry is a new one. */
export class RowNames {
  #last: Bytes = EMPTY;

  next(rowKey: Bytes): { changedIn: number; isFirst: boolean } {
    const at = rowKey.byteLength - VERSION_BYTES;
    const name = rowKey.subarray(0, at);
    const isFirst = !equalBytes(name, this.#last);
    this.#last = name;
    return { changedIn: readUint64be(rowKey.subarray(at)), isFirst };
  }
}

/** The last part of a row's key. */
const VERSION_BYTES = 8;

/** Facts of a row that was checked before it was written; the store's checksum vouches for it since. */
export function decodeRow(bytes: Bytes): lienthong.v1.DirectoryEntry {
  try {
    return lienthong.v1.DirectoryEntry.decode(bytes);
  } catch (cause) {
    throw new LienthongError('damaged', { where: 'directory entry' }, { cause });
  }
}

export const forkAudit = (head: Bytes, atMs: number) => ({
  atMs,
  event: 'directory.fork',
  fields: [{ name: 'head', value: hex(head) }],
});
