/**
 * Reads each range once and remembers it, for what looks at one document from several sides: a range costs a trip
 * through the thread pool. To be held for one document and one answer, since it sees nothing that changes meanwhile and
 * keeps what it read. Used by exchange/index-reader.ts and finder.ts.
 */
import { type Bytes, hex } from '../core/bytes.ts';
import type { Entry, Range, Reader } from './key-value.ts';

export class OnceReader implements Reader {
  readonly #reader: Reader;
  readonly #ranges = new Map<string, Promise<Entry[]>>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  get(key: Bytes): Promise<Bytes | undefined> {
    return this.#reader.get(key);
  }

  getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]> {
    return this.#reader.getMany(keys);
  }

  async *range(range: Range): AsyncGenerator<Entry> {
    const name = nameOf(range);
    let entries = this.#ranges.get(name);
    if (entries === undefined) {
      entries = this.#all(range);
      this.#ranges.set(name, entries);
    }
    yield* await entries;
  }

  async #all(range: Range): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const entry of this.#reader.range(range)) entries.push(entry);
    return entries;
  }
}

const nameOf = ({ gte, gt, lt, lte, reverse = false, limit = -1 }: Range): string =>
  JSON.stringify([...[gte, gt, lt, lte].map((bound) => bound && hex(bound)), reverse, limit]);
