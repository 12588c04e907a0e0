/** Lets one loop sleep until a time or until it is woken. A wake that came while nobody slept counts for the next sleep. */
import type { Clock } from '../core/clock.ts';

export class WakeBell {
  readonly #clock: Clock;
  #hasRung = false;
  #awaken: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `atMs` undefined: until woken only. One sleeper at a time. */
  async sleepUntil(atMs: number | undefined): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        const waitMs = Math.max(0, (atMs ?? 0) - this.#clock.nowMs());
        const cancel = atMs === undefined ? () => {} : this.#clock.after(waitMs, () => this.ring());
        this.#awaken = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#hasRung = false;
  }

  ring(): void {
    this.#hasRung = true;
    this.#awaken();
    this.#awaken = () => {};
  }
}
