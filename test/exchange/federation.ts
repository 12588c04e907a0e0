/**
 * Agencies of one process: each with its real store, blobs, audit log, keys and Exchange, joined by streams in memory
 * that a test may cut, stall or alter at any frame, under one clock the test owns. A node may be killed at any commit
 * and opened again from its folder.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { utf8 } from '../../node/core/bytes.ts';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import { type ErrorDetails, LienthongError } from '../../node/core/errors.ts';
import type { DocumentView, Submission } from '../../node/core/views.ts';
import { OwnKeys } from '../../node/directory/own-keys.ts';
import { Exchange, type ExchangeInit } from '../../node/exchange/exchange.ts';
import { statedHead } from '../../node/exchange/log-heads.ts';
import type { Frames, Lane } from '../../node/exchange/ports.ts';
import { SearchIndex } from '../../node/search/search-index.ts';
import { AuditLog } from '../../node/store/audit-log.ts';
import { BlobStore } from '../../node/store/blobs.ts';
import { LevelEngine } from '../../node/store/level-engine.ts';
import { encodeAuditLeaf } from '../../node/store/node-store.ts';
import { recover } from '../../node/store/recovery.ts';
import { type Enrolled, TestAuthority } from './authority.ts';
import { GatedStore } from './gated-store.ts';
import { ManualClock } from './manual-clock.ts';
import { memoryFrames, type Tap } from './memory-frames.ts';

export const NOW_MS = Date.UTC(2026, 0, 15, 3, 0, 0);

interface Context {
  teardown(call: () => unknown): void;
}

export interface NodeInit extends ExchangeInit {
  /** Free bytes of the disk attachments go to. */
  freeBytes?: () => Promise<number>;
  /** Throws where there is no room for new documents. */
  room?: () => Promise<void>;
  /** With a search index. */
  search?: boolean;
}

/** What a frame of which stream meets; undefined lets it through. */
export type Fault = (of: {
  from: string;
  to: string;
  protocol: 'delivery' | 'blob' | 'log';
  toward: 'server' | 'client';
  frame: Uint8Array;
}) => ReturnType<Tap> | undefined;

export class TestNode {
  readonly who: Enrolled;
  readonly dir: string;
  readonly own: OwnKeys;
  readonly events: { event: string; details: ErrorDetails }[] = [];
  readonly #federation: TestFederation;
  readonly #init: NodeInit;
  #level!: LevelEngine;
  #audit!: AuditLog;
  store!: GatedStore;
  blobs!: BlobStore;
  exchange!: Exchange;
  search: SearchIndex | undefined;
  isUp = false;
  #streams = new Set<Frames>();

  constructor(federation: TestFederation, who: Enrolled, dir: string, init: NodeInit) {
    this.#federation = federation;
    this.who = who;
    this.dir = dir;
    this.#init = init;
    this.own = new OwnKeys({
      ...who,
      directory: () => federation.authority.directory.require(),
      clock: federation.clock,
    });
  }

  async open(): Promise<void> {
    const { clock } = this.#federation;
    const random = systemRandom;
    this.#level = await LevelEngine.open({
      folder: join(this.dir, 'store'),
      clock: systemClock,
      random,
      reserveBytes: 0,
    });
    const folder = join(this.dir, 'audit');
    this.#audit = await AuditLog.open({ store: this.#level, folder, encodeLeaf: encodeAuditLeaf, random });
    this.store = new GatedStore(this.#level);
    this.store.onKilled = () => this.#drop();
    const blobsFolder = join(this.dir, 'blobs');
    const { freeBytes } = this.#init;
    this.blobs = await BlobStore.open({
      store: this.store,
      folder: blobsFolder,
      clock: systemClock,
      random,
      reserveBytes: 0,
      ...(freeBytes && { freeBytes }),
    });
    const store = this.store;
    this.search = this.#init.search ? new SearchIndex({ dir: this.dir, clock: systemClock }) : undefined;
    this.exchange = new Exchange(
      {
        store,
        blobs: this.blobs,
        auditLog: this.#audit,
        directory: () => this.#federation.authority.directory.require(),
        self: this.own,
        peers: {
          openDelivery: (seat) => this.#open(seat, 'delivery', store),
          openBlob: async (seat) => (await this.#open(seat, 'blob', store)).frames,
          openLog: async (seat) => (await this.#open(seat, 'log', store)).frames,
          isConnected: () => true,
        },
        clock,
        random,
        report: (event, details) => this.events.push({ event, details }),
        onUnknownHead: () => {},
        room: this.#init.room ?? (async () => {}),
        ...(this.search && { search: { index: this.search, room: async () => {} } }),
      },
      this.#init,
    );
    await this.exchange.load();
    this.isUp = true;
    await this.exchange.start();
  }

  async #open(seat: string, protocol: 'delivery' | 'blob' | 'log', of: GatedStore): Promise<Lane> {
    // a dead node's loops must not go on in its successor
    if (of !== this.store || !this.isUp) return new Promise(() => {});
    const frames = this.#federation.connect(this, seat, protocol);
    return { frames, onRetired: () => {} };
  }

  keep(frames: Frames): void {
    this.#streams.add(frames);
  }

  /** As SIGKILL does: nothing is finished, nothing answered. */
  kill(): void {
    this.store.kill();
  }

  #drop(): void {
    this.isUp = false;
    for (const frames of this.#streams) frames.abort(new LienthongError('unreachable', { reason: 'killed' }));
    this.#streams.clear();
  }

  /** After a kill: the folder as the dead process left it. */
  async reopen(): Promise<void> {
    this.kill();
    await this.search?.stop();
    await this.#level.close();
    await this.#audit.close();
    await this.open();
  }

  /** The store as `node check` reads it. */
  get checkable(): LevelEngine {
    return this.#level;
  }

  get audit(): AuditLog {
    return this.#audit;
  }

  /** A copy of the folder as it is; the node is opened again. Putting it back makes the node lose what came since. */
  async backUp(): Promise<string> {
    const copy = `${this.dir}-${systemRandom(4).join('-')}`;
    await this.stop();
    await cp(this.dir, copy, { recursive: true });
    await this.open();
    return copy;
  }

  /** Stopped, an older folder in its place, and still stopped. */
  async putBack(copy: string): Promise<void> {
    await this.stop();
    await rm(this.dir, { recursive: true });
    await cp(copy, this.dir, { recursive: true });
  }

  /** Put back, shown what its peers saw, let go on: stopped, with its new epoch. */
  async lose(copy: string, shownBy: readonly TestNode[]): Promise<number | undefined> {
    await this.putBack(copy);
    await this.open();
    for (const { exchange } of shownBy)
      this.exchange.logWitness.shown(exchange.logWitness.statementFor(this.who.seat)!);
    await this.stop();
    const { epoch } = await recover({
      dir: this.dir,
      clock: systemClock,
      random: systemRandom,
      headOf: statedHead,
    });
    return epoch;
  }

  async stop(): Promise<void> {
    if (this.isUp) {
      await this.exchange.stopSending();
      this.#drop();
      await this.exchange.finish();
    }
    await this.search?.stop();
    await this.#level.close();
    await this.#audit.close();
  }

  /** The only document of a box, in full. */
  async only(box: 'inbox' | 'outbox'): Promise<DocumentView> {
    const { items } = await this.exchange.list({ box });
    if (items.length !== 1) throw new Error(`${items.length} documents in the ${box} of ${this.who.seat}`);
    return this.exchange.show(items[0]!.id);
  }

  reported(event: string): ErrorDetails[] {
    return this.events.filter((one) => one.event === event).map(({ details }) => details);
  }
}

export class TestFederation {
  readonly clock = new ManualClock(NOW_MS);
  readonly nodes = new Map<string, TestNode>();
  authority!: TestAuthority;
  /** Seats that can't be reached. */
  readonly unreachable = new Set<string>();
  fault: Fault = () => undefined;
  /** Streams opened, as "G22 delivery H40". */
  readonly opened: string[] = [];
  #number = 0;
  #isOver = false;

  static async create(
    t: Context,
    agencies: readonly string[],
    init: Record<string, NodeInit> = {},
  ): Promise<TestFederation> {
    const federation = new TestFederation();
    const root = await mkdtemp(join(tmpdir(), 'lienthong-exchange-'));
    t.teardown(async () => {
      federation.#isOver = true;
      // what is being served may be waiting for its time
      const ticking = setInterval(() => federation.clock.advance(100), 5);
      for (const node of federation.nodes.values()) await node.stop();
      clearInterval(ticking);
      await federation.authority?.close();
      await rm(root, { recursive: true });
    });
    federation.authority = await TestAuthority.create(federation.clock);
    for (const agency of agencies) {
      const who = await federation.authority.enrol(agency, `Cơ quan ${agency}`);
      const node = new TestNode(federation, who, join(root, agency), init[agency] ?? {});
      await node.open();
      federation.nodes.set(who.seat, node);
    }
    return federation;
  }

  node(seat: string): TestNode {
    return this.nodes.get(seat)!;
  }

  connect(from: TestNode, to: string, protocol: 'delivery' | 'blob' | 'log'): Frames {
    const server = this.nodes.get(to);
    this.opened.push(`${from.who.seat} ${protocol} ${to}`);
    if (server === undefined || !server.isUp || this.unreachable.has(to)) {
      throw new LienthongError('unreachable', { seat: to });
    }
    const seat = from.who.seat;
    const pair = memoryFrames(
      (frame, toward) => this.fault({ from: seat, to, protocol, toward, frame }) ?? [frame],
    );
    from.keep(pair.client);
    server.keep(pair.server);
    if (protocol === 'delivery') void server.exchange.serveDelivery(pair.server, seat);
    else if (protocol === 'blob') void server.exchange.serveBlobs(pair.server, seat);
    else void server.exchange.serveLog(pair.server, seat);
    return pair.client;
  }

  /** Nothing that is said reaches the other side, over old streams or new ones, until `together`. */
  apart(): void {
    this.fault = ({ protocol }) => (protocol === 'delivery' ? 'cut' : undefined);
  }

  together(): void {
    this.fault = () => undefined;
  }

  /** A sound submission with the next number, changed as the test wants. */
  submission(change: Partial<Submission> = {}): Submission {
    return {
      to: ['H40'],
      type: 'Quyết định',
      number: String(++this.#number),
      notation: 'QĐ-TTg',
      subject: 'Phê duyệt Đề án phát triển hệ thống',
      date: '2026-01-15',
      classification: 'thuong',
      attachments: [{ name: 'quyet-dinh.txt', bytes: utf8(`Điều ${this.#number}.`) }],
      system: 'test',
      ...change,
    };
  }

  /** Lets the clock go on until the condition answers something true, or the test is over. */
  async until<T>(what: string, condition: () => T | Promise<T>, stepMs = 100): Promise<NonNullable<T>> {
    const end = performance.now() + 60_000;
    let last: unknown;
    while (!this.#isOver && performance.now() < end) {
      try {
        const answer = await inTime(condition());
        if (answer) return answer as NonNullable<T>;
      } catch (error) {
        last = error;
      }
      this.clock.advance(stepMs);
      await sleep(3);
    }
    throw new Error(`never: ${what}`, { cause: last });
  }

  /** Until every delivery of the document at its sender is in the state. */
  async settled(seat: string, id: string, state = 'delivered', stepMs = 100): Promise<DocumentView> {
    const { exchange } = this.node(seat);
    return this.until(
      `${id} is ${state}`,
      async () => {
        const view = await exchange.show(id);
        return view.deliveries.every((delivery) => delivery.state === state) ? view : undefined;
      },
      stepMs,
    );
  }
}

/** The answer, or undefined where there is none: a node killed meanwhile answers nobody. */
async function inTime<T>(answer: T | Promise<T>): Promise<T | undefined> {
  const stop = new AbortController();
  const late = sleep(500, undefined, { signal: stop.signal }).catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    stop.abort();
  }
}
