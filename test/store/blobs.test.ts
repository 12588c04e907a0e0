import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Bytes, EMPTY, hex, sha256, utf8 } from '../../node/core/bytes.ts';
import { type Clock, systemClock, systemRandom } from '../../node/core/clock.ts';
import { emptyRoot, leafHash, rootOf } from '../../node/core/merkle.ts';
import { CHUNK_BYTES } from '../../node/store/blob-facts.ts';
import { BlobStore, type LeasedBlob } from '../../node/store/blobs.ts';
import { blobReferenceKey } from '../../node/store/documents.ts';
import { key, PREFIX, prefixRange } from '../../node/store/keys.ts';
import { LevelEngine } from '../../node/store/level-engine.ts';
import { MemoryEngine } from '../../node/store/memory-engine.ts';
import { entriesOf } from '../contract/key-value.ts';
import { seeded } from './seeded.ts';

const random = seeded(20190312);
const root = await mkdtemp(join(tmpdir(), 'lienthong-blobs-'));
t.teardown(() => rm(root, { recursive: true }));
let count = 0;

async function newStore(init: { freeBytes?: () => Promise<number>; clock?: Clock } = {}) {
  const folder = join(root, `${count++}`);
  const store = new MemoryEngine();
  const open = () => BlobStore.open({ store, folder, clock: systemClock, random: systemRandom, ...init });
  return { folder, store, open, blobs: await open() };
}

const content = (size: number): Bytes => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 4096) bytes.set(random.bytes(Math.min(64, size - at)), at);
  return bytes;
};

async function stored(blobs: BlobStore, bytes: Bytes, piece = 100_000): Promise<LeasedBlob> {
  const writer = await blobs.create();
  for (let at = 0; at < bytes.byteLength; at += piece) await writer.write(bytes.subarray(at, at + piece));
  return writer.finish();
}

async function read(blobs: BlobStore, sha: Bytes): Promise<Buffer> {
  const reader = await blobs.open(sha);
  const parts: Bytes[] = [];
  for await (const part of reader!.stream()) parts.push(part);
  await reader!.close();
  return Buffer.concat(parts);
}

const chunksOf = (bytes: Bytes): Bytes[] =>
  Array.from({ length: Math.ceil(bytes.byteLength / CHUNK_BYTES) }, (_, i) =>
    bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  );
const pathOf = (folder: string, sha: Bytes) => join(folder, hex(sha).slice(0, 2), hex(sha).slice(2));
const referenced = (...all: Bytes[]) => ({
  isReferenced: async (sha: Bytes) => all.some((one) => hex(one) === hex(sha)),
});

t.test('a file of any size is stored under its SHA-256, with its chunk tree, and read back', async (t) => {
  const { folder, blobs } = await newStore();
  for (const size of [
    0,
    1,
    CHUNK_BYTES - 1,
    CHUNK_BYTES,
    CHUNK_BYTES + 1,
    3 * CHUNK_BYTES,
    7 * CHUNK_BYTES + 12345,
  ]) {
    const bytes = content(size);
    const blob = await stored(blobs, bytes, 1 + random.below(2 * CHUNK_BYTES));
    const path = pathOf(folder, blob.sha256);
    t.equal(
      execFileSync('sha256sum', [path]).toString().slice(0, 64),
      hex(blob.sha256),
      `${size} bytes, says sha256sum`,
    );
    t.equal(blob.size, size);
    const hashes = chunksOf(bytes).map(leafHash);
    t.equal(hex(blob.chunkRoot), hex(size === 0 ? emptyRoot() : rootOf(hashes)));
    t.strictSame((await blobs.facts(blob.sha256))?.chunkHashes.map(hex), hashes.map(hex));
    t.ok((await read(blobs, blob.sha256)).equals(bytes));
    t.equal((await stat(path)).mode & 0o777, 0o600);
    t.equal(await blobs.verify(blob.sha256), 'ok');
  }
  t.equal((await stat(folder)).mode & 0o777, 0o700);
  t.strictSame(await readdir(join(folder, 'incoming')), []);
});

t.test('a read gives exactly what was asked for, or says why not', async (t) => {
  const { folder, blobs } = await newStore();
  const bytes = content(CHUNK_BYTES + 5000);
  const { sha256: sha } = await stored(blobs, bytes);
  const reader = (await blobs.open(sha))!;
  t.equal(reader.size, bytes.byteLength);
  t.strictSame(
    hex(await reader.read(CHUNK_BYTES - 10, 20)),
    hex(bytes.subarray(CHUNK_BYTES - 10, CHUNK_BYTES + 10)),
  );
  t.equal((await reader.read(bytes.byteLength, 0)).byteLength, 0);
  await t.rejects(reader.read(bytes.byteLength - 5, 6), { code: 'usage' });
  await t.rejects(reader.read(-1, 6), { code: 'usage' });
  await t.rejects(reader.read(0, CHUNK_BYTES + 1), { code: 'usage' });
  await truncate(pathOf(folder, sha), 1000);
  await t.rejects(reader.read(5000, 10), { code: 'damaged' });
  await reader.close();
  t.equal(await blobs.open(sha256(utf8('none'))), undefined);
});

t.test('what is not what was expected leaves nothing behind', async (t) => {
  const { folder, blobs } = await newStore();
  const writing = async (expected: Parameters<BlobStore['create']>[0], bytes: Bytes) => {
    const writer = await blobs.create(expected);
    await writer.write(bytes);
    return writer.finish();
  };
  await t.rejects(writing({ sha256: sha256(utf8('other')) }, utf8('this')), { code: 'blob-mismatch' });
  await t.rejects(writing({ size: 5 }, utf8('this')), { code: 'blob-mismatch' });
  await t.rejects(writing({ size: 3 }, utf8('this')), { code: 'oversize' });
  await t.rejects(writing({ maxBytes: 3 }, utf8('this')), { code: 'oversize' });
  const aborted = await blobs.create();
  await aborted.write(content(3 * CHUNK_BYTES));
  await aborted.abort();
  await t.rejects(aborted.write(utf8('x')), { code: 'internal' });
  await t.rejects(aborted.finish(), { code: 'internal' });
  t.strictSame(await readdir(join(folder, 'incoming')), []);
  t.strictSame(await readdir(folder), ['incoming']);
  t.equal((await writing({ sha256: sha256(utf8('this')), size: 4 }, utf8('this'))).size, 4);
});

t.test('chunks come in any order, several at a time, each checked; the whole too', async (t) => {
  const { folder, blobs } = await newStore();
  const bytes = content(9 * CHUNK_BYTES + 77);
  const chunks = chunksOf(bytes);
  const promised = { sha256: sha256(bytes), size: bytes.byteLength, chunkHashes: chunks.map(leafHash) };
  const receiver = await blobs.receive(promised);
  await t.rejects(blobs.receive(promised), { code: 'busy' }, 'one transfer of a file at a time');
  await t.rejects(receiver.writeChunk(2, chunks[3]!), { code: 'blob-mismatch' });
  await t.rejects(receiver.writeChunk(9, chunks[9]!.subarray(1)), { code: 'blob-mismatch' });
  await t.rejects(receiver.writeChunk(10, utf8('x')), { code: 'blob-mismatch' });
  await t.rejects(receiver.finish(), { code: 'blob-unavailable' });
  t.strictSame(receiver.missing(3), [0, 1, 2]);
  await Promise.all([9, 3, 0, 5, 5, 1, 7].map((i) => receiver.writeChunk(i, chunks[i]!)));
  t.strictSame(receiver.missing(), [2, 4, 6, 8]);
  t.equal(receiver.heldBytes, 5 * CHUNK_BYTES + 77);
  await Promise.all([8, 6, 4, 2].map((i) => receiver.writeChunk(i, chunks[i]!)));
  const blob = await receiver.finish();
  t.equal(
    execFileSync('sha256sum', [pathOf(folder, blob.sha256)])
      .toString()
      .slice(0, 64),
    hex(promised.sha256),
  );
  t.equal(await blobs.verify(blob.sha256), 'ok');
  t.strictSame(await readdir(join(folder, 'incoming')), []);
});

t.test(
  'a transfer that stopped goes on, in another process too, and trusts only what verifies',
  async (t) => {
    const { folder, blobs, open } = await newStore();
    const bytes = content(6 * CHUNK_BYTES + 5);
    const chunks = chunksOf(bytes);
    const promised = { sha256: sha256(bytes), size: bytes.byteLength, chunkHashes: chunks.map(leafHash) };
    const first = await blobs.receive(promised);
    for (const i of [0, 1, 2, 5]) await first.writeChunk(i, chunks[i]!);
    await first.close();
    const [name] = await readdir(join(folder, 'incoming'));
    const partial = await readFile(join(folder, 'incoming', name!));
    partial[CHUNK_BYTES + 9]! ^= 1;
    await writeFile(join(folder, 'incoming', name!), partial);

    const second = await (await open()).receive(promised);
    t.strictSame(second.missing(), [1, 3, 4, 6]);
    for (const i of second.missing()) await second.writeChunk(i, chunks[i]!);
    t.equal(hex((await second.finish()).sha256), hex(promised.sha256));
  },
);

t.test('chunk hashes that lead to another file than promised: refused and dropped', async (t) => {
  const { folder, blobs } = await newStore();
  const bytes = content(CHUNK_BYTES + 1);
  const promised = {
    sha256: sha256(utf8('other')),
    size: bytes.byteLength,
    chunkHashes: chunksOf(bytes).map(leafHash),
  };
  const receiver = await blobs.receive(promised);
  for (const [i, chunk] of chunksOf(bytes).entries()) await receiver.writeChunk(i, chunk);
  await t.rejects(receiver.finish(), { code: 'blob-mismatch' });
  t.strictSame(await readdir(join(folder, 'incoming')), []);
  const empty = await blobs.receive({ sha256: sha256(), size: 0, chunkHashes: [] });
  t.equal((await empty.finish()).size, 0);
});

t.test('a damaged, shortened or missing file is told apart from a good one, and never re-used', async (t) => {
  const { folder, blobs } = await newStore();
  const bytes = content(2 * CHUNK_BYTES);
  const { sha256: sha, lease } = await stored(blobs, bytes);
  await lease.release();
  const path = pathOf(folder, sha);
  t.equal((await blobs.reuse(sha))?.size, bytes.byteLength);

  const flipped = Buffer.from(bytes);
  flipped[CHUNK_BYTES + 3]! ^= 0x10;
  await writeFile(path, flipped);
  t.equal(await blobs.verify(sha), 'damaged');
  t.equal(await blobs.reuse(sha), undefined);
  await truncate(path, 100);
  t.equal(await blobs.verify(sha), 'damaged');
  t.equal(await blobs.facts(sha), undefined, 'a size that does not fit is looked at');

  await stored(blobs, bytes);
  t.equal(await blobs.verify(sha), 'ok', 'storing it again mends it');
  await unlink(path);
  t.equal(await blobs.verify(sha), 'missing');
  t.equal(await blobs.reuse(sha), undefined);
  t.equal(await blobs.has(sha), false);
});

t.test('what lies in the place of a file and is none is told apart too, and holds nothing up', async (t) => {
  const { folder, blobs } = await newStore();
  const file = await stored(blobs, content(3 * CHUNK_BYTES));
  await file.lease.release();
  const path = pathOf(folder, file.sha256);
  const things: Record<string, () => unknown> = {
    'a folder': () => mkdir(path),
    'a pipe': () => execFileSync('mkfifo', [path]),
    'a device without an end': () => symlink('/dev/zero', path),
    'a link to itself': () => symlink(path, path),
    'a file that cannot be read': () => symlink('/proc/self/mem', path),
  };
  for (const [what, put] of Object.entries(things)) {
    await rm(path, { recursive: true, force: true });
    await put();
    t.match(await blobs.verify(file.sha256), /^(damaged|missing)$/, what);
    t.equal(await blobs.reuse(file.sha256), undefined);
    t.equal(await blobs.facts(file.sha256), undefined);
  }
  await rm(path);
  await rename(
    await stored(blobs, content(CHUNK_BYTES + 1)).then(({ sha256: sum }) => pathOf(folder, sum)),
    path,
  );
  await rm(`${path}.chunks`);
  await mkdir(`${path}.chunks`);
  t.equal(await blobs.verify(file.sha256), 'damaged', 'other bytes, and no chunk hashes');
});

t.test(
  'what is good in a damaged file is used whatever its rights, and they are not taken over',
  async (t) => {
    const { folder, blobs } = await newStore();
    const bytes = content(3 * CHUNK_BYTES);
    const { sha256: sum, chunkHashes, size, lease } = await stored(blobs, bytes);
    await lease.release();
    const path = pathOf(folder, sum);
    await truncate(path, 2 * CHUNK_BYTES + 5);
    await chmod(path, 0o444);
    const receiver = await blobs.receive({ sha256: sum, size, chunkHashes }, { salvage: true });
    t.same(receiver.missing(), [2]);
    await receiver.writeChunk(2, Uint8Array.from(chunksOf(bytes)[2]!));
    await receiver.finish();
    t.equal(await blobs.verify(sum), 'ok');
    t.equal((await stat(path)).mode & 0o777, 0o600);
  },
);

t.test('lost or damaged chunk hashes are made again from the file', async (t) => {
  const { folder, blobs } = await newStore();
  const { sha256: sha, chunkHashes } = await stored(blobs, content(3 * CHUNK_BYTES));
  const sidecar = `${pathOf(folder, sha)}.chunks`;
  const good = await readFile(sidecar);
  for (const damage of [
    () => unlink(sidecar),
    () => truncate(sidecar, 30),
    () => truncate(sidecar, 3),
    () =>
      writeFile(
        sidecar,
        good.map((b, i) => (i === 40 ? b ^ 1 : b)),
      ),
  ]) {
    await damage();
    t.strictSame((await blobs.facts(sha))?.chunkHashes.map(hex), chunkHashes.map(hex));
    t.ok((await readFile(sidecar)).equals(good));
  }
});

t.test('the collector removes what nothing refers to, and neither leased nor referenced files', async (t) => {
  const { folder, store, blobs } = await newStore();
  const [orphan, leased, kept] = [
    await stored(blobs, utf8('orphan')),
    await stored(blobs, utf8('leased')),
    await stored(blobs, utf8('kept')),
  ];
  await orphan.lease.release();
  await store.commit({
    writes: [{ put: key(200, kept.sha256), value: utf8('reference') }, ...kept.lease.writes],
  });
  t.strictSame(await blobs.collect(referenced(kept.sha256)), { removed: 1, unfinished: 0 });
  t.strictSame(
    [await blobs.has(orphan.sha256), await blobs.has(leased.sha256), await blobs.has(kept.sha256)],
    [false, true, true],
  );
  t.strictSame(
    await readdir(join(folder, hex(orphan.sha256).slice(0, 2))),
    [],
    'its chunk hashes went with it',
  );
  await leased.lease.release();
  t.strictSame(await blobs.collect(referenced(kept.sha256)), { removed: 1, unfinished: 0 });
  t.strictSame(await blobs.collect(referenced(kept.sha256)), { removed: 0, unfinished: 0 });
});

t.test('a file stored while the collector runs is there when its reference is committed', async (t) => {
  const { store, blobs } = await newStore();
  const bytes = utf8('contended');
  const sha = sha256(bytes);
  const isReferenced = async (one: Bytes) => (await store.get(key(200, one))) !== undefined;
  let stop = false;
  const collecting = (async () => {
    while (!stop) await blobs.collect({ isReferenced });
  })();
  for (let round = 0; round < 60; round++) {
    const leased =
      round % 2 === 0
        ? await stored(blobs, bytes)
        : ((await blobs.reuse(sha)) ?? (await stored(blobs, bytes)));
    await store.commit({ writes: [{ put: key(200, sha), value: utf8('') }, ...leased.lease.writes] });
    if (!(await blobs.has(sha))) t.fail(`round ${round}: referenced and gone`);
    await store.commit({ writes: [{ del: key(200, sha) }] });
  }
  stop = true;
  await collecting;
  t.ok(true);
});

t.test(
  'unfinished files: temporary ones go at start, partial ones when nobody went on for a week',
  async (t) => {
    const { folder, blobs, open } = await newStore();
    const bytes = content(2 * CHUNK_BYTES);
    const promised = {
      sha256: sha256(bytes),
      size: bytes.byteLength,
      chunkHashes: chunksOf(bytes).map(leafHash),
    };
    const receiver = await blobs.receive(promised);
    await receiver.writeChunk(0, bytes.subarray(0, CHUNK_BYTES));
    const [partial] = await readdir(join(folder, 'incoming'));
    const old = new Date(Date.now() - 8 * 24 * 3600 * 1000);
    await utimes(join(folder, 'incoming', partial!), old, old);
    t.equal((await blobs.collect(referenced())).unfinished, 0, 'it is being written');
    await receiver.close();
    await writeFile(join(folder, 'incoming', 'ab.tmp'), 'left by a crash');
    const again = await open();
    t.strictSame(await readdir(join(folder, 'incoming')), [partial]);
    t.equal((await again.collect(referenced())).unfinished, 1);
    t.strictSame(await readdir(join(folder, 'incoming')), []);
  },
);

t.test('leases of an earlier run end at the next start, so its orphans are collected', async (t) => {
  const folder = join(root, `${count++}`);
  const open = async () => {
    const store = await LevelEngine.open({ folder });
    return {
      store,
      blobs: await BlobStore.open({
        store,
        folder: join(folder, 'blobs'),
        clock: systemClock,
        random: systemRandom,
      }),
    };
  };
  const first = await open();
  const { sha256: sha } = await stored(first.blobs, utf8('never referenced'));
  t.equal((await entriesOf(first.store, prefixRange(PREFIX.blobLease))).length, 1);
  await first.store.close();
  const second = await open();
  t.equal((await entriesOf(second.store, prefixRange(PREFIX.blobLease))).length, 0);
  t.equal((await second.blobs.collect(referenced())).removed, 1);
  t.equal(await second.blobs.has(sha), false);
  await second.store.close();
});

t.test('a disk without room is said before anything is written, and while writing', async (t) => {
  let free = 300 * 1024 * 1024;
  const { folder, blobs } = await newStore({ freeBytes: async () => free });
  t.equal(await blobs.availableBytes(), 44 * 1024 * 1024);
  await t.rejects(blobs.create({ size: 45 * 1024 * 1024 }), { code: 'disk-full' });
  const bytes = content(20 * CHUNK_BYTES);
  const promised = {
    sha256: sha256(bytes),
    size: 60 * CHUNK_BYTES,
    chunkHashes: Array.from({ length: 60 }, () => sha256()),
  };
  await t.rejects(blobs.receive(promised), { code: 'disk-full' });
  const writer = await blobs.create();
  await writer.write(bytes.subarray(0, CHUNK_BYTES));
  free = 0;
  await t.rejects(writer.write(bytes), { code: 'disk-full' });
  t.strictSame(
    (await readdir(join(folder, 'incoming'))).filter((name) => name.endsWith('.tmp')),
    [],
  );
  free = 300 * 1024 * 1024;
  t.equal((await stored(blobs, bytes)).size, bytes.byteLength);
});

t.test('what came for documents that were never stored gives way where room is short', async (t) => {
  let free = 2 ** 40;
  let nowMs = Date.now();
  const clock: Clock = {
    nowMs: () => nowMs,
    after: (...of) => systemClock.after(...of),
    sleep: (...of) => systemClock.sleep(...of),
  };
  const { folder, blobs, store } = await newStore({ freeBytes: async () => free, clock });
  const give = async (bytes: Bytes, chunks: number, from: string) => {
    const parts = chunksOf(bytes);
    const promised = { sha256: sha256(bytes), size: bytes.byteLength, chunkHashes: parts.map(leafHash) };
    const receiver = await blobs.receive(promised, { from });
    for (const [index, part] of parts.slice(0, chunks).entries())
      await receiver.writeChunk(index, Uint8Array.from(part));
    return receiver;
  };
  await (await give(content(3 * CHUNK_BYTES), 2, 'H40')).close();
  const goingOn = await give(content(3 * CHUNK_BYTES + 1), 2, 'H40');
  const whole = async (size: number) => (await give(content(size), 9, 'H40')).finish();
  const [given, kept] = [await whole(2 * CHUNK_BYTES), await whole(2 * CHUNK_BYTES + 1)];
  await store.commit({ writes: [{ put: blobReferenceKey(kept.sha256, kept.sha256), value: EMPTY }] });
  for (const { lease } of [given, kept]) await lease.release();
  const unfinished = async () => (await readdir(join(folder, 'incoming'))).length;
  const wanted = { size: CHUNK_BYTES };
  free = 0;
  await t.rejects(blobs.create(wanted), { code: 'disk-full' });
  t.equal(await unfinished(), 2, 'soon, everything is kept');
  t.ok(await blobs.has(given.sha256));
  nowMs += 11 * 60_000;
  free = 2 ** 40;
  await (await blobs.create(wanted)).abort();
  t.equal(await unfinished(), 2, 'and later, while there is room');
  free = 0;
  await t.rejects(blobs.create(wanted), { code: 'disk-full' });
  t.equal(await unfinished(), 1, 'but for what is still being received');
  t.notOk(await blobs.has(given.sha256));
  t.ok(await blobs.has(kept.sha256));
  await goingOn.close();
});

t.test(
  'files that come at the same time don’t fill the disk together, and go on when there is room',
  async (t) => {
    const reserve = 256 * 1024 * 1024;
    let free = reserve + 25 * CHUNK_BYTES;
    const { blobs } = await newStore({ freeBytes: async () => free });
    const files = [content(20 * CHUNK_BYTES), content(20 * CHUNK_BYTES + 1)].map((bytes) => {
      const chunks = chunksOf(bytes);
      const promised = { sha256: sha256(bytes), size: bytes.byteLength, chunkHashes: chunks.map(leafHash) };
      return { chunks, promised };
    });
    const receivers = await Promise.all(files.map(({ promised }) => blobs.receive(promised)));
    const going = receivers.map(async (receiver, file) => {
      for (const [index, chunk] of files[file]!.chunks.entries()) {
        await receiver.writeChunk(index, Uint8Array.from(chunk));
        free -= chunk.byteLength;
      }
    });
    const ends = await Promise.allSettled(going);
    t.match(
      ends.map((end) => (end.status === 'rejected' ? end.reason.code : 'here')),
      ['disk-full', 'disk-full'],
    );
    t.ok(free > reserve - 10 * CHUNK_BYTES, `${free - reserve} bytes beside the reserve`);
    free = 2 * reserve;
    for (const [file, receiver] of receivers.entries()) {
      for (const index of receiver.missing())
        await receiver.writeChunk(index, Uint8Array.from(files[file]!.chunks[index]!));
      t.equal((await receiver.finish()).size, files[file]!.promised.size);
    }
  },
);

t.test('the hash of the whole is that of the bytes, whatever pieces they come in', async (t) => {
  const { blobs } = await newStore();
  const bytes = content(2 * CHUNK_BYTES + 999);
  const expected = createHash('sha256').update(bytes).digest('hex');
  for (const piece of [997, 65536, CHUNK_BYTES, CHUNK_BYTES + 1, bytes.byteLength])
    t.equal(hex((await stored(blobs, bytes, piece)).sha256), expected, `pieces of ${piece}`);
});

t.test('512 MB are written in flat memory', async (t) => {
  const { blobs } = await newStore();
  const piece = content(CHUNK_BYTES);
  const writer = await blobs.create();
  let afterWarmUp = 0;
  let most = 0;
  for (let i = 0; i < 512; i++) {
    piece[i] = i & 0xff;
    await writer.write(piece);
    const { rss } = process.memoryUsage();
    if (i === 64) afterWarmUp = rss;
    most = Math.max(most, rss);
  }
  const blob = await writer.finish();
  t.equal(blob.size, 512 * CHUNK_BYTES);
  const grownMiB = (most - afterWarmUp) / 2 ** 20;
  t.ok(grownMiB < 64, `grew by ${grownMiB.toFixed(0)} MiB after the first 64`);
});
