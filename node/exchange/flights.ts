/**
 * What of a seat's queue is under way: offered and not answered, being read from disk, or withheld while someone decides
 * about it. Bounds the bytes in memory. Used by seat-courier.
 */

/** Offers in flight, in bytes: what a window of largest documents would otherwise cost is 300 MB. */
const FLIGHT_BYTES = 8 * 1024 * 1024;
/** Offers being read from disk at once: their size is known only then. */
const MOST_PREPARING = 8;

export class Flights {
  readonly #names = new Set<string>();
  readonly #withheld = new Set<string>();
  #bytes = 0;
  #preparing = 0;

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  hasRoom(window: number): boolean {
    return this.#names.size < window && this.#preparing < MOST_PREPARING && this.#bytes < FLIGHT_BYTES;
  }

  /** False where it is under way already, or must not leave now. */
  begin(name: string): boolean {
    if (this.#names.has(name) || this.#withheld.has(name)) return false;
    this.#names.add(name);
    return true;
  }

  end(name: string): void {
    this.#names.delete(name);
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
