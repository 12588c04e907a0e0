/**
 * What all pulls of circulars together may take: streams to one helper, with a place of their own for urgent documents,
 * and chunks outstanding. Used by shared-pull.
 */
import { LienthongError } from '../core/errors.ts';
import { rankOf } from '../store/deliveries.ts';

/** Streams to one helper: with those of its own documents (pull-lanes) below what a seat allows. */
const STREAMS = 2;
const URGENT_STREAMS = 1;
/** Chunks outstanding for one file, and for all: 64 MiB. A file always has two. */
const OUTSTANDING_FILE = 16;
const OUTSTANDING = 64;
const OUTSTANDING_LEAST = 2;
const NORMAL = rankOf(1);

export class HelperLanes {
  readonly #streams = new Map<string, number>();
  /** Chunks asked for and not yet here. */
  outstanding = 0;

  /** Throws 'too-many-waiting' where the seat has enough streams. `urgency` as on the wire. */
  async run<T>(seat: string, urgency: number, work: () => Promise<T>): Promise<T> {
    const streams = this.#streams.get(seat) ?? 0;
    if (streams >= (rankOf(urgency) < NORMAL ? STREAMS + URGENT_STREAMS : STREAMS))
      throw new LienthongError('too-many-waiting', { seat });
    this.#streams.set(seat, streams + 1);
    try {
      return await work();
    } finally {
      const left = this.#streams.get(seat)! - 1;
      if (left === 0) this.#streams.delete(seat);
      else this.#streams.set(seat, left);
    }
  }

  /** Whether a file with so many outstanding may have one more. */
  hasRoom(ofFile: number): boolean {
    return ofFile < OUTSTANDING_LEAST || (ofFile < OUTSTANDING_FILE && this.outstanding < OUTSTANDING);
  }
}
