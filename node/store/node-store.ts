/**
 * Opens what rests in a folder, in order (lock, database, audit log, and for a node its blobs) and closes it again,
 * the database first. One process holds a folder. Damage doesn't throw here: the store is read-only then and `health`
 * names it.
 */
import { join } from 'node:path';
import { auditLeaf } from '../../proto/messages.ts';
import type { Clock, Random } from '../core/clock.ts';
import { AuditLog } from './audit-log.ts';
import { BlobStore } from './blobs.ts';
import type { AuditEntry } from './key-value.ts';
import { LevelEngine } from './level-engine.ts';
import { ProcessLock } from './process-lock.ts';

/** What a registry keeps. */
export interface FolderStore {
  store: LevelEngine;
  audit: AuditLog;
  close(): Promise<void>;
}

/** What a node keeps: attachments too. */
export interface NodeStore extends FolderStore {
  blobs: BlobStore;
}

export interface StoreComponents {
  clock: Clock;
  random: Random;
}

/** Most characters of an audit value; more is cut, never refused: what happened must be written down. */
const MOST_VALUE = 500;

/** Throws 'locked' (another process has the folder), 'damaged' (the database can't be opened at all), 'disk-full'. */
export async function openFolderStore(folder: string, components: StoreComponents): Promise<FolderStore> {
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
    return { store, audit, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** As openFolderStore, with the attachments. */
export async function openNodeStore(folder: string, components: StoreComponents): Promise<NodeStore> {
  const opened = await openFolderStore(folder, components);
  try {
    const { store } = opened;
    return {
      ...opened,
      blobs: await BlobStore.open({ store, folder: join(folder, 'blobs'), ...components }),
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** An audit entry as the log keeps it. WARNING: persisted. */
export function encodeAuditLeaf(entry: AuditEntry, salt: Uint8Array): Uint8Array {
  const fields = entry.fields.map(({ name, value }) => ({
    name,
    value: value.length <= MOST_VALUE ? value : [...value].slice(0, MOST_VALUE).join(''),
  }));
  return auditLeaf.encode({ atMs: entry.atMs, event: entry.event, fields, salt });
}
