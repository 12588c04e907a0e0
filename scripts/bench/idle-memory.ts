/**
 * Resident memory of a node with nothing to do, connected to its registry and to another node: the median of what the
 * system says over some seconds, after a pause.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Pair, RECIPIENT, SENDER } from './pair.ts';
import { type Figure, figure, median, percentile } from './report.ts';

const execute = promisify(execFile);
const BYTES_PER_KIB = 1024;
const SAMPLE_MS = 250;

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const pair = await Pair.start({ nodes: false });
  try {
    const child = await pair.run(SENDER);
    await pair.run(RECIPIENT);
    await sleep(smoke ? 2000 : 20_000);
    const each: number[] = [];
    for (let at = 0; at < (smoke ? 4 : 40); at++) {
      each.push((await residentBytes(child.pid)) / 10 ** 6);
      await sleep(SAMPLE_MS);
    }
    const measured = { value: median(each), unit: 'MB', p95: percentile(each, 0.95), n: each.length };
    return [figure('idle-memory', measured)];
  } finally {
    await pair.stop();
  }
}

/** From /proc where there is one, else asked of `ps`. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  const kib = status ? /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] : (await askPs(pid)).trim();
  return Number(kib) * BYTES_PER_KIB;
}

const askPs = async (pid: number): Promise<string> =>
  (await execute('ps', ['-o', 'rss=', '-p', String(pid)])).stdout;
