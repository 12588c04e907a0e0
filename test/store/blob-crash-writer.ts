/**
 * Run by the blob crash test as a process of its own: stores files, streamed and in chunks, commits a reference to
 * each, and prints its SHA-256 once that is acknowledged, until it is killed. Arguments: folder, seed.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { hex, sha256 } from '../../node/core/bytes.ts';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import { leafHash } from '../../node/core/merkle.ts';
import { CHUNK_BYTES } from '../../node/store/blob-facts.ts';
import { BlobStore } from '../../node/store/blobs.ts';
import { key } from '../../node/store/keys.ts';
import { LevelEngine } from '../../node/store/level-engine.ts';
import { seeded } from './seeded.ts';

const [folder = '', seed = '1'] = process.argv.slice(2);
const random = seeded(Number(seed));
const store = await LevelEngine.open({ folder });
const blobs = await BlobStore.open({
  store,
  folder: join(folder, 'blobs'),
  clock: systemClock,
  random: systemRandom,
});
writeSync(1, 'ready\n');

async function work(): Promise<never> {
  for (;;) {
    const bytes = new Uint8Array(random.below(3 * CHUNK_BYTES)).fill(random.below(256));
    bytes.set(random.bytes(Math.min(8, bytes.byteLength)));
    const chunks = Array.from({ length: Math.ceil(bytes.byteLength / CHUNK_BYTES) }, (_, i) =>
      bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
    );
    const promised = { sha256: sha256(bytes), size: bytes.byteLength, chunkHashes: chunks.map(leafHash) };
    const target = random.below(2) === 0 ? await blobs.create(promised) : await blobs.receive(promised);
    for (const [i, chunk] of chunks.entries())
      await ('writeChunk' in target ? target.writeChunk(i, chunk) : target.write(chunk));
    const blob = await target.finish();
    await store.commit({
      writes: [{ put: key(200, blob.sha256), value: new Uint8Array(0) }, ...blob.lease.writes],
    });
    writeSync(1, `${hex(blob.sha256)}\n`);
  }
}
await Promise.all([work(), work(), work()]);
