/**
 * The contract every storage engine fulfils: get, ordered range, snapshot, durable atomic batch with
 * preconditions. All of the node speaks to this and to nothing else; test/contract/key-value.ts holds every
 * engine to it. Keys are ordered bytewise; values are opaque. What an engine returns is never written to by it
 * afterwards; what it is given must not be changed by the caller until the call has settled.
 */
import type { Bytes } from '../core/bytes.ts';

export interface Entry {
  key: Bytes;
  value: Bytes;
}

/** Bounds of a scan; ascending unless `reverse`; no bound means from the first or to the last key. */
export interface Range {
  gte?: Bytes;
  gt?: Bytes;
  lt?: Bytes;
  lte?: Bytes;
  reverse?: boolean;
  /** Most entries to give; none means all. */
  limit?: number;
}

/** Every method throws LienthongError('damaged', { where }) rather than answer with altered bytes. */
export interface Reader {
  get(key: Bytes): Promise<Bytes | undefined>;
  /** Answers in the order of the keys. */
  getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]>;
  /** One consistent view from its first step to its last, whatever is committed meanwhile. */
  range(range: Range): AsyncIterable<Entry>;
}

/** The store as it was at one moment. Must be closed: an open snapshot keeps old versions on disk. */
export interface Snapshot extends Reader {
  close(): Promise<void>;
}

/** What must hold when the batch is applied; `expect` as bytes means exactly that value. */
export interface Precondition {
  key: Bytes;
  expect: 'absent' | 'present' | Bytes;
}

export type Write = { put: Bytes; value: Bytes } | { del: Bytes };

/** One line of the audit log before it is salted: what happened, when (as a claim), with named values. */
export interface AuditEntry {
  atMs: number;
  event: string;
  fields: readonly { name: string; value: string }[];
}

export interface Batch {
  require?: readonly Precondition[];
  /** Applied in order: of two writes to one key the later one counts. */
  writes: readonly Write[];
  /** Become leaves of the audit log in the same durable step. Needs an auditor. */
  audit?: readonly AuditEntry[];
}

/** Turns audit entries into rows of the same batch, and writes them to its own file before the answer. */
export interface Auditor {
  /** The leaf of an entry, salted; throws when it is none, which refuses only the batch that brings it. */
  leafOf(entry: AuditEntry): Bytes;
  /** Called under the commit lock, once per group, only with leaves that will be written. */
  rowsFor(leaves: readonly Bytes[]): readonly Write[];
  /** Called after the batch is durable and before anyone is answered. */
  flush(): Promise<void>;
}

export type ProblemKind =
  /** Commits are missing between the last good opening and now. */
  | 'commits-missing'
  /** The database ends before what was acknowledged: it was replaced, emptied, or its last log is damaged. */
  | 'database-behind'
  /** The file that remembers the last acknowledged commit is gone or unreadable. */
  | 'witness-lost'
  /** A table file fails its own checksums. */
  | 'table-damaged'
  /** The audit file holds what the database has lost. */
  | 'audit-ahead'
  /** The audit file lacks what was acknowledged, or differs from the database. */
  | 'audit-damaged'
  /** A write failed half way: what is on disk is known again after the next opening. */
  | 'write-failed';

export interface Problem {
  kind: ProblemKind;
  /** The key space, file or commits concerned, for a person to read. */
  where: string;
}

export interface StoreHealth {
  /** Once read-only, a store stays so until it is opened again (and, for lost data, reconciled). */
  state: 'ok' | 'read-only';
  problems: readonly Problem[];
}

export interface KeyValueStore extends Reader {
  snapshot(): Snapshot;
  /**
   * Durable when it resolves. Rejects with LienthongError and nothing written: 'state-changed' (a precondition
   * failed: { key space }), 'read-only', 'busy' (too many waiting), 'oversize', 'disk-full'. After 'internal',
   * or 'disk-full' together with a read-only health, the outcome is unknown until the next opening.
   */
  commit(batch: Batch): Promise<void>;
  /** Where audit entries go from now on. At most one, set before the first commit that carries any. */
  useAuditor(auditor: Auditor): void;
  /** Names a problem found by another part and refuses commits from now on. */
  degrade(problem: Problem): void;
  readonly health: StoreHealth;
  /** Waits for commits under way; later calls fail with 'not-running'. */
  close(): Promise<void>;
}
