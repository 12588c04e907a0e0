/**
 * Problems that were found once and must be named at every opening until someone has dealt with them: LevelDB may
 * rewrite a damaged table into one with good checksums, and then nothing else would tell. One small JSON file
 * beside the database. WARNING: persisted.
 */
import { join } from 'node:path';
import { readSmallFile, writeFileDurably } from './folder.ts';
import type { Problem } from './key-value.ts';

const MAX_BYTES = 1024 * 1024;
const MAX_NOTES = 256;
/** Known again after the next opening, so not worth remembering. */
const PASSING = new Set<Problem['kind']>(['write-failed']);

export class DamageNotes {
  readonly #path: string;
  #notes: Problem[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#path = join(folder, 'damage.json');
  }

  /** What earlier runs found; a file that can't be read is itself a finding. */
  async read(): Promise<readonly Problem[]> {
    const bytes = await readSmallFile(this.#path, MAX_BYTES);
    if (bytes === undefined) return [];
    try {
      const found: unknown = JSON.parse(new TextDecoder().decode(bytes));
      if (!Array.isArray(found)) throw new TypeError('not a list');
      this.#notes = found.map(({ kind, where }: Problem) => ({ kind, where: String(where) }));
    } catch {
      this.#notes = [{ kind: 'witness-lost', where: 'damage.json unreadable' }];
    }
    return this.#notes;
  }

  /** Remembers; `settled` tells when that is durable. */
  add(problem: Problem): void {
    if (PASSING.has(problem.kind) || this.#notes.length >= MAX_NOTES) return;
    this.#notes.push(problem);
    const content = `${JSON.stringify(this.#notes, null, 2)}\n`;
    // A note that can't be written is found again at the next opening in all but the rarest case.
    this.#writing = this.#writing.then(() => writeFileDurably(this.#path, content)).catch(() => undefined);
  }

  settled(): Promise<void> {
    return this.#writing;
  }
}
