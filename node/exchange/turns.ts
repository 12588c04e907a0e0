/**
 * Whose chunk goes out next. A few at once; the more urgent first, then those of the document, and of the seat, that
 * has the fewest going out, then as they asked: so no document and no seat waits behind another's gigabytes. A turn
 * that lasts too long counts no more, so that who doesn't read holds up nobody; its memory does, and where that is
 * full a seat has one chunk in it. Used by blob-server.
 */
import type { Clock } from '../core/clock.ts';
import { rankOf } from '../store/deliveries.ts';

/** A turn has taken too long when it has taken so many times what is usual. */
const SLOW_TIMES = 4;
/** Urgent chunks that go out beside the others. */
const URGENT_TURNS = 2;
/** Chunks in memory, those of slow turns with them, before a seat may have only one: 32 MiB. */
const HELD_MOST = 32;
const NORMAL = rankOf(1);

export interface TurnOf {
  document: string;
  seat: string;
  /** As in the queue: lower goes first. */
  rank: number;
}

export interface TurnLimits {
  /** At once. */
  most: number;
  /** Beyond this a turn is somebody's slow line, and the next one begins: at first, and when it is known what is usual. */
  firstMs: number;
  leastMs: number;
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
  readonly #limits: TurnLimits;
  readonly #waiting: Waiting[] = [];
  readonly #going = new Counts();
  readonly #held = new Counts();
  /** Turns that count, by when they began. */
  readonly #running = new Map<() => void, number>();
  #inMemory = 0;
  /** How long a turn takes. */
  #usualMs: number | undefined;

  constructor(clock: Clock, limits: TurnLimits) {
    this.#clock = clock;
    this.#limits = limits;
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
    const goOn = once(() => {
      cancel();
      this.#running.delete(goOn);
      for (const one of going) this.#going.add(one, -1);
      this.#fill();
    });
    const free = once(() => {
      this.#inMemory--;
      this.#held.add(seat, -1);
      this.#fill();
    });
    const beganMs = this.#clock.nowMs();
    this.#running.set(goOn, beganMs);
    const cancel = this.#clock.after(this.#limitMs, goOn);
    const end = once(() => {
      const tookMs = this.#clock.nowMs() - beganMs;
      this.#usualMs = (this.#usualMs ?? tookMs) * 0.8 + tookMs * 0.2;
      free();
      goOn();
      for (const [other, sinceMs] of this.#running)
        if (sinceMs + this.#limitMs < this.#clock.nowMs()) other();
    });
    return { free, end };
  }

  get #limitMs(): number {
    const { firstMs, leastMs } = this.#limits;
    return this.#usualMs === undefined ? firstMs : Math.max(leastMs, SLOW_TIMES * this.#usualMs);
  }

  /** The first in order that may begin now. */
  #next(): Waiting | undefined {
    let best: Waiting | undefined;
    for (const one of this.#waiting)
      if (this.#mayBegin(one) && (best === undefined || this.#isBefore(one, best))) best = one;
    return best;
  }

  #mayBegin({ rank, seat }: Waiting): boolean {
    const most = this.#limits.most + (rank < NORMAL ? URGENT_TURNS : 0);
    return this.#running.size < most && (this.#inMemory < HELD_MOST || this.#held.of(seat) === 0);
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
