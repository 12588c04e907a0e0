/** What time does to a federation: a directory past its limit, and certificates that have expired, in real processes. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
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
  await allFresh();
  const sent = await sender.send({ to: ['H40'], number: 4 });
  await sender.delivered(sent.id);
  t.equal((await sender.verify(sent.id)).valid, true);
});

t.test('expired certificates: refused with their name, nothing changes', async (t) => {
  const { certificates } = await sender.status();
  const endMs = Math.max(...certificates.map(({ notAfter }) => Date.parse(notAfter))) - Date.now();
  for (let aheadMs = PAST_LIMIT_MS + SEASON_MS; aheadMs < endMs - 20 * DAY_MS; aheadMs += SEASON_MS) {
    await allAhead(aheadMs, true);
    await allFresh();
  }
  await allAhead(endMs - 20 * DAY_MS, true);
  await allFresh();
  await allAhead(endMs + DAY_MS, false);
  const count = (await sender.list('outbox')).length;
  t.equal(await refusal(5), 'certificate-expired');
  const paper = path.join(federation.dir, 'paper.txt');
  await writeFile(paper, 'Nội dung');
  const typed = await sender.cli(
    ...['send', paper, '--to', 'H40', '--type', 'Công văn', '--number', '6', '--notation', 'CV'],
    ...['--subject', 'Chứng thư hết hạn'],
  );
  t.match({ exit: typed.exit, code: typed.error?.code }, { exit: 3, code: 'certificate-expired' });
  t.equal((await sender.list('outbox')).length, count);
  t.equal((await recipient.list('inbox')).length, count, 'both still read what they have');
});

const allFresh = () =>
  Promise.all(
    [sender, recipient].map((agency) =>
      eventually(
        `${agency.name} has a fresh directory`,
        async () => (await agency.status()).directory.state === 'fresh',
      ),
    ),
  );
