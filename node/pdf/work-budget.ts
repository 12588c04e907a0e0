/**
 * What the PDFs of one answer may cost to examine, however many files and signatures: the unit is a byte hashed (about
 * a nanosecond), dearer work counts as so many. Also lets others have the event loop after each stretch of work.
 *
 * A file that began with the whole budget and uses it up gets what that bought, and the rest is 'too-much': the same at
 * each try, so it can be remembered. A file that began with less gets `WorkSpent`: the next answer begins with it.
 */

/** 2 GiB looked through, or a file of 1 GiB with three signatures over all of it: about ten seconds. Larger ones are 'too-much'. */
export const MOST_WORK = 8 * 1024 ** 3;

export const COST = {
  /** Per byte of a file: read, hashed, and searched for each mark. */
  scanned: 4,
  /** Per mark found, of which a hostile file is made. */
  mark: 1024,
  /** Per byte gone over one by one to read an object, and per byte of the window it is in. */
  parsed: 32,
  window: 1,
  /** Per byte of a signature's room, of digits; and of the structure in it, which may be of many elements (measured). */
  contents: 8,
  cms: 768,
  /** Per signature: its certificates and public key operations. */
  signature: 16 * 1024 ** 2,
} as const;

/** About 15 ms. */
export const REST_AFTER = 16 * 1024 ** 2;

/** What is left doesn't do, the whole budget might. */
export class WorkSpent extends Error {
  override message = 'the work of one answer is spent';
}

export class WorkBudget {
  readonly #most: number;
  #left: number;
  #sinceRest = 0;
  #isWhole = true;

  constructor(most = MOST_WORK) {
    this.#most = most;
    this.#left = most;
  }

  get left(): number {
    return this.#left;
  }

  get spent(): number {
    return this.#most - this.#left;
  }

  /** Before each file. */
  begin(): void {
    this.#isWhole = this.#left === this.#most;
  }

  /** Whether there was so much left. Throws WorkSpent where another answer could do it. */
  take(cost: number): boolean {
    if (cost > this.#left) {
      if (!this.#isWhole) throw new WorkSpent();
      return false;
    }
    this.#left -= cost;
    this.#sinceRest += cost;
    return true;
  }

  /** `take`, and a rest when it is time for one. */
  async spend(cost: number): Promise<boolean> {
    const had = this.take(cost);
    if (this.isTired) await this.rest();
    return had;
  }

  get isTired(): boolean {
    return this.#sinceRest >= REST_AFTER;
  }

  async rest(): Promise<void> {
    this.#sinceRest = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
