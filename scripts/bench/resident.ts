/**
 * Memory of processes, as the system says: now, the most of it while something goes on, and the most a process ever had.
 * `own` is what nobody else has: heaps, buffers, stacks. `resident` is that and the pages of files it has mapped, its
 * program and LevelDB's tables, which the system drops when others need the room.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const BYTES_PER_KIB = 1024;
const SAMPLE_MS = 50;

export interface Memory {
  /** Bytes. */
  resident: number;
  /** Bytes; as much as `resident` where the system doesn't tell them apart. */
  own: number;
}

const NONE: Memory = { resident: 0, own: 0 };

/** From /proc where there is one, else asked of `ps`. */
export async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  if (status !== undefined)
    return {
      resident: bytesIn(status, 'VmRSS'),
      own: bytesIn(status, 'RssAnon') + bytesIn(status, 'RssShmem'),
    };
  const resident = Number((await askPs(pid)).trim()) * BYTES_PER_KIB;
  return { resident, own: resident };
}

export const residentBytes = async (pid: number): Promise<number> => (await memoryOf(pid)).resident;

/**
 * The most this process had resident. Not `resourceUsage().maxRSS` where /proc tells: that begins with what the process
 * that started this one had.
 */
export function peakBytes(): number {
  try {
    return bytesIn(readFileSync('/proc/self/status', 'utf8'), 'VmHWM');
  } catch {
    return process.resourceUsage().maxRSS * BYTES_PER_KIB;
  }
}

const bytesIn = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * BYTES_PER_KIB;

const askPs = async (pid: number): Promise<string> =>
  (await execute('ps', ['-o', 'rss=', '-p', String(pid)])).stdout;

/** What `work` answers, and the most each process had meanwhile, in bytes. */
export async function watched<T>(
  pids: readonly number[],
  work: () => Promise<T>,
): Promise<{ answer: T; peaks: Memory[] }> {
  const peaks = pids.map(() => NONE);
  const look = async () => {
    const now = await Promise.all(pids.map((pid) => memoryOf(pid).catch(() => NONE)));
    for (const [at, { resident, own }] of now.entries()) {
      const most = peaks[at]!;
      peaks[at] = { resident: Math.max(most.resident, resident), own: Math.max(most.own, own) };
    }
  };
  const timer = setInterval(() => void look(), SAMPLE_MS);
  try {
    const answer = await work();
    await look();
    return { answer, peaks };
  } finally {
    clearInterval(timer);
  }
}
