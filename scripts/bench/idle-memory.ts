/**
 * Resident memory of a node with nothing to do, connected to its registry and to another node: the median of what the
 * system says over some seconds, after a pause. `idle-memory-own` is that without the pages of files, of which its program is
 * most.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Pair, RECIPIENT, SENDER } from './pair.ts';
import { type Figure, figure, type Measured, median, percentile } from './report.ts';
import { type Memory, memoryOf } from './resident.ts';

const SAMPLE_MS = 250;

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const pair = await Pair.start({ nodes: false });
  try {
    const child = await pair.run(SENDER);
    await pair.run(RECIPIENT);
    await sleep(smoke ? 2000 : 20_000);
    const each: Memory[] = [];
    for (let at = 0; at < (smoke ? 4 : 40); at++) {
      each.push(await memoryOf(child.pid));
      await sleep(SAMPLE_MS);
    }
    return [
      figure('idle-memory', middle(each.map(({ resident }) => resident))),
      figure('idle-memory-own', middle(each.map(({ own }) => own))),
    ];
  } finally {
    await pair.stop();
  }
}

const middle = (bytes: readonly number[]): Measured => ({
  value: median(bytes) / 10 ** 6,
  unit: 'MB',
  p95: percentile(bytes, 0.95) / 10 ** 6,
  n: bytes.length,
});
