/**
 * The embedded storage engine: LevelDB in the node's folder, behind the key-value contract. The only file that
 * opens a database. LevelDB loses damaged records without a word, so this engine never trusts it: every row is
 * checksummed (sealed-value), every group of commits is a link of a chain (commit-chain), the end of that chain
 * is remembered outside of the database (witness-file), and tables are checked against their own checksums
 * (table-scrub). What doesn't hold makes the store read-only and is named in `health`; reads go on, so that the
 * node can reconcile with its peers.
 * Per group: a synced record of the journal (rows, audit rows, commit row); then LevelDB's batch, unsynced; then the
 * witness, then the audit file, then the answers. So nobody reads what isn't durable. A crash between any two leaves
 * whole groups, and a witness that is never ahead of the journal.
 */
import { join } from 'node:path';
import { Level } from 'level';
import type { Bytes } from '../core/bytes.ts';
import { type Clock, type Random, systemClock, systemRandom } from '../core/clock.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { type ChainPoint, commitKey, nextRow } from './commit-chain.ts';
import { Committer } from './committer.ts';
import { DamageNotes } from './damage-notes.ts';
import { freeBytes, makeFolder } from './folder.ts';
import { GroupSealer } from './group-sealer.ts';
import { Journal } from './journal.ts';
import { replayJournal } from './journal-replay.ts';
import type {
  Auditor,
  Batch,
  Entry,
  KeyValueStore,
  Problem,
  Range,
  Snapshot,
  StoreHealth,
  Write,
} from './key-value.ts';
import { PREFIX, prefixRange, spaceOf } from './keys.ts';
import { judgeOpening, type Opening, STORE_ID_KEY } from './level-opening.ts';
import { type Database, LevelReader, levelError } from './level-reader.ts';
import { DATABASE_RESERVE_BYTES, RoomGuard } from './room-guard.ts';
import type { DamagedKeys } from './table-file.ts';
import { type DamagedTable, TableScrub } from './table-scrub.ts';
import { WitnessFile } from './witness-file.ts';

/**
 * LevelDB's in-memory log; at most two of these are on disk only as .log files. Four times its default: tables are
 * merged as often less, and point reads, each of which LevelDB counts as a reason to merge a table early, too.
 */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;
/** Uncompressed, so that table-file can read the tables; what is stored is signatures and hashes anyway. */
export const LEVEL_OPTIONS = {
  keyEncoding: 'view',
  valueEncoding: 'view',
  compression: false,
  writeBufferSize: WRITE_BUFFER_BYTES,
} as const;
/**
 * A group this many bytes old lies in a synced table, not in a log any more: LevelDB begins a new log only when the one
 * before is a table, and one holds at most a write buffer and a group. So the checkpoint may move there, and the
 * journal's file of that time may be written anew.
 */
const SEGMENT_BYTES = 4 * WRITE_BUFFER_BYTES;
/** Rows behind the checkpoint removed with each group, so that they go faster than they come. */
const PRUNED_PER_GROUP = 4;

export interface LevelEngineInit {
  /** Holds `database/` and `witness`. Made when missing. */
  folder: string;
  clock?: Clock;
  random?: Random;
  /** Free bytes the disk must keep for commits to be taken. */
  reserveBytes?: number;
  /** Free bytes of the disk; for tests. */
  freeBytes?: () => Promise<number>;
}

export class LevelEngine implements KeyValueStore {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #db: Database;
  readonly #reader: LevelReader;
  readonly #committer: Committer;
  readonly #journal: Journal;
  readonly #witness: WitnessFile;
  readonly #notes: DamageNotes;
  readonly #room: RoomGuard;
  readonly #scrub: TableScrub;
  readonly #sealer = new GroupSealer();
  readonly #doubtful: DamagedKeys[] = [];
  readonly #problems: Problem[] = [];
  readonly #stop = new AbortController();
  #scrubbing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #storeId: Bytes = new Uint8Array(0);
  #last: ChainPoint = { sequence: 0, hash: new Uint8Array(32) };
  #checkpoint: ChainPoint = this.#last;
  #candidate: ChainPoint = this.#last;
  #pruneFrom = 0;

  private constructor(init: LevelEngineInit, db: Database, scrub: TableScrub, journal: Journal) {
    const { folder } = init;
    this.#clock = init.clock ?? systemClock;
    this.#random = init.random ?? systemRandom;
    this.#room = new RoomGuard(
      init.reserveBytes ?? DATABASE_RESERVE_BYTES,
      init.freeBytes ?? (() => freeBytes(folder)),
      this.#clock,
    );
    this.#db = db;
    this.#journal = journal;
    this.#reader = new LevelReader(this.#db, this.#doubtful);
    this.#witness = new WitnessFile(join(folder, 'witness'));
    this.#notes = new DamageNotes(folder);
    this.#scrub = scrub;
    this.#committer = new Committer({
      readMany: (keys) => this.#reader.getMany(keys),
      write: (writes, bytes) => this.#write(writes, bytes),
      admit: () => this.#admit(),
      failed: (cause) => this.#failed(cause),
    });
  }

  /**
   * Opens or makes the store. Throws 'locked' when another process has it, 'damaged' when LevelDB can't open it
   * at all, 'disk-full', 'internal'; lost or damaged content doesn't throw: `health` tells it.
   */
  static async open(init: LevelEngineInit): Promise<LevelEngine> {
    const path = join(init.folder, 'database');
    await makeFolder(path);
    const scrub = new TableScrub(path);
    await scrub.checkNewest();
    // A database opens itself soon after it is constructed, so this comes after the tables were checked.
    const db = new Level(path, LEVEL_OPTIONS) as Database;
    await db.open().catch(levelError);
    const journal = await Journal.open(init.folder, SEGMENT_BYTES).catch(async (error) => {
      await db.close();
      throw error;
    });
    const engine = new LevelEngine(init, db, scrub, journal);
    await engine.#open();
    return engine;
  }

  get health(): StoreHealth {
    return { state: this.#problems.length === 0 ? 'ok' : 'read-only', problems: [...this.#problems] };
  }

  /** Made once, when the folder was: tells a replaced database from this one. */
  get storeId(): Bytes {
    return this.#storeId;
  }

  get(key: Bytes): Promise<Bytes | undefined> {
    return this.#reader.get(key);
  }

  getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]> {
    return this.#reader.getMany(keys);
  }

  range(range: Range): AsyncIterable<Entry> {
    return this.#reader.range(range);
  }

  snapshot(): Snapshot {
    const view = this.#db.snapshot();
    const reader = new LevelReader(this.#db, this.#doubtful, view);
    return Object.assign(reader, { close: () => view.close() });
  }

  commit(batch: Batch): Promise<void> {
    return this.#committer.commit(batch);
  }

  useAuditor(auditor: Auditor): void {
    this.#committer.useAuditor(auditor);
  }

  degrade(problem: Problem): void {
    const known = this.#problems.some(({ kind, where }) => kind === problem.kind && where === problem.where);
    if (known) return;
    this.#problems.push(problem);
    this.#notes.add(problem);
  }

  /** Reads every row and every table; answers the health after. Long: minutes for a large store. */
  async check(signal?: AbortSignal): Promise<StoreHealth> {
    await this.#scrub.checkAll(signal);
    try {
      await this.#reader.proveRows(signal);
    } catch (error) {
      if (!isLienthongError(error, 'damaged')) throw error;
      this.degrade({ kind: 'table-damaged', where: `${error.details.where}` });
    }
    return this.health;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<void> {
    try {
      this.#problems.push(...(await this.#notes.read()));
      this.#scrub.onDamage((table) => this.#foundDamage(table));
      const opening = await judgeOpening(this.#reader, this.#witness, this.#random, (testimony, storeId) =>
        replayJournal(this.#db, this.#reader, this.#journal, testimony, storeId),
      );
      await this.#start(opening);
    } catch (error) {
      await this.#witness.close();
      await this.#journal.close();
      await this.#db.close();
      throw error;
    }
    this.#scrubbing = this.#scrub.checkRest(this.#clock, this.#stop.signal).catch((error) => {
      if (!this.#stop.signal.aborted) this.degrade({ kind: 'table-damaged', where: `unreadable: ${error}` });
    });
  }

  async #start({ storeId, isNew, last, problem }: Opening): Promise<void> {
    this.#storeId = storeId;
    this.#last = this.#checkpoint = this.#candidate = last;
    this.#pruneFrom = last.sequence;
    if (problem !== undefined) {
      this.degrade(problem);
      return;
    }
    await this.#room.look();
    if (this.#problems.length > 0) return;
    if (isNew) await this.commit({ writes: [{ put: STORE_ID_KEY, value: storeId }] });
    else await this.#db.clear({ gte: prefixRange(PREFIX.commit).gte, lt: commitKey(last.sequence) });
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    await this.#committer.close();
    await this.#scrubbing;
    await this.#notes.settled();
    try {
      if (this.#problems.length === 0) await this.#testify(true);
    } finally {
      await this.#witness.close();
      await this.#journal.close();
      await this.#db.close().catch(levelError);
    }
  }

  async #admit(): Promise<void> {
    const [problem] = this.#problems;
    if (problem !== undefined)
      throw new LienthongError('read-only', { reason: problem.kind, where: problem.where });
    await this.#room.require();
  }

  async #write(writes: readonly Write[], bytes: number): Promise<void> {
    const row = nextRow(this.#last, writes.length);
    const rows = [...writes, { put: row.key, value: row.value }];
    const pruned = Math.min(this.#checkpoint.sequence, this.#pruneFrom + PRUNED_PER_GROUP);
    for (let sequence = this.#pruneFrom; sequence < pruned; sequence++)
      rows.push({ del: commitKey(sequence) });
    const operations = this.#sealer.seal(rows);
    const begun = await this.#journal.append(this.#storeId, row.point.sequence, operations);
    await this.#db.batch(operations).catch(levelError);
    this.#pruneFrom = pruned;
    if (begun) {
      this.#checkpoint = this.#candidate;
      this.#candidate = this.#last;
    }
    this.#last = row.point;
    await this.#testify(begun);
    await this.#room.wrote(bytes);
  }

  #testify(sync: boolean): Promise<void> {
    return this.#witness.write(
      { storeId: this.#storeId, checkpoint: this.#checkpoint, tail: this.#last },
      sync,
    );
  }

  #failed(cause: unknown): LienthongError {
    const error = isLienthongError(cause)
      ? cause
      : new LienthongError('internal', { where: 'database' }, { cause });
    this.degrade({ kind: 'write-failed', where: `${error.details.where ?? 'database'}: ${error.code}` });
    return error;
  }

  #foundDamage({ file, keys }: DamagedTable): void {
    this.#doubtful.push(...keys);
    const spaces = new Set(keys.map(({ upTo }) => (upTo === undefined ? 'any' : spaceOf(upTo))));
    this.degrade({ kind: 'table-damaged', where: `${file} (${[...spaces].join(', ')})` });
  }
}
