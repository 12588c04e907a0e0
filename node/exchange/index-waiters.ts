/** Who waits for the index feed, and what the feed waits for: growth of the log, or somebody in a hurry. */
import type { Clock } from '../core/clock.ts';

/** A search waits this long for what is being indexed, then answers without it. */
const REACH_MS = 2_000;

export class IndexWaiters {
  readonly #clock: Clock;
  readonly #waiting = new Set<{ size: number; resolve: () => void }>();
  #onGrowth: () => void = () => {};
  #onHurry: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a search waits. */
  get areWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  grown(): void {
    this.#onGrowth();
  }

  hurry(): void {
    this.#onGrowth();
    this.#onHurry();
  }

  /** Until the log is indexed up to `size`, `release`, or for a moment. */
  until(size: number): Promise<void> {
    return new Promise((resolve) => {
      const one = {
        size,
        resolve: () => {
          cancel();
          this.#waiting.delete(one);
          resolve();
        },
      };
      const cancel = this.#clock.after(REACH_MS, one.resolve);
      this.#waiting.add(one);
      this.hurry();
    });
  }

  reached(size: number): void {
    for (const one of [...this.#waiting]) if (one.size <= size) one.resolve();
  }

  /** The index can't be waited for now. */
  release(): void {
    for (const one of [...this.#waiting]) one.resolve();
  }

  /** For the feed: resolves when the log has grown, at once when it has already. */
  async growth(signal: AbortSignal, hasGrown: () => boolean): Promise<void> {
    await this.#once(signal, (resolve) => {
      this.#onGrowth = resolve;
      if (hasGrown() || this.#waiting.size > 0) resolve();
    });
    this.#onGrowth = () => {};
  }

  /** For the feed: `ms`, or less where somebody waits or it is stopped. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#waiting.size > 0) return;
    let cancel = () => {};
    await this.#once(signal, (resolve) => {
      this.#onHurry = resolve;
      cancel = this.#clock.after(ms, resolve);
    });
    this.#onHurry = () => {};
    cancel();
  }

  #once(signal: AbortSignal, begin: (resolve: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      begin(done);
    });
  }
}
