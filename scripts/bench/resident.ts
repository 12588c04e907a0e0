/** Resident memory of a process. From /proc where there is one, else asked of `ps`. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const BYTES_PER_KIB = 1024;

export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  const kib = status ? /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] : (await askPs(pid)).trim();
  return Number(kib) * BYTES_PER_KIB;
}

const askPs = async (pid: number): Promise<string> =>
  (await execute('ps', ['-o', 'rss=', '-p', String(pid)])).stdout;
