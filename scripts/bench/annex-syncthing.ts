/**
 * One large file beside Debian's syncthing (`apt-get install syncthing`): two instances on this machine, each its own folder,
 * from "scan it" until the other's copy has the right bytes. Both alternate within one run. Without syncthing nothing is
 * measured, and that is said.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { deliverAnnex } from './annex-delivery.ts';
import { Pair } from './pair.ts';
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
    const measured = (ms: number): Measured => ({
      value: bytes / 1000 / ms,
      unit: 'MB/s',
      p95: null,
      n: 1,
    });
    await deliverAnnex(pair, SMOKE_BYTES);
    await theirs.deliver(SMOKE_BYTES);
    const ours = async () => measured(await deliverAnnex(pair, bytes));
    const sync = async () => measured(await theirs.deliver(bytes));
    return [await pairedRounds('annex-syncthing', smoke ? 1 : 3, ours, sync)];
  } finally {
    await theirs.stop();
    await pair.stop();
  }
}
