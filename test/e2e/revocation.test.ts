/** A revoked agency can neither send nor receive two seconds after the revocation; what it holds it can still read. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation } from '../helpers/federation.ts';

const LIMIT_MS = 2_000;

t.setTimeout(90_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40', 'H51'] });
const [office, loyal, revoked] = ['G22', 'H40', 'H51'].map((code) => federation.agency(code)) as [
  Agency,
  Agency,
  Agency,
];
await federation.inStep();
const before = await office.send({ to: ['H51', 'H40'], number: 1 });
await office.delivered(before.id);
const sentBefore = await revoked.send({ to: ['G22'], number: 1 });
await revoked.delivered(sentBefore.id);

const paper = path.join(federation.dir, 'paper.txt');
await writeFile(paper, 'Nội dung');
const sending = (number: number) => [
  ...['send', paper, '--to', 'G22', '--type', 'Công văn', '--number', String(number), '--notation', 'CV'],
  ...['--subject', 'Thử thu hồi'],
];

const state = async (agency: Agency) => (await agency.status()).directory;

t.test('two seconds after the revocation it can neither send nor receive', async (t) => {
  const { exit, stderr } = await federation.registry.cli(
    'registry',
    'revoke',
    'H51',
    '--reason',
    'key-compromise',
  );
  t.equal(exit, 0, stderr);
  const revokedAt = performance.now();

  await eventually('it knows', async () => (await state(revoked)).state === 'revoked', LIMIT_MS);
  const { version } = (await (await federation.registry.client()).status()).directory;
  for (const agency of [office, loyal])
    await eventually(`${agency.name} knows`, async () => (await state(agency)).version >= version, LIMIT_MS);
  t.comment(`known everywhere after ${Math.round(performance.now() - revokedAt)} ms`);

  const attempt = await revoked
    .send({ to: ['G22'], number: 2 })
    .then(() => 'queued')
    .catch(({ code }) => code);
  t.equal(attempt, 'certificate-revoked', 'it refuses to send');
  const typed = await revoked.cli(...sending(3));
  t.match({ exit: typed.exit, code: typed.error?.code }, { exit: 3, code: 'certificate-revoked' });
  t.equal((await revoked.list('outbox')).length, 1, 'nothing was queued');
  const toIt = await office
    .send({ to: ['H51'], number: 2 })
    .then(() => 'queued')
    .catch(({ code }) => code);
  t.not(toIt, 'queued', 'nobody sends to it');
  t.strictSame(
    (await revoked.list('inbox')).map(({ id }) => id),
    [before.id],
    'and what it received earlier it can still read',
  );
  t.equal((await revoked.show(before.id)).id, before.id);
});

t.test('the connections it had are closed and stay so, also after a restart', async (t) => {
  await revoked.restart();
  t.equal((await state(revoked)).state, 'revoked', 'it says so from its own store');
  await eventually('the office is connected to the loyal node only', async () => {
    const { peers } = await office.status();
    return peers.connected - (peers.registry ? 1 : 0) === 1;
  });
});

t.test('the others go on, and the registry lists what it revoked', async (t) => {
  const sent = await office.send({ to: ['H40'], number: 3 });
  await office.delivered(sent.id);
  t.equal((await office.verify(sent.id)).valid, true);
  const { value } = await federation.registry.cli('registry', 'list', '--certificates');
  const listed = value as { code: string; certificates: { role: string; state: string }[] }[];
  const states = (code: string) =>
    new Set(listed.find((one) => one.code === code)!.certificates.map(({ state }) => state));
  t.strictSame([...states('H51')], ['revoked']);
  t.notOk(states('H40').has('revoked'));
});

t.test('what was delivered before the compromise was reported still shows its receipt', async (t) => {
  const { deliveries } = await office.show(before.id);
  t.ok(deliveries.every(({ receipt }) => receipt !== null));
});
