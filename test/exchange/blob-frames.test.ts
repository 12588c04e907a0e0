import { createHash, randomBytes } from 'node:crypto';
import t from 'tap';
import { chunkFrame } from '../../node/exchange/blob-frames.ts';
import { CHUNK_BYTES } from '../../node/store/blob-facts.ts';
import { ChunkBuffer } from '../../node/store/chunk-buffer.ts';
import { blobResponse } from '../../proto/messages.ts';

const SEQUENCES = [1, 127, 128, 16_384, 2 ** 31, Number.MAX_SAFE_INTEGER];
const LENGTHS = [1, 127, 128, 16_383, 16_384, CHUNK_BYTES - 1, CHUNK_BYTES];

function bufferOf(bytes: Uint8Array): ChunkBuffer {
  const buffer = new ChunkBuffer(bytes.byteLength);
  buffer.fill(bytes);
  return buffer;
}

t.test('a frame made around its chunk is what the encoder makes, and parses', async (t) => {
  for (const sequence of SEQUENCES) {
    for (const length of LENGTHS) {
      const chunk = randomBytes(length);
      const frame = chunkFrame(sequence, bufferOf(chunk));
      const expected = blobResponse.encode({ sequence, chunk });
      if (Buffer.compare(frame, expected) !== 0) t.fail(`sequence ${sequence}, ${length} bytes`);
      const parsed = blobResponse.parse(frame);
      t.equal(Number(parsed.sequence), sequence);
      t.ok(Buffer.compare(parsed.chunk!, chunk) === 0, `${length} bytes come back`);
    }
  }
});

t.test('the leaf hash of a chunk is the same before and after it was framed', async (t) => {
  const chunk = randomBytes(5000);
  const expected = createHash('sha256').update(Buffer.of(0)).update(chunk).digest();
  const buffer = bufferOf(chunk);
  t.same(Buffer.from(buffer.leafHash()), expected);
  chunkFrame(1, buffer);
  t.same(Buffer.from(buffer.leafHash()), expected);
});
