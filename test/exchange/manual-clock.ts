/** A clock the test owns: nothing that waits goes on before the test says so. */
import type { Clock } from '../../node/core/clock.ts';

export class ManualClock implements Clock {
  #nowMs: number;
  readonly #waiting = new Set<{ atMs: number; call: () => void }>();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Timers that wait, soonest first, as milliseconds from now. */
  get timersMs(): number[] {
    return [...this.#waiting].map(({ atMs }) => atMs - this.#nowMs).sort((a, b) => a - b);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const one of [...this.#waiting].sort((a, b) => a.atMs - b.atMs)) {
      if (one.atMs > this.#nowMs || !this.#waiting.delete(one)) continue;
      one.call();
    }
  }

  after(ms: number, call: () => void): () => void {
    const one = { atMs: this.#nowMs + ms, call };
    this.#waiting.add(one);
    return () => this.#waiting.delete(one);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = this.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        reject(signal.reason);
      });
    });
  }
}
