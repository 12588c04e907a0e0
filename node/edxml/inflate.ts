/**
 * Raw deflate data from a ByteSource, inflated by zlib piece by piece with backpressure; the source is left exactly
 * behind the data. Used by unzip.ts.
 */
import { createInflateRaw, type InflateRaw } from 'node:zlib';
import { LienthongError } from '../core/errors.ts';
import type { ByteSource } from './byte-source.ts';
import { fault } from './fault.ts';

export interface Progress {
  /** Compressed bytes used so far. */
  consumed: number;
}

/** Given to zlib at once; small beside what one piece can swell to. */
const PIECE_BYTES = 32_768;
const OUTPUT_BYTES = 65_536;

/** Throws `edxml-attachment` where the data is damaged or cut. */
export async function* inflated(source: ByteSource, progress: Progress): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ chunkSize: OUTPUT_BYTES });
  const feeding = feed(source, inflate);
  feeding.catch((error) => inflate.destroy(error));
  try {
    for await (const bytes of inflate as AsyncIterable<Buffer>) {
      progress.consumed = inflate.bytesWritten;
      yield bytes;
    }
    await feeding;
  } catch (cause) {
    if (cause instanceof LienthongError) throw cause;
    throw new LienthongError('edxml-attachment', fault('edxml-attachment', 'edxml-zip-damaged').details, {
      cause,
    });
  } finally {
    inflate.destroy();
  }
  progress.consumed = inflate.bytesWritten;
}

/** Until zlib leaves bytes unused: those lie behind the data and go back to the source. */
async function feed(source: ByteSource, inflate: InflateRaw): Promise<void> {
  let given = 0;
  for (;;) {
    const piece = await source.some();
    if (piece === undefined) {
      inflate.end();
      return;
    }
    const part = source.take(Math.min(piece.length, PIECE_BYTES));
    given += part.length;
    await new Promise<void>((resolve, reject) => {
      inflate.write(part, (error) => (error ? reject(error) : resolve()));
    });
    const unused = given - inflate.bytesWritten;
    if (unused > 0) {
      source.giveBack(part.subarray(part.length - unused));
      return;
    }
  }
}
