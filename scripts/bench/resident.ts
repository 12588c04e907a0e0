/** Resident memory of processes, as the system says: now, and the most of it while something goes on. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const BYTES_PER_KIB = 1024;
const SAMPLE_MS = 50;

/** From /proc where there is one, else asked of `ps`. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  const kib = status ? /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] : (await askPs(pid)).trim();
  return Number(kib) * BYTES_PER_KIB;
}

const askPs = async (pid: number): Promise<string> =>
  (await execute('ps', ['-o', 'rss=', '-p', String(pid)])).stdout;

/** What `work` answers, and the most each process had meanwhile, in bytes. */
export async function watched<T>(
  pids: readonly number[],
  work: () => Promise<T>,
): Promise<{ answer: T; peaks: number[] }> {
  const peaks = pids.map(() => 0);
  const look = async () => {
    const now = await Promise.all(pids.map((pid) => residentBytes(pid).catch(() => 0)));
    for (const [at, bytes] of now.entries()) peaks[at] = Math.max(peaks[at]!, bytes);
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
