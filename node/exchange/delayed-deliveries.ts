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

  constructor(seat: string, components: Pick<ExchangeComponents, 'store' | 'clock'>) {
    this.#seat = seat;
    this.#with = components;
  }

  get nextMs(): number | undefined {
    return Number.isFinite(this.#nextMs) ? this.#nextMs : undefined;
  }

  /** A row that was just committed: delayed or not. */
  note({ seat, nextAttemptAtMs }: DeliveryRow): void {
    if (nextAttemptAtMs > 0 && seat === this.#seat) this.#nextMs = Math.min(this.#nextMs, nextAttemptAtMs);
  }

  /** Queues what is due, on disk; the answer is what was queued. */
  async takeDue(): Promise<QueuedDelivery[]> {
    const { store, clock } = this.#with;
    if (this.#nextMs > clock.nowMs()) return [];
    this.#nextMs = Number.POSITIVE_INFINITY;
    const found = await delayedFor(store, this.#seat, READY_LIMIT);
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
