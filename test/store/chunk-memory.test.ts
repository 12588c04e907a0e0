/** The memory chunks arrive in is kept and used again, whatever becomes of the chunk: V8 doesn't see how much of it there is. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { sha256 } from '../../node/core/bytes.ts';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import { leafHash } from '../../node/core/merkle.ts';
import { CHUNK_BYTES } from '../../node/store/blob-facts.ts';
import { BlobStore } from '../../node/store/blobs.ts';
import { chunkFrameMemory, giveChunkBuffer, takeChunkBuffer } from '../../node/store/chunk-buffer.ts';
import { MemoryEngine } from '../../node/store/memory-engine.ts';
import { seeded } from './seeded.ts';

const random = seeded(5);
const folder = await mkdtemp(join(tmpdir(), 'lienthong-chunks-'));
t.teardown(() => rm(folder, { recursive: true }));
const components = { store: new MemoryEngine(), folder, clock: systemClock, random: systemRandom };
const blobs = await BlobStore.open(components);

t.test('a chunk that is not wanted gives back the memory it arrived in', async (t) => {
  const bytes = random.bytes(2 * CHUNK_BYTES);
  const chunks = [0, 1].map((at) => bytes.slice(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES));
  const promised = { sha256: sha256(bytes), size: bytes.byteLength, chunkHashes: chunks.map(leafHash) };
  const receiver = await blobs.receive(promised);
  const arrived = (chunk: Uint8Array) => {
    const memory = chunkFrameMemory(CHUNK_BYTES + 3).subarray(3);
    memory.set(chunk);
    return memory;
  };
  const nextMemory = () => {
    const buffer = takeChunkBuffer();
    giveChunkBuffer(buffer);
    return buffer.room.buffer;
  };
  const first = arrived(chunks[0]!);
  await receiver.writeChunk(0, first);
  const again = arrived(chunks[0]!);
  await receiver.writeChunk(0, again);
  t.equal(nextMemory(), again.buffer, 'one that is here already');
  const wrong = arrived(chunks[0]!);
  await t.rejects(receiver.writeChunk(7, wrong), { code: 'blob-mismatch' });
  t.equal(nextMemory(), wrong.buffer, 'one there is no place for');
  await receiver.abort();
  const late = arrived(chunks[1]!);
  await t.rejects(receiver.writeChunk(1, late), { code: 'internal' });
  t.equal(nextMemory(), late.buffer, 'one that came too late');
});
