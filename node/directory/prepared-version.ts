/** What a DirectoryStore is made of, and a version of the directory that is computed and not yet written. */
import type { Bytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import type { AuditEntry, KeyValueStore, Precondition, Write } from '../store/key-value.ts';
import type { Entry } from './entries.ts';
import type { GroupRow } from './entry-rows.ts';
import type { GroupView } from './group-view.ts';
import type { SignedHead } from './head.ts';

export interface DirectoryStoreComponents {
  store: KeyValueStore;
  clock: Clock;
  /** SHA-256 of the federation's first root certificate. */
  federationId: Bytes;
  /** That root, DER. */
  root: Bytes;
}

/** A version computed and not yet written. */
export interface Prepared {
  /** The version it was computed from; adopting it fails when that isn't the current one any more. */
  readonly base: { epoch: number; version: number } | undefined;
  readonly epoch: number;
  readonly root: Bytes;
  readonly entries: number;
  readonly changed: readonly Entry[];
  readonly groups: ReadonlyMap<string, GroupRow>;
  readonly views: ReadonlyMap<string, GroupView>;
  readonly changedGroups: readonly string[];
}

/** What else goes into the commit that adopts a version. */
export interface Beside {
  require?: readonly Precondition[];
  writes?: readonly Write[];
  audit?: readonly AuditEntry[];
  /** Heads between the one before and this one, oldest first. */
  between?: readonly SignedHead[];
}
