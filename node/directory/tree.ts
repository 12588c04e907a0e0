/**
 * The Merkle tree of the directory: per group a tree (RFC 6962) over its entries' exact bytes in key order, on top
 * one over the GroupLeaf bytes in group order. A change recomputes one group and the top. "This entry was in the
 * directory at that head" is two paths. Pure. WARNING: signed; see proto/directory.proto.
 */
import { groupLeaf } from '../../proto/messages.ts';
import { type Bytes, EMPTY, equalBytes } from '../core/bytes.ts';
import { Frontier, leafHash, pathOf, rootFromPath } from '../core/merkle.ts';
import { compareNames } from './entries.ts';

/** A group as the top tree knows it. */
export interface GroupSummary {
  readonly name: string;
  readonly size: number;
  readonly root: Bytes;
}

/** Paths from an entry's bytes to a head's root. */
export interface EntryProof {
  entry: Bytes;
  index: number;
  path: Bytes[];
  group: GroupSummary;
  groupIndex: number;
  groups: number;
  groupPath: Bytes[];
}

/** Summary of a group from its entries' bytes, given in key order. */
export function summarise(name: string, entries: Iterable<Bytes>): GroupSummary {
  const frontier = new Frontier();
  for (const entry of entries) frontier.append(leafHash(entry));
  return { name, size: frontier.size, root: frontier.root() };
}

/** Groups by name in the order of the top tree. */
export const inOrder = <G extends GroupSummary>(groups: Iterable<G>): G[] =>
  [...groups].sort((a, b) => compareNames(a.name, b.name));

/** Root and number of entries of the whole directory. */
export function topOf(groups: Iterable<GroupSummary>): { root: Bytes; entries: number } {
  const frontier = new Frontier();
  let entries = 0;
  for (const group of inOrder(groups)) {
    frontier.append(leafOf(group));
    entries += group.size;
  }
  return { root: frontier.root(), entries };
}

/** Proof of the entry at `index` among a group's entries (bytes in key order). RangeError when there is none. */
export function prove(
  groups: Iterable<GroupSummary>,
  group: string,
  entries: readonly Bytes[],
  index: number,
): EntryProof {
  const ordered = inOrder(groups);
  const groupIndex = ordered.findIndex(({ name }) => name === group);
  const entry = entries[index];
  const summary = ordered[groupIndex];
  if (summary === undefined || entry === undefined || summary.size !== entries.length)
    throw new RangeError('no such entry');
  return {
    entry,
    index,
    path: pathOf(entries.map(leafHash), index),
    group: summary,
    groupIndex,
    groups: ordered.length,
    groupPath: pathOf(ordered.map(leafOf), groupIndex),
  };
}

/** Whether the proof leads from the entry's bytes to a head's root. Never throws. */
export function proofHolds(proof: EntryProof, root: Bytes): boolean {
  const { group } = proof;
  const groupRoot = rootFromPath(leafHash(proof.entry), proof.index, group.size, proof.path);
  if (groupRoot === undefined || !equalBytes(groupRoot, group.root)) return false;
  const top = rootFromPath(leafOf(group), proof.groupIndex, proof.groups, proof.groupPath);
  return top !== undefined && equalBytes(top, root);
}

export const groupBytes = ({ name, size, root }: GroupSummary): Bytes =>
  groupLeaf.encode({ name, size, root });

/** A group's summary from its GroupLeaf bytes; throws WireError. */
export function parseGroup(bytes: Bytes): GroupSummary {
  const { name, size, root } = groupLeaf.parse(bytes);
  return { name, size, root: root ?? EMPTY };
}

function leafOf(group: GroupSummary): Bytes {
  return leafHash(groupBytes(group));
}
