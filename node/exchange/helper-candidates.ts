/** The helpers a sender named, in the order they are to be asked; who failed comes again after a growing while. Used by shared-pull. */
import { backoffMs } from '../core/backoff.ts';
import type { Clock, Random } from '../core/clock.ts';

const FIRST_BACKOFF_MS = 1_000;
const MOST_BACKOFF_MS = 30_000;

export interface Candidate {
  name: string;
  notBeforeMs: number;
  failures: number;
}

export class HelperCandidates {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #waiting: Candidate[];

  constructor(names: readonly string[], { clock, random }: { clock: Clock; random: Random }) {
    this.#clock = clock;
    this.#random = random;
    this.#waiting = names.map((name) => ({ name, notBeforeMs: 0, failures: 0 }));
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** The one that may be asked first; waits until it may be. Undefined where every one is being asked. */
  async take(signal: AbortSignal): Promise<Candidate | undefined> {
    const next = this.#waiting.sort((a, b) => a.notBeforeMs - b.notBeforeMs).shift();
    if (next !== undefined)
      await this.#clock.sleep(Math.max(0, next.notBeforeMs - this.#clock.nowMs()), signal);
    return next;
  }

  failed(candidate: Candidate): void {
    const failures = candidate.failures + 1;
    const waitMs = backoffMs(failures, this.#random, FIRST_BACKOFF_MS, MOST_BACKOFF_MS);
    this.#waiting.push({ ...candidate, failures, notBeforeMs: this.#clock.nowMs() + waitMs });
  }
}
