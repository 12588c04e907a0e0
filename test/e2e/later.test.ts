/** What time does to a federation: a directory past its limit, and certificates that end, in real processes. */
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { Federation } from '../helpers/federation.ts';

const DAY_MS = 86_400_000;
/** Further than a head is valid. */
const PAST_LIMIT_MS = 65 * DAY_MS;
/** Less than a revocation list lives: longer without any contact is longer than a node may be away. */
const SEASON_MS = 115 * DAY_MS;
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
  await allAhead(PAST_LIMIT_MS, false);
  t.equal((await sender.status()).directory.state, 'expired');
  t.equal(await refusal(3), 'directory-expired');
  t.equal((await recipient.show(before.id)).id, before.id);
});

t.test('when the registry is back they go on by themselves', async (t) => {
  await registry.start({ aheadMs: PAST_LIMIT_MS });
  await fresh([sender, recipient]);
  const sent = await sender.send({ to: ['H40'], number: 4 });
  await sender.delivered(sent.id);
  t.equal((await sender.verify(sent.id)).valid, true);
});

t.test(
  'certificates are renewed meanwhile; what waited longer than they lasted is signed again',
  async (t) => {
    const { certificates, peerId } = await sender.status();
    const endMs = Math.max(...certificates.map(({ notAfter }) => Date.parse(notAfter))) - Date.now();
    await recipient.kill();
    const waiting = await sender.send({ to: ['H40'], number: 5 });
    const first = (await sender.show(waiting.id)).signatures[0]!.serial;
    const ahead: Ahead = { members: [registry, sender], aheadMs: PAST_LIMIT_MS };
    for (; ahead.aheadMs < endMs + 10 * DAY_MS; ahead.aheadMs += SEASON_MS) {
      await goOn(ahead);
      await fresh([sender]);
    }
    ahead.members.push(recipient);
    await goOn(ahead);
    await fresh([sender, recipient]);

    const view = await sender.delivered(waiting.id);
    t.not(view.signatures[0]!.serial, first, 'sealed again');
    t.equal(view.documentHash, waiting.documentHash, 'the same document');
    t.equal((await recipient.show(waiting.id)).documentHash, waiting.documentHash);
    for (const agency of [sender, recipient]) {
      await eventually(`${agency.name} shows its certificates in force`, async () => {
        const status = await agency.status();
        const inForce = status.certificates.filter(({ state }) => state === 'valid').map(({ role }) => role);
        return ['node', 'service', 'seal'].every((role) => inForce.includes(role));
      });
      t.equal((await agency.verify(waiting.id)).valid, true);
      t.equal((await agency.verify(before.id)).valid, true, 'what was signed with the old ones stands');
      const out = path.join(federation.dir, `evidence-${agency.name}`);
      for (const id of [before.id, waiting.id]) {
        t.equal((await agency.cli('fetch', id, '--out', `${out}-${id}`, '--evidence')).exit, 0);
        t.match(await checked(`${out}-${id}`), /every signature verifies/, 'OpenSSL agrees');
      }
    }
    t.equal((await sender.status()).peerId, peerId, 'the keys are what they were');
    const now = await sender.send({ to: ['H40'], number: 6 });
    await sender.delivered(now.id);
  },
);

t.test('the admin renews by hand, and sees what ends', async (t) => {
  const forced = await registry.cli('registry', 'renew', 'H40');
  t.equal(forced.exit, 0);
  const { renewed } = forced.value as { renewed: { role: string; serial: string }[] };
  t.same(renewed.map(({ role }) => role).sort(), ['node', 'seal', 'service']);
  const isThere = async () => {
    const serials = new Set((await recipient.status()).certificates.map(({ serial }) => serial));
    return renewed.every(({ serial }) => serials.has(serial));
  };
  await eventually('the node has what was issued', isThere);
  const listed = await registry.cli('registry', 'list', '--certificates');
  t.match((listed.value as object[]).at(-1), { code: '', state: 'registry' });
  const sent = await recipient.send({ to: ['G22'], number: 7 });
  await recipient.delivered(sent.id);
});

interface Ahead {
  members: (typeof registry | typeof sender)[];
  aheadMs: number;
}

/** Every process again, with the clock where it is now. */
async function goOn({ members, aheadMs }: Ahead): Promise<void> {
  await Promise.all(members.map((member) => member.kill()));
  for (const member of members) await member.start({ aheadMs });
}

/** What the script in an evidence folder prints; it runs OpenSSL and sha256sum alone. */
async function checked(folder: string): Promise<string> {
  const [script] = globSync('**/verify.sh', { cwd: folder });
  return (await promisify(execFile)('sh', [path.join(folder, script!)])).stdout;
}

const fresh = (agencies: (typeof sender)[]) =>
  Promise.all(
    agencies.map((agency) =>
      eventually(
        `${agency.name} has a fresh directory`,
        async () => (await agency.status()).directory.state === 'fresh',
      ),
    ),
  );
