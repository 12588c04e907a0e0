/** Large files written past the page cache, and where that is refused: the same bytes either way. */
import { constants } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { CHUNK_BYTES } from '../../node/store/blob-facts.ts';
import { ChunkBuffer, giveChunkBuffer, takeChunkBuffer } from '../../node/store/chunk-buffer.ts';
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
    // memory that begins anywhere is what no disk takes directly
    const buffer = index === 0 ? takeChunkBuffer() : new ChunkBuffer(CHUNK_BYTES + 4096);
    await file.write(filled(buffer, part), index);
  }
  t.equal(access.works, false);
  await file.finish(bytes.byteLength);
  t.equal(Buffer.compare(await readFile(path), bytes), 0);
  const next = await ChunkFile.open(join(folder, 'next'), NEW, { access, large: true });
  await next.write(filled(new ChunkBuffer(), bytes.subarray(0, CHUNK_BYTES)), 0);
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
