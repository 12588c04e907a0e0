/** Lists and searches of a node with its index: what is found is what a reader of the whole box would find. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { LienthongError } from '../../node/core/errors.ts';
import type { DocumentView, ListQuery } from '../../node/core/views.ts';
import { PREFIX } from '../../node/store/keys.ts';
import { TestFederation, type TestNode } from './federation.ts';

t.setTimeout(120_000);

const LISTS: readonly number[] = [PREFIX.inboxList, PREFIX.outboxList];

const SUBJECTS = [
  'Phê duyệt Đề án phát triển đô thị',
  'Về việc phòng, chống bão lụt',
  'Chuyển đổi số quốc gia đến năm 2030',
  'Kế hoạch Đường bộ cao tốc',
];
const SIGNERS = ['Nguyễn Văn Ân', 'Trần Thị Đào'];
const withIndex = { search: true };

/** Every page of a query, one after another. */
async function all(node: TestNode, query: ListQuery, between: () => unknown = () => {}): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await node.exchange.list({ ...query, ...(cursor !== undefined && { cursor }) });
    ids.push(...page.items.map(({ id }) => id));
    if (page.cursor === null) return ids;
    cursor = page.cursor;
    await between();
  }
}

async function read(node: TestNode, box: 'inbox' | 'outbox'): Promise<DocumentView[]> {
  const ids = await all(node, { box, limit: 7 });
  return Promise.all(ids.map((id) => node.exchange.show(id)));
}

const indexed = (federation: TestFederation, node: TestNode) =>
  federation.until('the index is ready', () => node.exchange.finder.search?.state === 'ready');

async function filled(t: Test, count: number): Promise<TestFederation> {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51'], {
    G22: withIndex,
    H40: withIndex,
  });
  federation.unreachable.add('H51');
  for (let i = 0; i < count; i++) {
    await federation.node('G22').exchange.submit(
      federation.submission({
        subject: SUBJECTS[i % SUBJECTS.length]!,
        to: [['H40'], ['H51'], ['H40', 'H51']][i % 3]!,
        signer: { name: SIGNERS[i % SIGNERS.length]!, position: 'Phó Thủ tướng' },
        notation: i % 5 === 0 ? 'CT-TTg' : 'QĐ-TTg',
      }),
    );
    if (i % 6 === 0) federation.clock.advance(i % 12 === 0 ? 1 : 43_200_000);
  }
  const sent = Array.from({ length: count }, (_, i) => i).filter((i) => i % 3 !== 1).length;
  await federation.until(
    'what can arrive has',
    async () => (await read(federation.node('H40'), 'inbox')).length === sent,
  );
  await federation.until('and its receipts', async () =>
    (await read(federation.node('G22'), 'outbox')).every(({ deliveries }) =>
      deliveries.every(({ to, state }) => state === (to === 'H40' ? 'delivered' : 'queued')),
    ),
  );
  return federation;
}

const plain = (text: string) =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replaceAll('đ', 'd');

t.test('answers are those of a plain filter over all documents', async (t) => {
  const federation = await filled(t, 60);
  const held = {
    outbox: await read(federation.node('G22'), 'outbox'),
    inbox: await read(federation.node('H40'), 'inbox'),
  };
  const query = fc.record(
    {
      box: fc.constantFrom('inbox' as const, 'outbox' as const),
      words: fc.subarray(['Đề', 'an', 'bão', 'QUOC', 'duong', 'nguyễn', 'dao', '17', 'thu', 'không'], {
        maxLength: 2,
      }),
      to: fc.constantFrom('H40', 'H51', 'G22'),
      from: fc.constantFrom('G22', 'H40'),
      state: fc.constantFrom('queued' as const, 'delivered' as const, 'refused' as const),
      since: fc.constantFrom('2026-01-15', '2026-01-17', '2026-01-19', '2027-01-01'),
      until: fc.constantFrom('2025-12-31', '2026-01-16', '2026-01-18'),
      limit: fc.integer({ min: 1, max: 70 }),
    },
    { requiredKeys: ['box', 'words', 'limit'] },
  );
  await fc.assert(
    fc.asyncProperty(query, async ({ words, ...asked }) => {
      const node = federation.node(asked.box === 'outbox' ? 'G22' : 'H40');
      const text = words.length > 0 ? { text: `${words.join(' ')} ` } : {};
      const found = await all(node, { ...asked, ...text });
      const expected = held[asked.box].filter((one) => {
        const fields = [one.subject, one.number, one.notation, one.type, one.from, one.fromName ?? ''];
        const has = plain([...fields, one.signer!.name, one.signer!.position].join(' ')).split(/[^a-z0-9]+/);
        const day = one.storedAt.slice(0, 10);
        return (
          words.every((word) => has.includes(plain(word))) &&
          (!asked.to || one.to.includes(asked.to)) &&
          (!asked.from || one.from === asked.from) &&
          (!asked.state || one.state === asked.state) &&
          (!asked.since || day >= asked.since) &&
          (!asked.until || day <= asked.until)
        );
      });
      const ids = expected.map(({ id }) => id);
      if ([...found].sort().join() !== [...ids].sort().join())
        throw new Error(`${found.length} instead of ${ids.length}`);
    }),
    { numRuns: 200 },
  );
});

t.test(
  'words with and without marks, numbers and notations whole and in parts, signers, beginnings',
  async (t) => {
    const federation = await filled(t, 12);
    const count = async (text: string) => (await all(federation.node('G22'), { box: 'outbox', text })).length;
    for (const text of ['quyet dinh', 'Quyết định', 'Quyết định'.normalize('NFD'), 'QUYẾT ĐỊNH', 'quyet din'])
      t.equal(await count(text), 12, text);
    t.equal(await count('đề án'), 3);
    t.equal(await count('de an'), 3);
    t.equal(await count('"an de"'), 0, 'quoted words are in order');
    t.equal(await count('an de '), 3, 'others are not');
    t.equal(await count('7/QĐ-TTg'), 1);
    t.equal(await count('7/qd-ttg'), 1);
    t.equal(await count('QĐ-TTg'), 9);
    t.equal(await count('ct-ttg'), 3);
    t.equal(await count('"11"'), 1);
    t.equal(await count('trần thị đào'), 6);
    t.equal(await count('tran thi'), 6);
    t.equal(await count('phó thủ tướng'), 12);
    t.equal(await count('g22 '), 12, 'the agency by its code');
    t.equal(await count('cơ quan G22'), 12, 'and by its name');
    t.equal(await count('"đô thị quyết định"'), 0, 'a phrase stays within its field');
    for (const text of ['" OR "', 'NEAR(de an)', 'words:de', 'de NOT an', '-de ', '^', 'de AND', '{de}'])
      await t.resolves(
        all(federation.node('G22'), { box: 'outbox', text }).catch((error) => t.equal(error.code, 'usage')),
      );
    await t.rejects(federation.node('G22').exchange.list({ box: 'outbox', text: 'x'.repeat(2 ** 20) }), {
      code: 'usage',
    });
  },
);

t.test('what changes is found by what it has become, at once', async (t) => {
  const federation = await filled(t, 3);
  const node = federation.node('G22');
  const queued = () => all(node, { box: 'outbox', state: 'queued', text: 'quyet dinh' });
  t.equal((await queued()).length, 2);
  federation.unreachable.clear();
  const delivered = () => all(node, { box: 'outbox', state: 'delivered', text: 'quyet dinh' });
  await federation.until('all are delivered', async () => (await delivered()).length === 3);
  t.equal((await queued()).length, 0);
  const { id } = await node.exchange.submit(federation.submission({ subject: 'Hỏa tốc' }));
  t.same(await all(node, { box: 'outbox', text: 'hoa toc' }), [id], 'a search waits for what is durable');
});

t.test(
  'pages of a search have no gap and no repeat while documents arrive; cursors keep to their query',
  async (t) => {
    const federation = await filled(t, 30);
    const node = federation.node('G22');
    const before = await all(node, { box: 'outbox', text: 'quyet dinh', limit: 50 });
    const more: string[] = [];
    const arrive = async () => {
      federation.clock.advance(1);
      more.push((await node.exchange.submit(federation.submission({ subject: 'Quyết định mới' }))).id);
    };
    t.same(await all(node, { box: 'outbox', text: 'quyet dinh', limit: 4 }, arrive), before);
    t.ok(more.length > 5);
    const { cursor } = await node.exchange.list({ box: 'outbox', text: 'quyet dinh', limit: 4 });
    const asked = (query: Partial<ListQuery>) =>
      node.exchange.list({ box: 'outbox', text: 'quyet dinh', cursor: cursor!, ...query });
    t.equal((await asked({ limit: 9 })).items.length, 9, 'another number of rows is the same query');
    t.equal((await asked({ text: 'Quyết  định' })).items.length > 0, true, 'the same words are too');
    for (const other of [
      { text: 'quyet' },
      { state: 'queued' as const },
      { since: '2026-01-01' },
      { box: 'inbox' as const },
    ])
      await t.rejects(asked(other), { code: 'usage' }, JSON.stringify(other));
    for (const since of ['2026-02-31', '0000-00-00'])
      await t.rejects(node.exchange.list({ box: 'outbox', since }), { code: 'invalid-date' });
  },
);

t.test(
  'an index that is missing or damaged is built anew while documents arrive; words wait, lists work',
  async (t) => {
    const federation = await filled(t, 24);
    const node = federation.node('G22');
    await indexed(federation, node);
    const file = join(node.dir, 'search', 'index.sqlite');
    for (const hurt of ['missing', 'damaged'] as const) {
      await node.stop();
      if (hurt === 'missing') await rm(join(node.dir, 'search'), { recursive: true });
      else await writeFile(file, (await readFile(file)).fill(0x77, 0, 5000));
      await node.open();
      t.match(node.exchange.finder.search, { state: 'starting' });
      // a page of the scan waits until the test lets it go
      let letGo = () => {};
      const held = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      // what the index reads: a list, from its oldest on
      node.store.holdRange = async ({ gte, gt, reverse, limit }) =>
        !reverse && limit !== 1 && LISTS.includes((gte ?? gt)?.[0] ?? 0) ? held : undefined;
      // as long as nobody asks, a hint is believed
      void node.exchange.finder.clockCounts();
      await federation.until('it is being built', () => node.exchange.finder.search?.state === 'building');
      let refused: unknown;
      node.exchange.list({ box: 'outbox', text: 'quyet' }).catch((error) => {
        refused = error;
      });
      await federation.until('a search waits for a moment', () => refused);
      t.match(refused, { code: 'search-building', details: { done: 0 } });
      const queued: string[] = [];
      all(node, { box: 'outbox', state: 'queued' }).then((ids) => queued.push(...ids));
      await federation.until('filters read the store', () => queued.length > 0);
      const { id } = await node.exchange.submit(federation.submission({ subject: `Trong khi lập ${hurt}` }));
      letGo();
      node.store.holdRange = undefined;
      await indexed(federation, node);
      t.same(await all(node, { box: 'outbox', text: hurt }), [id]);
      const everything = await all(node, { box: 'outbox' });
      t.same((await all(node, { box: 'outbox', text: 'quyet dinh' })).sort(), everything.sort());
      t.equal(await node.exchange.finder.check(), undefined, 'nothing differs from the store');
    }
  },
);

t.test('damage found by a search is followed by a new index', async (t) => {
  const federation = await filled(t, 6);
  const node = federation.node('G22');
  await indexed(federation, node);
  const search = node.search!;
  const { find } = search;
  search.find = async () => {
    search.find = find;
    throw new LienthongError('search-unavailable', { reason: 'malformed', damaged: true });
  };
  await t.rejects(node.exchange.list({ box: 'outbox', text: 'quyet' }), { code: 'search-unavailable' });
  await federation.until('it is rebuilt', () => node.reported('search.built').length === 2);
  await indexed(federation, node);
  t.equal((await all(node, { box: 'outbox', text: 'quyet dinh' })).length, 6);
});

t.test('what the index lacks is told by the check, and mended', async (t) => {
  const federation = await filled(t, 9);
  const node = federation.node('G22');
  await indexed(federation, node);
  t.equal(
    (await all(node, { box: 'outbox', text: 'quyet dinh' })).length,
    9,
    'all that is durable is indexed',
  );
  const note = await node.search!.open();
  await node.search!.reset();
  await node.search!.write([], note!);
  t.equal((await all(node, { box: 'outbox', text: 'quyet dinh' })).length, 0, 'it says it has all');
  t.equal(await node.exchange.finder.check(), '9 of 9 documents in outbox');
  await federation.until('it is rebuilt', () => node.reported('search.built').length === 2);
  await indexed(federation, node);
  t.equal((await all(node, { box: 'outbox', text: 'quyet dinh' })).length, 9);
  t.equal(await node.exchange.finder.check(), undefined);
});

t.test('the index of a folder that was put back or went on in a new epoch is not believed', async (t) => {
  const federation = await filled(t, 6);
  const node = federation.node('H40');
  const copy = await node.backUp();
  await indexed(federation, node);
  const { id } = await federation
    .node('G22')
    .exchange.submit(federation.submission({ subject: 'Sau khi sao lưu' }));
  await federation.until(
    'it arrived',
    async () => (await all(node, { box: 'inbox', text: 'sao luu' })).length === 1,
  );
  await node.stop();
  const ahead = await readFile(join(node.dir, 'search', 'index.sqlite'));
  await federation.node('G22').stop();
  await node.putBack(copy);
  await mkdir(join(node.dir, 'search'), { recursive: true });
  await writeFile(join(node.dir, 'search', 'index.sqlite'), ahead);
  await node.open();
  await indexed(federation, node);
  t.ok(node.reported('search.rebuilding').some(({ reason }) => reason === 'another store'));
  t.notOk((await all(node, { box: 'inbox', text: 'quyet dinh' })).includes(id));
  await federation.node('G22').open();
});
