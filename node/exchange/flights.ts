/**
 * What of a seat's queue is under way: offered and not answered, being read from disk, or withheld while someone decides
 * about it. Bounds the bytes in memory. Used by seat-courier.
 */

/** Offers in flight, in bytes: what a window of largest documents would otherwise cost is 300 MB. */
const FLIGHT_BYTES = 8 * 1024 * 1024;
/** What overtakes a full window of less urgent ones, in deliveries and in bytes. */
export const OVERTAKING = 64;
const OVERTAKING_BYTES = 1024 * 1024;
/** Offers being read from disk at once: their size is known only then. */
const MOST_PREPARING = 8;

export class Flights {
  /** With the rank of each. */
  readonly #names = new Map<string, number>();
  /** How many of each rank, most urgent first. */
  readonly #ofRank = [0, 0, 0, 0, 0];
  readonly #withheld = new Set<string>();
  #bytes = 0;
  #preparing = 0;

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /**
   * Less urgent ones don't count: they may wait for the end of large files at the receiver. Among its equals a delivery
   * keeps to the window, so that what breaks every stream is still found alone.
   */
  hasRoom(window: number, rank: number): boolean {
    const { size } = this.#names;
    const before = this.#ofRank.slice(0, rank + 1).reduce((sum, count) => sum + count, 0);
    const overtakes = before < size;
    return (
      before < window &&
      size < window + (overtakes ? OVERTAKING : 0) &&
      this.#preparing < MOST_PREPARING &&
      this.#bytes < FLIGHT_BYTES + (overtakes ? OVERTAKING_BYTES : 0)
    );
  }

  /** False where it is under way already, or must not leave now. */
  begin(name: string, rank: number): boolean {
    if (this.#names.has(name) || this.#withheld.has(name)) return false;
    this.#names.set(name, rank);
    this.#ofRank[rank] = (this.#ofRank[rank] ?? 0) + 1;
    return true;
  }

  end(name: string): void {
    const rank = this.#names.get(name);
    if (rank !== undefined && this.#names.delete(name)) this.#ofRank[rank]!--;
  }

  async preparing<T>(work: () => Promise<T>): Promise<T> {
    this.#preparing++;
    try {
      return await work();
    } finally {
      this.#preparing--;
    }
  }

  async carrying<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    this.#bytes += bytes;
    try {
      return await work();
    } finally {
      this.#bytes -= bytes;
    }
  }

  /** Nothing of that name leaves while `work` goes on; undefined, and no work, where it is under way. */
  async withholding<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#names.has(name) || this.#withheld.has(name)) return undefined;
    this.#withheld.add(name);
    try {
      return await work();
    } finally {
      this.#withheld.delete(name);
    }
  }
}
