/**
 * Milliseconds until the receipt is stored, one document at a time: p50 and p95. `latency` from the call of the HTTP API
 * in another process; `latency-inside` from handing it in within the sender's process, as the baseline measures.
 */
import { runBaseline } from './baseline.ts';
import { BYTES, DoorSender, latency, type Sender } from './documents.ts';
import { InsideSender } from './inside.ts';
import type { Figure } from './report.ts';
import { pairedRounds } from './rounds.ts';

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  return [
    await measure('latency', await DoorSender.start(1), smoke),
    await measure('latency-inside', await InsideSender.start(BYTES), smoke),
  ];
}

async function measure(name: string, sender: Sender, smoke: boolean): Promise<Figure> {
  const n = smoke ? 50 : 500;
  try {
    await sender.deliver(n, 1);
    const ours = () => latency(sender, n);
    const baseline = () => runBaseline({ name: 'latency', n, bytes: BYTES, within: sender.pair.dir });
    return await pairedRounds(name, smoke ? 1 : 5, ours, baseline);
  } finally {
    await sender.stop();
  }
}
