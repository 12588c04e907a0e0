/**
 * What a node that starts may take for granted of its index without starting the index's thread: a small file beside the
 * index that says how far it was. Written after the index, never before, and without waiting for the disk: missing, old,
 * torn or of another version it says nothing, and what it says decides only whether the thread starts by itself. Whoever
 * searches asks the index, which knows better. Used by exchange/index-rest.ts.
 */
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Note } from './index-calls.ts';
import { INDEX_VERSION } from './index-file.ts';

/** A hint is some 300 bytes. */
const MOST_BYTES = 4096;

export interface Hinted {
  /** As the index kept it, or later with nothing of a document in between. */
  note: Note;
  /** Documents indexed, to be shown. */
  documents: number;
}

export class IndexHint {
  readonly #index: string;
  readonly #path: string;

  constructor(index: string) {
    this.#index = index;
    this.#path = join(dirname(index), 'hint.json');
  }

  /** Undefined where nothing is known of this index. */
  async read(): Promise<Hinted | undefined> {
    try {
      if ((await stat(this.#index)).size === 0 || (await stat(this.#path)).size > MOST_BYTES)
        return undefined;
      const { version, note, documents } = JSON.parse(await readFile(this.#path, 'utf8'));
      const isOurs =
        version === INDEX_VERSION &&
        typeof note === 'string' &&
        Number.isSafeInteger(documents) &&
        documents >= 0;
      return isOurs ? { note, documents } : undefined;
    } catch {
      return undefined;
    }
  }

  /** A hint that can't be kept costs the next start its thread. */
  async keep(hinted: Hinted): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      const text = JSON.stringify({ version: INDEX_VERSION, ...hinted });
      await writeFile(`${this.#path}.new`, text, { mode: 0o600 });
      await rename(`${this.#path}.new`, this.#path);
    } catch {
      await this.forget();
    }
  }

  async forget(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => {});
  }
}
