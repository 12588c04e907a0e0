/** A real file system that fills up: a small tmpfs. Skipped where mounting isn't permitted. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { utf8 } from '../../node/core/bytes.ts';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import { isLienthongError } from '../../node/core/errors.ts';
import { BlobStore } from '../../node/store/blobs.ts';
import { key } from '../../node/store/keys.ts';
import { LevelEngine } from '../../node/store/level-engine.ts';
import { MemoryEngine } from '../../node/store/memory-engine.ts';

const root = await mkdtemp(join(tmpdir(), 'lienthong-full-'));
const disk = join(root, 'disk');
await mkdir(disk);

function mounted(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const skip = mounted() ? false : 'mounting a tmpfs is not permitted here';
t.teardown(async () => {
  if (skip === false) execFileSync('umount', [disk]);
  await rm(root, { recursive: true });
});

t.test(
  'the database meets a full disk: named, read-only, and whole again when there is room',
  { skip },
  async (t) => {
    const folder = join(disk, 'store');
    const filler = join(disk, 'filler');
    await writeFile(filler, Buffer.alloc(56 * 1024 * 1024));
    let store = await LevelEngine.open({ folder, reserveBytes: 0 });
    const acknowledged: number[] = [];
    let error: unknown;
    for (let i = 0; error === undefined && i < 2000; i++) {
      try {
        await store.commit({ writes: [{ put: key(200, i), value: systemRandom(20_000) }] });
        acknowledged.push(i);
      } catch (caught) {
        error = caught;
      }
    }
    t.ok(isLienthongError(error, 'disk-full'), `after ${acknowledged.length}: ${error}`);
    t.match(store.health, { state: 'read-only', problems: [{ kind: 'write-failed' }] });
    await t.rejects(store.commit({ writes: [] }), { code: 'read-only' });
    t.equal((await store.get(key(200, acknowledged.at(-1)!)))?.byteLength, 20_000, 'reading goes on');
    await store.close();

    await rm(filler);
    store = await LevelEngine.open({ folder, reserveBytes: 0 });
    t.strictSame(store.health, { state: 'ok', problems: [] });
    const values = await store.getMany(acknowledged.map((i) => key(200, i)));
    t.ok(values.every((value) => value?.byteLength === 20_000));
    await store.commit({ writes: [{ put: utf8('after'), value: utf8('') }] });
    await store.close();
    await rm(folder, { recursive: true });
  },
);

t.test('with a reserve commits are refused before, and the store stays healthy', { skip }, async (t) => {
  const store = await LevelEngine.open({ folder: join(disk, 'reserve'), reserveBytes: 24 * 1024 * 1024 });
  let error: unknown;
  for (let i = 0; error === undefined && i < 2000; i++)
    await store.commit({ writes: [{ put: key(200, i), value: systemRandom(20_000) }] }).catch((caught) => {
      error = caught;
    });
  t.ok(isLienthongError(error, 'disk-full'));
  t.strictSame(store.health, { state: 'ok', problems: [] });
  await store.close();
  await rm(join(disk, 'reserve'), { recursive: true });
});

t.test('a file that does not fit is refused and leaves nothing', { skip }, async (t) => {
  const init = {
    store: new MemoryEngine(),
    folder: join(disk, 'blobs'),
    clock: systemClock,
    random: systemRandom,
  };
  // As if the room had gone to someone else after it was looked at.
  const blobs = await BlobStore.open({ ...init, freeBytes: async () => 2 ** 40 });
  const writer = await blobs.create();
  const writing = (async () => {
    for (let i = 0; i < 128; i++) await writer.write(systemRandom(1024 * 1024));
    await writer.finish();
  })();
  await t.rejects(writing, { code: 'disk-full' });
  const small = await blobs.create();
  await small.write(systemRandom(1024 * 1024));
  t.equal((await small.finish()).size, 1024 * 1024, 'its room is free again');
});
