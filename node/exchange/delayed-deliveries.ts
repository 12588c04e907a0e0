/**
 * Deliveries of one seat that wait for their own time: knows when the next one is due without asking the disk, and
 * moves what has become due back into the queue. Used by seat-courier.
 */
import type { DeliveryRow } from '../../proto/messages.ts';
import { isLienthongError } from '../core/errors.ts';
import {
  changeDeliveryWrites,
  delayedFor,
  deliveryUnchanged,
  getDelivery,
  type QueuedDelivery,
} from '../store/deliveries.ts';
import type { ExchangeComponents } from './ports.ts';
import { READY_LIMIT } from './ready-queue.ts';

export class DelayedDeliveries {
  readonly #seat: string;
  readonly #with: Pick<ExchangeComponents, 'store' | 'clock'>;
  /** When the next one is due, as far as known: at first, look. */
  #nextMs = 0;
  /** None of them is due before this: what was went, and its deleted rows needn't be passed over again. */
  #fromMs = 0;

  constructor(seat: string, components: Pick<ExchangeComponents, 'store' | 'clock'>) {
    this.#seat = seat;
    this.#with = components;
  }

  get nextMs(): number | undefined {
    return Number.isFinite(this.#nextMs) ? this.#nextMs : undefined;
  }

  /** A row that was just committed: delayed or not. */
  note({ seat, nextAttemptAtMs }: DeliveryRow): void {
    if (nextAttemptAtMs === 0 || seat !== this.#seat) return;
    this.#nextMs = Math.min(this.#nextMs, nextAttemptAtMs);
    this.#fromMs = Math.min(this.#fromMs, nextAttemptAtMs);
  }

  /** Queues what is due, on disk; the answer is what was queued. Where it throws, the next call looks again. */
  async takeDue(): Promise<QueuedDelivery[]> {
    if (this.#nextMs > this.#with.clock.nowMs()) return [];
    const fromMs = this.#fromMs;
    // what is noted while disk is read counts
    this.#nextMs = this.#fromMs = Number.POSITIVE_INFINITY;
    try {
      return await this.#takeFrom(fromMs);
    } catch (error) {
      this.#nextMs = this.#fromMs = 0;
      throw error;
    }
  }

  async #takeFrom(fromMs: number): Promise<QueuedDelivery[]> {
    const { store, clock } = this.#with;
    const found = await delayedFor(store, this.#seat, READY_LIMIT, fromMs);
    this.#fromMs = Math.min(this.#fromMs, found[0]?.notBeforeMs ?? fromMs);
    const nowMs = clock.nowMs();
    const due = found.filter(({ notBeforeMs }) => notBeforeMs <= nowMs);
    const next = found[due.length];
    if (next !== undefined) this.#nextMs = Math.min(this.#nextMs, next.notBeforeMs);
    // together, so that they share a sync
    const queued = await Promise.all(due.map((one) => this.#queue(one)));
    // a full page: there may be more
    if (due.length === READY_LIMIT) this.#nextMs = 0;
    return queued.filter((delivery) => delivery !== undefined);
  }

  async #queue({
    delivery,
    notBeforeMs,
  }: {
    delivery: QueuedDelivery;
    notBeforeMs: number;
  }): Promise<QueuedDelivery | undefined> {
    const { store } = this.#with;
    const row = await getDelivery(store, delivery);
    if (row === undefined || row.nextAttemptAtMs !== notBeforeMs) return undefined;
    const after = { ...row, nextAttemptAtMs: 0 } as DeliveryRow;
    try {
      await store.commit({ require: [deliveryUnchanged(row)], writes: changeDeliveryWrites(row, after) });
      return delivery;
    } catch (error) {
      // cancelled meanwhile
      if (!isLienthongError(error, 'state-changed')) throw error;
      return undefined;
    }
  }
}
