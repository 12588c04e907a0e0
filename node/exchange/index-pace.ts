/**
 * How much of the time the index has: documents come before it. It catches up when fewer come, and goes on at a tenth of
 * the time while they don't, at half of it once it is late. Nobody rests while a search waits. Used by IndexFeed.
 */
import type { Clock } from '../core/clock.ts';
import { BATCH } from './index-reader.ts';
import type { IndexWaiters } from './index-waiters.ts';
import type { OwnLog } from './ports.ts';

/** Log entries a second that make a node busy: some thirty documents. */
const BUSY_ENTRIES = 100;
const LOOK_MS = 500;
/** An index this far behind is late: it gets more of the time, and larger batches, where fewer documents occur twice. */
export const LATE_MS = 5_000;
const LATE_BATCH = 5 * BATCH;
/** Of the time a batch took. */
const REST = 9;
const LATE_REST = 1;
const MOST_REST_MS = 10_000;

export class IndexPace {
  #sinceMs: number;
  #sinceSize: number;
  #isBusy = false;
  readonly #with: { clock: Clock; auditLog: OwnLog; waiters: IndexWaiters };

  constructor(components: { clock: Clock; auditLog: OwnLog; waiters: IndexWaiters }) {
    this.#with = components;
    this.#sinceMs = components.clock.nowMs();
    this.#sinceSize = components.auditLog.head().size;
  }

  /** One batch of at most `most`, and after it a rest where the node has other things to do. */
  async step(batch: (most: number) => Promise<void>, lagMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { clock, waiters } = this.#with;
    const beganMs = clock.nowMs();
    const isLate = lagMs > LATE_MS;
    await batch(isLate ? LATE_BATCH : BATCH);
    const tookMs = clock.nowMs() - beganMs;
    this.#look();
    const restMs = Math.min(MOST_REST_MS, tookMs * (isLate ? LATE_REST : REST));
    if (this.#isBusy) await waiters.pause(restMs, signal);
  }

  /** How many entries came since it was looked at last, a moment ago at least: a batch may be much shorter. */
  #look(): void {
    const { clock, auditLog } = this.#with;
    const lookedMs = clock.nowMs() - this.#sinceMs;
    if (lookedMs < LOOK_MS) return;
    const { size } = auditLog.head();
    this.#isBusy = (size - this.#sinceSize) * 1_000 > BUSY_ENTRIES * lookedMs;
    this.#sinceMs = clock.nowMs();
    this.#sinceSize = size;
  }
}
