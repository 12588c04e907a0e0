/**
 * Documents queued for a recipient that is away, and drained when it returns: documents per second from the first
 * receipt stored to the last, beside the same two nodes delivering live (64 in flight), and beside plain HTTPS with as
 * many in flight (`backlog-instead`). `backlog-memory-resident` is the most either node had while it was queued and drained,
 * `backlog-memory-own` without the pages of files, of which LevelDB's tables are most.
 */
import { runBaseline } from './baseline.ts';
import { BYTES } from './documents.ts';
import { InsideSender } from './inside.ts';
import { Pair, RECIPIENT } from './pair.ts';
import { type Figure, figure, type Measured, median } from './report.ts';
import { type Memory, watched } from './resident.ts';

const IN_FLIGHT = 64;

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const n = smoke ? 300 : 10_000;
  const rounds = smoke ? 1 : 3;
  const pair = await Pair.start({ nodes: false });
  let recipient = await pair.run(RECIPIENT);
  const sender = await InsideSender.start(BYTES, pair);
  const [live, drained, instead]: number[][] = [[], [], []];
  const memory: Memory[] = [];
  try {
    await sender.deliver(smoke ? 100 : 2000, IN_FLIGHT);
    for (let round = 0; round < rounds; round++) {
      live!.push(await rate(n, () => sender.deliver(n, IN_FLIGHT)));
      await recipient.stop();
      const queued = await watched([sender.pid], () => sender.queue(n, IN_FLIGHT));
      const draining = sender.drained(n);
      recipient = await pair.run(RECIPIENT);
      const { answer, peaks } = await watched([sender.pid, recipient.pid], () => draining);
      drained!.push((n * 1000) / answer);
      memory.push(...queued.peaks, ...peaks);
      const { value } = await runBaseline({
        name: 'documents',
        n,
        bytes: BYTES,
        inFlight: IN_FLIGHT,
        within: pair.dir,
      });
      instead!.push(value);
    }
  } finally {
    await sender.stop();
  }
  const ofRate = (each: number[]): Measured => ({
    value: median(each),
    unit: 'documents/s',
    p95: null,
    n: n * rounds,
  });
  const most = (each: readonly number[]): Measured => ({
    value: Math.max(...each) / 10 ** 6,
    unit: 'MB',
    p95: null,
    n: n * rounds,
  });
  return [
    figure('backlog', ofRate(drained!), ofRate(live!)),
    figure('backlog-instead', ofRate(drained!), ofRate(instead!)),
    figure('backlog-memory-resident', most(memory.map(({ resident }) => resident))),
    figure('backlog-memory-own', most(memory.map(({ own }) => own))),
  ];
}

async function rate(n: number, work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (n * 1000) / (performance.now() - startedAt);
}
