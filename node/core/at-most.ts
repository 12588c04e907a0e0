/** At most so many pieces of work at once; the others wait in the order they came. */
import { raceSignal } from './race-signal.ts';

export class AtMost {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Who waits leaves with the signal's reason. */
  async run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) await this.#place(signal);
    else this.#running++;
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  async #place(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    if (signal === undefined) return promise;
    try {
      await raceSignal(promise, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(resolve);
      if (at >= 0) this.#waiting.splice(at, 1);
      // its place had just come
      else this.#next();
      throw error;
    }
  }

  #next(): void {
    const begin = this.#waiting.shift();
    if (begin === undefined) this.#running--;
    else begin();
  }
}
