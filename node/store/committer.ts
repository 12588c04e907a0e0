/**
 * Group commit: the one place where batches become durable, in the order they came. While one group is being
 * synced the next one gathers, so that many callers share one fsync. Preconditions are judged here, under the
 * lock this queue is, against disk plus what earlier batches of the group write; a failing one rejects its own
 * batch only. A crash between any two lines leaves whole groups: the engine writes a group atomically, and
 * nobody is answered before the auditor has flushed.
 */
import { type Bytes, equalBytes } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import type { Auditor, Batch, Precondition, Write } from './key-value.ts';
import { spaceOf } from './keys.ts';

/** Bounds of one group: large enough to amortise an fsync, small enough to stay well below a second. */
export const MAX_GROUP_BATCHES = 64;
export const MAX_GROUP_BYTES = 8 * 1024 * 1024;
/** A batch alone may not exceed a group. */
export const MAX_BATCH_BYTES = MAX_GROUP_BYTES;
/** Callers waiting beyond this many batches or bytes are told 'busy' instead of filling memory. */
export const MAX_WAITING_BATCHES = 8192;
export const MAX_WAITING_BYTES = 64 * 1024 * 1024;
export const MAX_KEY_BYTES = 1024;
/** Key and frame of an audit leaf, and its share of the tree's rows. */
const LEAF_ROW_BYTES = 64;

/** What an engine gives the committer. */
export interface CommitterComponents {
  /** Current values on disk, in the order of the keys. */
  readMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]>;
  /** Writes one group atomically and durably. Any rejection stops all later commits (`failed`). */
  write(writes: readonly Write[], bytes: number): Promise<void>;
  /** Rejects with what every commit must be refused with at this moment (read-only, no room). */
  admit(): Promise<void>;
  /** Called once when `write` or the auditor failed: what is on disk is unknown; answers what callers get. */
  failed(cause: unknown): LienthongError;
}

interface Waiting {
  batch: Batch;
  leaves: readonly Bytes[];
  bytes: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export class Committer {
  readonly #components: CommitterComponents;
  #auditor: Auditor | undefined;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(components: CommitterComponents) {
    this.#components = components;
  }

  useAuditor(auditor: Auditor): void {
    if (this.#auditor !== undefined) throw new LienthongError('internal', { reason: 'second auditor' });
    this.#auditor = auditor;
  }

  async commit(batch: Batch): Promise<void> {
    if (this.#closed) throw new LienthongError('not-running', { what: 'store' });
    const leaves = this.#leavesOf(batch);
    const bytes = sizeOf(batch, leaves);
    if (bytes > MAX_BATCH_BYTES)
      throw new LienthongError('oversize', { what: 'batch', bytes, maxBytes: MAX_BATCH_BYTES });
    if (this.#waiting.length >= MAX_WAITING_BATCHES || this.#waitingBytes + bytes > MAX_WAITING_BYTES)
      throw new LienthongError('busy', { reason: 'commits waiting', waiting: this.#waiting.length });
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ batch, leaves, bytes, resolve, reject });
      this.#waitingBytes += bytes;
      this.#running ??= this.#run();
    });
  }

  /** Refuses new commits and waits for those already taken. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #leavesOf({ audit = [] }: Batch): readonly Bytes[] {
    const auditor = this.#auditor;
    if (audit.length === 0) return [];
    if (auditor === undefined)
      throw new LienthongError('internal', { reason: 'audit entry without an audit log' });
    return audit.map((entry) => auditor.leafOf(entry));
  }

  async #run(): Promise<void> {
    // So that commits issued together share the first group too.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#commitGroup(this.#takeGroup());
    // In the same step as the last look at the queue: a commit that comes later starts a run of its own.
    this.#running = undefined;
  }

  #takeGroup(): Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const { bytes: more } of this.#waiting) {
      if (count > 0 && (count >= MAX_GROUP_BATCHES || bytes + more > MAX_GROUP_BYTES)) break;
      count++;
      bytes += more;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    let accepted: Waiting[] = [];
    try {
      await this.#components.admit();
      accepted = await this.#acceptable(group);
    } catch (error) {
      for (const one of group) one.reject(error);
      return;
    }
    if (accepted.length === 0) return;
    try {
      const writes: Write[] = [];
      const leaves: Bytes[] = [];
      let bytes = 0;
      for (const { batch, leaves: more, bytes: size } of accepted) {
        writes.push(...batch.writes);
        leaves.push(...more);
        bytes += size;
      }
      if (leaves.length > 0) writes.push(...this.#auditor!.rowsFor(leaves));
      await this.#components.write(writes, bytes);
      if (leaves.length > 0) await this.#auditor!.flush();
    } catch (cause) {
      const error = this.#components.failed(cause);
      for (const one of accepted) one.reject(error);
      return;
    }
    for (const one of accepted) one.resolve();
  }

  /** The batches whose preconditions hold, in order; the others are rejected here. */
  async #acceptable(group: readonly Waiting[]): Promise<Waiting[]> {
    const asked = new Map<string, Bytes>();
    for (const { batch } of group) for (const { key } of batch.require ?? []) asked.set(nameOf(key), key);
    if (asked.size === 0) return [...group];
    const spaces = new Set([...asked.values()].map((key) => key[0]!));
    const values = await this.#components.readMany([...asked.values()]);
    const now = new Map([...asked.keys()].map((name, i) => [name, values[i]]));
    const accepted: Waiting[] = [];
    for (const one of group) {
      const broken = one.batch.require?.find(
        (precondition) => !holds(precondition, now.get(nameOf(precondition.key))),
      );
      if (broken !== undefined) {
        one.reject(new LienthongError('state-changed', { where: spaceOf(broken.key) }));
        continue;
      }
      for (const write of one.batch.writes) {
        const key = 'put' in write ? write.put : write.del;
        if (!spaces.has(key[0]!)) continue;
        const name = nameOf(key);
        if (now.has(name)) now.set(name, 'put' in write ? write.value : undefined);
      }
      accepted.push(one);
    }
    return accepted;
  }
}

function holds({ expect }: Precondition, value: Bytes | undefined): boolean {
  if (expect === 'absent') return value === undefined;
  if (expect === 'present') return value !== undefined;
  return value !== undefined && equalBytes(value, expect);
}

const nameOf = (key: Bytes): string =>
  Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');

function sizeOf(batch: Batch, leaves: readonly Bytes[]): number {
  let bytes = 0;
  for (const leaf of leaves) bytes += LEAF_ROW_BYTES + leaf.byteLength;
  for (const write of batch.writes) {
    const key = 'put' in write ? write.put : write.del;
    if (key.byteLength === 0 || key.byteLength > MAX_KEY_BYTES)
      throw new LienthongError('oversize', { what: 'key', bytes: key.byteLength, maxBytes: MAX_KEY_BYTES });
    bytes += key.byteLength + ('put' in write ? write.value.byteLength : 0);
  }
  return bytes;
}
