/**
 * What keeps a file of the blob store from being collected while no document refers to it: leases of work under way,
 * which end with the process, and notes that a file was pulled whole from a seat, which outlive it, so that what a seat
 * offers again isn't pulled again. Both end in the commit of the reference. Called by blobs.ts alone.
 */
import { type Bytes, readUint64be, uint64be } from '../core/bytes.ts';
import type { Clock, Random } from '../core/clock.ts';
import type { KeyValueStore, Precondition, Write } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from './keys.ts';

export const LEASE_ID_BYTES = 16;

export interface Lease {
  /** Goes into the batch that commits the reference. */
  readonly writes: readonly Write[];
  /** Goes there too where someone else may end the lease meanwhile: 'state-changed' then, and no reference. */
  readonly require: readonly Precondition[];
  /** For when there will be no reference. */
  release(): Promise<void>;
}

export class BlobLeases {
  readonly #store: KeyValueStore;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(components: { store: KeyValueStore; clock: Clock; random: Random }) {
    this.#store = components.store;
    this.#clock = components.clock;
    this.#random = components.random;
  }

  /** `seat` is whom the file came from, or is about to be used for; `isPulled` notes that it came just now. */
  async take(sha256: Bytes, seat?: string, isPulled = false): Promise<Lease> {
    const row = key(PREFIX.blobLease, sha256, this.#random(LEASE_ID_BYTES));
    const pulled = seat === undefined ? undefined : key(PREFIX.pulledBlob, sha256, seat);
    const value = uint64be(this.#clock.nowMs());
    const noted: Write[] = pulled !== undefined && isPulled ? [{ put: pulled, value }] : [];
    await this.#store.commit({ writes: [{ put: row, value }, ...noted] });
    const ended: Write = { del: row };
    return {
      writes: pulled === undefined ? [ended] : [ended, { del: pulled }],
      require: [{ key: row, expect: 'present' }],
      release: () => this.#store.commit({ writes: [ended] }),
    };
  }

  async isLeased(sha256: Bytes): Promise<boolean> {
    const range = { ...prefixRange(PREFIX.blobLease, sha256), limit: 1 };
    for await (const _ of this.#store.range(range)) return true;
    return false;
  }

  /** Whether the file was pulled from this seat, and nothing that names it is stored yet. */
  async isPulled(sha256: Bytes, seat: string): Promise<boolean> {
    return (await this.#store.get(key(PREFIX.pulledBlob, sha256, seat))) !== undefined;
  }

  /** Whether a seat the file was pulled from may still offer it; older notes are removed. */
  async awaitsOffer(sha256: Bytes, sinceMs: number): Promise<boolean> {
    const old: Write[] = [];
    let awaits = false;
    for await (const { key: row, value } of this.#store.range(prefixRange(PREFIX.pulledBlob, sha256))) {
      if (readUint64be(value) >= sinceMs) awaits = true;
      else old.push({ del: row });
    }
    if (old.length > 0) await this.#store.commit({ writes: old });
    return awaits;
  }

  /** Files that wait for an offer since before. */
  async pulledBefore(beforeMs: number): Promise<Bytes[]> {
    const found: Bytes[] = [];
    for await (const { key: row, value } of this.#store.range(prefixRange(PREFIX.pulledBlob)))
      if (readUint64be(value) < beforeMs) found.push(partsOf(row, ['bytes', 'text'])[0]);
    return found;
  }

  /** Those of an earlier run: its references are committed or never will be. */
  async endAll(): Promise<void> {
    for (;;) {
      const writes: Write[] = [];
      for await (const { key: row } of this.#store.range({
        ...prefixRange(PREFIX.blobLease),
        limit: 1000,
      }))
        writes.push({ del: row });
      if (writes.length === 0) return;
      await this.#store.commit({ writes });
    }
  }
}
