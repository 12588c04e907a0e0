/**
 * Remembers, across restarts too, which content of a PIN file a token has refused: three wrong PINs lock most tokens, and a
 * service that restarts by itself would use them up in a minute. Kept as the file's inode and times; tells nothing of the PIN.
 */
import { open, readFile, rename, unlink } from 'node:fs/promises';
import type { PinMark } from './token-messages.ts';

const MAX_BYTES = 8 * 1024;

export class RefusedPin {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined where none was refused, or what is kept can't be read. */
  async get(): Promise<PinMark | undefined> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    if (text === '' || text.length > MAX_BYTES) return undefined;
    try {
      const { file, state } = JSON.parse(text);
      return typeof file === 'string' && typeof state === 'string' ? { file, state } : undefined;
    } catch {
      return undefined;
    }
  }

  async keep(mark: PinMark): Promise<void> {
    const temporary = `${this.#path}.tmp`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(mark)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
  }

  async clear(): Promise<void> {
    await unlink(this.#path).catch(() => undefined);
  }
}
