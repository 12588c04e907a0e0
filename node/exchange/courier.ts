/**
 * The one courier of a node: a seat courier for every seat that has something queued, or had a stream when the process
 * died, started with the node, woken by new work or any sign of life of its seat, stopped before the store closes.
 */
import type { DeliveryRow } from '../../proto/messages.ts';
import { fraction } from '../core/clock.ts';
import { measureQueue, type QueuedDelivery, seatsWithQueue } from '../store/deliveries.ts';
import { seatsWithOpenLink } from '../store/seat-links.ts';
import type { FreshOffer } from './fresh-offers.ts';
import type { ExchangeComponents } from './ports.ts';
import { SeatCourier, type SeatCourierComponents } from './seat-courier.ts';

/** A node that starts says Hello within this, more with more seats, so that a power cut's end isn't a storm. */
const START_WITHIN_MS = 10_000;
const START_PER_SEAT_MS = 100;
/** Counting a longer queue costs more than knowing it is worth. */
const COUNT_MOST = 10_000;

export interface SeatQueue {
  seat: string;
  waiting: number;
  oldestAtMs: number | undefined;
  nextAttemptAtMs: number | undefined;
  lastError: string | undefined;
}

export type CourierComponents = SeatCourierComponents & Pick<ExchangeComponents, 'self'>;

export class Courier {
  readonly #with: CourierComponents;
  readonly #seats = new Map<string, SeatCourier>();
  /** Before its start what is queued rests on disk: it is taken up then. */
  #isRunning = false;

  constructor(components: CourierComponents) {
    this.#with = components;
  }

  /** Takes up every queue there is on disk. */
  async start(): Promise<void> {
    const { store, clock, random, self } = this.#with;
    this.#isRunning = true;
    const seats = await seatsWithQueue(store);
    const withinMs = Math.min(START_WITHIN_MS, seats.length * START_PER_SEAT_MS);
    for (const seat of seats) {
      // its own units are there at once
      const afterMs = seat === self.seat ? 0 : fraction(random) * withinMs;
      this.#courier(seat, clock.nowMs() + afterMs);
    }
    for (const seat of await seatsWithOpenLink(store)) this.#courier(seat, clock.nowMs());
  }

  /** After the commit that queued it. */
  add(delivery: QueuedDelivery, fresh?: FreshOffer): void {
    this.#courier(delivery.seat, this.#with.clock.nowMs())?.add(delivery, fresh);
  }

  /** Of its seat's courier, as there. */
  withhold<T>(row: DeliveryRow, work: () => Promise<T>): Promise<T | undefined> {
    const courier = this.#courier(row.seat, this.#with.clock.nowMs());
    return courier === undefined ? Promise.resolve(undefined) : courier.withhold(row, work);
  }

  /** A connection, a Hello, an offer: the seat is alive. */
  onContact(seat: string): void {
    this.#seats.get(seat)?.onContact();
  }

  /** Queues with something in them. */
  async queues(): Promise<SeatQueue[]> {
    const { store } = this.#with;
    const queues: SeatQueue[] = [];
    for (const seat of await seatsWithQueue(store)) {
      const { count, oldestAtMs } = await measureQueue(store, seat, COUNT_MOST);
      const state = this.#seats.get(seat)?.state;
      queues.push({
        seat,
        waiting: count,
        oldestAtMs,
        nextAttemptAtMs: state?.nextAttemptAtMs,
        lastError: state?.lastError,
      });
    }
    return queues;
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all([...this.#seats.values()].map((courier) => courier.stop()));
  }

  #courier(seat: string, dueMs: number): SeatCourier | undefined {
    if (!this.#isRunning) return undefined;
    const known = this.#seats.get(seat);
    if (known !== undefined) return known;
    const courier = new SeatCourier(seat, this.#with, dueMs);
    this.#seats.set(seat, courier);
    courier.start();
    return courier;
  }
}
