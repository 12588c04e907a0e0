/**
 * One large file beside Debian's syncthing (`apt-get install syncthing`): two instances on this machine, each its own folder,
 * from "scan it" until the other's copy has the right bytes. Both alternate within one run. Without syncthing nothing is
 * measured, and that is said.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { Pair } from './pair.ts';
import { writeRandom } from './random-file.ts';
import type { Figure, Measured } from './report.ts';
import { pairedRounds } from './rounds.ts';
import { SyncthingPair } from './syncthing.ts';

const BYTES = 2 ** 30;
const SMOKE_BYTES = 16 * 10 ** 6;

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const version = await promisify(execFile)('syncthing', ['--version']).catch(() => undefined);
  if (version === undefined) {
    console.error('annex-syncthing: skipped, no syncthing here');
    return [];
  }
  const bytes = smoke ? SMOKE_BYTES : BYTES;
  const pair = await Pair.start();
  const theirs = await SyncthingPair.start(pair.dir);
  try {
    let number = 0;
    const measured = (ms: number): Measured => ({
      value: bytes / 1000 / ms,
      unit: 'MB/s',
      p95: null,
      n: 1,
    });
    const deliver = async (size: number): Promise<number> => {
      const file = path.join(pair.dir, 'annex.bin');
      await writeRandom(file, size);
      const startedAt = performance.now();
      const { sha256, lease } = await pair.upload(file, size);
      await pair.deliver(++number, { name: 'phu-luc.bin', sha256, lease });
      return performance.now() - startedAt;
    };
    await deliver(SMOKE_BYTES);
    await theirs.deliver(SMOKE_BYTES);
    const ours = async () => measured(await deliver(bytes));
    const sync = async () => measured(await theirs.deliver(bytes));
    return [await pairedRounds('annex-syncthing', smoke ? 1 : 3, ours, sync)];
  } finally {
    await theirs.stop();
    await pair.stop();
  }
}
