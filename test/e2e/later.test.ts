/** What time does to a federation: a directory past its limit, and certificates that have expired, in real processes. */
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { Federation } from '../helpers/federation.ts';

const DAY_MS = 86_400_000;
t.setTimeout(90_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const { registry } = federation;
const [sender, recipient] = [federation.agency('G22'), federation.agency('H40')];
await federation.inStep();
const before = await sender.send({ to: ['H40'], number: 1 });
await sender.delivered(before.id);

const refusal = (number: number) =>
  sender
    .send({ to: ['H40'], number })
    .then(() => 'queued')
    .catch(({ code }) => code);

async function allAhead(aheadMs: number, withRegistry: boolean): Promise<void> {
  await Promise.all([registry, sender, recipient].map((member) => member.kill()));
  if (withRegistry) await registry.start({ aheadMs });
  await Promise.all([sender, recipient].map((member) => member.start({ aheadMs })));
}

t.test('weeks without the registry change nothing', async (t) => {
  await allAhead(14 * DAY_MS, false);
  const sent = await sender.send({ to: ['H40'], number: 2 });
  await sender.delivered(sent.id);
  t.match((await sender.status()).directory.state, /fresh|stale/);
});

t.test('past the hard limit nodes fail closed and say so; what they hold can be read', async (t) => {
  await allAhead(400 * DAY_MS, false);
  t.equal((await sender.status()).directory.state, 'expired');
  const code = await refusal(3);
  t.match(code, /directory-expired|certificate-expired/);
  t.equal((await recipient.show(before.id)).id, before.id);
});

t.test('with the registry back they go on by themselves', async (t) => {
  await allAhead(120 * DAY_MS, false);
  await eventually(
    'refused without the registry',
    async () => (await sender.status()).directory.state === 'expired',
  );
  await registry.start({ aheadMs: 120 * DAY_MS });
  await eventually(
    'a new head is here',
    async () => (await sender.status()).directory.state === 'fresh',
    30_000,
  );
  await eventually(
    'at the recipient too',
    async () => (await recipient.status()).directory.state === 'fresh',
    30_000,
  );
  const sent = await sender.send({ to: ['H40'], number: 4 });
  await sender.delivered(sent.id);
  t.equal((await sender.verify(sent.id)).valid, true);
});

t.test('expired certificates: refused with their name, nothing changes', async (t) => {
  await allAhead(3 * 365 * DAY_MS, true);
  const count = (await sender.list('outbox')).length;
  t.equal(await refusal(5), 'certificate-expired');
  t.equal((await sender.list('outbox')).length, count);
  t.equal((await recipient.list('inbox')).length, count, 'both still read what they have');
});
