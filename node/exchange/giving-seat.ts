/** A seat while it gives chunks of a circular's file: its stream, and what it owes. Used by shared-pull, which decides. */
import type { BlobResponse } from '../../proto/messages.ts';
import { backoffMs } from '../core/backoff.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Clock, Random } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import type { BlobStream, Want } from './blob-stream.ts';
import type { Giver } from './chunk-board.ts';
import type { HelperLanes } from './helper-lanes.ts';

/** A helper whose own offer hasn't come yet is asked again, so many times with growing pauses, 16 s in all. */
const NOT_YET_TIMES = 6;
const NOT_YET_MS = 250;
/** Times a helper may tell what it holds: each is looked through. One that is honest tells once for each chunk it gains. */
const mostTold = (chunks: number): number => 2 * chunks + 16;
/** A helper that gains nothing says nothing; what is owed has its own limits. */
const SILENCE_MS = 24 * 60 * 60_000;

interface Owed {
  /** Undefined where the sender chooses it and hasn't said which. */
  chunk: number | undefined;
  sinceMs: number;
}

export class GivingSeat implements Giver {
  readonly name: string;
  readonly isSender: boolean;
  holds: Bytes | undefined;
  hasGiven = false;
  /** Nothing is asked of it before. */
  notBeforeMs = 0;
  /** Has said what it holds. */
  isLive: boolean;
  /** Why it was dropped. */
  fault: Error | undefined;
  readonly #stream: BlobStream;
  readonly #lanes: HelperLanes;
  readonly #owed = new Map<number, Owed>();
  readonly #mayTell: number;
  #told = 0;

  /** `holds` is undefined for the sender. */
  constructor(name: string, stream: BlobStream, lanes: HelperLanes, holds?: Bytes) {
    this.name = name;
    this.isSender = holds === undefined;
    this.isLive = this.isSender;
    this.holds = holds;
    this.#stream = stream;
    this.#lanes = lanes;
    this.#mayTell = mostTold(8 * (holds?.byteLength ?? 0));
  }

  /** Chunks asked for and not given. */
  get owes(): number {
    return this.#owed.size;
  }

  /** How many of these it hasn't said which they are. */
  get unnamed(): number {
    let count = 0;
    for (const { chunk } of this.#owed.values()) if (chunk === undefined) count++;
    return count;
  }

  /** For how long it has owed what it has owed longest. */
  owingMs(nowMs: number): number {
    let longestMs = 0;
    for (const { sinceMs } of this.#owed.values()) longestMs = Math.max(longestMs, nowMs - sinceMs);
    return longestMs;
  }

  /** What a helper holds, asked until it says so: its own offer may come after ours. */
  async subscribe({ clock, random }: { clock: Clock; random: Random }, signal: AbortSignal): Promise<Bytes> {
    for (let times = 1; ; times++) {
      this.#stream.ask({ held: true });
      const { held, refused } = await this.#stream.next();
      if (held) {
        this.isLive = true;
        return held.bitmap;
      }
      if (!refused || times === NOT_YET_TIMES)
        throw new LienthongError('blob-unavailable', { reason: 'not here' });
      await clock.sleep(backoffMs(times, random, NOT_YET_MS), signal);
    }
  }

  ask(want: Want, chunk: number | undefined, nowMs: number): void {
    this.#owed.set(this.#stream.ask(want), { chunk, sinceMs: nowMs });
    this.#lanes.outstanding++;
  }

  next(): Promise<BlobResponse> {
    return this.#stream.next(SILENCE_MS);
  }

  /** What it tells of what it holds. Throws 'malformed' where that never ends. */
  told(bitmap: Bytes): Bytes {
    if (++this.#told > this.#mayTell) throw new LienthongError('malformed', { field: 'BlobResponse.held' });
    return bitmap;
  }

  /** Says which chunk it will give. */
  named(sequence: number, chunk: number): void {
    this.#require(sequence).chunk = chunk;
  }

  /** Tells that a chunk has come, for the next one to set out. */
  came(sequence: number): void {
    this.#stream.ask({ came: sequence });
  }

  /** What it owed under that sequence, and owes no more. */
  settle(sequence: number): Owed {
    const owed = this.#require(sequence);
    this.#owed.delete(sequence);
    this.#lanes.outstanding--;
    return owed;
  }

  drop(fault: Error): void {
    this.fault ??= fault;
    void this.#stream.end(false);
  }

  /** It owes nothing any more. */
  async end(): Promise<void> {
    await this.#stream.end(this.#owed.size === 0);
    this.#lanes.outstanding -= this.#owed.size;
    this.#owed.clear();
  }

  #require(sequence: number): Owed {
    const owed = this.#owed.get(sequence);
    if (owed === undefined) throw new LienthongError('malformed', { field: 'BlobResponse.sequence' });
    return owed;
  }
}
