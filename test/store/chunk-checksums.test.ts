/** A chunk to be sent is checked against the disk by its CRC-32 where its file has them, by its hash where not. */

import { mkdtempSync } from 'node:fs';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hex, sha256 } from '../../node/core/bytes.ts';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import { type BlobFacts, CHUNK_BYTES, decodeFacts, encodeFacts } from '../../node/store/blob-facts.ts';
import { BlobStore } from '../../node/store/blobs.ts';
import { MemoryEngine } from '../../node/store/memory-engine.ts';
import { seeded } from './seeded.ts';

const random = seeded(32);
const folder = mkdtempSync(join(tmpdir(), 'lienthong-checksums-'));
t.teardown(() => rm(folder, { recursive: true }));
const components = { store: new MemoryEngine(), folder, clock: systemClock, random: systemRandom };
const blobs = await BlobStore.open(components);

/** A stored file of three chunks. */
async function stored() {
  const bytes = random.bytes(2 * CHUNK_BYTES + 9);
  const writer = await blobs.create();
  await writer.write(bytes);
  await writer.finish();
  const sum = sha256(bytes);
  const path = join(folder, hex(sum).slice(0, 2), hex(sum).slice(2));
  return { bytes, sum, path, facts: (await blobs.facts(sum))! };
}

async function sent(sum: Uint8Array, facts: BlobFacts, index: number): Promise<Uint8Array> {
  const reader = (await blobs.open(sum))!;
  try {
    return (await reader.chunkToSend(facts, index)).chunk;
  } finally {
    await reader.close();
  }
}

async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  buffer[0]! ^= 1;
  await file.write(buffer, 0, 1, at);
  await file.close();
}

t.test('its CRC-32 is enough for what is sent, and for nothing else', async (t) => {
  const { bytes, sum, path, facts } = await stored();
  t.equal(facts.checksums?.length, 3);
  for (const index of [0, 1, 2]) {
    const expected = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
    t.equal(Buffer.compare(await sent(sum, facts, index), expected), 0);
  }
  const unhashed = { ...facts, chunkHashes: facts.chunkHashes.map(() => sum) };
  t.equal((await sent(sum, unhashed, 1)).byteLength, CHUNK_BYTES, 'not hashed');
  const reader = (await blobs.open(sum))!;
  await t.rejects(reader.chunk(unhashed, 1), { code: 'damaged' }, 'hashed');
  await reader.close();
  await flip(path, CHUNK_BYTES + 5);
  t.equal((await sent(sum, facts, 0)).byteLength, CHUNK_BYTES);
  await t.rejects(sent(sum, facts, 1), { code: 'damaged' });
});

t.test('a CRC-32 that is wrong itself makes no chunk damaged', async (t) => {
  const { sum, facts } = await stored();
  t.equal((await sent(sum, { ...facts, checksums: [1, 2, 3] }, 2)).byteLength, 9);
});

t.test('a file from before is read, and checked by its hashes', async (t) => {
  const { sum, path, facts } = await stored();
  const { checksums: _, ...before } = facts;
  await writeFile(`${path}.chunks`, encodeFacts(before));
  const found = (await blobs.facts(sum))!;
  t.equal(found.checksums, undefined);
  t.equal((await sent(sum, found, 1)).byteLength, CHUNK_BYTES);
  await flip(path, CHUNK_BYTES + 5);
  await t.rejects(sent(sum, found, 1), { code: 'damaged' });
});

t.test('what lies beside a file is read whole or not at all', async (t) => {
  const { sum, path, facts } = await stored();
  const bytes = new Uint8Array(await readFile(`${path}.chunks`));
  t.same(decodeFacts(sum, bytes), facts);
  for (const end of [bytes.byteLength - 4, bytes.byteLength - 12, 24])
    t.equal(decodeFacts(sum, bytes.subarray(0, end)), undefined);
  bytes[bytes.byteLength - 1]! ^= 1;
  t.equal(decodeFacts(sum, bytes), undefined);
});
