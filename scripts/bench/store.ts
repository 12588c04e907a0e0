/**
 * What a node that holds 1,000,000 documents pays for them, beside one of 10,000 (the baseline): `store` is milliseconds
 * from starting the process to a node that says it is up, its search index there; `store-rate` documents sent per
 * second, 64 in flight; `store-memory` what it has when it is up. The rows are real ones, written through the store.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeAt } from '../sandbox/local-node.ts';
import { BYTES } from './documents.ts';
import { SIZES, SMOKE_SIZES } from './finding.ts';
import { InsideSender } from './inside.ts';
import { fill } from './large-inbox.ts';
import { Pair, RECIPIENT, SENDER } from './pair.ts';
import { type Figure, figure, type Measured, median, percentile } from './report.ts';
import { residentBytes } from './resident.ts';

const IN_FLIGHT = 64;
const INDEX_TIMEOUT_MS = 1_800_000;
const POLL_MS = 1000;

interface Starts {
  ms: number[];
  bytes: number[];
}

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const sizes = smoke ? SMOKE_SIZES : SIZES;
  const pairs: Pair[] = [];
  try {
    for (const count of [sizes.large, sizes.small]) pairs.push(await filled(count));
    const [large, small] = pairs as [Pair, Pair];
    const starts = { large: newStarts(), small: newStarts() };
    for (let round = 0; round < (smoke ? 1 : 7); round++) {
      await start(large, starts.large);
      await start(small, starts.small);
    }
    const { ours, baseline } = await rates(large, small, smoke);
    return [
      figure('store', timeOf(starts.large), timeOf(starts.small)),
      figure('store-rate', ours, baseline),
      figure('store-memory', memoryOf(starts.large), memoryOf(starts.small)),
    ];
  } finally {
    for (const pair of pairs) await pair.stop();
  }
}

/** Enrolled, filled, its index built, and at rest. */
async function filled(count: number): Promise<Pair> {
  const pair = await Pair.start({ nodes: false });
  try {
    await fill(pair.folder(SENDER), count);
    const child = await pair.run(SENDER);
    const client = await nodeAt(pair.folder(SENDER), AbortSignal.timeout(INDEX_TIMEOUT_MS));
    const isReady = async () => {
      const { search } = await client.status();
      if (search === null || search.state === 'unavailable') throw new Error(`no index: ${search?.reason}`);
      return search.state === 'ready';
    };
    while (!(await isReady())) await sleep(POLL_MS);
    await child.stop();
    return pair;
  } catch (error) {
    await pair.stop();
    throw error;
  }
}

async function start(pair: Pair, starts: Starts): Promise<void> {
  const startedAt = performance.now();
  const child = await pair.run(SENDER);
  starts.ms.push(performance.now() - startedAt);
  starts.bytes.push(await residentBytes(child.pid));
  await child.stop();
}

/** In turns, so that what slows the machine for a while slows both. */
async function rates(
  large: Pair,
  small: Pair,
  smoke: boolean,
): Promise<{ ours: Measured; baseline: Measured }> {
  const n = smoke ? 200 : 4000;
  const senders: InsideSender[] = [];
  try {
    for (const pair of [large, small]) {
      await pair.run(RECIPIENT);
      senders.push(await InsideSender.start(BYTES, pair));
    }
    const each: Measured[][] = senders.map(() => []);
    for (const sender of senders) await sender.deliver(smoke ? 100 : 2000, IN_FLIGHT);
    for (let round = 0; round < (smoke ? 1 : 7); round++)
      for (const [at, sender] of senders.entries()) each[at]!.push(await rate(sender, n));
    return { ours: middle(each[0]!), baseline: middle(each[1]!) };
  } finally {
    for (const sender of senders) await sender.stop();
  }
}

async function rate(sender: InsideSender, n: number): Promise<Measured> {
  const startedAt = performance.now();
  const each = await sender.deliver(n, IN_FLIGHT);
  const value = (n * 1000) / (performance.now() - startedAt);
  return { value, unit: 'documents/s', p95: percentile(each, 0.95), n };
}

const middle = (each: readonly Measured[]): Measured => ({
  value: median(each.map(({ value }) => value)),
  unit: each[0]!.unit,
  p95: median(each.map(({ p95 }) => p95!)),
  n: each.reduce((sum, { n }) => sum + n, 0),
});

const newStarts = (): Starts => ({ ms: [], bytes: [] });

const timeOf = ({ ms }: Starts): Measured => ({
  value: median(ms),
  unit: 'ms',
  p95: percentile(ms, 0.95),
  n: ms.length,
});

const memoryOf = ({ bytes }: Starts): Measured => ({
  value: median(bytes) / 10 ** 6,
  unit: 'MB',
  p95: null,
  n: bytes.length,
});
