/** The registers: incoming by number of arrival, outgoing by the year of their date, page by page. */
import t from 'tap';
import { unitEntry } from './authority.ts';
import { TestFederation } from './federation.ts';

t.test('incoming: numbers in order, with who has it, what was noted, and recalls', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  await federation.authority.publish({ entries: [unitEntry('H40.02')] });
  const [sender, receiver] = [federation.node('G22').exchange, federation.node('H40').exchange];
  const ids: string[] = [];
  for (const to of ['H40', 'H40.02', 'H40', 'H40']) {
    const { id } = await sender.submit(federation.submission({ to: [to] }));
    await federation.settled('G22', id);
    ids.push(id);
  }
  for (const id of [ids[2]!, ids[1]!, ids[0]!]) await receiver.say(id, { code: '03', note: `nhận ${id}` });
  for (const name of ['An', 'Bình']) await receiver.say(ids[2]!, { code: '04', staff: { name } });
  await sender.recall(ids[0]!, { reason: 'Sai' });
  await federation.until('asked', async () => (await receiver.show(ids[0]!)).status === '13');
  await receiver.say(ids[0]!, { code: '15' });
  const { items, ...page } = await receiver.register({ box: 'inbox' });
  t.same(page, { box: 'inbox', year: 2026, unit: 'H40', cursor: null });
  t.match(items, [
    {
      id: ids[2],
      arrivalNumber: 1,
      arrivedOn: '2026-01-15',
      from: 'G22',
      number: '3',
      date: '2026-01-15',
      to: [{ code: 'H40' }],
      staff: { name: 'Bình' },
      note: `nhận ${ids[2]}`,
      status: '04',
      recall: 'none',
    },
    { id: ids[1], arrivalNumber: 2, to: [{ code: 'H40.02', name: 'Đơn vị H40.02' }], staff: null },
    { id: ids[0], arrivalNumber: 3, status: '15', recall: 'agreed' },
  ]);
  t.equal(items.length, 3, 'not what nobody has accepted');
  const unit = await receiver.register({ box: 'inbox', unit: '000.00.02.H40' });
  t.same([unit.unit, unit.items.map(({ id }) => id)], ['H40.02', [ids[1]]]);
  t.same((await receiver.register({ box: 'inbox', year: 2025 })).items, []);
  const seen: (number | null)[] = [];
  let cursor: string | undefined;
  do {
    const next = await receiver.register({ box: 'inbox', limit: 1, cursor });
    seen.push(...next.items.map(({ arrivalNumber }) => arrivalNumber));
    cursor = next.cursor ?? undefined;
  } while (cursor !== undefined);
  t.same(seen, [1, 2, 3]);
  for (const wrong of [{ year: 12 }, { year: 2026.5 }, { cursor: 'x' }, { cursor: '-1' }])
    await t.rejects(receiver.register({ box: 'inbox', ...wrong }), { code: 'usage' });
  await t.rejects(receiver.register({ box: 'outbox', cursor: '12' }), { code: 'usage' });
});

t.test('where each unit has its own register, each counts for itself', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40'], { H40: { registers: 'unit' } });
  await federation.authority.publish({ entries: [unitEntry('H40.02')] });
  const receiver = federation.node('H40').exchange;
  const to = ['H40', 'H40.02'];
  const { id } = await federation.node('G22').exchange.submit(federation.submission({ to }));
  await federation.settled('G22', id);
  for (const unit of to) t.match(await receiver.say(id, { code: '03', unit }), { unit, arrivalNumber: 1 });
  for (const unit of to) {
    const { items } = await receiver.register({ box: 'inbox', unit });
    t.match(items, [{ arrivalNumber: 1, to: [{ code: unit }] }]);
    t.equal(items.length, 1);
  }
});

t.test('outgoing: by the year of the date, however late it was handed in', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  await federation.authority.publish({ entries: [unitEntry('G22.05')] });
  const { exchange } = federation.node('G22');
  const ids: Record<string, string> = {};
  for (const [name, change] of Object.entries({
    old: { date: '2019-03-12' },
    late: { date: '2025-12-31' },
    first: { date: '2026-01-05', signer: { name: 'Nguyễn Văn An' }, note: 'Bản chính' },
    unit: { from: 'G22.05' },
  })) {
    ids[name] = (await exchange.submit(federation.submission(change))).id;
    federation.clock.advance(10);
  }
  federation.clock.advance(340 * 86_400_000);
  await federation.authority.publish({ entries: [unitEntry('G22.06')] });
  ids.early = (await exchange.submit(federation.submission({ date: '2027-01-04' }))).id;
  const of = async (year?: number, unit?: string) =>
    (await exchange.register({ box: 'outbox', year, unit })).items;
  t.match(await of(2026), [
    {
      id: ids.first,
      arrivalNumber: null,
      arrivedOn: null,
      signer: 'Nguyễn Văn An',
      to: [{ code: 'H40', name: 'Cơ quan H40' }],
      note: 'Bản chính',
    },
    { id: ids.unit, from: 'G22.05' },
  ]);
  t.equal((await of()).length, 2, 'the present year without one');
  for (const [year, name] of [
    [2019, 'old'],
    [2025, 'late'],
    [2027, 'early'],
  ] as const)
    t.same(
      (await of(year)).map(({ id }) => id),
      [ids[name]],
    );
  t.same(
    (await of(2026, 'G22.05')).map(({ id }) => id),
    [ids.unit],
  );
  const first = await exchange.register({ box: 'outbox', limit: 1 });
  const second = await exchange.register({ box: 'outbox', limit: 1, cursor: first.cursor! });
  t.same(
    [...first.items, ...second.items].map(({ id }) => id),
    [ids.first, ids.unit],
  );
});
