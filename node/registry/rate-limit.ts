/**
 * How often something may happen: a bucket per name and one for all. Bounded: names idle long enough to be full again
 * are forgotten first.
 */
import type { Clock } from '../core/clock.ts';

export interface Rate {
  /** At once, after a pause. */
  burst: number;
  perMinute: number;
}

interface Bucket {
  left: number;
  atMs: number;
}

export class RateLimit {
  readonly #clock: Clock;
  readonly #each: Rate;
  readonly #all: Rate;
  readonly #maxNames: number;
  readonly #buckets = new Map<string, Bucket>();
  #total: Bucket;

  constructor(clock: Clock, each: Rate, all: Rate, maxNames = 10_000) {
    this.#clock = clock;
    this.#each = each;
    this.#all = all;
    this.#maxNames = maxNames;
    this.#total = { left: all.burst, atMs: clock.nowMs() };
  }

  /** Takes one from both buckets; false when either is empty. */
  take(name: string): boolean {
    const nowMs = this.#clock.nowMs();
    const own = this.#buckets.get(name) ?? { left: this.#each.burst, atMs: nowMs };
    fill(own, this.#each, nowMs);
    fill(this.#total, this.#all, nowMs);
    this.#buckets.delete(name);
    this.#buckets.set(name, own);
    if (this.#buckets.size > this.#maxNames) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (own.left < 1 || this.#total.left < 1) return false;
    own.left--;
    this.#total.left--;
    return true;
  }
}

function fill(bucket: Bucket, rate: Rate, nowMs: number): void {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  bucket.left = Math.min(rate.burst, bucket.left + (elapsedMs * rate.perMinute) / 60_000);
  bucket.atMs = nowMs;
}
