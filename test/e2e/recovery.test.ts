/**
 * A node whose folder is put back from an older copy, with real processes: it learns from its peers that it lost data,
 * stops, is let go on by a person, and takes back everything both sides had, receipts and files included.
 */
import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t from 'tap';
import type { RecoveryReport } from '../../node/core/log-views.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation } from '../helpers/federation.ts';

t.setTimeout(240_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40', 'H51'] });
const [node, peer, other] = ['G22', 'H40', 'H51'].map((code) => federation.agency(code)) as [
  Agency,
  Agency,
  Agency,
];
await federation.inStep();
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const papers = path.join(federation.dir, 'papers');
await mkdir(papers);
const annex = path.join(papers, 'phụ lục.bin');
await writeFile(annex, randomBytes(1_500_000));
const copy = path.join(federation.dir, 'copy');

/** Hashes of every signed envelope this node holds of a document, by name. */
async function evidenceOf(agency: Agency, id: string): Promise<Record<string, string>> {
  const files = await (await agency.client()).evidence(id);
  const envelopes = files.filter(({ name }) => name.endsWith('.signed'));
  return Object.fromEntries(envelopes.map(({ name, bytes }) => [name, sha256(bytes)]).sort());
}

const fields = (number: number) => {
  const words = ['--type', 'Quyết định', '--number', String(number), '--notation', 'QĐ'];
  return [...words, '--subject', 'Phê duyệt', '--date', '2019-03-12', '--wait'];
};
const sendFile = async (from: Agency, to: string, number: number): Promise<string> => {
  const sent = await from.cli('send', annex, '--to', to, ...fields(number));
  if (sent.exit !== 0) throw new Error(sent.stderr);
  return (sent.value as { id: string }).id;
};
const sendLetter = async (from: Agency, to: string[], number: number): Promise<string> => {
  const { id } = await from.send({ to, number });
  await from.delivered(id);
  return id;
};

const before = [await sendLetter(node, ['H40', 'H51'], 1), await sendLetter(peer, ['G22'], 1)];
await node.stop();
await cp(node.dir, copy, { recursive: true });
await node.start();
const lost = [
  await sendLetter(node, ['H40', 'H51'], 2),
  await sendFile(node, 'H40', 3),
  await sendLetter(peer, ['G22'], 2),
  await sendFile(peer, 'G22', 3),
  await sendLetter(other, ['G22'], 1),
];
for (let number = 10; number < 30; number++)
  lost.push(await sendLetter(node, ['H40'], number), await sendLetter(peer, ['G22'], number));
const evidence = await Promise.all(lost.map((id) => evidenceOf(node, id)));
const sizeBefore = (await node.status()).log.size;

async function putBack(): Promise<void> {
  await node.kill();
  await rm(node.dir, { recursive: true });
  await cp(copy, node.dir, { recursive: true });
}

async function loseAgain(): Promise<void> {
  await putBack();
  await node.start();
  await eventually('it is read-only', async () => (await node.status()).store.state === 'read-only');
  await node.stop();
  await node.cli('node', 'recover', '--yes');
}

t.test('put back from an older copy, the node turns read-only and says what to do', async (t) => {
  await putBack();
  await node.start();
  const status = await eventually('it is read-only', async () => {
    const now = await node.status();
    return now.store.state === 'read-only' ? now : undefined;
  });
  t.match(status.store.problems, [/database-behind/]);
  await node.said(/LACKS DATA.*node recover/);
  await t.rejects(node.send({ to: ['H40'], number: 99 }), { code: 'read-only' });
  const running = await node.cli('node', 'recover', '--yes');
  t.match(running, { exit: 3, error: { code: 'locked' } }, 'only a stopped node recovers');
});

t.test('recover shows what is missing, and asks before it goes on', async (t) => {
  await node.stop();
  const unasked = await node.cli('node', 'recover');
  t.match(unasked, { exit: 2, error: { code: 'usage' } });
  const again = await node.cli('node', 'recover', '--yes');
  t.equal(again.exit, 0, again.stderr);
  const report = again.value as RecoveryReport;
  t.match(report, { epoch: 2, held: { epoch: 1 }, shown: { epoch: 1 } });
  t.ok(report.shown!.size > report.held.size && report.shown!.size <= sizeBefore);
  const twice = await node.cli('node', 'recover');
  t.match(twice.value, { epoch: null, problems: [] }, 'and is healthy afterwards');
});

t.test('killed while it takes back, it goes on where it was', async (t) => {
  let rounds = 0;
  for (let got = 0; ; ) {
    await node.start();
    const seen = await eventually('it takes back', async () => {
      const { counts, recovery } = await node.status();
      const now = counts.inbox + counts.outbox - before.length;
      const isBack = recovery?.waiting.length === 0;
      return now > got || isBack ? { now, isBack } : undefined;
    });
    if (rounds > 1 || (rounds > 0 && seen.isBack)) break;
    if (seen.isBack) {
      // before anybody looked: once more from the beginning
      await loseAgain();
      continue;
    }
    got = seen.now;
    await node.kill();
    rounds++;
  }
  t.ok(rounds > 0, `${rounds} kills`);
  if (node.child === undefined) t.fail('not running');
  await node.restart();
  const done = await eventually('everything is back', async () => {
    const { recovery } = await node.status();
    return recovery?.waiting.length === 0 ? recovery : undefined;
  });
  t.match(done, { failed: 0, holding: false });
});

t.test('every document is there again, byte-identical, and verifies', async (t) => {
  for (const [i, id] of lost.entries()) {
    const shown = await node.show(id);
    t.ok(shown.deliveries.every(({ state, receipt }) => state === 'delivered' && receipt !== null));
    t.strictSame(await evidenceOf(node, id), evidence[i]);
    t.equal((await node.verify(id)).valid, true);
  }
  for (const id of lost.slice(0, 5)) t.equal((await node.cli('verify', id)).exit, 0, 'lienthong verify');
  for (const id of before) t.equal((await node.verify(id)).valid, true);
  t.equal((await node.list('outbox')).length, 1 + 2 + 20);
  t.equal((await node.list('inbox')).length, 1 + 3 + 20);
  const checked = await node.cli('node', 'check');
  t.equal(checked.exit, 0, checked.stderr);
});

t.test('used numbers are refused, a new document goes through', async (t) => {
  for (const number of [1, 2, 10, 29])
    await t.rejects(node.send({ to: ['H40'], number, text: 'khác' }), { code: 'number-used' });
  const id = await sendLetter(node, ['H40', 'H51'], 100);
  for (const agency of [node, peer, other]) t.equal((await agency.verify(id)).valid, true);
  await sendLetter(peer, ['G22'], 100);
});

t.test('the peers show the declared gap, and call it no rewritten log', async (t) => {
  for (const agency of [peer, other]) {
    const { witness } = await eventually(`${agency.name} knows what is missing`, async () => {
      const status = await agency.status();
      return status.witness.gaps[0]?.after ? status : undefined;
    });
    t.strictSame(witness.rewritten, []);
    t.match(witness.gaps, [{ agency: 'G22', epoch: 2, before: { epoch: 1 }, after: { epoch: 1 } }]);
    t.ok(witness.gaps[0]!.before.size > witness.gaps[0]!.after!.size);
  }
});

t.test('put back once more, it goes on in an epoch nobody has seen', async (t) => {
  await putBack();
  await node.start();
  await eventually('it is read-only', async () => (await node.status()).store.state === 'read-only');
  await node.stop();
  t.match((await node.cli('node', 'recover', '--yes')).value, { epoch: 3, shown: { epoch: 2 } });
  await node.start();
  await eventually('everything is back', async () => (await node.status()).recovery?.waiting.length === 0);
  t.equal((await node.list('outbox')).length, 1 + 2 + 20 + 1);
  t.equal((await node.list('inbox')).length, 1 + 3 + 20 + 1);
});
