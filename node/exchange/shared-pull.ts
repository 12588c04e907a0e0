/**
 * Pulls one file of a circular from its sender and from the other recipients it named, at once. Each seat is asked for
 * the next chunk when it has given one, so that a slow one gives less; helpers for what they say they hold, the sender
 * for whatever it gives (blob-server, spreading). What holds:
 * - Every chunk is checked by its hash before it is kept: a helper that gives another is never asked again.
 * - A chunk that is late is asked of another too; a helper that stalls, refuses or leaves gives way to the next one.
 * - Nothing depends on helpers: where none answers the sender is asked chunk by chunk, as for any document. Nor, while
 *   helpers give, on the sender: it may leave when every chunk is somewhere.
 * - Outstanding chunks are bounded for a seat, a file and all files together.
 * Made by blob-puller for each pull; knows nothing of documents.
 */
import type { BlobResponse } from '../../proto/messages.ts';
import { backoffMs } from '../core/backoff.ts';
import type { Bytes } from '../core/bytes.ts';
import { type Clock, fraction, type Random } from '../core/clock.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { BlobStream, CHUNK_MS, type WantedFile } from './blob-stream.ts';
import { bitsFor } from './chunk-bits.ts';
import { ChunkBoard } from './chunk-board.ts';
import { GivingSeat } from './giving-seat.ts';
import { HelperCandidates } from './helper-candidates.ts';
import type { HelperLanes } from './helper-lanes.ts';
import type { Peers, Report } from './ports.ts';

/** Helpers asked at once: with eight 94 recipients have it no sooner, with four they take half as long again. */
const HELPERS_AT_ONCE = 6;
/** Chunks outstanding at a seat: hides a round trip. */
const OUTSTANDING = 2;
/** Chunks outstanding at the sender while there are no helpers: as for any document. */
const OUTSTANDING_ALONE = 4;
/** Without a helper for so long the sender is asked for all. */
const ALONE_MS = 10_000;
/** Between two looks at what is late. */
const TICK_MS = 250;
/** A helper that has owed a chunk for so long, and for some times what is usual, has stalled. */
const STALLED_MS = 10_000;
const STALLED_TIMES = 8;
/** Before the sender is asked again that has others to give to first, or has given what is left to others. */
const LATER_MS = 250;
const MOST_BACKOFF_MS = 30_000;
/** With nothing given for so long, by whoever could, too. */
const NOTHING_MS = 300_000;
/** With nobody that could give, the pull is given up. */
const NOBODY_MS = 30_000;

export interface SharedPullComponents {
  peers: Peers;
  clock: Clock;
  random: Random;
  report: Report;
  lanes: HelperLanes;
}

export interface SharedFile {
  chunks: number;
  wanted: WantedFile;
  sender: string;
  /** In the order to be tried. */
  helpers: readonly string[];
  /** The Signed dispatch, for helpers. */
  ticket: Bytes;
  urgency: number;
  has(index: number): boolean;
  /** Keeps a chunk. Throws 'blob-mismatch' where it isn't the signed one. */
  keep(index: number, bytes: Bytes): Promise<void>;
}

export class SharedPull {
  readonly #with: SharedPullComponents;
  readonly #file: SharedFile;
  readonly #board: ChunkBoard;
  readonly #seats = new Set<GivingSeat>();
  readonly #candidates: HelperCandidates;
  readonly #ending = new AbortController();
  #done!: { resolve: () => void; reject: (error: unknown) => void };
  /** When anybody could give, a helper could, something was given. */
  readonly #last: { aliveMs: number; helpedMs: number; givenMs: number };
  #senderFault: unknown;

  constructor(file: SharedFile, components: SharedPullComponents) {
    this.#with = components;
    this.#file = file;
    const first = Math.floor(fraction(components.random) * file.chunks);
    this.#board = new ChunkBoard(file.chunks, (index) => file.has(index), first);
    this.#candidates = new HelperCandidates(file.helpers, components);
    const nowMs = components.clock.nowMs();
    this.#last = { aliveMs: nowMs, helpedMs: nowMs, givenMs: nowMs };
  }

  /**
   * Until every chunk is here. `sender` is its stream where there is one already. Throws 'blob-unavailable' when nobody
   * gives any more, what `keep` throws when the sender is at fault, and the signal's reason.
   */
  async run(sender: BlobStream | undefined, signal: AbortSignal): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      this.#done = { resolve, reject };
    });
    const onAbort = () => this.#done.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    if (this.#board.isComplete()) this.#done.resolve();
    const helping = Math.min(HELPERS_AT_ONCE, this.#candidates.size);
    const working = [this.#fromSender(sender), ...Array.from({ length: helping }, () => this.#fromHelpers())];
    let cancelTick = () => {};
    const tick = () => {
      cancelTick = this.#with.clock.after(TICK_MS, tick);
      this.#look();
    };
    tick();
    try {
      await done;
    } finally {
      cancelTick();
      signal.removeEventListener('abort', onAbort);
      this.#ending.abort(new LienthongError('unreachable', { reason: 'pull has ended' }));
      await Promise.allSettled(working);
    }
  }

  get #hasEnded(): boolean {
    return this.#ending.signal.aborted;
  }

  get #nowMs(): number {
    return this.#with.clock.nowMs();
  }

  async #fromSender(given: BlobStream | undefined): Promise<void> {
    const { clock, random } = this.#with;
    let stream = given;
    stream?.follow(this.#ending.signal);
    for (let failures = 1; !this.#hasEnded; failures++) {
      try {
        stream ??= await this.#open(this.#file.sender, this.#file.wanted);
        const seat = new GivingSeat(this.#file.sender, stream, this.#with.lanes);
        await this.#takeFrom(seat);
      } catch (error) {
        if (this.#hasEnded) return;
        // its own file isn't what it signed
        if (isLienthongError(error, 'blob-mismatch')) this.#done.reject(error);
        this.#senderFault = error;
      }
      stream = undefined;
      await clock
        .sleep(backoffMs(failures, random, 500, MOST_BACKOFF_MS), this.#ending.signal)
        .catch(() => {});
    }
  }

  /** One helper after another; who lied isn't asked again. */
  async #fromHelpers(): Promise<void> {
    const { report, lanes } = this.#with;
    const { wanted, ticket, urgency, chunks } = this.#file;
    while (!this.#hasEnded) {
      const candidate = await this.#candidates.take(this.#ending.signal).catch(() => undefined);
      if (candidate === undefined) return;
      const { name } = candidate;
      try {
        await lanes.run(name, urgency, async () => {
          const stream = await this.#open(name, { ...wanted, ticket });
          await this.#takeFrom(new GivingSeat(name, stream, lanes, bitsFor(chunks)));
        });
      } catch (error) {
        if (this.#hasEnded) return;
        // wrong chunks, or no end of what it says it holds
        const isLie = isLienthongError(error, 'blob-mismatch') || isLienthongError(error, 'malformed');
        if (isLie || isLienthongError(error, 'timeout'))
          report('helper.dropped', { seat: name, reason: (error as Error).message });
        if (!isLie) this.#candidates.failed(candidate);
      }
    }
  }

  async #open(seat: string, file: WantedFile): Promise<BlobStream> {
    const { signal } = this.#ending;
    return new BlobStream(await this.#with.peers.openBlob(seat, signal), file, signal);
  }

  /** Takes what the seat gives until it leaves. Always throws why. */
  async #takeFrom(seat: GivingSeat): Promise<never> {
    let keeping: Promise<void> = Promise.resolve();
    try {
      this.#seats.add(seat);
      if (!seat.isSender) this.#board.holds(seat, await seat.subscribe(this.#with, this.#ending.signal));
      this.#pump();
      for (;;) {
        const response = await seat.next();
        if (response.held) {
          this.#board.holds(seat, seat.told(response.held.bitmap));
        } else if (response.refused) {
          this.#refused(seat, response);
        } else if (response.chunk) {
          const before = keeping;
          keeping = this.#keep(seat, response);
          keeping.catch((error: Error) => seat.drop(error));
          // hashing and writing go on while the next one travels
          await before;
        } else if (seat.isSender && response.result === 'given') {
          this.#given(seat, response);
        } else {
          throw new LienthongError('malformed', { field: 'BlobResponse' });
        }
        this.#pump();
      }
    } catch (error) {
      throw seat.fault ?? error;
    } finally {
      await seat.end();
      await keeping.catch(() => {});
      this.#seats.delete(seat);
      this.#board.left(seat);
      this.#pump();
    }
  }

  #given(seat: GivingSeat, { sequence, given }: BlobResponse): void {
    if (given! >= this.#file.chunks) throw new LienthongError('malformed', { field: 'BlobResponse.given' });
    seat.named(sequence, given!);
    this.#last.givenMs = this.#nowMs;
    this.#board.asked(seat, given!, this.#nowMs);
  }

  #refused(seat: GivingSeat, { sequence, refused }: BlobResponse): void {
    const owed = seat.settle(sequence);
    if (!refused?.later || !seat.isSender)
      throw new LienthongError('blob-unavailable', { reason: 'refused', isFinal: true });
    if (owed.chunk === undefined) this.#last.givenMs = this.#nowMs;
    else this.#board.forget(seat, owed.chunk);
    seat.notBeforeMs = this.#nowMs + LATER_MS * (0.5 + fraction(this.#with.random));
  }

  async #keep(seat: GivingSeat, { sequence, chunk }: BlobResponse): Promise<void> {
    const { chunk: index } = seat.settle(sequence);
    seat.came(sequence);
    if (index === undefined) throw new LienthongError('malformed', { field: 'BlobResponse.chunk' });
    try {
      await this.#file.keep(index, chunk!);
    } catch (error) {
      if (!isLienthongError(error, 'blob-mismatch')) this.#done.reject(error);
      throw error;
    }
    this.#last.givenMs = this.#nowMs;
    this.#board.came(seat, index, this.#nowMs);
    if (this.#board.isComplete()) this.#done.resolve();
    else this.#pump();
  }

  /** Asks every seat for what it may be asked for now, the sender first: others soon want what it gives. */
  #pump(): void {
    if (this.#hasEnded) return;
    const seats = [...this.#seats].filter(({ isLive, fault }) => isLive && fault === undefined);
    for (const seat of seats) if (seat.isSender) this.#askSender(seat);
    for (const seat of seats) if (!seat.isSender) this.#ask(seat, OUTSTANDING);
  }

  #askSender(seat: GivingSeat): void {
    if (this.#nowMs < seat.notBeforeMs) return;
    if (this.#nowMs - this.#last.helpedMs > ALONE_MS) {
      this.#ask(seat, OUTSTANDING_ALONE);
      return;
    }
    const { bits, wanted: all } = this.#board.unwanted(this.#nowMs);
    let wanted = all - seat.unnamed;
    for (; wanted > 0 && seat.owes < OUTSTANDING && this.#hasRoom(); wanted--)
      seat.ask({ spread: bits }, undefined, this.#nowMs);
  }

  #ask(seat: GivingSeat, most: number): void {
    while (seat.owes < most && this.#hasRoom()) {
      const chunk = this.#board.next(seat, this.#nowMs);
      if (chunk === undefined) return;
      this.#board.asked(seat, chunk, this.#nowMs);
      seat.ask({ chunk }, chunk, this.#nowMs);
    }
  }

  #hasRoom(): boolean {
    let own = 0;
    for (const { owes } of this.#seats) own += owes;
    return this.#with.lanes.hasRoom(own);
  }

  /** What has stalled is dropped, what is late asked of others, and a pull nobody gives to any more is given up. */
  #look(): void {
    const nowMs = this.#nowMs;
    const { usualMs = CHUNK_MS / STALLED_TIMES } = this.#board;
    for (const seat of this.#seats) {
      if (seat.isLive) this.#last.aliveMs = nowMs;
      if (seat.isLive && !seat.isSender) this.#last.helpedMs = nowMs;
      const waitedMs = seat.owingMs(nowMs);
      if (waitedMs > Math.max(STALLED_TIMES * usualMs, seat.isSender ? CHUNK_MS : STALLED_MS))
        seat.drop(new LienthongError('timeout', { waitedMs }));
    }
    if (nowMs - this.#last.aliveMs > NOBODY_MS || nowMs - this.#last.givenMs > NOTHING_MS) {
      const reason = 'nobody gives it';
      this.#done.reject(new LienthongError('blob-unavailable', { reason }, { cause: this.#senderFault }));
    }
    this.#pump();
  }
}
