import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { utf8 } from '../../node/core/bytes.ts';
import { commitKey } from '../../node/store/commit-chain.ts';
import type { KeyValueStore } from '../../node/store/key-value.ts';
import { PREFIX, prefixRange } from '../../node/store/keys.ts';
import { LevelEngine } from '../../node/store/level-engine.ts';
import { entriesOf, keyValueContract } from '../contract/key-value.ts';

const root = await mkdtemp(join(tmpdir(), 'lienthong-level-'));
t.teardown(() => rm(root, { recursive: true }));
let count = 0;
const newFolder = () => join(root, `${count++}`);
const folders = new Map<KeyValueStore, string>();

async function open(folder: string): Promise<LevelEngine> {
  const store = await LevelEngine.open({ folder });
  folders.set(store, folder);
  return store;
}

keyValueContract(t, {
  name: 'level',
  open: () => open(newFolder()),
  reopen: async (store) => {
    await store.close();
    return open(folders.get(store)!);
  },
});

t.test('a second opening of one folder is told it is locked', async (t) => {
  const folder = newFolder();
  const store = await open(folder);
  await t.rejects(LevelEngine.open({ folder }), { code: 'locked' });
  await store.commit({ writes: [{ put: utf8('a'), value: utf8('1') }] });
  await store.close();
});

t.test('the folder is for its owner only', async (t) => {
  const folder = newFolder();
  const store = await open(folder);
  t.equal((await stat(folder)).mode & 0o077, 0);
  t.equal((await stat(join(folder, 'database'))).mode & 0o077, 0);
  t.equal((await stat(join(folder, 'witness'))).mode & 0o077, 0);
  await store.close();
});

t.test(
  'commit rows do not pile up: behind the checkpoint they are removed, while running and at opening',
  async (t) => {
    const folder = newFolder();
    let store = await open(folder);
    const value = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 200; i++) await store.commit({ writes: [{ put: utf8(`k${i % 5}`), value }] });
    const running = await entriesOf(store, prefixRange(PREFIX.commit));
    t.ok(running.length < 150, `${running.length} rows after 200 commits of 1 MiB`);
    await store.close();
    store = await open(folder);
    t.match(store.health, { state: 'ok' });
    const left = await entriesOf(store, prefixRange(PREFIX.commit));
    t.strictSame(
      left.map(({ key }) => Buffer.from(key).toString('hex')),
      [Buffer.from(commitKey(201)).toString('hex')],
    );
    await store.close();
  },
);

t.test('commits are refused before the disk is full, and taken again when there is room', async (t) => {
  let free = 1000;
  const store = await LevelEngine.open({
    folder: newFolder(),
    reserveBytes: 100,
    freeBytes: async () => free,
  });
  const big = { writes: [{ put: utf8('a'), value: new Uint8Array(2 * 1024 * 1024) }] };
  await store.commit(big);
  free = 50;
  await store.commit(big);
  await t.rejects(store.commit(big), { code: 'disk-full' });
  t.equal(store.health.state, 'ok');
  free = 1000;
  await store.commit(big);
  await store.close();
  await t.rejects(LevelEngine.open({ folder: newFolder(), freeBytes: async () => 0 }), { code: 'disk-full' });
});

t.test('check reads everything and finds nothing wrong', async (t) => {
  const store = await open(newFolder());
  for (let i = 0; i < 50; i++) await store.commit({ writes: [{ put: utf8(`k${i}`), value: utf8('v') }] });
  t.strictSame(await store.check(), { state: 'ok', problems: [] });
  await store.close();
});
