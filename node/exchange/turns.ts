/**
 * Whose chunk goes out next. A few at once; the more urgent first, then those of the document, and of the seat, that
 * has the fewest going out, then as they asked: so no document and no seat waits behind another's gigabytes. A turn
 * that lasts too long counts no more, so that who doesn't read holds up nobody, and its seat has no other for the document
 * before it has ended. Its memory counts, and where that is full a seat has one chunk in it. Used by blob-server.
 */
import type { Clock } from '../core/clock.ts';
import { rankOf } from '../store/deliveries.ts';

/** A turn has taken too long when it has taken so many times what is usual, or this where nothing is known. */
const SLOW_TIMES = 4;
const SLOW_AT_FIRST_MS = 1_000;
const SLOW_LEAST_MS = 500;
/** Where only slow turns end nothing else is known, and the line may be slow: each has as many times longer. */
const SLOWER_TIMES = 1.5;
const SLOW_MOST_MS = 60_000;
/** Urgent chunks that go out beside the others. */
const URGENT_TURNS = 2;
/** Chunks in memory, those of slow turns with them, before a seat may have only one: 32 MiB. */
const HELD_MOST = 32;
/** Who wait for one document, and of one seat as many as it asks for at once: nobody fills the places of others. */
const CROWD = 6;
const CROWD_OF_SEAT = 2;
const NORMAL = rankOf(1);

export interface TurnOf {
  document: string;
  seat: string;
  /** As in the queue: lower goes first. */
  rank: number;
}

/** Each happens once, however often it is told. */
export interface Turn {
  /** Its chunk is in nobody's memory here any more. */
  free(): void;
  /** The next may begin; frees too. */
  end(): void;
}

interface Waiting extends TurnOf {
  begin: (turn: Turn) => void;
}

export class Turns {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #waiting: Waiting[] = [];
  readonly #going = new Counts();
  readonly #held = new Counts();
  /** Turns that count, by when they began. */
  readonly #running = new Map<() => void, number>();
  #inMemory = 0;
  /** Who owes the end of a turn that took too long, by document and seat. */
  readonly #slow = new Counts();
  /** How long a turn takes, and how long it may. */
  #usualMs: number | undefined;
  #limitMs = SLOW_AT_FIRST_MS;

  /** `most` at once. */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Whether who wants one of these had better ask again: what he wants now isn't what he will want then. */
  isCrowded({ document, seat }: TurnOf): boolean {
    const ofDocument = this.#waiting.filter((one) => one.document === document);
    const ofSeat = ofDocument.filter((one) => one.seat === seat);
    return this.#isOwed(document, seat) || ofDocument.length >= CROWD || ofSeat.length >= CROWD_OF_SEAT;
  }

  /** Undefined where its turn doesn't come within `waitMs`. */
  take(of: TurnOf, waitMs?: number): Promise<Turn | undefined> {
    return new Promise((resolve) => {
      let cancel = () => {};
      const waiting: Waiting = {
        ...of,
        begin: (turn) => {
          cancel();
          resolve(turn);
        },
      };
      this.#waiting.push(waiting);
      this.#fill();
      if (waitMs === undefined || !this.#waiting.includes(waiting)) return;
      cancel = this.#clock.after(waitMs, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(undefined);
      });
    });
  }

  #fill(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      next.begin(this.#begin(next));
    }
  }

  #begin({ document, seat }: TurnOf): Turn {
    const going = [`document ${document}`, `seat ${seat}`];
    this.#inMemory++;
    this.#held.add(seat, 1);
    for (const one of going) this.#going.add(one, 1);
    const name = `${document} ${seat}`;
    let isSlow = false;
    const goOn = once(() => {
      cancel();
      this.#running.delete(pass);
      for (const one of going) this.#going.add(one, -1);
      this.#fill();
    });
    const pass = once(() => {
      isSlow = true;
      this.#slow.add(name, 1);
      this.#limitMs = Math.min(SLOW_MOST_MS, this.#limitMs * SLOWER_TIMES);
      goOn();
    });
    const free = once(() => {
      this.#inMemory--;
      this.#held.add(seat, -1);
      this.#fill();
    });
    const beganMs = this.#clock.nowMs();
    this.#running.set(pass, beganMs);
    const cancel = this.#clock.after(this.#limitMs, pass);
    const end = once(() => {
      // who says late on purpose that a chunk has come must not make others wait as long
      if (isSlow) this.#slow.add(name, -1);
      else this.#took(this.#clock.nowMs() - beganMs);
      free();
      goOn();
    });
    return { free, end };
  }

  #took(ms: number): void {
    this.#usualMs = (this.#usualMs ?? ms) * 0.8 + ms * 0.2;
    this.#limitMs = Math.max(SLOW_LEAST_MS, SLOW_TIMES * this.#usualMs);
    for (const [pass, beganMs] of this.#running) if (beganMs + this.#limitMs < this.#clock.nowMs()) pass();
  }

  /** The first in order that may begin now. */
  #next(): Waiting | undefined {
    let best: Waiting | undefined;
    for (const one of this.#waiting)
      if (this.#mayBegin(one) && (best === undefined || this.#isBefore(one, best))) best = one;
    return best;
  }

  #mayBegin({ rank, document, seat }: Waiting): boolean {
    const most = this.#most + (rank < NORMAL ? URGENT_TURNS : 0);
    if (this.#isOwed(document, seat)) return false;
    return this.#running.size < most && (this.#inMemory < HELD_MOST || this.#held.of(seat) === 0);
  }

  /** The end of a turn that took too long. */
  #isOwed(document: string, seat: string): boolean {
    return this.#slow.of(`${document} ${seat}`) > 0;
  }

  #isBefore(one: Waiting, other: Waiting): boolean {
    if (one.rank !== other.rank) return one.rank < other.rank;
    const [document, otherDocument] = [one, other].map((of) => this.#going.of(`document ${of.document}`));
    if (document !== otherDocument) return document! < otherDocument!;
    return this.#going.of(`seat ${one.seat}`) < this.#going.of(`seat ${other.seat}`);
  }
}

function once(call: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    call();
  };
}

/** How many of each; nothing is kept of what there is none of. */
class Counts {
  readonly #counts = new Map<string, number>();

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(name: string, more: number): void {
    const count = this.of(name) + more;
    if (count === 0) this.#counts.delete(name);
    else this.#counts.set(name, count);
  }
}
