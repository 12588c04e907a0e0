/**
 * Carries one seat's queue: dials when something is due, keeps one delivery stream open, has a window of deliveries
 * in flight, and writes down each outcome. What holds:
 * - The queue on disk is the truth. A delivery in flight keeps its queue row, so a crash between offer and outcome,
 *   or between outcome and commit, means it is offered again; the receiver answers with the stored receipt.
 * - A broken stream means "in doubt": the window restarts at 1 and doubles per outcome. What was alone in flight at
 *   three breaks goes last within its urgency, so that one poisonous document can't hold up the rest.
 * - Memory is bounded by READY_LIMIT queue rows, WINDOW deliveries and the bytes of `Flights`.
 * - Only an outcome resets the backoff; a sign of life makes the queue due at once or nearly so.
 */
import type { DeliveryRow } from '../../proto/messages.ts';
import { backoffMs } from '../core/backoff.ts';
import { fraction } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import { getDelivery, type QueuedDelivery, queuedFor, queuedOf } from '../store/deliveries.ts';
import { unofferableReason } from './attempt.ts';
import type { HelperNames } from './circular-helpers.ts';
import { DelayedDeliveries } from './delayed-deliveries.ts';
import type { DeliveryEvents } from './delivery-events.ts';
import { DeliveryLink, type Outcome } from './delivery-link.ts';
import { Flights } from './flights.ts';
import { bytesOf, type FreshOffer, FreshOffers } from './fresh-offers.ts';
import type { FreshSignatures } from './fresh-signatures.ts';
import type { ExchangeComponents } from './ports.ts';
import { deliveryName, READY_LIMIT, ReadyQueue } from './ready-queue.ts';
import { SeatDoubt } from './seat-doubt.ts';
import type { Settlement } from './settlement.ts';
import { WakeBell } from './wake-bell.ts';

/** Enough to hide a round trip of 100 ms at 2,000 documents a second. */
const WINDOW = 256;
/** A sign of life makes the queue due within this, so that a returning seat isn't met by everyone at once. */
const CONTACT_WITHIN_MS = 2_000;
/** And at most this often. */
const CONTACT_EVERY_MS = 10_000;

export type SeatCourierComponents = Pick<
  ExchangeComponents,
  'store' | 'peers' | 'clock' | 'random' | 'report'
> & { settlement: Settlement; events: DeliveryEvents; signatures: FreshSignatures; helpers: HelperNames };

export interface SeatState {
  seat: string;
  inFlight: number;
  lastError: string | undefined;
  nextAttemptAtMs: number | undefined;
}

export class SeatCourier {
  readonly #with: SeatCourierComponents;
  readonly #seat: string;
  readonly #ready = new ReadyQueue();
  readonly #flights = new Flights();
  readonly #doubt: SeatDoubt;
  readonly #stopping = new AbortController();
  readonly #fresh = new FreshOffers();
  readonly #bell: WakeBell;
  readonly #delayed: DelayedDeliveries;
  #window = 1;
  #failures = 0;
  #dueMs: number;
  #lastContactMs = Number.NEGATIVE_INFINITY;
  #lastError: string | undefined;
  /** An attempt over the present stream failed: the stream wasn't idle when it ended. */
  #hasFailed = false;
  #link: DeliveryLink | undefined;
  #running: Promise<void> | undefined;

  constructor(seat: string, components: SeatCourierComponents, dueMs: number) {
    this.#seat = seat;
    this.#with = components;
    this.#delayed = new DelayedDeliveries(seat, components);
    this.#doubt = new SeatDoubt(seat, components);
    this.#bell = new WakeBell(components.clock);
    this.#dueMs = dueMs;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new LienthongError('not-running'));
    await this.#link?.close();
    this.#bell.ring();
    await this.#running;
  }

  get state(): SeatState {
    const waiting = this.#link === undefined && this.#failures > 0;
    return {
      seat: this.#seat,
      inFlight: this.#flights.size,
      lastError: this.#lastError,
      nextAttemptAtMs: waiting ? this.#dueMs : undefined,
    };
  }

  /** A delivery that was just committed to this seat's queue; `fresh` saves reading it back when it goes at once. */
  add(delivery: QueuedDelivery, fresh?: FreshOffer): void {
    const name = deliveryName(delivery);
    if (!this.#flights.has(name)) this.#ready.add(delivery);
    if (fresh !== undefined && this.#link !== undefined) this.#fresh.add(name, fresh);
    this.#bell.ring();
  }

  /**
   * Keeps a queued delivery from leaving while `work` decides about it. Undefined, and no work, where it may have left
   * already: only its outcome tells then.
   */
  async withhold<T>(row: DeliveryRow, work: () => Promise<T>): Promise<T | undefined> {
    await this.#doubt.load();
    const queued = queuedOf(row);
    const name = deliveryName(queued);
    if (this.#doubt.mayHaveLeft(row)) return undefined;
    return this.#flights.withholding(name, work).finally(() => {
      this.#fresh.take(name);
      this.add(queued);
    });
  }

  /** Any sign of life of the seat: whatever backoff there was, it is due soon. */
  onContact(): void {
    const nowMs = this.#with.clock.nowMs();
    if (this.#link !== undefined || nowMs - this.#lastContactMs < CONTACT_EVERY_MS) return;
    this.#lastContactMs = nowMs;
    this.#dueMs = Math.min(this.#dueMs, nowMs + fraction(this.#with.random) * CONTACT_WITHIN_MS);
    this.#bell.ring();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#doubt.load();
        await this.#untilDue();
        if (signal.aborted) return;
        await this.#exchange();
      } catch (error) {
        if (signal.aborted) return;
        this.#fail(error as Error);
        this.#ready.reset();
        await this.#bell.sleepUntil(this.#dueMs);
      }
    }
  }

  /** Waits until something is queued and the seat's backoff is over. */
  async #untilDue(): Promise<void> {
    const { clock } = this.#with;
    for (;;) {
      if (this.#stopping.signal.aborted) return;
      const nextDelayedMs = await this.#refill();
      if (this.#ready.size > 0 && this.#dueMs <= clock.nowMs()) return;
      const until = this.#ready.size > 0 ? this.#dueMs : nextDelayedMs;
      await this.#bell.sleepUntil(until);
    }
  }

  /** Dials and carries until the stream breaks, or its connection is retired and nothing is in flight any more. */
  async #exchange(): Promise<void> {
    const { peers, clock } = this.#with;
    const lane = await peers.openDelivery(this.#seat, this.#stopping.signal);
    await this.#doubt.opened().catch((error: Error) => {
      lane.frames.abort(error);
      throw error;
    });
    const link = new DeliveryLink(lane.frames, clock);
    this.#link = link;
    this.#window = 1;
    this.#hasFailed = false;
    let ended: Error | undefined;
    let isRetired = false;
    let wasIdle = false;
    void link.ended.then((error) => {
      ended = error;
      wasIdle = this.#flights.size === 0 && this.#ready.size === 0 && !this.#hasFailed;
      this.#bell.ring();
    });
    lane.onRetired(() => {
      isRetired = true;
      this.#bell.ring();
    });
    try {
      while (ended === undefined && !this.#stopping.signal.aborted) {
        if (isRetired && this.#flights.size === 0) return;
        const nextDelayedMs = await this.#refill();
        while (!isRetired && this.#hasRoom()) this.#send(link, this.#ready.take()!);
        if (ended !== undefined) break;
        if (this.#ready.isExhausted) continue;
        await this.#bell.sleepUntil(nextDelayedMs);
      }
      // a stream that ends while nothing is due has merely been idle for long
      if (ended !== undefined && !wasIdle) throw ended;
    } finally {
      this.#link = undefined;
      await link.close();
      await this.#landed();
      this.#ready.reset();
      this.#fresh.clear();
      await this.#doubt.closed();
    }
  }

  #hasRoom(): boolean {
    return this.#ready.first !== undefined && this.#flights.hasRoom(this.#window, this.#ready.first.rank);
  }

  #send(link: DeliveryLink, delivery: QueuedDelivery): void {
    const name = deliveryName(delivery);
    const alone = this.#flights.size === 0;
    if (!this.#flights.begin(name, delivery.rank)) return;
    void this.#attempt(link, delivery, alone)
      .catch((error: Error) => {
        this.#lastError = error.message;
        this.#hasFailed = true;
        link.abort(error);
      })
      .finally(() => {
        this.#flights.end(name);
        this.#bell.ring();
      });
  }

  async #attempt(link: DeliveryLink, delivery: QueuedDelivery, alone: boolean): Promise<void> {
    const { settlement, events, helpers } = this.#with;
    const found = this.#fresh.take(deliveryName(delivery)) ?? (await this.#read(delivery));
    if (found === undefined) return;
    const { row, offered } = found;
    const isStatus = delivery.status !== undefined;
    this.#doubt.offered(row);
    if (!isStatus) events.sending(row, offered.pullBytes);
    try {
      const outcomes = await this.#flights.carrying(bytesOf(offered), async () =>
        link.offer(await helpers.naming(row, offered), offered.pullBytes),
      );
      const outcome = outcomes.find((candidate) => (candidate.index ?? 0) === 0) ?? ({} as Outcome);
      const { after, isDoubtful } = await settlement.settle(row, offered, outcome);
      if (isDoubtful) this.#doubt.doubted();
      this.#delayed.note(after);
      this.#failures = 0;
      this.#window = Math.min(WINDOW, this.#window * 2);
    } catch (error) {
      this.#doubt.doubted();
      if (!isStatus) events.doubtful(row, (error as Error).message);
      if (alone && this.#flights.size === 1 && !this.#stopping.signal.aborted) {
        const othersWait = this.#ready.size > 0 || this.#ready.isExhausted;
        this.#delayed.note(await settlement.countBreak(row, (error as Error).message, othersWait));
      }
      throw error;
    }
  }

  /** Row and offer from disk; undefined when it isn't due here, or when this node lost part of it: the rest goes on. */
  async #read(delivery: QueuedDelivery): Promise<FreshOffer | undefined> {
    const { store, settlement, signatures, report } = this.#with;
    let row: DeliveryRow | undefined;
    try {
      return await this.#flights.preparing(async () => {
        row = await getDelivery(store, delivery);
        const isDue = row?.state === 1 && row.nextAttemptAtMs === 0 && row.seat === this.#seat;
        return row && isDue ? await signatures.ofDelivery(row) : undefined;
      });
    } catch (error) {
      const reason = unofferableReason(error);
      if (reason === undefined) throw error;
      if (row === undefined) report('delivery.unreadable', { unit: delivery.unit, reason });
      else this.#delayed.note(await settlement.setAside(row, reason));
      return undefined;
    } finally {
      this.#bell.ring();
    }
  }

  /** Brings the ready queue up to what is due on disk. The time of the next delayed delivery, if any. */
  async #refill(): Promise<number | undefined> {
    for (const delivery of await this.#delayed.takeDue()) this.#ready.add(delivery);
    if (this.#ready.isExhausted) {
      this.#ready.beginFill();
      const limit = READY_LIMIT + this.#flights.size;
      const found = await queuedFor(this.#with.store, this.#seat, limit, this.#ready.from);
      const fresh = found.filter((delivery) => !this.#flights.has(deliveryName(delivery)));
      this.#ready.fill(fresh, found.length < limit, found[0]);
    }
    return this.#delayed.nextMs;
  }

  #fail(error: Error): void {
    const { clock, random, report } = this.#with;
    this.#failures++;
    this.#lastError = error.message;
    this.#dueMs = clock.nowMs() + backoffMs(this.#failures, random);
    report('seat.unreachable', { seat: this.#seat, attempts: this.#failures, reason: error.message });
  }

  /** Resolves when every attempt in flight has written down or given up its outcome. */
  async #landed(): Promise<void> {
    while (this.#flights.size > 0) await this.#bell.sleepUntil(undefined);
  }
}
