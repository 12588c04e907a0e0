/**
 * The part of a seat's queue that is in memory: the next deliveries, urgent first, then oldest. Bounded; the rest
 * stays on disk. `complete` says whether nothing waits behind the last one.
 */
import { compareBytes, hex } from '../core/bytes.ts';
import type { CarriedKey, QueuedDelivery } from '../store/deliveries.ts';

/** Two windows of the courier: it refills while the second is under way. */
export const READY_LIMIT = 512;

export const deliveryName = ({ documentId, unit, status }: CarriedKey): string =>
  status === undefined
    ? `${hex(documentId)} ${unit}`
    : `${hex(documentId)} ${unit} ${status.side} ${status.sequence}`;

export function compareQueued(a: QueuedDelivery, b: QueuedDelivery): number {
  return (
    a.rank - b.rank ||
    a.orderMs - b.orderMs ||
    compareBytes(a.documentId, b.documentId) ||
    (a.unit < b.unit ? -1 : a.unit > b.unit ? 1 : 0) ||
    (a.status?.side ?? 0) - (b.status?.side ?? 0) ||
    (a.status?.sequence ?? 0) - (b.status?.sequence ?? 0)
  );
}

export class ReadyQueue {
  #items: QueuedDelivery[] = [];
  #complete = false;
  /** What was queued while disk was being read: that read may have begun before its commit. */
  #meanwhile: QueuedDelivery[] | undefined;
  #from: QueuedDelivery | undefined;

  get size(): number {
    return this.#items.length;
  }

  /** True when it should be filled from disk again. */
  get isExhausted(): boolean {
    return this.#items.length === 0 && !this.#complete;
  }

  /**
   * Where disk is to be read from: nothing queued lies before it, but rows that were deleted do, and reading passes over
   * each until the database has dropped them. Undefined: from the first.
   */
  get from(): QueuedDelivery | undefined {
    return this.#from;
  }

  /** Before disk is read for `fill`. */
  beginFill(): void {
    this.#meanwhile = [];
  }

  /**
   * What disk had at the front of the queue since `beginFill`; `complete` when that was all. `first`: its very first row,
   * also where that is under way.
   */
  fill(items: readonly QueuedDelivery[], complete: boolean, first: QueuedDelivery | undefined): void {
    const meanwhile = this.#meanwhile ?? [];
    this.#meanwhile = undefined;
    if (first !== undefined) this.#from = first;
    this.#items = items.slice(0, READY_LIMIT);
    this.#complete = complete && items.length <= READY_LIMIT;
    for (const item of meanwhile) this.add(item);
    if (meanwhile.length <= READY_LIMIT) return;
    // some weren't kept, whatever their place
    this.#complete = false;
    this.#from = undefined;
  }

  /** A delivery just queued on disk: kept when it belongs before what is here. */
  add(item: QueuedDelivery): void {
    if (this.#from !== undefined && compareQueued(item, this.#from) < 0) this.#from = item;
    // more than a queue's worth: what is beyond waits on disk, and is found when these are gone
    if (this.#meanwhile !== undefined && this.#meanwhile.length <= READY_LIMIT) this.#meanwhile.push(item);
    const last = this.#items.at(-1);
    if (!this.#complete && (last === undefined || compareQueued(item, last) > 0)) return;
    let at = this.#items.length;
    while (at > 0 && compareQueued(this.#items[at - 1]!, item) > 0) at--;
    if (at > 0 && compareQueued(this.#items[at - 1]!, item) === 0) return;
    this.#items.splice(at, 0, item);
    if (this.#items.length > READY_LIMIT) {
      this.#items.length = READY_LIMIT;
      this.#complete = false;
    }
  }

  /** What `take` gives next. */
  get first(): QueuedDelivery | undefined {
    return this.#items[0];
  }

  take(): QueuedDelivery | undefined {
    return this.#items.shift();
  }

  /** Forgets what is in memory: disk knows. */
  reset(): void {
    this.#items = [];
    this.#complete = false;
    this.#meanwhile = undefined;
    this.#from = undefined;
  }
}
