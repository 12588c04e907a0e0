/** What depends on directory, clock or policy is refused for now only: the delivery finds its way when that changes. */
import t from 'tap';
import { STATE } from '../../node/directory/entries.ts';
import { agencyEntry, DAY_MS, unitEntry } from './authority.ts';
import { TestFederation } from './federation.ts';

t.test(
  'a unit that moved while its document waited is delivered by the seat that serves it now',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
    await federation.authority.publish({ entries: [unitEntry('H40.02')] });
    const { exchange } = federation.node('G22');
    federation.unreachable.add('H40');
    const { id } = await exchange.submit(federation.submission({ to: ['H40.02'] }));
    t.match((await exchange.show(id)).deliveries[0], { to: 'H40.02', seat: 'H40' });
    await federation.authority.publish({ entries: [unitEntry('H40.02', 'H51')] });
    federation.unreachable.clear();
    const view = await federation.settled('G22', id);
    t.match(view.deliveries[0], { to: 'H40.02', seat: 'H51', receipt: { by: 'H51' } });
    t.match(await federation.node('H51').only('inbox'), { id, to: ['H40.02'] });
    t.same((await federation.node('H40').exchange.list({ box: 'inbox' })).items, [], 'in doubt nowhere else');
    t.match(await exchange.verify(id), { valid: true });
  },
);

t.test(
  'a repeat to a unit that moved away meanwhile still gets its receipt from where it was stored',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
    await federation.authority.publish({ entries: [unitEntry('H40.02')] });
    const { exchange } = federation.node('G22');
    let isLost = true;
    federation.fault = ({ protocol, toward }) =>
      isLost && protocol === 'delivery' && toward === 'client' ? 'cut' : undefined;
    const { id } = await exchange.submit(federation.submission({ to: ['H40.02'] }));
    await federation.until(
      'it is stored',
      async () => (await federation.node('H40').exchange.list({ box: 'inbox' })).items.length === 1,
      0,
    );
    await federation.authority.publish({ entries: [unitEntry('H40.02', 'H51')] });
    isLost = false;
    const view = await federation.settled('G22', id);
    t.match(view.deliveries[0], { seat: 'H40', receipt: { by: 'H40' } });
    t.same((await federation.node('H51').exchange.list({ box: 'inbox' })).items, []);
  },
);

t.test('beyond its quota an agency waits for the next day; another agency doesn’t', async (t) => {
  const quota = { documentsPerDay: 2, bytesPerDay: 10_000 };
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51'], { H40: { quota } });
  const send = async (from: string) =>
    (await federation.node(from).exchange.submit(federation.submission())).id;
  const ids = [await send('G22'), await send('G22')];
  for (const id of ids) await federation.settled('G22', id, 'delivered', 0);
  const third = await send('G22');
  const refused = async () =>
    (await federation.node('G22').exchange.show(third)).deliveries[0]!.lastError === 'quota: documentsPerDay';
  await federation.until('the third is refused for now', refused, 0);
  await federation.settled('H51', await send('H51'), 'delivered', 0);
  federation.clock.advance(DAY_MS);
  await federation.settled('G22', third, 'delivered', 1000);
});

t.test(
  'a sender’s directory past its limit: nothing is believed, nothing is lost, it goes on with a new head',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    federation.unreachable.add('H40');
    const { id } = await federation.node('G22').exchange.submit(federation.submission());
    federation.clock.advance(61 * DAY_MS);
    federation.unreachable.clear();
    await federation.until(
      'it was offered',
      async () => (await federation.node('G22').exchange.show(id)).deliveries[0]!.attempts > 0,
      1000,
    );
    t.match((await federation.node('G22').exchange.show(id)).deliveries[0], { state: 'queued' });
    await federation.authority.publish({ entries: [agencyEntry('H40', 'Nam Định')] });
    await federation.settled('G22', id, 'delivered', 1000);
  },
);

t.test('a revoked sender’s document waits unread; nothing of it is kept', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { who, exchange } = federation.node('G22');
  federation.unreachable.add('H40');
  const { id } = await exchange.submit(federation.submission());
  await federation.authority.revoke(who.service, 'service', who);
  federation.unreachable.clear();
  const lastError = async () => (await exchange.show(id)).deliveries[0]!.lastError ?? '';
  await federation.until('it is refused for now', async () =>
    (await lastError()).startsWith('certificate-revoked'),
  );
  t.same((await federation.node('H40').exchange.list({ box: 'inbox' })).items, []);
});

t.test('a recipient retired while its document waited says so, and the document stays', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { exchange } = federation.node('G22');
  federation.unreachable.add('H40');
  const { id } = await exchange.submit(federation.submission());
  await federation.authority.publish({ entries: [agencyEntry('H40', 'Nam Định', STATE.retired)] });
  federation.unreachable.clear();
  await federation.until('the refusal', async () => (await exchange.show(id)).deliveries[0]!.attempts > 0);
  t.match((await exchange.show(id)).deliveries[0], { state: 'queued', lastError: /unknown-recipient/ });
});
