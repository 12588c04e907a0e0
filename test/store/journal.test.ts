/**
 * The journal: what it was given comes back in order, whatever of it was torn; and a database that lost any part of its
 * unsynced log, as after a loss of power, holds everything again, at each point a commit can be interrupted.
 */
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type Bytes, concat, equalBytes, hex, utf8 } from '../../node/core/bytes.ts';
import { systemRandom } from '../../node/core/clock.ts';
import { AuditLog } from '../../node/store/audit-log.ts';
import { Journal } from '../../node/store/journal.ts';
import { type Operation, readRecord, recordBytes, writeRecord } from '../../node/store/journal-record.ts';
import type { AuditEntry } from '../../node/store/key-value.ts';
import { key, PREFIX, prefixRange } from '../../node/store/keys.ts';
import { LevelEngine } from '../../node/store/level-engine.ts';
import { sealValue } from '../../node/store/sealed-value.ts';
import { entriesOf } from '../contract/key-value.ts';
import { seeded } from './seeded.ts';

const SPACE = 200;
const STORE = new Uint8Array(16).fill(7);
const random = seeded();
t.comment(`seed ${random.seed}`);
const root = await mkdtemp(join(tmpdir(), 'lienthong-journal-'));
t.teardown(() => rm(root, { recursive: true }));
let count = 0;
const newFolder = async () => {
  const folder = join(root, `${count++}`);
  await mkdir(folder);
  return folder;
};

const put = (of: Bytes, value: Bytes): Operation => ({ type: 'put', key: of, value: sealValue(of, value) });
const operationsOf = (n: number, bytes = 100): Operation[] => [
  put(key(SPACE, n), utf8(`${n} `.repeat(bytes / 5))),
  { type: 'del', key: key(SPACE, n, 'gone') },
  put(key(SPACE, n, 'empty'), new Uint8Array(0)),
];

async function sequencesFrom(journal: Journal, first: number, store: Bytes = STORE): Promise<number[]> {
  const found: number[] = [];
  for await (const { sequence } of journal.from(first, store)) found.push(sequence);
  return found;
}
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

t.test('a record is what was written, or none', async (t) => {
  const operations = operationsOf(5);
  const bytes = recordBytes(operations);
  const record = writeRecord(Buffer.alloc(bytes + 50), STORE, 5, operations);
  t.equal(record.byteLength, bytes);
  const read = readRecord(concat(record, utf8('what follows')), STORE);
  t.match(read, { sequence: 5, bytes });
  t.strictSame(
    read?.operations.map((one) => [one.type, hex(one.key), one.type === 'put' && hex(one.value)]),
    operations.map((one) => [one.type, hex(one.key), one.type === 'put' && hex(one.value)]),
  );
  t.equal(readRecord(record, new Uint8Array(16)), undefined, 'another store’s');
  for (let length = 0; length < bytes; length++)
    if (readRecord(record.subarray(0, length), STORE) !== undefined) t.fail(`cut at ${length}`);
  for (let bit = 0; bit < bytes * 8; bit++) {
    const flipped = new Uint8Array(record);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    if (readRecord(flipped, STORE) !== undefined) t.fail(`bit ${bit}`);
  }
  t.equal(readRecord(new Uint8Array(4096), STORE), undefined, 'zeros');
});

t.test('two files are written in turn; at least one of them full comes back, without a gap', async (t) => {
  const folder = await newFolder();
  const segment = 4096;
  let journal = await Journal.open(folder, segment);
  const begun: number[] = [];
  for (let n = 1; n <= 200; n++) if (await journal.append(STORE, n, operationsOf(n))) begun.push(n);
  t.ok(begun.length > 3);
  const kept = begun.at(-2)!;
  for (let first = kept; first <= 201; first++)
    t.strictSame(await sequencesFrom(journal, first), first > 200 ? [] : upTo(first, 200));
  t.strictSame(await sequencesFrom(journal, kept - 1), [], 'what was written over');
  t.strictSame(await sequencesFrom(journal, kept, new Uint8Array(16)), [], 'of another store');
  const sizes = await Promise.all(
    ['journal-1', 'journal-2'].map(async (f) => (await stat(join(folder, f))).size),
  );
  t.ok(
    sizes.every((size) => size <= segment),
    `${sizes}`,
  );
  await journal.close();

  journal = await Journal.open(folder, segment);
  t.strictSame(await sequencesFrom(journal, kept), upTo(kept, 200), 'opened again it still holds them');
  await journal.append(STORE, 201, operationsOf(201));
  t.strictSame(await sequencesFrom(journal, 201), [201], 'older records behind a new one are none');
  await journal.append(STORE, 202, operationsOf(202, 50_000));
  t.strictSame(await sequencesFrom(journal, 201), [201, 202], 'larger than a file is meant to be');
  await journal.close();
  await Journal.discard(folder);
  journal = await Journal.open(folder, segment);
  t.strictSame(await sequencesFrom(journal, 201), [], 'thrown away');
  await journal.close();
});

t.test('torn anywhere in its last record, the journal holds the ones before', async (t) => {
  const folder = await newFolder();
  const journal = await Journal.open(folder, 64 * 1024);
  for (let n = 1; n <= 3; n++) await journal.append(STORE, n, operationsOf(n));
  const path = join(folder, 'journal-1');
  const end = (await readFile(path)).findLastIndex((byte) => byte !== 0) + 1;
  for (let cut = end - 1; cut > end - recordBytes(operationsOf(3)); cut -= 7) {
    const handle = await open(path, 'r+');
    await handle.write(new Uint8Array(end - cut), 0, end - cut, cut);
    await handle.close();
    t.strictSame(await sequencesFrom(journal, 1), [1, 2], `cut at ${cut}`);
  }
  await journal.close();
});

const encodeLeaf = (entry: AuditEntry, salt: Bytes) => concat(utf8(JSON.stringify(entry)), salt);
async function openBoth(folder: string) {
  const store = await LevelEngine.open({ folder });
  const how = { store, folder: join(folder, 'audit'), encodeLeaf, random: systemRandom };
  const log = await AuditLog.open(how).catch(async (error) => {
    await store.close();
    throw error;
  });
  const close = async () => {
    await store.close();
    await log.close();
  };
  return { store, log, close };
}
const entry = (n: number): AuditEntry => ({
  atMs: n,
  event: 'tested',
  fields: [{ name: 'n', value: `${n}` }],
});
const dumpOf = async (store: LevelEngine): Promise<string[]> =>
  (await entriesOf(store, prefixRange(SPACE))).map((e) => `${hex(e.key)} ${hex(e.value)}`);
const copyOf = async (from: string): Promise<string> => {
  const folder = join(root, `${count++}`);
  await cp(from, folder, { recursive: true });
  return folder;
};
const logOf = async (folder: string): Promise<string> => {
  const names = (await readdir(join(folder, 'database'))).filter((name) => name.endsWith('.log'));
  return join(folder, 'database', names.sort().at(-1)!);
};

/** A live store that wrote and removed rows, some many times, copied as a loss of power could leave it but for its log. */
async function written() {
  const folder = await newFolder();
  const { store, log, close } = await openBoth(folder);
  for (let n = 0; n < 300; n++) {
    const of = random.below(40);
    const writes =
      random.below(4) === 0
        ? [{ del: key(SPACE, of) }]
        : [{ put: key(SPACE, of), value: random.bytes(random.below(3000)) }];
    await store.commit({ writes, audit: n % 2 === 0 ? [entry(n)] : [] });
  }
  const copy = await copyOf(folder);
  const rows = await dumpOf(store);
  const head = log.head();
  await close();
  return { folder: copy, rows, head };
}

t.test('whatever part of LevelDB’s log a loss of power takes, everything is there again', async (t) => {
  const { folder, rows, head } = await written();
  const size = (await stat(await logOf(folder))).size;
  const damages: [string, (path: string) => Promise<void>][] = [
    ['nothing', async () => {}],
    ['all of it', (path) => truncate(path, 0)],
    ['all of it, its place kept', (path) => writeFile(path, new Uint8Array(size))],
  ];
  for (let i = 0; i < 12; i++) {
    const at = random.below(size);
    damages.push([`from ${at} on`, (path) => truncate(path, at)]);
    const [from, to] = [at & ~4095, (at & ~4095) + 4096 * (1 + random.below(8))];
    damages.push([
      `pages ${from} to ${to}`,
      async (path) => {
        const bytes = await readFile(path);
        bytes.fill(0, from, Math.min(to, bytes.byteLength));
        await writeFile(path, bytes);
      },
    ]);
  }
  for (const [what, damage] of damages) {
    const copy = await copyOf(folder);
    await damage(await logOf(copy));
    for (const round of [1, 2]) {
      const { store, log, close } = await openBoth(copy);
      t.strictSame(store.health, { state: 'ok', problems: [] }, `${what}, opening ${round}`);
      t.ok(equalBytes(log.head().root, head.root));
      t.strictSame(await dumpOf(store), rows);
      await close();
    }
    await rm(copy, { recursive: true });
  }
});

t.test('interrupted between any two steps of a commit: all of it or nothing, and no complaint', async (t) => {
  const folder = await newFolder();
  const { store, close } = await openBoth(folder);
  for (let n = 0; n < 20; n++)
    await store.commit({ writes: [{ put: key(SPACE, n), value: utf8(`${n}`) }], audit: [entry(n)] });
  const before = await copyOf(folder);
  await store.commit({
    writes: [{ put: key(SPACE, 99), value: utf8('new') }],
    audit: [entry(99), entry(100)],
  });
  const after = await copyOf(folder);
  await close();
  const parts = { database: 'database', audit: 'audit', witness: 'witness' };
  for (let mask = 0; mask < 8; mask++) {
    const reached = Object.values(parts).filter((_, i) => mask & (1 << i));
    const copy = await copyOf(before);
    for (const part of ['journal-1', ...reached]) {
      await rm(join(copy, part), { recursive: true });
      await cp(join(after, part), join(copy, part), { recursive: true });
    }
    const opened = await openBoth(copy);
    const what = `journal ${reached.join(' ')}`;
    t.strictSame(opened.store.health, { state: 'ok', problems: [] }, what);
    t.equal(opened.log.head().size, 22, what);
    t.ok(await opened.store.get(key(SPACE, 99)), what);
    t.equal(await opened.log.check(), undefined, what);
    await opened.store.commit({ writes: [{ put: key(SPACE, 7), value: utf8('on') }], audit: [entry(7)] });
    await opened.close();
    await rm(copy, { recursive: true });
  }
  for (const part of ['audit', 'witness']) {
    const copy = await copyOf(before);
    await rm(join(copy, part), { recursive: true });
    await cp(join(after, part), join(copy, part), { recursive: true });
    const opened = await openBoth(copy);
    t.equal(opened.store.health.state, 'read-only', `${part} ahead of journal and database is a loss`);
    await opened.close();
  }
});

t.test('a folder of an earlier version, without a journal, opens as it is', async (t) => {
  const { folder, rows } = await written();
  for (const name of ['journal-1', 'journal-2']) await rm(join(folder, name));
  const { store, close } = await openBoth(folder);
  t.strictSame(store.health, { state: 'ok', problems: [] });
  t.strictSame(await dumpOf(store), rows);
  await close();
});

t.test('a journal isn’t played into an emptied database, another store’s, or an older copy', async (t) => {
  const { folder } = await written();
  const stranger = await newFolder();
  const other = await openBoth(stranger);
  await other.store.commit({ writes: [{ put: key(SPACE, 1), value: utf8('other') }] });
  await other.close();
  const old = await copyOf(folder);
  for (let round = 0; round < 2; round++) {
    const opened = await openBoth(folder);
    await opened.store.commit({ writes: [{ put: key(SPACE, 1000 + round), value: utf8('later') }] });
    await opened.close();
  }
  for (const from of [undefined, stranger, old]) {
    const copy = await copyOf(folder);
    await rm(join(copy, 'database'), { recursive: true });
    if (from !== undefined) await cp(join(from, 'database'), join(copy, 'database'), { recursive: true });
    const store = await LevelEngine.open({ folder: copy });
    t.match(store.health, { state: 'read-only', problems: [{ kind: 'database-behind' }] });
    t.equal(await store.get(key(SPACE, 1001)), undefined);
    t.equal(await store.get(key(PREFIX.commit, 303)), undefined);
    await store.close();
  }
});

t.test('a byte turned or a file cut, in journal, log or both: all of it, or it is said', async (t) => {
  const { folder, rows, head } = await written();
  const used = async (path: string) => (await readFile(path)).findLastIndex((byte) => byte !== 0) + 1;
  const verdicts = { whole: 0, said: 0 };
  for (let round = 0; round < 36; round++) {
    const copy = await copyOf(folder);
    const journals = [join(copy, 'journal-1'), join(copy, 'journal-2')];
    const paths = [[...journals, await logOf(copy)], journals, [await logOf(copy)]][round % 3]!;
    for (const path of paths) {
      const end = await used(path).catch(() => 0);
      if (end === 0) continue;
      const at = random.below(end);
      if (random.below(3) === 0) await truncate(path, at);
      else {
        const handle = await open(path, 'r+');
        const byte = (await readFile(path)).subarray(at, at + 1);
        await handle.write(Uint8Array.of(byte[0]! ^ (1 << random.below(8))), 0, 1, at);
        await handle.close();
      }
    }
    try {
      const { store, log, close } = await openBoth(copy);
      const isSaid = store.health.state !== 'ok' || log.head().size < head.size;
      const isWhole = JSON.stringify(await dumpOf(store).catch(() => [])) === JSON.stringify(rows);
      if (isSaid) verdicts.said++;
      else if (isWhole) verdicts.whole++;
      else t.fail(`round ${round}: rows are missing, and nothing is said`);
      await close();
    } catch (error) {
      verdicts.said++;
      t.equal((error as { code?: string }).code, 'damaged', `round ${round}: ${(error as Error).message}`);
    }
    await rm(copy, { recursive: true });
  }
  t.comment(JSON.stringify(verdicts));
  t.ok(verdicts.whole > 0 && verdicts.said > 0);
});
