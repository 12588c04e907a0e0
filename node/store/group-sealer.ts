/**
 * The rows of a group of commits as the database takes them. Values are sealed in memory that the next group uses again:
 * journal and LevelDB copy them, and groups follow one another. Memory of their own would be a tenth of all the garbage
 * documents make, most of it outside V8's heap. Used by level-engine.
 */
import { allocate, type Bytes } from '../core/bytes.ts';
import type { Operation } from './journal-record.ts';
import type { Write } from './key-value.ts';
import { sealValue } from './sealed-value.ts';

/** Most groups are smaller; what is beyond gets memory of its own. */
const MEMORY_BYTES = 1024 * 1024;

export class GroupSealer {
  readonly #memory = new Uint8Array(MEMORY_BYTES);

  /** Good until the next call. */
  seal(rows: readonly Write[]): Operation[] {
    let used = 0;
    const memory = (bytes: number): Bytes => {
      if (used + bytes > MEMORY_BYTES) return allocate(bytes);
      used += bytes;
      return this.#memory.subarray(used - bytes, used);
    };
    return rows.map((write) =>
      'put' in write
        ? { type: 'put', key: write.put, value: sealValue(write.put, write.value, memory) }
        : { type: 'del', key: write.del },
    );
  }
}
