/** A store that can be killed at a commit: before it is written, or after, with nobody answered. */
import type { Auditor, Batch, Entry, KeyValueStore, Problem, Range } from '../../node/store/key-value.ts';

const never = <T>(): Promise<T> => new Promise<T>(() => {});

export class GatedStore implements KeyValueStore {
  readonly #store: KeyValueStore;
  #isDead = false;
  commits = 0;
  /** Asked before each commit; anything but undefined kills the node there. */
  killAt: ((commit: number, batch: Batch) => 'before' | 'after' | undefined) | undefined;
  /** Thrown by the next commits while set. */
  failWith: Error | undefined;
  /** A scan has seen all it will see, and gives it once this resolves. */
  holdRange: ((range: Range) => Promise<void>) | undefined;
  onKilled: () => void = () => {};

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  kill(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.onKilled();
  }

  async commit(batch: Batch): Promise<void> {
    if (this.#isDead) return never();
    if (this.failWith !== undefined) throw this.failWith;
    const fate = this.killAt?.(++this.commits, batch);
    if (fate === 'before') {
      this.kill();
      return never();
    }
    await this.#store.commit(batch);
    if (fate === 'after') this.kill();
    if (this.#isDead) return never();
  }

  get(key: Uint8Array) {
    return this.#isDead ? never<Uint8Array | undefined>() : this.#store.get(key);
  }

  getMany(keys: readonly Uint8Array[]) {
    return this.#isDead ? never<(Uint8Array | undefined)[]>() : this.#store.getMany(keys);
  }

  async *range(range: Range) {
    if (this.#isDead) await never();
    if (this.holdRange === undefined) {
      yield* this.#store.range(range);
      return;
    }
    const seen: Entry[] = [];
    for await (const entry of this.#store.range(range)) seen.push(entry);
    await this.holdRange(range);
    yield* seen;
  }

  snapshot() {
    return this.#store.snapshot();
  }

  useAuditor(auditor: Auditor): void {
    this.#store.useAuditor(auditor);
  }

  degrade(problem: Problem): void {
    this.#store.degrade(problem);
  }

  get health() {
    return this.#store.health;
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
