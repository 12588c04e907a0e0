/**
 * One large attachment, file to file: from a file on disk, as `send` hands it over, into the sender's store, pulled by the
 * recipient into its own, hashed and fsynced at both ends, until the signed receipt is stored at the sender. The
 * sender's copy is part of it: the baseline sends the file as it lies.
 */
import { deliverAnnex } from './annex-delivery.ts';
import { runBaseline } from './baseline.ts';
import { Pair } from './pair.ts';
import type { Figure, Measured } from './report.ts';
import { pairedRounds } from './rounds.ts';

const BYTES = 2 ** 30;
const SMOKE_BYTES = 16 * 10 ** 6;

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const bytes = smoke ? SMOKE_BYTES : BYTES;
  const rounds = smoke ? 1 : 3;
  const pair = await Pair.start();
  try {
    await deliverAnnex(pair, SMOKE_BYTES);
    const ours = async (): Promise<Measured> => {
      const ms = await deliverAnnex(pair, bytes);
      return { value: bytes / 1000 / ms, unit: 'MB/s', p95: null, n: 1 };
    };
    const baseline = () => runBaseline({ name: 'annex', n: 1, bytes, within: pair.dir });
    return [await pairedRounds('annex', rounds, ours, baseline)];
  } finally {
    await pair.stop();
  }
}
