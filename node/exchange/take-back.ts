/**
 * After a loss that was accepted (the audit log has a gap), takes back from every seat what it holds of the two: what
 * this node had sent it with receipts, and what this node had given receipts for. What holds:
 * - A page is settled before the place after it is written down, so a crash asks for that page again and finds most
 *   of it here; taking back twice changes nothing.
 * - Memory is one page of keys and WINDOW items a seat, and SEATS_AT_ONCE seats.
 * - Nothing is handed in before each seat was asked once or couldn't be reached: a used number must not be free.
 * A seat that can't be reached is asked when it is heard of again, and at times. Made by exchange; ended by stop().
 */
import type { LogResponse, TakeBackRow } from '../../proto/messages.ts';
import { backoffMs } from '../core/backoff.ts';
import { compareBytes, EMPTY, hex } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { RecoveryView } from '../core/log-views.ts';
import { getTakeBack, takeBacksOf, takeBackWrite } from '../store/take-back-rows.ts';
import type { HeldItemFields, HeldKeyFields } from './held.ts';
import { type StatementComponents, signLogHead } from './log-statement.ts';
import { askLog } from './log-stream.ts';
import type { ExchangeComponents, Frames } from './ports.ts';
import type { Restorer } from './restorer.ts';
import { WakeBell } from './wake-bell.ts';

/** Items asked for at once: hides a round trip; at most 1.5 MiB each. */
const WINDOW = 4;
/** Seats that can't be reached cost a dialling time each: 95 of them two minutes. */
const SEATS_AT_ONCE = 16;
/** However slow a seat is: beyond this a used number may be free, and that is said when it comes back. */
const HOLD_MOST_MS = 10 * 60_000;
/** A sign of life makes a seat due at once, and at most this often. */
const CONTACT_EVERY_MS = 10_000;
/** A race of the same delivery, with the courier or another seat's: then it is here. */
const RACE_TRIES = 3;

export type TakeBackComponents = Pick<
  ExchangeComponents,
  'store' | 'directory' | 'peers' | 'clock' | 'random' | 'report'
> &
  StatementComponents & { restorer: Restorer };

export class TakeBack {
  readonly #with: TakeBackComponents;
  readonly #stopping = new AbortController();
  readonly #bells = new Map<string, WakeBell>();
  readonly #contactAtMs = new Map<string, number>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #slots: (() => void)[] = [];
  #free = SEATS_AT_ONCE;
  /** Seats of the first round that haven't been asked yet. */
  readonly #unasked = new Set<string>();
  #cancelHold = () => {};

  constructor(components: TakeBackComponents) {
    this.#with = components;
  }

  /** Before anything may be handed in. */
  async load(): Promise<void> {
    const { auditLog, store, directory, self } = this.#with;
    if (auditLog.gap === undefined || store.health.state !== 'ok') return;
    const rows = await takeBacksOf(store, auditLog.head().epoch);
    for (const { seat } of directory().seats())
      if (seat !== self.seat && rows.get(seat)?.done !== true) this.#unasked.add(seat);
  }

  start(): void {
    if (this.#unasked.size === 0) return;
    this.#cancelHold = this.#with.clock.after(HOLD_MOST_MS, () => this.#unasked.clear());
    for (const seat of this.#unasked) this.#take(seat);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new LienthongError('not-running'));
    this.#cancelHold();
    for (const bell of this.#bells.values()) bell.ring();
    for (const go of this.#slots.splice(0)) go();
    await Promise.all(this.#running.values());
  }

  /** A sign of life: also of a seat that came into the directory after the loss. */
  onContact(seat: string): void {
    const { auditLog, store, self, clock } = this.#with;
    if (auditLog.gap === undefined || store.health.state !== 'ok' || seat === self.seat) return;
    const bell = this.#bells.get(seat);
    if (bell === undefined) this.#take(seat);
    const nowMs = clock.nowMs();
    if (
      bell === undefined ||
      nowMs - (this.#contactAtMs.get(seat) ?? Number.NEGATIVE_INFINITY) < CONTACT_EVERY_MS
    )
      return;
    this.#contactAtMs.set(seat, nowMs);
    bell.ring();
  }

  /** Throws 'recovering' while a number might be free that isn't. */
  requireNumbersKnown(): void {
    if (this.#unasked.size > 0)
      throw new LienthongError('recovering', { seats: [...this.#unasked].slice(0, 10) });
  }

  /** What a seat holds of what was lost isn't all back yet. */
  isTaking(seat: string): boolean {
    return this.#unasked.has(seat) || this.#running.has(seat);
  }

  /** Undefined for a node that lost nothing. */
  async state(): Promise<RecoveryView | undefined> {
    const { auditLog, store, directory, self } = this.#with;
    if (auditLog.gap === undefined) return undefined;
    const rows = await takeBacksOf(store, auditLog.head().epoch);
    const sum = (of: 'recovered' | 'failed') => [...rows.values()].reduce((all, row) => all + row[of], 0);
    const waiting = directory()
      .seats()
      .map(({ seat }) => seat)
      .filter((seat) => seat !== self.seat && rows.get(seat)?.done !== true);
    return { waiting, recovered: sum('recovered'), failed: sum('failed'), holding: this.#unasked.size > 0 };
  }

  #take(seat: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#bells.set(seat, new WakeBell(this.#with.clock));
    const work = this.#run(seat).finally(() => this.#running.delete(seat));
    this.#running.set(seat, work);
  }

  async #run(seat: string): Promise<void> {
    const { clock, random, report } = this.#with;
    const { signal } = this.#stopping;
    for (let attempts = 1; !signal.aborted; attempts++) {
      await this.#slot();
      try {
        if (signal.aborted) return;
        await this.#takeAll(seat);
        return;
      } catch (error) {
        if (signal.aborted) return;
        const reason = isLienthongError(error) ? error.code : 'malformed';
        report('recovery.waiting', { seat, attempts, reason });
      } finally {
        this.#unasked.delete(seat);
        this.#free++;
        this.#slots.shift()?.();
      }
      await this.#bells.get(seat)!.sleepUntil(clock.nowMs() + backoffMs(attempts, random));
    }
  }

  async #slot(): Promise<void> {
    while (this.#free === 0 && !this.#stopping.signal.aborted)
      await new Promise<void>((resolve) => this.#slots.push(resolve));
    this.#free--;
  }

  async #takeAll(seat: string): Promise<void> {
    const { store, auditLog, peers, report } = this.#with;
    const { epoch } = auditLog.head();
    let row = (await getTakeBack(store, epoch, seat)) ?? NOTHING;
    if (row.done) return;
    const frames = await peers.openLog(seat, this.#stopping.signal);
    try {
      while (!row.done) {
        const ask = { list: { statement: await signLogHead(this.#with), after: row.after } };
        const { list } = await this.#one(frames, ask);
        if (!list) throw new LienthongError('malformed', { field: 'LogResponse.list' });
        const { recovered, failed } = await this.#takePage(seat, frames, (list.keys ?? []).map(keyOf));
        const next = list.next ?? EMPTY;
        if (next.byteLength > 0 && compareBytes(next, row.after) <= 0)
          throw new LienthongError('malformed', { field: 'HeldList.next' });
        row = {
          after: Uint8Array.from(next),
          recovered: row.recovered + recovered,
          failed: row.failed + failed,
          done: next.byteLength === 0,
        } as TakeBackRow;
        await store.commit({ writes: [takeBackWrite(epoch, seat, row)] });
      }
      report('recovery.done', { seat, recovered: row.recovered, failed: row.failed });
      await frames.close();
    } catch (error) {
      frames.abort(error as Error);
      throw error;
    }
  }

  async #takePage(seat: string, frames: Frames, keys: readonly HeldKeyFields[]) {
    const { restorer } = this.#with;
    let [recovered, failed] = [0, 0];
    const missing: HeldKeyFields[] = [];
    for (const key of keys) if (!(await restorer.isHere(key))) missing.push(key);
    while (missing.length > 0) {
      const asked = missing.splice(0, WINDOW);
      const answers = await askLog(
        frames,
        asked.map(({ statuses: _, ...item }) => ({ item })),
        this.#stopping.signal,
      );
      for (const [i, key] of asked.entries()) {
        const isWhole = await this.#put(seat, key, answers[i]!);
        if (isWhole !== undefined) recovered++;
        if (isWhole !== true) failed++;
      }
    }
    return { recovered, failed };
  }

  /** True when it is back whole, false without some attachments, undefined when it can't be believed or had. */
  async #put(seat: string, key: HeldKeyFields, { item, refused }: LogResponse): Promise<boolean | undefined> {
    const { restorer, report } = this.#with;
    const refuse = (reason: string): undefined =>
      void report('recovery.refused', { seat, unit: key.unit, document: hex(key.documentId), reason });
    if (!item) return refuse(refused?.code ?? 'malformed');
    for (let races = 1; ; races++) {
      try {
        const put = await restorer.restore(seat, key, item as HeldItemFields, this.#stopping.signal);
        return 'fault' in put ? refuse(put.fault) : put.missing.length === 0;
      } catch (error) {
        if (isLienthongError(error, 'blob-mismatch')) return refuse(error.code);
        if (!isLienthongError(error, 'state-changed') || races > RACE_TRIES) throw error;
        if (await restorer.isHere(key)) return true;
      }
    }
  }

  async #one(frames: Frames, ask: Parameters<typeof askLog>[1][number]): Promise<LogResponse> {
    const [answer] = await askLog(frames, [ask], this.#stopping.signal);
    if (answer!.refused) throw new LienthongError('peer-refused', { reason: answer!.refused.code ?? '' });
    return answer!;
  }
}

const NOTHING = { after: EMPTY, recovered: 0, failed: 0, done: false } as TakeBackRow;

const keyOf = ({
  documentId,
  unit,
  sent,
  statuses,
}: Partial<HeldKeyFields> | Record<string, never>): HeldKeyFields =>
  ({
    documentId: Uint8Array.from(documentId!),
    unit,
    sent: sent ?? false,
    statuses: statuses ?? 0,
  }) as HeldKeyFields;
