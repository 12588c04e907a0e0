/**
 * LevelDB itself opens after most of these damages without an error and with records missing or altered. Here
 * each must be noticed at opening or at reading, or change nothing that is read.
 */
import {
  cp,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hex, utf8 } from '../../node/core/bytes.ts';
import { isLienthongError } from '../../node/core/errors.ts';
import { acceptLoss } from '../../node/store/accept-loss.ts';
import { key, partsOf, prefixRange } from '../../node/store/keys.ts';
import { LevelEngine } from '../../node/store/level-engine.ts';
import { entriesOf } from '../contract/key-value.ts';
import { seeded } from './seeded.ts';

const SPACE = 200;
const FLIPS = 120;

const random = seeded();
t.comment(`seed ${random.seed}`);
const root = await mkdtemp(join(tmpdir(), 'lienthong-damage-'));
t.teardown(() => rm(root, { recursive: true }));

/** Key number → value, as it must be read. */
type Model = Map<number, Uint8Array>;

async function fill(store: LevelEngine, model: Model, commits: number): Promise<void> {
  for (let i = 0; i < commits; i++) {
    const id = random.below(300);
    if (random.below(8) === 0) {
      await store.commit({ writes: [{ del: key(SPACE, id) }] });
      model.delete(id);
    } else {
      const value = random.bytes(20 + random.below(1500));
      await store.commit({ writes: [{ put: key(SPACE, id), value }] });
      model.set(id, value);
    }
  }
}

/** Three states of one store: closed; closed with everything in tables; and as SIGKILL leaves it. */
async function prepare(): Promise<{ name: string; folder: string; model: Model }[]> {
  const live = join(root, 'live');
  const model: Model = new Map();
  let store = await LevelEngine.open({ folder: live });
  await fill(store, model, 250);
  await store.close();
  await cp(live, join(root, 'closed'), { recursive: true });
  const closed = new Map(model);
  store = await LevelEngine.open({ folder: live });
  await store.close();
  await cp(live, join(root, 'tables'), { recursive: true });
  store = await LevelEngine.open({ folder: live });
  await fill(store, model, 150);
  await cp(live, join(root, 'killed'), { recursive: true });
  await store.close();
  return [
    { name: 'closed', folder: join(root, 'closed'), model: closed },
    { name: 'tables', folder: join(root, 'tables'), model: closed },
    { name: 'killed', folder: join(root, 'killed'), model },
  ];
}

/** 'noticed', 'unharmed', or what was silently wrong. */
async function judge(folder: string, model: Model): Promise<string> {
  let store: LevelEngine;
  try {
    store = await LevelEngine.open({ folder });
  } catch (error) {
    return isLienthongError(error) ? 'noticed' : `opening threw ${error}`;
  }
  try {
    if (store.health.state === 'read-only') return 'noticed';
    for (let id = 0; id < 300; id++) {
      const value = await store.get(key(SPACE, id));
      const right = model.get(id);
      if ((value && hex(value)) !== (right && hex(right)))
        return `key ${id} is ${value ? 'altered' : 'missing'}`;
    }
    const all = await entriesOf(store, prefixRange(SPACE));
    const ids = all.map((entry) => partsOf(entry.key, ['number'])[0]);
    if (ids.join() !== [...model.keys()].sort((a, b) => a - b).join()) return 'a scan lacks or adds keys';
    await store.commit({ writes: [{ put: key(SPACE, 999), value: utf8('after') }] });
    return 'unharmed';
  } catch (error) {
    return isLienthongError(error) ? 'noticed' : `reading threw ${error}`;
  } finally {
    await store.close();
  }
}

const states = await prepare();
let copies = 0;
async function damagedCopy(
  from: string,
  damage: (folder: string) => Promise<string>,
): Promise<{ folder: string; what: string }> {
  const folder = join(root, `copy-${copies++}`);
  await cp(from, folder, { recursive: true });
  return { folder, what: await damage(folder) };
}

async function filesOf(folder: string): Promise<string[]> {
  const names = (await readdir(join(folder, 'database'))).filter((name) => !/^(LOCK|LOG.*)$/.test(name));
  const beside = ['witness', 'journal-1', 'journal-2'];
  const paths = [...names.map((name) => join('database', name)), ...beside].map((name) => join(folder, name));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return paths.filter((_, i) => sizes[i]! > 0).sort();
}

async function flipIn(path: string, at: number, bit: number): Promise<string> {
  const bytes = await readFile(path);
  bytes[at]! ^= 1 << bit;
  await writeFile(path, bytes);
  return `${path.split('/').pop()} byte ${at} of ${bytes.byteLength} bit ${bit}`;
}

for (const { name, folder, model } of states) {
  t.test(`${name}: undamaged it opens and everything is right`, async (t) => {
    const copy = await damagedCopy(folder, async () => '');
    t.equal(await judge(copy.folder, model), 'unharmed');
    t.equal(await judge(copy.folder, new Map([...model, [999, utf8('after')]])), 'unharmed', 'and once more');
    await rm(copy.folder, { recursive: true });
  });

  t.test(`${name}: a flipped bit anywhere is noticed or harmless`, async (t) => {
    const counts = new Map<string, number>();
    for (let i = 0; i < FLIPS / 3; i++) {
      const { folder: copy, what } = await damagedCopy(folder, async (at) => {
        const files = await filesOf(at);
        const path = files[random.below(files.length)]!;
        return flipIn(path, random.below((await stat(path)).size), random.below(8));
      });
      const verdict = await judge(copy, model);
      const kind = `${/\.(\w+)/.exec(what)?.[1] ?? what.split(' ')[0]} ${verdict}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (verdict !== 'noticed' && verdict !== 'unharmed')
        t.fail(`${what}: ${verdict} (seed ${random.seed})`);
      await rm(copy, { recursive: true });
    }
    t.comment([...counts].map(([kind, n]) => `${kind} ${n}`).join(', '));
    t.ok(
      [...counts.keys()].some((kind) => kind.endsWith('noticed')),
      'some flips are noticed',
    );
  });

  t.test(`${name}: a missing, emptied or shortened file is noticed or harmless`, async (t) => {
    for (const path of await filesOf(folder)) {
      const file = path.slice(folder.length + 1);
      const damages: [string, (path: string) => Promise<void>][] = [
        ['missing', unlink],
        ['emptied', (at) => truncate(at, 0)],
        ['shortened', async (at) => truncate(at, Math.floor((await stat(at)).size * 0.6))],
      ];
      for (const [what, damage] of damages) {
        const { folder: copy } = await damagedCopy(folder, async (at) => {
          await damage(join(at, file));
          return what;
        });
        const verdict = await judge(copy, model);
        // What the journal holds comes back from there, and LevelDB has what the journal holds; of the witness the
        // older slot is enough; LevelDB rebuilds CURRENT while the first log is there.
        const isTable = /ldb$/.test(file);
        const isEither = /log$|journal-\d$/.test(file);
        t.ok(
          isTable ? verdict === 'noticed' : verdict === 'unharmed' || (verdict === 'noticed' && !isEither),
          `${file} ${what}: ${verdict}`,
        );
        await rm(copy, { recursive: true });
      }
    }
  });
}

t.test('the last acknowledged commit is missed too, when the kill left no clean end', async (t) => {
  const { folder, model } = states[2]!;
  const flipLast = async (at: string) => {
    const path = (await filesOf(at)).find((file) => file.endsWith('.log'))!;
    return flipIn(path, (await stat(path)).size - 3, 0);
  };
  const { folder: alone } = await damagedCopy(folder, flipLast);
  t.equal(await judge(alone, model), 'unharmed', 'the journal has it');
  const { folder: both } = await damagedCopy(folder, async (at) => {
    const what = await flipLast(at);
    await unlink(join(at, 'journal-1'));
    return what;
  });
  t.equal(await judge(both, model), 'noticed');
});

t.test('what was noticed once is named at every later opening, and commits stay refused', async (t) => {
  const { folder } = states[1]!;
  const { folder: copy } = await damagedCopy(folder, async (at) => {
    const path = (await filesOf(at)).find((file) => file.endsWith('.ldb'))!;
    return flipIn(path, 1000, 3);
  });
  for (let round = 0; round < 3; round++) {
    const store = await LevelEngine.open({ folder: copy });
    t.match(store.health, { state: 'read-only', problems: [{ kind: 'table-damaged', where: /ldb/ }] });
    await t.rejects(store.commit({ writes: [] }), { code: 'read-only' });
    await store.close();
  }
});

t.test('keys in the damaged part of a table are refused, others are read', async (t) => {
  const folder = join(root, 'parts');
  let store = await LevelEngine.open({ folder });
  for (let i = 0; i < 100; i++)
    await store.commit({ writes: [{ put: key(SPACE, i), value: random.bytes(2000) }] });
  await store.close();
  store = await LevelEngine.open({ folder });
  await store.close();
  const path = (await filesOf(folder)).filter((file) => file.endsWith('.ldb')).pop()!;
  const { size } = await stat(path);
  await flipIn(path, Math.floor(size / 2), 1);
  store = await LevelEngine.open({ folder });
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => store.get(key(SPACE, i))));
  const refused = outcomes.filter(
    (o) => o.status === 'rejected' && isLienthongError(o.reason, 'damaged'),
  ).length;
  const read = outcomes.filter((o) => o.status === 'fulfilled' && o.value?.byteLength === 2000).length;
  t.ok(refused > 0 && refused < 10, `${refused} refused`);
  t.equal(read + refused, 100);
  await t.rejects(entriesOf(store, prefixRange(SPACE)), { code: 'damaged' });
  await store.close();
});

t.test('a database replaced by an older copy of itself, or by another one, is noticed', async (t) => {
  const { folder } = states[2]!;
  for (const other of ['closed', 'stranger']) {
    if (other === 'stranger') {
      const store = await LevelEngine.open({ folder: join(root, 'stranger') });
      for (let i = 0; i < 600; i++)
        await store.commit({ writes: [{ put: key(SPACE, i), value: utf8('v') }] });
      await store.close();
    }
    const { folder: copy } = await damagedCopy(folder, async (at) => {
      await rename(join(at, 'database'), join(at, 'away'));
      await cp(join(root, other, 'database'), join(at, 'database'), { recursive: true });
      // as if more had been written since than it holds
      await unlink(join(at, 'journal-1'));
      return other;
    });
    const store = await LevelEngine.open({ folder: copy });
    t.match(store.health, { state: 'read-only', problems: [{ kind: 'database-behind' }] }, other);
    await store.close();
  }
});

t.test('a loss that was accepted lets the store go on, with what is there', async (t) => {
  const { folder: copy } = await damagedCopy(states[0]!.folder, async (at) => {
    await unlink((await filesOf(at)).find((file) => file.endsWith('.log'))!);
    await flipIn(join(at, 'journal-1'), 40_000, 0);
    return '';
  });
  let store = await LevelEngine.open({ folder: copy });
  t.match(store.health, { state: 'read-only', problems: [{ kind: 'database-behind' }] });
  await store.close();
  t.match(await acceptLoss(copy), [{ kind: 'database-behind' }]);
  for (let round = 0; round < 2; round++) {
    store = await LevelEngine.open({ folder: copy });
    t.strictSame(store.health, { state: 'ok', problems: [] });
    await store.commit({ writes: [{ put: key(SPACE, 1), value: utf8('again') }] });
    await store.close();
  }
  const { folder: tables } = await damagedCopy(states[1]!.folder, async (at) =>
    flipIn((await filesOf(at)).find((file) => file.endsWith('.ldb'))!, 1000, 3),
  );
  await (await LevelEngine.open({ folder: tables })).close();
  await t.rejects(acceptLoss(tables), { code: 'damaged' }, 'a damaged table is no loss one can accept');
});
