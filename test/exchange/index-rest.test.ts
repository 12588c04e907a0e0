/** When the index's thread isn't needed, and that nothing is missed where that was thought wrongly. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { TestFederation, type TestNode } from './federation.ts';

t.setTimeout(120_000);
const COUNT = 5;

async function filled(t: Test): Promise<{ federation: TestFederation; node: TestNode }> {
  const federation = await TestFederation.create(t, ['G22', 'H40'], { G22: { search: true } });
  federation.unreachable.add('H40');
  const node = federation.node('G22');
  await submit(federation, node, COUNT);
  await indexed(federation, node, COUNT);
  await isHinted(federation, node);
  return { federation, node };
}

async function submit(federation: TestFederation, node: TestNode, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await node.exchange.submit(federation.submission());
}

const indexed = (federation: TestFederation, node: TestNode, count: number) =>
  federation.until('the index says it has all', () => {
    const { search } = node.exchange.finder;
    return search?.state === 'ready' && search.documents === count;
  });

const isHinted = (federation: TestFederation, node: TestNode) =>
  federation.until('the hint says so too', async () => (await noteOf(node)).size === node.audit.head().size);

/** A search waits for what is durable: the clock stands still meanwhile. */
const found = async (node: TestNode): Promise<number> =>
  (await node.exchange.list({ box: 'outbox', text: 'quyet dinh' })).items.length;

const hintOf = (node: TestNode) => join(node.dir, 'search', 'hint.json');
const indexOf = (node: TestNode) => join(node.dir, 'search', 'index.sqlite');
const hinted = async (node: TestNode) => JSON.parse(await readFile(hintOf(node), 'utf8'));
const noteOf = async (node: TestNode) => JSON.parse((await hinted(node)).note);
const rests = (node: TestNode) => node.search!.isAwake === false;

t.test('a store without documents is searched, counted and checked without the thread', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40'], { G22: { search: true } });
  const node = federation.node('G22');
  federation.unreachable.add('H40');
  await indexed(federation, node, 0);
  t.equal(await found(node), 0);
  t.match(await node.exchange.finder.clockCounts(), { waiting: { inbox: 0, outbox: 0 } });
  t.equal(await node.exchange.finder.check(), undefined);
  t.ok(rests(node));
  t.same(node.reported('search.rebuilding'), []);
  await submit(federation, node, 1);
  t.equal(await found(node), 1, 'the first document is found at once');
  t.notOk(rests(node));
});

t.test('a start where no document has changed needs no thread; a search asks the index', async (t) => {
  const { federation, node } = await filled(t);
  await node.stop();
  const before = await noteOf(node);
  await node.open();
  await node.store.commit({ writes: [], audit: [{ atMs: 1, event: 'test.nothing', fields: [] }] });
  await indexed(federation, node, COUNT);
  await federation.until('what names no document is passed over', async () => {
    const { size } = await noteOf(node);
    return size > before.size && size === node.audit.head().size;
  });
  t.ok(rests(node));
  t.equal(await found(node), COUNT);
  t.notOk(rests(node));
  t.equal(node.reported('search.rebuilding').length, 1, 'of the first start alone');
  await submit(federation, node, 1);
  t.equal(await found(node), COUNT + 1);
});

t.test('a document that changes ends the rest', async (t) => {
  const { federation, node } = await filled(t);
  await node.stop();
  await node.open();
  await indexed(federation, node, COUNT);
  t.ok(rests(node));
  await submit(federation, node, 1);
  await indexed(federation, node, COUNT + 1);
  t.notOk(rests(node));
});

t.test('a node killed between index and hint goes on from the index', async (t) => {
  const { federation, node } = await filled(t);
  const { hint } = node.search!;
  hint.keep = () => new Promise(() => {});
  await submit(federation, node, 3);
  await federation.until('the index has them', async () => (await node.search!.count()) === COUNT + 3);
  const before = await noteOf(node);
  await node.reopen();
  await indexed(federation, node, COUNT + 3);
  t.notOk(rests(node), 'the hint is older than the log: the thread looks');
  await isHinted(federation, node);
  t.ok((await noteOf(node)).size > before.size);
  t.equal(await found(node), COUNT + 3);
  t.equal(node.reported('search.rebuilding').length, 1, 'of the first start alone');
});

t.test('an older index under a newer hint misses nothing', async (t) => {
  const { federation, node } = await filled(t);
  await node.stop();
  await cp(indexOf(node), `${indexOf(node)}.old`);
  await node.open();
  await submit(federation, node, 3);
  await indexed(federation, node, COUNT + 3);
  await isHinted(federation, node);
  await node.stop();
  await cp(`${indexOf(node)}.old`, indexOf(node));
  await node.open();
  await indexed(federation, node, COUNT + 3);
  t.ok(rests(node), 'the hint is believed as long as nobody asks');
  t.equal(await found(node), COUNT + 3);
});

t.test('an older hint beside a newer index costs a look', async (t) => {
  const { federation, node } = await filled(t);
  const old = await readFile(hintOf(node));
  await submit(federation, node, 3);
  await indexed(federation, node, COUNT + 3);
  await node.stop();
  await writeFile(hintOf(node), old);
  await node.open();
  t.equal(await found(node), COUNT + 3);
  t.equal(node.reported('search.rebuilding').length, 1);
});

t.test('a store put back is not described by a hint of what it has lost', async (t) => {
  const { federation, node } = await filled(t);
  const copy = await node.backUp();
  await submit(federation, node, 3);
  await indexed(federation, node, COUNT + 3);
  await isHinted(federation, node);
  await node.stop();
  const [hint, index] = [await readFile(hintOf(node)), await readFile(indexOf(node))];
  await node.putBack(copy);
  await writeFile(hintOf(node), hint);
  await writeFile(indexOf(node), index);
  await node.open();
  await indexed(federation, node, COUNT);
  t.ok(node.reported('search.rebuilding').some(({ reason }) => reason === 'another store'));
  t.equal(await found(node), COUNT);
});

t.test('a hint that says nothing sound starts the thread', async (t) => {
  const { federation, node } = await filled(t);
  await node.stop();
  const sound = await hinted(node);
  const note = JSON.parse(sound.note);
  const withNote = (change: object) => ({ ...sound, note: JSON.stringify({ ...note, ...change }) });
  const wrong: Record<string, string | undefined> = {
    missing: undefined,
    empty: '',
    torn: JSON.stringify(sound).slice(0, 80),
    'of another version': JSON.stringify({ ...sound, version: sound.version + 1 }),
    'without a note': JSON.stringify({ ...sound, note: undefined }),
    'with a note that is none': JSON.stringify({ ...sound, note: 'null' }),
    'of another epoch': JSON.stringify(withNote({ epoch: note.epoch + 1 })),
    'ahead of the log': JSON.stringify(withNote({ size: note.size + 100 })),
    'before the log': JSON.stringify(withNote({ size: -1 })),
    'of no place': JSON.stringify(withNote({ size: '7' })),
    'of another entry': JSON.stringify(withNote({ mark: note.mark.replace(/^./, 'x') })),
    'of another calendar': JSON.stringify(withNote({ calendar: 'x' })),
    'of an index half built': JSON.stringify(withNote({ scan: { box: 'inbox', after: null, total: 9 } })),
    'too long': `${JSON.stringify(sound)}${' '.repeat(5000)}`,
  };
  for (const [what, text] of Object.entries(wrong)) {
    await rm(hintOf(node), { force: true });
    if (text !== undefined) await writeFile(hintOf(node), text);
    await node.open();
    await indexed(federation, node, COUNT);
    t.notOk(rests(node), what);
    t.equal(await found(node), COUNT, what);
    await node.stop();
    t.same(await hinted(node), sound, `${what}: a sound one is in its place`);
  }
  await rm(indexOf(node));
  await node.open();
  await indexed(federation, node, COUNT);
  t.equal(await found(node), COUNT, 'without its index');
});

t.test('a hint that claims more than the index has is found out by the first search', async (t) => {
  const { federation, node } = await filled(t);
  const note = await node.search!.open();
  await node.search!.reset();
  await node.stop();
  const sound = await hinted(node);
  t.equal(JSON.parse(sound.note).size, JSON.parse(note!).size);
  await writeFile(hintOf(node), JSON.stringify({ ...sound, documents: 0 }));
  await node.open();
  await federation.until('it is believed', () => node.exchange.finder.search?.state === 'ready');
  t.ok(rests(node));
  t.equal(await found(node), COUNT);
});
