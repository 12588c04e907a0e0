/** Large files written past the page cache, and where that is refused: the same bytes either way. */
import { constants } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { CHUNK_BYTES } from '../../node/store/blob-facts.ts';
import {
  ChunkBuffer,
  chunkBufferOf,
  chunkFrameMemory,
  giveChunkBuffer,
  takeChunkBuffer,
} from '../../node/store/chunk-buffer.ts';
import { ChunkFile, directAccess } from '../../node/store/chunk-file.ts';
import { seeded } from './seeded.ts';

const random = seeded(4096);
const folder = await mkdtemp(join(tmpdir(), 'lienthong-chunks-'));
t.teardown(() => rm(folder, { recursive: true }));
const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;

function filled(buffer: ChunkBuffer, bytes: Uint8Array): ChunkBuffer {
  buffer.length = 0;
  buffer.fill(bytes);
  return buffer;
}

/** Taken for whole pages, though it begins anywhere: what no disk takes directly. */
const misaligned = () =>
  new ChunkBuffer(CHUNK_BYTES, new Uint8Array(3 + 2 * 4096 + CHUNK_BYTES).subarray(3), 4096);

for (const size of [1, 4095, 4096, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 5000]) {
  t.test(`${size} bytes are written and read back, whatever ends where`, async (t) => {
    const access = directAccess();
    const bytes = random.bytes(size);
    const path = join(folder, `${size}`);
    const file = await ChunkFile.open(path, NEW, { access, large: true });
    for (let index = 0; index * CHUNK_BYTES < size; index++) {
      const buffer = filled(
        takeChunkBuffer(),
        bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
      );
      await file.write(buffer, index);
      giveChunkBuffer(buffer);
    }
    await file.finish(size);
    t.equal(Buffer.compare(await readFile(path), bytes), 0);
    const again = await ChunkFile.open(path, constants.O_RDONLY, { access, large: true });
    const buffer = takeChunkBuffer();
    for (let index = 0; index * CHUNK_BYTES < size; index++) {
      const part = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      await again.read(buffer, index, part.byteLength);
      t.equal(Buffer.compare(buffer.chunk, part), 0);
    }
    await again.read(buffer, Math.floor(size / CHUNK_BYTES), CHUNK_BYTES);
    t.equal(buffer.length, size % CHUNK_BYTES, 'no more than the file has');
    await again.close();
  });
}

t.test('a refusal in the middle is noticed once, and the file is what it should be', async (t) => {
  const access = directAccess();
  const bytes = random.bytes(3 * CHUNK_BYTES + 100);
  const path = join(folder, 'refused');
  const file = await ChunkFile.open(path, NEW, { access, large: true });
  for (let index = 0; index < 4; index++) {
    const part = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
    const buffer = index === 0 ? takeChunkBuffer() : misaligned();
    await file.write(filled(buffer, part), index);
  }
  t.equal(access.works, false);
  await file.finish(bytes.byteLength);
  t.equal(Buffer.compare(await readFile(path), bytes), 0);
  const next = await ChunkFile.open(join(folder, 'next'), NEW, { access, large: true });
  await next.write(filled(misaligned(), bytes.subarray(0, CHUNK_BYTES)), 0);
  await next.finish(CHUNK_BYTES);
  t.equal(Buffer.compare(await readFile(join(folder, 'next')), bytes.subarray(0, CHUNK_BYTES)), 0);
});

t.test(
  'a file system that refuses at once is read through the page cache',
  { skip: process.platform === 'linux' ? false : 'needs /proc' },
  async (t) => {
    const access = directAccess();
    const file = await ChunkFile.open('/proc/version', constants.O_RDONLY, { access, large: true });
    const buffer = takeChunkBuffer();
    await file.read(buffer, 0, 5);
    t.equal(Buffer.from(buffer.chunk).toString(), 'Linux');
    t.equal(access.works, false);
    await file.close();
  },
);

t.test('with more chunks under way than have pages, the others pass through the page cache', async (t) => {
  const access = directAccess();
  const bytes = random.bytes(40 * 4096);
  const path = join(folder, 'many');
  const file = await ChunkFile.open(path, NEW, { access, large: true });
  const taken = Array.from({ length: 40 }, () => takeChunkBuffer());
  t.same(new Set(taken.map(({ isPaged }) => isPaged)), new Set([true, false]));
  const parts = taken.map((buffer, at) => filled(buffer, bytes.subarray(at * 4096, (at + 1) * 4096)));
  await Promise.all(parts.map((buffer, at) => file.write(buffer, at)));
  t.equal(access.works, true);
  await file.finish(40 * CHUNK_BYTES);
  const found = await readFile(path);
  for (let at = 0; at < 40; at++) {
    const part = found.subarray(at * CHUNK_BYTES, at * CHUNK_BYTES + 4096);
    if (Buffer.compare(part, bytes.subarray(at * 4096, (at + 1) * 4096)) !== 0) t.fail(`chunk ${at}`);
  }
  for (const buffer of taken) giveChunkBuffer(buffer);
});

t.test('a chunk is used where it arrived, and copied from anywhere else', async (t) => {
  const bytes = random.bytes(CHUNK_BYTES);
  const frame = chunkFrameMemory(CHUNK_BYTES + 7);
  t.equal(frame.byteLength, CHUNK_BYTES + 7);
  frame.set(bytes, 7);
  const arrived = chunkBufferOf(frame.subarray(7));
  t.equal(arrived.chunk.buffer, frame.buffer);
  t.equal(Buffer.compare(arrived.chunk, bytes), 0);
  for (const elsewhere of [bytes, frame.subarray(6, CHUNK_BYTES), frame.subarray(7)]) {
    const copied = chunkBufferOf(elsewhere);
    t.not(copied.chunk.buffer, frame.buffer, 'also what is in use already');
    t.equal(Buffer.compare(copied.chunk, elsewhere), 0);
    giveChunkBuffer(copied);
  }
  giveChunkBuffer(arrived);
  for (const length of [1, CHUNK_BYTES, CHUNK_BYTES + 17, 2 * CHUNK_BYTES])
    t.equal(chunkFrameMemory(length).byteLength, length);
});
