/**
 * Keeps commits away from a full disk: LevelDB that meets one in the middle of a compaction stops until it is opened
 * again, so commits are refused while there is still room for that, and taken again as soon as there is more.
 */
import { LienthongError } from '../core/errors.ts';

/** Free room is asked for again after this many bytes written. */
const CHECK_BYTES = 1024 * 1024;

export class RoomGuard {
  readonly #reserveBytes: number;
  readonly #freeBytes: () => Promise<number>;
  #bytesSinceCheck = 0;
  #lacksRoom = false;

  constructor(reserveBytes: number, freeBytes: () => Promise<number>) {
    this.#reserveBytes = reserveBytes;
    this.#freeBytes = freeBytes;
  }

  /** Throws 'disk-full' below the reserve; asks the disk only when it was short the last time. */
  async require(): Promise<void> {
    if (this.#lacksRoom) await this.look();
    if (this.#lacksRoom) throw new LienthongError('disk-full', { where: 'database' });
  }

  async wrote(bytes: number): Promise<void> {
    this.#bytesSinceCheck += bytes;
    if (this.#bytesSinceCheck >= CHECK_BYTES) await this.look();
  }

  async look(): Promise<void> {
    this.#bytesSinceCheck = 0;
    this.#lacksRoom = (await this.#freeBytes()) < this.#reserveBytes;
  }
}
