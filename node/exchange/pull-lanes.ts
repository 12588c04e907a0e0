/**
 * Who may pull files from a seat now: a few at once, the more urgent first, then as they asked. Urgent documents have
 * places of their own beside those, so that none waits for the end of somebody's gigabytes. Used by blob-puller.
 */
import { rankOf } from '../store/deliveries.ts';

/** Files pulled at once from one seat. */
const LANES = 4;
/** And so many more of urgent documents: together below the streams a seat allows. */
const URGENT_LANES = 2;
/** Rank of a document without urgency. */
const NORMAL = rankOf(1);

interface Waiting {
  rank: number;
  begin: () => void;
}

interface Seat {
  running: number;
  /** By rank, then as they came. */
  waiting: Waiting[];
}

export class PullLanes {
  readonly #seats = new Map<string, Seat>();

  /** `urgency` as on the wire; who waits leaves with the signal's reason. Nothing is kept of a seat nobody pulls from. */
  async run<T>(name: string, urgency: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const seat = this.#seats.get(name) ?? { running: 0, waiting: [] };
    this.#seats.set(name, seat);
    await placeIn(seat, rankOf(urgency), signal);
    try {
      return await work();
    } finally {
      seat.running--;
      fillLanes(seat);
      if (seat.running === 0) this.#seats.delete(name);
    }
  }
}

function placeIn(seat: Seat, rank: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      seat.waiting.splice(seat.waiting.indexOf(mine), 1);
      reject(signal.reason);
    };
    const begin = () => {
      signal.removeEventListener('abort', leave);
      resolve();
    };
    const mine = { rank, begin };
    signal.addEventListener('abort', leave, { once: true });
    const behind = seat.waiting.findIndex((one) => one.rank > rank);
    seat.waiting.splice(behind < 0 ? seat.waiting.length : behind, 0, mine);
    fillLanes(seat);
  });
}

function fillLanes(seat: Seat): void {
  for (let [next] = seat.waiting; next !== undefined; [next] = seat.waiting) {
    if (seat.running >= (next.rank < NORMAL ? LANES + URGENT_LANES : LANES)) return;
    seat.waiting.shift();
    seat.running++;
    next.begin();
  }
}
