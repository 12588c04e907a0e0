/** Files for the annex benchmarks: new bytes each time, on disk before a clock starts. */
import { randomFillSync } from 'node:crypto';
import { open } from 'node:fs/promises';

const PIECE_BYTES = 2 ** 20;

export async function writeRandom(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'w');
  try {
    const piece = Buffer.alloc(PIECE_BYTES);
    for (let left = bytes; left > 0; left -= PIECE_BYTES) {
      randomFillSync(piece);
      await handle.write(piece, 0, Math.min(left, PIECE_BYTES));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}
