/**
 * One process per folder. The database's own lock is the one that cannot be fooled; this one answers before
 * anything is touched and names the process that holds it. A lock left by a killed process is taken over: its
 * process id, together with the moment that process started, no longer exists. Taken by the composition roots.
 */
import { open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { LienthongError } from '../core/errors.ts';
import { diskError, FILE_MODE, isMissing, readSmallFile } from './folder.ts';

const LOCK_NAME = 'lock';
const MAX_LOCK_BYTES = 256;
/** Between seeing a dead owner and taking over another process may be faster; then look again. */
const ATTEMPTS = 5;

export class ProcessLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Throws 'locked' with { pid } while another living process holds the folder. */
  static async take(folder: string): Promise<ProcessLock> {
    const path = join(folder, LOCK_NAME);
    const own = `${process.pid} ${(await startOf(process.pid)) ?? 'unknown'}\n`;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        const handle = await open(path, 'wx', FILE_MODE);
        try {
          await handle.writeFile(own);
        } finally {
          await handle.close();
        }
        return new ProcessLock(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw diskError(error, path);
      }
      const holder = await readSmallFile(path, MAX_LOCK_BYTES);
      if (holder === undefined) continue;
      const [pidText = '', started = ''] = new TextDecoder().decode(holder).trim().split(' ');
      const pid = Number(pidText);
      if (pid > 0 && (await lives(pid, started))) throw new LienthongError('locked', { where: folder, pid });
      await unlink(path).catch((error) => {
        if (!isMissing(error)) throw diskError(error, path);
      });
    }
    throw new LienthongError('locked', { where: folder });
  }

  async release(): Promise<void> {
    await unlink(this.#path).catch((error) => {
      if (!isMissing(error)) throw diskError(error, this.#path);
    });
  }
}

async function lives(pid: number, started: string): Promise<boolean> {
  if (pid === process.pid) return started === ((await startOf(pid)) ?? 'unknown');
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = await startOf(pid);
  return now === undefined || started === 'unknown' || now === started;
}

/** When a process started, in ticks since boot (Linux); undefined where the system doesn't say. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in brackets and may hold spaces; the start is field 22.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // dead and not yet reaped by its parent: holds nothing any more
    return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : fields[19];
  } catch {
    return undefined;
  }
}
