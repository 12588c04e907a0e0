/**
 * Keeps writing away from a full disk, in steps: first no more files are taken, then no new documents, last nothing:
 * LevelDB that meets a full disk in the middle of a compaction stops until it is opened again. What was refused is
 * taken again as soon as there is room, without a restart.
 */
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';

/** Below this LevelDB could meet a full disk in the middle of a compaction; commits are refused before. */
export const DATABASE_RESERVE_BYTES = 64 * 1024 * 1024;
/**
 * Below this no new documents are taken, from peers or local systems, while outcomes, statuses and recalls go on: the
 * 64 MiB between are room for some 15,000 of them.
 */
export const DOCUMENT_RESERVE_BYTES = 2 * DATABASE_RESERVE_BYTES;
/** Below this no files are taken. */
export const FILE_RESERVE_BYTES = 4 * DATABASE_RESERVE_BYTES;
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
  readonly #onChange: (lacksRoom: boolean, freeBytes: number) => void;

  /** `onChange` is told when the reserve is touched, and when it is whole again. */
  constructor(
    reserveBytes: number,
    freeBytes: () => Promise<number>,
    clock: Pick<Clock, 'nowMs'>,
    onChange: (lacksRoom: boolean, freeBytes: number) => void = () => {},
  ) {
    this.#reserveBytes = reserveBytes;
    this.#clock = clock;
    this.#freeBytes = freeBytes;
    this.#onChange = onChange;
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
    const freeBytes = await this.#freeBytes();
    const before = this.#lacksRoom;
    this.#lacksRoom = freeBytes < this.#reserveBytes;
    if (this.#lacksRoom !== before) this.#onChange(this.#lacksRoom, freeBytes);
  }
}
