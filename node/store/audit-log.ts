/**
 * The audit log: a Merkle tree (RFC 6962) of salted leaves, in the database and in a file of its own. It makes
 * the committer's audit entries into rows of the same durable batch, then appends them to the file, and only then the
 * commit is answered; the file is synced soon after, many groups together. The database says up to where it was synced
 * when each group came. So at start a database ahead of the file, from there on, was a crash, and the missing leaves
 * are appended; a file ahead of the database, shorter than a crash explains, or with another leaf is lost or altered
 * data, and the store becomes read-only.
 * Start reads a bounded tail; `check` reads everything. `head` is only ever what is durable, and in both places.
 */
import { join } from 'node:path';
import { type Bytes, concat, equalBytes } from '../core/bytes.ts';
import { type Clock, type Random, systemClock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import { Frontier, leafHash } from '../core/merkle.ts';
import { type EpochGap, gapOf } from './audit-epoch.ts';
import { AuditFile, frame, frameBytes, MAX_LEAF_BYTES } from './audit-file.ts';
import { leavesOf, newestState, reconcile } from './audit-start.ts';
import {
  type AuditState,
  encodeState,
  leafKey,
  rangeRoot,
  SubtreeRows,
  splitOf,
  stateKey,
} from './audit-tree.ts';
import { makeFolder } from './folder.ts';
import type { AuditEntry, Auditor, KeyValueStore, Problem, Write } from './key-value.ts';
import { ShownHead } from './shown-head.ts';

export const SALT_BYTES = 16;
const READ_LEAVES = 256;

export interface AuditHead {
  epoch: number;
  size: number;
  root: Bytes;
}

export interface AuditLogComponents {
  store: KeyValueStore;
  /** Folder of the audit files, made when missing. */
  folder: string;
  /** Canonical bytes of one leaf. */
  encodeLeaf: (entry: AuditEntry, salt: Bytes) => Bytes;
  random: Random;
  clock?: Pick<Clock, 'after'>;
}

export class AuditLog implements Auditor {
  readonly #components: AuditLogComponents;
  readonly #epoch: number;
  /** What this epoch goes on after; undefined in a log that lost nothing. */
  readonly gap: EpochGap | undefined;
  readonly #shown: ShownHead;
  readonly #file: AuditFile;
  readonly #frontier: Frontier;
  readonly #subtrees: SubtreeRows;
  #fileBytes: number;
  #pending: Bytes[] = [];
  /** Ends of the groups in the file, the last that is known to be synced first. */
  #ends: { size: number; fileBytes: number }[];
  #grown: () => void = () => {};
  #head: AuditHead;

  private constructor(
    components: AuditLogComponents,
    epoch: number,
    file: AuditFile,
    state: AuditState,
    subtrees: SubtreeRows,
    gap: EpochGap | undefined,
  ) {
    this.#components = components;
    this.#epoch = epoch;
    this.gap = gap;
    this.#shown = new ShownHead(components.folder);
    this.#file = file;
    this.#frontier = state.frontier;
    this.#fileBytes = state.fileBytes;
    this.#ends = [{ size: state.frontier.size, fileBytes: state.fileBytes }];
    this.#subtrees = subtrees;
    this.#head = { epoch, size: state.frontier.size, root: state.frontier.root() };
  }

  /**
   * Opens the newest epoch and becomes the store's auditor. What doesn't fit is reported to the store, which
   * then is read-only; throws only when database or file can't be read at all.
   */
  static async open(components: AuditLogComponents): Promise<AuditLog> {
    const { store, folder, clock = systemClock } = components;
    await makeFolder(folder);
    const { epoch, state } = await newestState(store);
    const file = await AuditFile.open(join(folder, `${epoch}.log`), clock);
    try {
      const problem = await reconcile(store, epoch, state, file);
      if (problem !== undefined) store.degrade(problem);
      await file.sync(state.fileBytes);
      const log = new AuditLog(
        components,
        epoch,
        file,
        state,
        await SubtreeRows.load(store, epoch, state.frontier.size),
        await gapOf(store, epoch),
      );
      store.useAuditor(log);
      return log;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The last durable head: what receipts and dispatches may state. */
  head(): AuditHead {
    return this.#head;
  }

  /** A peer showed a larger head of this log: remembered beside the database, which is behind it. */
  keepShown(statement: Bytes): void {
    this.#shown.keep(statement);
  }

  leafOf(entry: AuditEntry): Bytes {
    const leaf = this.#components.encodeLeaf(entry, this.#components.random(SALT_BYTES));
    if (leaf.byteLength > MAX_LEAF_BYTES)
      throw new LienthongError('oversize', { what: 'audit entry', maxBytes: MAX_LEAF_BYTES });
    return leaf;
  }

  rowsFor(leaves: readonly Bytes[]): readonly Write[] {
    const rows: Write[] = [];
    const synced = this.#synced();
    for (const leaf of leaves) {
      const hash = leafHash(leaf);
      const index = this.#frontier.size;
      rows.push({ put: leafKey(this.#epoch, index), value: leaf }, ...this.#subtrees.append(hash, index));
      this.#frontier.append(hash);
      this.#pending.push(frame(leaf));
      this.#fileBytes += frameBytes(leaf);
    }
    this.#ends.push({ size: this.#frontier.size, fileBytes: this.#fileBytes });
    const state = {
      fileBytes: this.#fileBytes,
      syncedSize: synced.size,
      syncedFileBytes: synced.fileBytes,
      frontier: this.#frontier,
    };
    rows.push({ put: stateKey(this.#epoch), value: encodeState(state) });
    return rows;
  }

  async flush(): Promise<void> {
    const bytes = concat(...this.#pending);
    await this.#file.append(bytes, this.#fileBytes - bytes.byteLength);
    this.#pending = [];
    this.#head = { epoch: this.#epoch, size: this.#frontier.size, root: this.#frontier.root() };
    this.#grown();
  }

  /** Called after each growth of the durable head, before its commits are answered; must return at once. One listener. */
  onGrown(call: () => void): void {
    this.#grown = call;
  }

  /** The bytes of a leaf; undefined beyond the durable head. */
  async entry(index: number): Promise<Bytes | undefined> {
    return index < this.#head.size ? this.#components.store.get(leafKey(this.#epoch, index)) : undefined;
  }

  /** Audit path (RFC 6962 §2.1.1), nearest sibling first, of a leaf in the tree of `size` leaves. */
  async prove(index: number, size: number = this.#head.size): Promise<Bytes[]> {
    if (!(index >= 0 && index < size && size <= this.#head.size))
      throw new LienthongError('not-found', { what: 'audit entry' });
    const path: Promise<Bytes>[] = [];
    for (let from = 0, to = size; to - from > 1; ) {
      const middle = from + splitOf(to - from);
      const inLeft = index < middle;
      path.unshift(inLeft ? this.#rangeRoot(middle, to) : this.#rangeRoot(from, middle));
      if (inLeft) to = middle;
      else from = middle;
    }
    return Promise.all(path);
  }

  /** Consistency proof (RFC 6962 §2.1.2) from the tree of `oldSize` leaves to that of `size`. */
  async proveConsistency(oldSize: number, size: number = this.#head.size): Promise<Bytes[]> {
    if (!(oldSize > 0 && oldSize <= size && size <= this.#head.size))
      throw new LienthongError('not-found', { what: 'audit head' });
    const proof: Promise<Bytes>[] = [];
    let from = 0;
    let to = size;
    let whole = true;
    while (oldSize < to) {
      const middle = from + splitOf(to - from);
      if (oldSize <= middle) {
        proof.unshift(this.#rangeRoot(middle, to));
        to = middle;
      } else {
        proof.unshift(this.#rangeRoot(from, middle));
        from = middle;
        whole = false;
      }
    }
    if (!whole) proof.unshift(this.#rangeRoot(from, to));
    return Promise.all(proof);
  }

  /** The root the log had at an earlier size: for comparing with what a peer remembers. */
  async rootAt(size: number): Promise<Bytes> {
    if (size > this.#head.size) throw new LienthongError('not-found', { what: 'audit head' });
    return size === 0 ? new Frontier().root() : this.#rangeRoot(0, size);
  }

  /** Compares every leaf of the file with the database and both with the head. Long for an old log. */
  async check(signal?: AbortSignal): Promise<Problem | undefined> {
    const { size, root } = this.#head;
    const frontier = new Frontier();
    const where = (text: string): Problem => ({
      kind: 'audit-damaged',
      where: `epoch ${this.#epoch}: ${text}`,
    });
    let rows: (Bytes | undefined)[] = [];
    for await (const { leaf } of this.#file.leaves()) {
      signal?.throwIfAborted();
      const index = frontier.size;
      if (index >= size) break;
      if (index % READ_LEAVES === 0)
        rows = await leavesOf(
          this.#components.store,
          this.#epoch,
          index,
          Math.min(size, index + READ_LEAVES),
        );
      const row = rows[index % READ_LEAVES];
      if (row === undefined || !equalBytes(row, leaf)) return where(`entry ${index} differs`);
      frontier.append(leafHash(leaf));
    }
    if (frontier.size < size) return where(`the file ends at entry ${frontier.size} of ${size}`);
    return equalBytes(frontier.root(), root) ? undefined : where('the root differs');
  }

  /** After the store is closed: commits under way still append. */
  async close(): Promise<void> {
    await this.#shown.settled();
    await this.#file.close();
  }

  /** Up to where the file is certainly whole. */
  #synced(): { size: number; fileBytes: number } {
    let last = 0;
    while (this.#ends[last + 1] !== undefined && this.#ends[last + 1]!.fileBytes <= this.#file.syncedEnd)
      last++;
    this.#ends.splice(0, last);
    return this.#ends[0]!;
  }

  #rangeRoot(from: number, to: number): Promise<Bytes> {
    return rangeRoot(this.#components.store, this.#epoch, from, to);
  }
}
