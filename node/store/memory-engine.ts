/**
 * The contract kept in memory: for simulations of many nodes and for tests of what stands on a store. Held to
 * the same contract suite as the embedded engine; nothing survives the process. Entries are one sorted array;
 * a snapshot or scan shares it, and the next commit copies it first.
 */
import { type Bytes, compareBytes, copyOf } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { Committer } from './committer.ts';
import type {
  Auditor,
  Batch,
  Entry,
  KeyValueStore,
  Problem,
  Range,
  Snapshot,
  StoreHealth,
  Write,
} from './key-value.ts';

export class MemoryEngine implements KeyValueStore {
  #view = new SortedEntries();
  readonly #problems: Problem[] = [];
  readonly #committer: Committer;
  #closed = false;

  constructor() {
    this.#committer = new Committer({
      readMany: async (keys) => keys.map((key) => this.#view.get(key)),
      write: async (writes) => this.#write(writes),
      admit: async () => {
        const [problem] = this.#problems;
        if (problem !== undefined)
          throw new LienthongError('read-only', { reason: problem.kind, where: problem.where });
      },
      failed: (cause) => {
        const error = isLienthongError(cause)
          ? cause
          : new LienthongError('internal', { where: 'memory' }, { cause });
        this.degrade({ kind: 'write-failed', where: `memory: ${error.code}` });
        return error;
      },
    });
  }

  get health(): StoreHealth {
    return { state: this.#problems.length === 0 ? 'ok' : 'read-only', problems: [...this.#problems] };
  }

  async get(key: Bytes): Promise<Bytes | undefined> {
    this.#requireOpen();
    return this.#view.get(key);
  }

  async getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]> {
    this.#requireOpen();
    return keys.map((key) => this.#view.get(key));
  }

  async *range(range: Range): AsyncGenerator<Entry> {
    this.#requireOpen();
    this.#view.shared = true;
    yield* this.#view.range(range);
  }

  snapshot(): Snapshot {
    this.#requireOpen();
    this.#view.shared = true;
    const view = this.#view;
    let open = true;
    const require = () => {
      if (!open) throw new LienthongError('not-running', { what: 'snapshot' });
    };
    return {
      get: async (key) => {
        require();
        return view.get(key);
      },
      getMany: async (keys) => {
        require();
        return keys.map((key) => view.get(key));
      },
      async *range(range) {
        require();
        yield* view.range(range);
      },
      close: async () => {
        open = false;
      },
    };
  }

  commit(batch: Batch): Promise<void> {
    return this.#committer.commit(batch);
  }

  useAuditor(auditor: Auditor): void {
    this.#committer.useAuditor(auditor);
  }

  degrade(problem: Problem): void {
    this.#problems.push(problem);
  }

  async close(): Promise<void> {
    await this.#committer.close();
    this.#closed = true;
  }

  #write(writes: readonly Write[]): void {
    if (this.#view.shared) this.#view = this.#view.copy();
    for (const write of writes) {
      if ('put' in write) this.#view.put(copyOf(write.put), copyOf(write.value));
      else this.#view.delete(write.del);
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new LienthongError('not-running', { what: 'store' });
  }
}

class SortedEntries {
  /** Someone reads this array over time: it must not change any more. */
  shared = false;
  #entries: Entry[] = [];

  copy(): SortedEntries {
    const copy = new SortedEntries();
    copy.#entries = [...this.#entries];
    return copy;
  }

  get(key: Bytes): Bytes | undefined {
    const found = this.#entries[this.#from(key)];
    return found !== undefined && compareBytes(found.key, key) === 0 ? found.value : undefined;
  }

  put(key: Bytes, value: Bytes): void {
    const at = this.#from(key);
    const found = this.#entries[at];
    const replaces = found !== undefined && compareBytes(found.key, key) === 0;
    this.#entries.splice(at, replaces ? 1 : 0, { key, value });
  }

  delete(key: Bytes): void {
    const at = this.#from(key);
    const found = this.#entries[at];
    if (found !== undefined && compareBytes(found.key, key) === 0) this.#entries.splice(at, 1);
  }

  *range({ gte, gt, lt, lte, reverse = false, limit = Number.POSITIVE_INFINITY }: Range): Generator<Entry> {
    let first = 0;
    let end = this.#entries.length;
    if (gte !== undefined) first = Math.max(first, this.#from(gte));
    if (gt !== undefined) first = Math.max(first, this.#behind(gt));
    if (lt !== undefined) end = Math.min(end, this.#from(lt));
    if (lte !== undefined) end = Math.min(end, this.#behind(lte));
    const count = Math.min(limit, end - first);
    for (let i = 0; i < count; i++) yield this.#entries[reverse ? end - 1 - i : first + i]!;
  }

  /** Index of the first entry at or after the key. */
  #from(key: Bytes): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.#entries[middle]!.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #behind(key: Bytes): number {
    const at = this.#from(key);
    const found = this.#entries[at];
    return found !== undefined && compareBytes(found.key, key) === 0 ? at + 1 : at;
  }
}
