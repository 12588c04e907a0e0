/** Whom a document that names others goes to, and who it is from, where the submission doesn't say. */
import t from 'tap';
import { unitEntry } from './authority.ts';
import { TestFederation } from './federation.ts';

const AGENCIES = ['G22', 'H40', 'H51', 'H37'];

t.test('a reply goes from the unit that received to the unit that asked', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  await federation.authority.publish({
    entries: [unitEntry('H40.02'), unitEntry('H40.03'), unitEntry('G22.05')],
  });
  const [asker, asked] = [federation.node('G22').exchange, federation.node('H40').exchange];
  const { id } = await asker.submit(federation.submission({ from: 'G22.05', to: ['H40.02'] }));
  await federation.settled('G22', id);
  const relations = [{ kind: 'answers' as const, id }];
  const reply = await asked.submit(federation.submission({ to: [], relations }));
  t.match(await asked.show(reply.id), { from: 'H40.02', to: ['G22.05'] });
  await federation.settled('H40', reply.id);
  t.match((await asker.show(id)).deliveries, [{ to: 'H40.02', answeredAt: String }]);

  const both = await asker.submit(federation.submission({ to: ['H40.02', 'H40.03'] }));
  await federation.settled('G22', both.id);
  const of = [{ kind: 'answers' as const, id: both.id }];
  const unnamed = await asked.submit(federation.submission({ to: [], relations: of }));
  t.equal((await asked.show(unnamed.id)).from, 'H40', 'of several units none is guessed');
});

t.test(
  'a correction goes to those who have the document: not where it is recalled or was refused',
  async (t) => {
    const federation = await TestFederation.create(t, AGENCIES);
    const { exchange } = federation.node('G22');
    const { id } = await exchange.submit(federation.submission({ to: AGENCIES.slice(1) }));
    await federation.settled('G22', id);
    await federation.node('H40').exchange.say(id, { code: '03' });
    await federation.node('H51').exchange.say(id, { code: '02', reason: 'Gửi nhầm' });
    await federation.until('both are known', async () => {
      const statuses = (await exchange.show(id)).deliveries.map(({ status }) => status);
      return statuses.includes('03') && statuses.includes('02');
    });
    await exchange.recall(id, { reason: 'Bớt', units: ['000.00.00.H40'] });
    for (const kind of ['updates', 'replaces'] as const) {
      const change = federation.submission({ to: [], relations: [{ kind, id }] });
      t.same((await exchange.submit(change)).deliveries, [{ to: 'H37', state: 'queued' }], kind);
    }
    await federation.node('H37').exchange.say(id, { code: '02', reason: 'Trùng' });
    await federation.until('refused', async () =>
      (await exchange.show(id)).deliveries.every(({ status }) => status !== null),
    );
    const nobody = federation.submission({ to: [], relations: [{ kind: 'updates', id }] });
    await t.rejects(exchange.submit(nobody), { code: 'no-recipient' });
  },
);

t.test('statuses name their unit in either form of its code', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  await federation.authority.publish({ entries: [unitEntry('H40.02'), unitEntry('H40.03')] });
  const receiver = federation.node('H40').exchange;
  const { id } = await federation
    .node('G22')
    .exchange.submit(federation.submission({ to: ['H40.02', 'H40.03'] }));
  await federation.settled('G22', id);
  await t.rejects(receiver.say(id, { code: '03' }), {
    code: 'several-units',
    details: { units: ['H40.02', 'H40.03'] },
  });
  t.match(await receiver.say(id, { code: '03', unit: '000.00.02.H40' }), {
    unit: 'H40.02',
    arrivalNumber: 1,
  });
  await receiver.taken(id, '000.00.03.H40');
  t.match((await receiver.show(id)).deliveries, [{ status: '03' }, { status: '01' }]);
  await t.rejects(receiver.taken(id, 'H40.09'), { code: 'not-found' });
});
