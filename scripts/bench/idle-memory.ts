/**
 * Resident memory of a node with nothing to do, connected to its registry and to another node: the median of what the
 * system says over some seconds, after a pause.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Pair, RECIPIENT, SENDER } from './pair.ts';
import { type Figure, figure, median, percentile } from './report.ts';
import { residentBytes } from './resident.ts';

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
