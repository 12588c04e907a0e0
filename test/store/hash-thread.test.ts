/** Hashes of large files on their thread: the same as here, in order, several files at once; the thread ends with them. */
import { createHash } from 'node:crypto';
import t from 'tap';
import { hex } from '../../node/core/bytes.ts';
import { leafHash } from '../../node/core/merkle.ts';
import { CHUNK_BYTES } from '../../node/store/blob-facts.ts';
import { takeChunkBuffer } from '../../node/store/chunk-buffer.ts';
import { type FileHashes, hashesHere, hashesOf } from '../../node/store/hash-thread.ts';
import { seeded } from './seeded.ts';

const random = seeded(64);
const LARGE = 1024 ** 3;

async function hashed(hashes: FileHashes, pieces: readonly Uint8Array[]): Promise<string[]> {
  const calls = pieces.map(async (bytes) => {
    const buffer = takeChunkBuffer();
    buffer.fill(bytes);
    const [leaf] = await Promise.all([hashes.leaf(buffer), hashes.update(buffer)]);
    return hex(leaf);
  });
  const leaves = await Promise.all(calls);
  const whole = hex(await hashes.digest());
  hashes.end();
  return [whole, ...leaves];
}

const expected = (pieces: readonly Uint8Array[]): string[] => [
  createHash('sha256').update(Buffer.concat(pieces)).digest('hex'),
  ...pieces.map((bytes) => hex(leafHash(bytes))),
];

t.test('several files at once, each in the order of its calls', async (t) => {
  const files = [3, 1, 5].map((count) =>
    Array.from({ length: count }, (_, at) => random.bytes(at === count - 1 ? 1000 : CHUNK_BYTES)),
  );
  const found = await Promise.all(files.map((pieces) => hashed(hashesOf(LARGE), pieces)));
  t.same(found, files.map(expected));
  t.same(await hashed(hashesHere(), files[0]!), expected(files[0]!));
  t.same(await hashed(hashesOf(LARGE), []), expected([]), 'and again, with a new thread');
});

t.test('only the right chunk that follows goes into the whole, here and there', async (t) => {
  const pieces = [CHUNK_BYTES, CHUNK_BYTES, CHUNK_BYTES, 5].map((size) => random.bytes(size));
  const leaves = pieces.map(leafHash);
  for (const hashes of [hashesHere(), hashesOf(LARGE)]) {
    const accept = (index: number, bytes = pieces[index]!) => {
      const buffer = takeChunkBuffer();
      buffer.fill(bytes);
      return hashes.accept(buffer, index, leaves[index]!);
    };
    const calls = [accept(1), accept(0, pieces[1]), accept(0), accept(0), accept(1), accept(3), accept(2)];
    const found = ['good', 'differs', 'followed', 'good', 'followed', 'good', 'followed'];
    t.same(await Promise.all(calls), found);
    const last = takeChunkBuffer();
    last.fill(pieces[3]!);
    await hashes.update(last);
    t.equal(hex(await hashes.digest()), expected(pieces)[0]);
    hashes.end();
  }
});

t.test('what is given up fails, and the next file has a thread again', async (t) => {
  const hashes = hashesOf(LARGE);
  const buffer = takeChunkBuffer();
  buffer.fill(random.bytes(CHUNK_BYTES));
  const calls = Promise.allSettled(Array.from({ length: 50 }, () => hashes.update(buffer)));
  hashes.end();
  hashes.end();
  t.ok((await calls).some(({ status }) => status === 'rejected'));
  await t.rejects(hashes.digest(), { code: 'internal' });
  const pieces = [random.bytes(CHUNK_BYTES)];
  t.same(await hashed(hashesOf(LARGE), pieces), expected(pieces));
});
