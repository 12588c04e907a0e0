/**
 * How much sender and recipient grow during a large annex, against themselves at rest with a connection: the highest of
 * many samples, less the median before. 5 GB, or 2 GB where the disk hasn't room for three such files (says so).
 */
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { newAnnex, timedAnnex } from './annex-delivery.ts';
import { Pair, RECIPIENT, SENDER } from './pair.ts';
import { type Figure, figure, type Measured, median, percentile } from './report.ts';
import { residentBytes } from './resident.ts';

const BYTES = 5 * 10 ** 9;
const LESS_BYTES = 2 * 10 ** 9;
const SMOKE_BYTES = 64 * 10 ** 6;
/** Source, sender's and recipient's store, and room for what nodes keep free. */
const FILES = 3.2;
const SAMPLE_MS = 250;
const REST_MS = 20_000;

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const bytes = smoke ? SMOKE_BYTES : await bytesThatFit();
  const pair = await Pair.start({ nodes: false });
  try {
    const nodes = [await pair.run(SENDER), await pair.run(RECIPIENT)];
    const file = await newAnnex(pair, bytes);
    await sleep(smoke ? 1000 : REST_MS);
    const idle = await sampled(nodes, (left) => left < (smoke ? 4 : 20));
    let isDone = false;
    const during = sampled(nodes, () => !isDone);
    await timedAnnex(pair, file, bytes);
    isDone = true;
    const busy = await during;
    return nodes.map(({ name }, at) => {
      const rest = median(idle[at]!);
      const grown = busy[at]!.map((one) => one - rest);
      const value: Measured = {
        value: Math.max(...grown),
        unit: 'MB',
        p95: percentile(grown, 0.95),
        n: grown.length,
      };
      return figure(name === SENDER ? 'annex-memory-sender' : 'annex-memory-recipient', value);
    });
  } finally {
    await pair.stop();
  }
}

/** Megabytes of each process, until told to stop. */
async function sampled(
  nodes: readonly { pid: number }[],
  goesOn: (taken: number) => boolean,
): Promise<number[][]> {
  const all: number[][] = nodes.map(() => []);
  for (let taken = 0; goesOn(taken); taken++) {
    for (const [at, { pid }] of nodes.entries()) all[at]!.push((await residentBytes(pid)) / 10 ** 6);
    await sleep(SAMPLE_MS);
  }
  return all;
}

async function bytesThatFit(): Promise<number> {
  const { bavail, bsize } = await statfs(os.tmpdir());
  if (bavail * bsize > FILES * BYTES) return BYTES;
  console.error(
    `annex-memory: ${LESS_BYTES / 10 ** 9} GB, as ${os.tmpdir()} has no room for three files of 5 GB`,
  );
  return LESS_BYTES;
}
