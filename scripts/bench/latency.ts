/** Milliseconds from the API call to the stored receipt, one document at a time: p50 and p95. */
import { runBaseline } from './baseline.ts';
import { Documents } from './documents.ts';
import { Pair } from './pair.ts';
import type { Figure } from './report.ts';
import { pairedRounds } from './rounds.ts';

const BYTES = 10_240;

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const n = smoke ? 50 : 500;
  const pair = await Pair.start({ sockets: 1 });
  try {
    const documents = new Documents(pair);
    await documents.deliver(smoke ? 50 : 500, 1);
    const ours = () => documents.latency(n);
    const baseline = () => runBaseline({ name: 'latency', n, bytes: BYTES, within: pair.dir });
    return [await pairedRounds('latency', smoke ? 1 : 5, ours, baseline)];
  } finally {
    await pair.stop();
  }
}
