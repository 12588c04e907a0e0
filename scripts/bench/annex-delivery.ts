/**
 * A large file on its way between the two nodes of a pair, for the annex benchmarks: from a file on disk, as `send` hands
 * it over, until the signed receipt is stored at the sender.
 */
import path from 'node:path';
import type { Pair } from './pair.ts';
import { writeRandom } from './random-file.ts';

/** Of the documents that carry them. */
let number = 0;

export async function newAnnex(pair: Pair, bytes: number): Promise<string> {
  const file = path.join(pair.dir, 'annex.bin');
  await writeRandom(file, bytes);
  return file;
}

/** Milliseconds from the file on disk to the receipt. */
export async function timedAnnex(pair: Pair, file: string, bytes: number): Promise<number> {
  const startedAt = performance.now();
  const { sha256, lease } = await pair.upload(file, bytes);
  await pair.deliver(++number, { name: 'phu-luc.bin', sha256, lease });
  return performance.now() - startedAt;
}

/** Of new bytes: what was sent before isn't pulled again. */
export const deliverAnnex = async (pair: Pair, bytes: number): Promise<number> =>
  timedAnnex(pair, await newAnnex(pair, bytes), bytes);
