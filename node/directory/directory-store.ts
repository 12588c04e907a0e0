/**
 * The directory a node holds: the adopted version on disk and in memory, every head ever adopted, evidence of forks.
 * What always holds: `current` is what the last durable commit says; a version is prepared completely (trees
 * computed, views made) before anything is written; large ones are written as rows nobody reads until one small
 * commit adopts them, so a crash between any two lines leaves the old version or the new. One change at a time.
 * Written by the registry's publisher and a node's sync; served and read by everyone.
 */

import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import type { AuditEntry, KeyValueStore, Snapshot, Write } from '../store/key-value.ts';
import { Directory } from './directory.ts';
import { compareNames, type Entry } from './entries.ts';
import {
  adoptedKey,
  adoptedValue,
  decodeRow,
  type EntryRow,
  entryKeyOf,
  entryWrite,
  epochRange,
  forkAudit,
  forkKey,
  forkRange,
  type GroupRow,
  groupWrite,
  headKey,
  headRange,
  RowNames,
  readAdopted,
  readGroups,
  rowsAt,
} from './entry-rows.ts';
import { emptyGroup, GroupBuilder, type GroupView } from './group-view.ts';
import { encodeHeadResponse, parseHeadResponse, type SignedHead } from './head.ts';
import type { Beside, DirectoryStoreComponents, Prepared } from './prepared-version.ts';
import { inOrder, summarise, topOf } from './tree.ts';

/** Rows written ahead of the adopting commit are cut to pieces this large: half of what one commit may hold. */
const PIECE_BYTES = 4 * 1024 * 1024;

export class DirectoryStore {
  readonly federationId: Bytes;
  readonly root: Bytes;
  readonly #store: KeyValueStore;
  readonly #clock: Clock;
  readonly #listeners = new Set<(directory: Directory) => void>();
  #groups: ReadonlyMap<string, GroupRow> = new Map();
  #current: Directory | undefined;
  #forks: SignedHead[] = [];

  constructor(components: DirectoryStoreComponents) {
    this.#store = components.store;
    this.#clock = components.clock;
    this.federationId = components.federationId;
    this.root = components.root;
  }

  /** Reads the adopted version. 'damaged' when what was adopted isn't there any more. */
  async load(): Promise<void> {
    for await (const { value } of this.#store.range(forkRange())) {
      const fork = parseHeadResponse(value);
      if (fork !== undefined) this.#forks.push(fork);
    }
    const adopted = await readAdopted(this.#store);
    if (adopted === undefined) return;
    const { epoch, version } = adopted;
    const headBytes = await this.#store.get(headKey(epoch, version));
    const head = headBytes && parseHeadResponse(headBytes);
    if (head === undefined) throw new LienthongError('damaged', { where: 'directory head' });
    this.#groups = await readGroups(this.#store, epoch);
    const views = await this.#readViews(epoch, version);
    this.#current = this.#directory(head, views);
  }

  /** One pass over the rows; rows no adopted head stands for, left by a crash, are removed. */
  async #readViews(epoch: number, version: number): Promise<Map<string, GroupView>> {
    const builders = new Map<string, GroupBuilder>();
    const stale: Write[] = [];
    let entries = 0;
    const names = new RowNames();
    for await (const { key, value } of this.#store.range(epochRange(epoch))) {
      const { changedIn, isFirst } = names.next(key);
      if (changedIn > version) {
        stale.push({ del: key });
        continue;
      }
      if (isFirst) entries++;
      const facts = decodeRow(value);
      const builder = builders.get(facts.group) ?? new GroupBuilder(emptyGroup(facts.group));
      builders.set(facts.group, builder);
      builder.set({ key: facts.key, facts });
    }
    const expected = [...this.#groups.values()].reduce((sum, { size }) => sum + size, 0);
    if (entries !== expected) throw new LienthongError('damaged', { where: 'directory entries' });
    for (let at = 0; at < stale.length; at += STALE_PER_COMMIT) {
      await this.#store.commit({ writes: stale.slice(at, at + STALE_PER_COMMIT) });
    }
    return new Map([...builders].map(([name, builder]) => [name, builder.view()]));
  }

  /** The adopted version; undefined before the first. */
  get current(): Directory | undefined {
    return this.#current;
  }

  /** Throws 'not-initialised' before the first version. */
  require(): Directory {
    if (this.#current === undefined) throw new LienthongError('not-initialised', { what: 'directory' });
    return this.#current;
  }

  /** Two heads of one version were seen: nothing newer is taken until the offline root opens a new epoch. */
  get forks(): readonly SignedHead[] {
    const epoch = this.#current?.epoch ?? 0;
    return this.#forks.filter(({ facts }) => facts.epoch >= epoch);
  }

  /** Called after each adopted version, in order; the answer unsubscribes. */
  onHead(listener: (directory: Directory) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Computes the version that `changed` makes of the current one (or, `whole`, of nothing). Writes nothing.
   * Entries may come in any order; of two with one name the later one counts.
   */
  async prepare(epoch: number, changed: readonly Entry[], whole: boolean): Promise<Prepared> {
    const byGroup = new Map<string, Map<string, Entry>>();
    for (const entry of changed) {
      const group = byGroup.get(entry.group) ?? new Map<string, Entry>();
      byGroup.set(entry.group, group.set(entry.key, entry));
    }
    const groups = new Map<string, GroupRow>(whole ? [] : this.#groups);
    const views = new Map<string, GroupView>(whole ? [] : (this.#current?.groups ?? []));
    for (const [name, entries] of byGroup) {
      const bytes = whole ? sortedBytes(entries) : await this.#merged(name, entries);
      const builder = new GroupBuilder(views.get(name) ?? emptyGroup(name));
      let changedIn = groups.get(name)?.changedIn ?? 0;
      for (const entry of entries.values()) {
        builder.set(entry);
        changedIn = Math.max(changedIn, entry.changedIn);
      }
      groups.set(name, { ...summarise(name, bytes), changedIn });
      views.set(name, builder.view());
    }
    const { root, entries } = topOf(groups.values());
    const base = this.#current && { epoch: this.#current.epoch, version: this.#current.version };
    return { base, epoch, root, entries, changed, groups, views, changedGroups: [...byGroup.keys()] };
  }

  /**
   * Makes a prepared version the current one, durably, together with what goes beside it. 'state-changed' when another
   * version was adopted meanwhile or a precondition beside it fails: nothing changed then.
   */
  async adopt(prepared: Prepared, head: SignedHead, beside: Beside = {}): Promise<Directory> {
    const { epoch, changed, groups } = prepared;
    const { version } = head.facts;
    const directory = this.#directory(head, prepared.views);
    const changedEntries = [...latestOf(changed).values()];
    const inlined = await this.#writeAhead(epoch, changedEntries);
    const { base } = prepared;
    const before = base === undefined ? 'absent' : adoptedValue(base.epoch, base.version);
    await this.#store.commit({
      require: [{ key: adoptedKey(), expect: before }, ...(beside.require ?? [])],
      writes: [
        ...inlined,
        ...prepared.changedGroups.map((name) => groupWrite(epoch, groups.get(name)!)),
        ...(beside.between ?? []).map(headWrite),
        headWrite(head),
        { put: adoptedKey(), value: adoptedValue(epoch, version) },
        ...(beside.writes ?? []),
      ],
      audit: [...(beside.audit ?? []), this.#adoptedAudit(head)],
    });
    this.#groups = groups;
    this.#current = directory;
    for (const listener of this.#listeners) listener(directory);
    return directory;
  }

  /** Keeps both heads of a fork as evidence. */
  async keepFork(own: SignedHead, other: SignedHead): Promise<void> {
    if (this.#forks.some(({ hash }) => equalBytes(hash, other.hash))) return;
    const writes = [own, other].map((head) => ({ put: forkKey(head.hash), value: encodeHeadResponse(head) }));
    await this.#store.commit({ writes, audit: [forkAudit(other.hash, this.#clock.nowMs())] });
    this.#forks = [...this.#forks, own, other];
  }

  /** Heads of the current epoch by version, both ends included. */
  async heads(from: number, to: number, limit: number): Promise<SignedHead[]> {
    const found: SignedHead[] = [];
    if (this.#current === undefined) return found;
    for await (const { value } of this.#store.range({ ...headRange(this.#current.epoch, from, to), limit })) {
      const head = parseHeadResponse(value);
      if (head !== undefined) found.push(head);
    }
    return found;
  }

  async head(epoch: number, version: number): Promise<SignedHead | undefined> {
    const bytes = await this.#store.get(headKey(epoch, version));
    return bytes && parseHeadResponse(bytes);
  }

  /** Entries of the current version changed after `since`, in order, of one moment. */
  async *entriesSince(since: number): AsyncGenerator<EntryRow> {
    const directory = this.require();
    const groups = inOrder(this.#groups.values());
    const snapshot: Snapshot = this.#store.snapshot();
    try {
      for (const { name, changedIn } of groups) {
        if (changedIn <= since) continue;
        for await (const row of rowsAt(snapshot, directory.epoch, name, directory.version)) {
          if (row.changedIn > since) yield row;
        }
      }
    } finally {
      await snapshot.close();
    }
  }

  /** Computes every tree again from the rows; what doesn't fit the signed root is named. Long for a large directory. */
  async check(): Promise<string | undefined> {
    const directory = this.#current;
    if (directory === undefined) return undefined;
    const groups: GroupRow[] = [];
    for (const group of this.#groups.values()) {
      const bytes: Bytes[] = [];
      for await (const row of rowsAt(this.#store, directory.epoch, group.name, directory.version))
        bytes.push(row.bytes);
      const again = summarise(group.name, bytes);
      if (!equalBytes(again.root, group.root)) return `directory group ${group.name || 'registry'}`;
      groups.push({ ...again, changedIn: group.changedIn });
    }
    return equalBytes(topOf(groups).root, directory.head.facts.root) ? undefined : 'directory root';
  }

  #directory(head: SignedHead, views: ReadonlyMap<string, GroupView>): Directory {
    return new Directory(head, this.federationId, this.root, views);
  }

  #adoptedAudit(head: SignedHead): AuditEntry {
    return {
      atMs: this.#clock.nowMs(),
      event: 'directory.adopted',
      fields: [
        { name: 'epoch', value: String(head.facts.epoch) },
        { name: 'version', value: String(head.facts.version) },
        { name: 'head', value: hex(head.hash) },
      ],
    };
  }

  async #merged(group: string, changed: ReadonlyMap<string, Entry>): Promise<Bytes[]> {
    const all = new Map<string, Bytes>();
    const { epoch, version } = this.#current ?? { epoch: 0, version: 0 };
    for await (const row of rowsAt(this.#store, epoch, group, version)) all.set(entryKeyOf(row), row.bytes);
    for (const [name, entry] of changed) all.set(name, entry.bytes);
    return [...all].sort(([a], [b]) => compareNames(a, b)).map(([, bytes]) => bytes);
  }

  /** Writes rows ahead in pieces, as long as there are more than fit one; the rest goes with the adopting commit. */
  async #writeAhead(epoch: number, entries: readonly Entry[]): Promise<Write[]> {
    let piece: Write[] = [];
    let bytes = 0;
    for (const entry of entries) {
      if (bytes + entry.bytes.byteLength > PIECE_BYTES) {
        await this.#store.commit({ writes: piece });
        piece = [];
        bytes = 0;
      }
      piece.push(entryWrite(epoch, entry));
      bytes += entry.bytes.byteLength + ROW_BYTES;
    }
    return piece;
  }
}

/** A key's bytes at most, with room to spare below the store's limit of one commit. */
const STALE_PER_COMMIT = 10_000;
/** A key of group, entry and two numbers. */
const ROW_BYTES = 120;

const headWrite = (head: SignedHead): Write => ({
  put: headKey(head.facts.epoch, head.facts.version),
  value: encodeHeadResponse(head),
});

const latestOf = (entries: readonly Entry[]): Map<string, Entry> =>
  new Map(entries.map((entry) => [`${entry.group}\0${entry.key}`, entry]));

const sortedBytes = (entries: ReadonlyMap<string, Entry>): Bytes[] =>
  [...entries.values()].sort((a, b) => compareNames(a.key, b.key)).map(({ bytes }) => bytes);
