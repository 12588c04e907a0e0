/** Milliseconds from starting the process to a node that says it is up: listening, its local door open. */
import { Pair, SENDER } from './pair.ts';
import { type Figure, figure, median, percentile } from './report.ts';

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const n = smoke ? 3 : 15;
  const pair = await Pair.start({ nodes: false });
  try {
    const each: number[] = [];
    for (let at = 0; at < n; at++) {
      const startedAt = performance.now();
      const child = await pair.run(SENDER);
      each.push(performance.now() - startedAt);
      await child.stop();
    }
    return [figure('start', { value: median(each), unit: 'ms', p95: percentile(each, 0.95), n })];
  } finally {
    await pair.stop();
  }
}
