/** The index itself, on its own thread and file: what it finds, and what becomes of it when it is hurt. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { hex } from '../../node/core/bytes.ts';
import { systemClock } from '../../node/core/clock.ts';
import type { Box } from '../../node/search/index-calls.ts';
import { SearchIndex } from '../../node/search/search-index.ts';
import { allOf, parseText } from '../../node/search/search-query.ts';
import { facet, unitAndAbove } from '../../node/search/words.ts';
import { ManualClock } from '../exchange/manual-clock.ts';
import { entryOf } from './index-entries.ts';

const facetsOf = ({ from, state }: { from: string; state: string }) => [
  ...unitAndAbove(from).map((unit) => facet('from', unit)),
  facet('state', state),
];
const made = (seed: number) => entryOf(seed, facetsOf);

async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lienthong-search-'));
  t.teardown(() => rm(dir, { recursive: true }));
  return dir;
}

async function opened(t: Test, dir: string): Promise<SearchIndex> {
  const index = new SearchIndex({ dir, clock: systemClock });
  t.teardown(() => index.stop());
  await index.open();
  return index;
}

/** All pages of a question, as hex ids. */
async function all(
  index: SearchIndex,
  box: Box,
  match: string,
  limit: number,
  times: object = {},
  placeOf: Map<string, number> = new Map(),
): Promise<string[]> {
  const found: string[] = [];
  for (let before: { storedAtMs: number; documentId: Uint8Array } | undefined; ; ) {
    const { documentIds, next } = await index.find({
      box,
      match,
      limit,
      ...times,
      ...(before && { before }),
    });
    if (documentIds.length > limit) throw new Error(`${documentIds.length} of ${limit}`);
    found.push(...documentIds.map(hex));
    if (next === undefined) return found;
    before = { storedAtMs: placeOf.get(hex(next))!, documentId: next };
  }
}

/** Marks away, as the naive reader does it: letter by letter. */
const plain = (text: string) =>
  [...text.normalize('NFD')]
    .filter((c) => !(c >= '\u0300' && c <= '\u036f'))
    .join('')
    .toLowerCase()
    .replaceAll('đ', 'd');

t.test(
  'finds exactly what a reader of every document finds, newest first, on pages of any size',
  async (t) => {
    const index = await opened(t, await folder(t));
    const documents = Array.from({ length: 600 }, (_, seed) => made(seed));
    const placeOf = new Map(documents.map(({ entry }) => [hex(entry.documentId), entry.storedAtMs]));
    // in no order, and some twice
    const shuffled = [...documents].sort((a, b) =>
      hex(a.entry.documentId).localeCompare(hex(b.entry.documentId)),
    );
    for (let at = 0; at < 600; at += 50)
      await index.write(
        shuffled.slice(at, at + 60).map(({ entry }) => entry),
        String(at),
      );
    t.equal(await index.count(), 600);
    const typed = fc.record({
      box: fc.constantFrom<Box>('inbox', 'outbox'),
      words: fc.array(fc.constantFrom('quyet', 'ĐỊNH', 'duong', 'Đô', 'he', 'thong', '7', '12', 'xyz'), {
        maxLength: 3,
      }),
      phrase: fc.option(fc.constantFrom('quyết định', 'phe duyet', 'de an', '12 qd ttg')),
      beginning: fc.option(fc.constantFrom('d', 'du', 'duo', 'th', 'q', '1')),
      from: fc.option(fc.constantFrom('H37', 'H37.02', 'G22', 'H4')),
      state: fc.option(fc.constantFrom('queued', 'refused')),
      since: fc.option(fc.integer({ min: 0, max: 200 })),
      until: fc.option(fc.integer({ min: 0, max: 200 })),
      limit: fc.integer({ min: 1, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(typed, async ({ box, words, phrase, beginning, from, state, since, until, limit }) => {
        const text = [...words, phrase && `"${phrase}"`, beginning && `${beginning}*`]
          .filter(Boolean)
          .join(' ');
        const facets = [...(from ? [facet('from', from)] : []), ...(state ? [facet('state', state)] : [])];
        if (text === '' && facets.length === 0) return;
        const base = 1_700_000_000_000;
        const times = {
          ...(since !== null && { sinceMs: base + since }),
          ...(until !== null && { untilMs: base + until }),
        };
        const match = allOf(parseText(`${text} `), facets);
        const found = await all(index, box, match, limit, times, placeOf);
        const expected = documents.filter((one) => {
          const fields = [plain(one.subject), plain(`${one.number} qd ttg`)];
          const has = (test: (words: string[]) => boolean) => fields.some((field) => test(field.split(' ')));
          const at = one.entry.storedAtMs - base;
          return (
            one.entry.box === box &&
            words.every((word) => has((held) => held.includes(plain(word)))) &&
            (!phrase || fields.some((field) => ` ${field} `.includes(` ${plain(phrase)} `))) &&
            (!beginning ||
              has((held) =>
                held.some((word) => (beginning.length < 2 ? word === beginning : word.startsWith(beginning))),
              )) &&
            (!from || one.from === from || one.from.startsWith(`${from}.`)) &&
            (!state || one.state === state) &&
            (since === null || at >= since) &&
            (until === null || at <= until) // one millisecond more than asked: the caller compares again
          );
        });
        const newest = (ids: string[]) => ids.map((id) => placeOf.get(id)!);
        const sorted = (ids: string[]) => [...ids].sort();
        const ids = expected.map(({ entry }) => hex(entry.documentId));
        const exact = ids.filter((id) => until === null || placeOf.get(id)! < base + until);
        const got = found.filter((id) => until === null || placeOf.get(id)! < base + until);
        if (sorted(got).join() !== sorted(exact).join())
          throw new Error(`${match}: ${got.length} of ${exact.length}`);
        if (found.some((id) => !ids.includes(id))) throw new Error(`${match}: too many`);
        if (newest(found).some((at, i, list) => i > 0 && at > list[i - 1]!)) throw new Error('order');
      }),
      { numRuns: 300 },
    );
  },
);

t.test('a document that changed is found by what it is now', async (t) => {
  const index = await opened(t, await folder(t));
  const { entry } = made(1);
  const as = (state: string) => ({ ...entry, facets: [facet('state', state)] });
  const queued = `"${facet('state', 'queued')}"`;
  const delivered = `"${facet('state', 'delivered')}"`;
  const count = async (match: string) =>
    (await index.find({ box: entry.box, match, limit: 10 })).documentIds.length;
  await index.write([as('queued')], 'a');
  t.same([await count(queued), await count(delivered)], [1, 0]);
  await index.write([as('queued'), as('delivered')], 'b');
  t.same([await count(queued), await count(delivered)], [0, 1]);
  await index.write([as('delivered')], 'c');
  t.same([await count(queued), await count(delivered), await index.count()], [0, 1, 1]);
  t.same(await index.compare([as('delivered')]), { missing: 0, different: 0 });
  t.same(await index.compare([as('queued'), made(2).entry]), { missing: 1, different: 1 });
  t.equal(await index.inspect(), undefined);
});

t.test('more documents in one millisecond than it has room for are all found, page by page', async (t) => {
  const index = await opened(t, await folder(t));
  const entries = Array.from({ length: 1500 }, (_, seed) => ({
    ...made(seed).entry,
    box: 'inbox' as const,
    storedAtMs: 1_700_000_000_000,
    fields: ['Quyết định'],
  }));
  await index.write(entries, 'x');
  const placeOf = new Map(entries.map(({ documentId, storedAtMs }) => [hex(documentId), storedAtMs]));
  const found = await all(index, 'inbox', '"quyet dinh"', 70, {}, placeOf);
  t.equal(found.length, 1500);
  t.equal(new Set(found).size, 1500);
});

t.test('the note is what was written with the documents, after any kill', async (t) => {
  const dir = await folder(t);
  const writer = join(import.meta.dirname, 'index-crash-writer.ts');
  let notes = 0;
  for (let round = 0; round < 4; round++) {
    const child = fork(writer, [dir], { execArgv: [] });
    const exited = once(child, 'exit');
    let written = -1;
    child.on('message', (message) => {
      written = Number(message);
      if (written >= notes + 3 + round) child.kill('SIGKILL');
    });
    const [, signal] = await exited;
    t.equal(signal, 'SIGKILL');
    const index = new SearchIndex({ dir, clock: systemClock });
    const note = Number(await index.open());
    t.ok(note >= written, `what was answered is there: ${written}, ${note}`);
    t.equal(await index.count(), note * 20, 'and what the note says, nothing else');
    t.equal(await index.inspect(), undefined);
    await index.stop();
    notes = note;
  }
});

t.test('a file that is damaged, of another version, or no database is begun anew', async (t) => {
  const dir = await folder(t);
  const file = join(dir, 'search', 'index.sqlite');
  const filled = async () => {
    const index = new SearchIndex({ dir, clock: systemClock });
    await index.open();
    await index.write(
      Array.from({ length: 200 }, (_, seed) => made(seed).entry),
      'note',
    );
    await index.stop();
  };
  const noteOf = async () => {
    const index = new SearchIndex({ dir, clock: systemClock });
    const note = await index.open();
    await index.stop();
    return note;
  };
  await filled();
  t.equal(await noteOf(), 'note');
  t.equal((await stat(file)).mode & 0o77, 0, 'nobody else may read it');
  await writeFile(file, 'not a database at all, '.repeat(400));
  t.equal(await noteOf(), undefined);
  await filled();
  const handle = await open(file, 'r+');
  await handle.write(Buffer.from([0, 0, 0, 99]), 0, 4, 60); // user_version
  await handle.close();
  t.equal(await noteOf(), undefined);
  t.same(
    (await readdir(join(dir, 'search'))).filter((name) => !name.startsWith('index.sqlite')),
    [],
  );
});

t.test('damage found while it works is told as damage, and a new one works', async (t) => {
  const dir = await folder(t);
  const file = join(dir, 'search', 'index.sqlite');
  const first = new SearchIndex({ dir, clock: systemClock });
  await first.open();
  for (let at = 0; at < 2000; at += 200)
    await first.write(
      Array.from({ length: 200 }, (_, i) => made(at + i).entry),
      'note',
    );
  await first.stop();
  const bytes = await readFile(file);
  bytes.fill(0x5a, bytes.byteLength / 2); // the lists of documents and tables stay
  await writeFile(file, bytes);
  const index = await opened(t, dir);
  const failure = await index.find({ box: 'inbox', match: '"quyet"', limit: 5 }).catch((error) => error);
  t.match(failure, { code: 'search-unavailable', details: { damaged: true } });
  await index.reset();
  t.equal(await index.open(), undefined);
  await index.write([made(1).entry], 'new');
  t.equal(await index.count(), 1);
});

t.test('its thread rests when nothing is asked, and comes back', async (t) => {
  const dir = await folder(t);
  const clock = new ManualClock(0);
  const index = new SearchIndex({ dir, clock });
  t.teardown(() => index.stop());
  await index.open();
  await index.write([made(1).entry], 'note');
  t.ok(index.isAwake);
  clock.advance(60_000);
  t.notOk(index.isAwake);
  t.equal(await index.open(), 'note', 'the file was closed, then opened again');
  t.ok(index.isAwake);
  await index.stop();
  await t.rejects(index.count(), { code: 'not-running' });
});

/** On a clock the test owns; nothing of it waits any more. */
async function onClock(t: Test) {
  const clock = new ManualClock(0);
  const index = new SearchIndex({ dir: await folder(t), clock });
  t.teardown(() => index.stop());
  await index.open();
  return { index, clock };
}

t.test('the time of a call begins when those before it are answered', async (t) => {
  const { index, clock } = await onClock(t);
  // the thread's answers can't come in before this turn of the loop has ended
  const inspected = index.inspect().then((fault) => ({ fault, timersMs: clock.timersMs }));
  const counted = index.count();
  const written = index.write([made(1).entry], 'note');
  t.same(clock.timersMs, [600_000], 'one call at a time');
  clock.advance(599_999);
  t.same(await inspected, { fault: undefined, timersMs: [30_000] }, 'the next has all of its own time');
  t.equal(await counted, 0);
  await written;
  t.same(clock.timersMs, [10_000], 'only its rest is waited for');
  t.equal(await index.count(), 1);
});

t.test(
  'a call that takes too long ends the thread and all that wait for it; the next gets a new one',
  async (t) => {
    const { index, clock } = await onClock(t);
    const calls = [index.count(), index.count()];
    const failed = Promise.allSettled(calls);
    clock.advance(30_000);
    for (const { status, reason } of (await failed) as PromiseRejectedResult[])
      t.match({ status, reason }, { status: 'rejected', reason: { code: 'search-unavailable' } });
    t.equal(await index.count(), 0);
  },
);

t.test('calls that wait for a thread to end are counted among those that wait', async (t) => {
  const { index, clock } = await onClock(t);
  clock.advance(60_000);
  t.notOk(index.isAwake, 'it ends');
  const calls = Array.from({ length: 256 }, () => index.count());
  await t.rejects(index.count(), { code: 'busy', details: { waiting: 256 } });
  t.same(new Set(await Promise.all(calls)), new Set([0]));
  t.equal(await index.count(), 0, 'and then there is room');
});

t.test('the thread says nothing of its own on the terminal', async (t) => {
  const child = fork(join(import.meta.dirname, 'index-crash-writer.ts'), [await folder(t), 'once'], {
    silent: true,
  });
  let said = '';
  child.stderr!.on('data', (text) => (said += text));
  child.stdout!.on('data', (text) => (said += text));
  const [code] = await once(child, 'exit');
  t.equal(code, 0);
  t.equal(said, '');
});
