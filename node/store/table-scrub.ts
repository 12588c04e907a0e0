/**
 * Keeps watch over the database's table files: the newest are checked before every opening (a compaction would
 * copy damage into a table with good checksums), the rest in the background, one at a time, and all of them on
 * request. Tables never change once written, so each is read once per run.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { diskError, isMissing } from './folder.ts';
import { liveTables } from './manifest-file.ts';
import { type DamagedKeys, damagedKeysOf } from './table-file.ts';

/** Read before opening: about 50 ms of work, the most recent of what an unclean end could have touched. */
const BEFORE_OPENING_BYTES = 32 * 1024 * 1024;
/** Pause between two files in the background: a tenth of a core at most. */
const PAUSE_MS = 50;
/** Tables are 2 to 8 MiB; what is far above is no table of ours. */
const MAX_TABLE_BYTES = 64 * 1024 * 1024;

export interface DamagedTable {
  file: string;
  keys: readonly DamagedKeys[];
}

export class TableScrub {
  readonly #folder: string;
  readonly #found: DamagedTable[] = [];
  #listener: ((table: DamagedTable) => void) | undefined;
  readonly #checked = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Is told of every damaged table, those found so far included. */
  onDamage(listener: (table: DamagedTable) => void): void {
    this.#listener = listener;
    for (const table of this.#found) listener(table);
  }

  /** Checks the newest tables up to the budget. */
  async checkNewest(maxBytes: number = BEFORE_OPENING_BYTES): Promise<void> {
    let left = maxBytes;
    for (const name of await this.#unchecked()) {
      const size = await this.#sizeOf(name);
      if (size > left) break;
      left -= size;
      await this.#check(name);
    }
  }

  /** Checks what hasn't been checked yet, at a pace that leaves the node its disk and processor. */
  async checkRest(clock: Clock, signal: AbortSignal): Promise<void> {
    for (const name of await this.#unchecked()) {
      await clock.sleep(PAUSE_MS, signal);
      await this.#check(name);
    }
  }

  /** Checks every table again, as `check` does. */
  async checkAll(signal?: AbortSignal): Promise<void> {
    this.#checked.clear();
    for (const name of await this.#unchecked()) {
      signal?.throwIfAborted();
      await this.#check(name);
    }
  }

  /** Live tables only, newest first: LevelDB numbers its files upwards. */
  async #unchecked(): Promise<string[]> {
    const numbers = [...(await liveTables(this.#folder))].sort((a, b) => b - a);
    return numbers
      .map((number) => `${`${number}`.padStart(6, '0')}.ldb`)
      .filter((name) => !this.#checked.has(name));
  }

  async #check(name: string): Promise<void> {
    try {
      const path = join(this.#folder, name);
      const { size } = await stat(path);
      const keys =
        size > MAX_TABLE_BYTES
          ? [{ after: undefined, upTo: undefined }]
          : damagedKeysOf(await readFile(path));
      this.#checked.add(name);
      if (keys.length > 0) this.#report({ file: name, keys });
    } catch (error) {
      // A compaction may have replaced the table between listing and reading it.
      if (!isMissing(error)) throw diskError(error, name);
    }
  }

  /** Of a table that is gone 0: LevelDB judges that itself. */
  async #sizeOf(name: string): Promise<number> {
    const found = await stat(join(this.#folder, name)).catch((error) => {
      if (isMissing(error)) return undefined;
      throw diskError(error, name);
    });
    return found?.size ?? 0;
  }

  #report(table: DamagedTable): void {
    this.#found.push(table);
    this.#listener?.(table);
  }
}
