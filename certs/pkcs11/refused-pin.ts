/**
 * Remembers, across restarts too, which content of a PIN file a token has refused: three wrong PINs lock most tokens, and a
 * service that restarts by itself would use them up in a minute. Kept as the file's inode and times; tells nothing of the PIN.
 * What can't be written (full disk, read-only folder) is remembered as long as the program runs.
 */
import { open, readFile, rename, unlink } from 'node:fs/promises';
import type { PinMark } from './token-messages.ts';

const MAX_BYTES = 8 * 1024;

export class RefusedPin {
  readonly #path: string;
  /** What the file should say and doesn't. */
  #unwritten: PinMark | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined where none was refused, or what is kept can't be read. */
  async get(): Promise<PinMark | undefined> {
    if (this.#unwritten !== undefined) return this.#unwritten;
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    if (text === '' || text.length > MAX_BYTES) return undefined;
    try {
      const { file, state } = JSON.parse(text);
      return typeof file === 'string' && typeof state === 'string' ? { file, state } : undefined;
    } catch {
      return undefined;
    }
  }

  /** Rejects with the system's error when it can't be written; then this object remembers it nonetheless. */
  async keep(mark: PinMark): Promise<void> {
    this.#unwritten = mark;
    const temporary = `${this.#path}.tmp`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(mark)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
    this.#unwritten = undefined;
  }

  async clear(): Promise<void> {
    this.#unwritten = undefined;
    await unlink(this.#path).catch(() => undefined);
  }
}
