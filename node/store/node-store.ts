/**
 * Opens all that rests in a node's or registry's folder, in order (lock, database, audit log, blobs) and closes it in
 * reverse. One process holds a folder. Damage doesn't throw here: the store is read-only then and `health` names it.
 */
import { join } from 'node:path';
import { auditLeaf } from '../../proto/messages.ts';
import type { Clock, Random } from '../core/clock.ts';
import { AuditLog } from './audit-log.ts';
import { BlobStore } from './blobs.ts';
import type { AuditEntry } from './key-value.ts';
import { LevelEngine } from './level-engine.ts';
import { ProcessLock } from './process-lock.ts';

export interface NodeStore {
  store: LevelEngine;
  audit: AuditLog;
  blobs: BlobStore;
  close(): Promise<void>;
}

/** Most characters of an audit value; more is cut, never refused: what happened must be written down. */
const MOST_VALUE = 500;

/** Throws 'locked' (another process has the folder), 'damaged' (the database can't be opened at all), 'disk-full'. */
export async function openNodeStore(folder: string, components: { clock: Clock; random: Random }): Promise<NodeStore> {
  const lock = await ProcessLock.take(folder);
  const opened: (() => Promise<void>)[] = [];
  // the store first: it writes to the log until it is closed
  const close = async () => {
    for (const part of opened.splice(0)) await part();
    await lock.release();
  };
  try {
    const store = await LevelEngine.open({ folder: join(folder, 'store'), ...components });
    opened.push(() => store.close());
    const audit = await AuditLog.open({
      store,
      folder: join(folder, 'audit'),
      encodeLeaf: encodeAuditLeaf,
      random: components.random,
    });
    opened.push(() => audit.close());
    const blobs = await BlobStore.open({ store, folder: join(folder, 'blobs'), ...components });
    return { store, audit, blobs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export function encodeAuditLeaf(entry: AuditEntry, salt: Uint8Array): Uint8Array {
  const fields = entry.fields.map(({ name, value }) => ({ name, value: [...value].slice(0, MOST_VALUE).join('') }));
  return auditLeaf.encode({ atMs: entry.atMs, event: entry.event, fields, salt });
}
