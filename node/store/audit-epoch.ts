/**
 * A new epoch of the audit log, after a loss: its first leaf and a row of its own name the gap, that is the last head
 * of the epoch before which is held here, and the largest one a peer showed. An epoch never has the number of one that
 * was ever signed here: not of the database, of an audit file, nor of what a peer showed. WARNING: persisted.
 */
import { readdir } from 'node:fs/promises';
import { type LogHead, logGapRow } from '../../proto/messages.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import { Frontier, leafHash } from '../core/merkle.ts';
import { frameBytes } from './audit-file.ts';
import type { AuditHead } from './audit-log.ts';
import { newestState } from './audit-start.ts';
import { encodeState, leafKey, stateKey } from './audit-tree.ts';
import { isMissing } from './folder.ts';
import type { AuditEntry, Reader, Write } from './key-value.ts';
import { key, PREFIX } from './keys.ts';

export interface EpochGap {
  /** The last head of the epoch before that is held. */
  held: AuditHead;
  /** The largest of the lost part that a peer showed. */
  shown: AuditHead | undefined;
}

export interface EpochComponents {
  /** Of the audit files. */
  folder: string;
  encodeLeaf: (entry: AuditEntry) => Bytes;
  /** Largest head of this log a peer showed. */
  shown: AuditHead | undefined;
  /** What was found missing, as the first leaf tells it. */
  reasons: readonly string[];
  nowMs: number;
}

/** The last head held, of the newest epoch. */
export async function heldHead(reader: Reader): Promise<AuditHead> {
  const { epoch, state } = await newestState(reader);
  return { epoch, size: state.frontier.size, root: state.frontier.root() };
}

/** Rows that open the next epoch with its first leaf; the audit file follows when the log is opened. */
export async function newEpochWrites(
  reader: Reader,
  { folder, encodeLeaf, shown, reasons, nowMs }: EpochComponents,
): Promise<{ epoch: number; writes: Write[] }> {
  const held = await heldHead(reader);
  const epoch = Math.max(held.epoch, shown?.epoch ?? 0, ...(await epochsOf(folder))) + 1;
  const fields = [
    { name: 'reasons', value: reasons.join('; ') },
    ...fieldsOf('held', held),
    ...(shown === undefined ? [] : fieldsOf('shown', shown)),
  ];
  const leaf = encodeLeaf({ atMs: nowMs, event: 'log.continued', fields });
  const frontier = new Frontier();
  frontier.append(leafHash(leaf));
  const state = { fileBytes: frameBytes(leaf), syncedSize: 0, syncedFileBytes: 0, frontier };
  return {
    epoch,
    writes: [
      { put: leafKey(epoch, 0), value: leaf },
      { put: stateKey(epoch), value: encodeState(state) },
      { put: gapKey(epoch), value: logGapRow.encode({ held, shown, atMs: nowMs }) },
    ],
  };
}

/** What an epoch goes on after; undefined when nothing was lost before it. */
export async function gapOf(reader: Reader, epoch: number): Promise<EpochGap | undefined> {
  const value = await reader.get(gapKey(epoch));
  if (value === undefined) return undefined;
  const { held, shown } = logGapRow.parse(value);
  return { held: auditHeadOf(held), shown: shown ? auditHeadOf(shown) : undefined };
}

export const auditHeadOf = (head: LogHead): AuditHead => ({
  epoch: head.epoch ?? 0,
  size: head.size ?? 0,
  root: head.root!,
});

const gapKey = (epoch: number): Bytes => key(PREFIX.auditGap, epoch);

const fieldsOf = (name: string, { epoch, size, root }: AuditHead) => [
  { name: `${name}.epoch`, value: String(epoch) },
  { name: `${name}.size`, value: String(size) },
  { name: `${name}.root`, value: hex(root) },
];

/** Epochs that have a file. */
async function epochsOf(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.flatMap((name) => /^(\d{1,9})\.log$/.exec(name)?.[1] ?? []).map(Number);
}
