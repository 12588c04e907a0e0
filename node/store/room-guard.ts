/**
 * Keeps commits away from a full disk: LevelDB that meets one in the middle of a compaction stops until it is opened
 * again, so commits are refused while there is still room for that, and taken again as soon as there is more.
 */
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';

/** Below this LevelDB could meet a full disk in the middle of a compaction; commits are refused before. */
export const DATABASE_RESERVE_BYTES = 64 * 1024 * 1024;
/** Free room is asked for again after this many bytes written. */
const CHECK_BYTES = 1024 * 1024;
/** And before a commit after this long: other programs fill the disk too. The question costs some microseconds. */
const CHECK_EVERY_MS = 100;

export class RoomGuard {
  readonly #reserveBytes: number;
  readonly #freeBytes: () => Promise<number>;
  readonly #clock: Pick<Clock, 'nowMs'>;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #bytesSinceCheck = 0;
  #lacksRoom = false;

  constructor(reserveBytes: number, freeBytes: () => Promise<number>, clock: Pick<Clock, 'nowMs'>) {
    this.#reserveBytes = reserveBytes;
    this.#clock = clock;
    this.#freeBytes = freeBytes;
  }

  /** Throws 'disk-full' below the reserve. */
  async require(): Promise<void> {
    const agoMs = this.#clock.nowMs() - this.#lookedAtMs;
    // a clock set back is no reason not to look
    if (this.#lacksRoom || agoMs >= CHECK_EVERY_MS || agoMs < 0) await this.look();
    if (this.#lacksRoom) throw new LienthongError('disk-full', { where: 'database' });
  }

  async wrote(bytes: number): Promise<void> {
    this.#bytesSinceCheck += bytes;
    if (this.#bytesSinceCheck >= CHECK_BYTES) await this.look();
  }

  async look(): Promise<void> {
    this.#bytesSinceCheck = 0;
    this.#lookedAtMs = this.#clock.nowMs();
    this.#lacksRoom = (await this.#freeBytes()) < this.#reserveBytes;
  }
}
