/** The chain of custody as proof: `verify` checks each entry, and what is exported is checked by OpenSSL and sha256sum alone. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { key, PREFIX } from '../../node/store/keys.ts';
import { entriesOf, statusWrite } from '../../node/store/statuses.ts';
import { TestFederation, type TestNode } from './federation.ts';

const run = promisify(execFile);

/** Runs the exported script in a folder of its own; answers what it said, or rejects. */
async function judge(t: Test, node: TestNode, id: string) {
  const folder = await mkdtemp(join(tmpdir(), 'lienthong-proof-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const files = await node.exchange.evidence(id);
  for (const { name, bytes } of files) await writeFile(join(folder, name), bytes);
  const names = files.map(({ name }) => name);
  return { names, script: run('sh', [join(folder, 'verify.sh')], { env: { PATH: process.env.PATH } }) };
}

async function lived(t: Test) {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const [sender, receiver] = [federation.node('G22'), federation.node('H40')];
  const { id } = await sender.exchange.submit(federation.submission());
  await federation.settled('G22', id);
  const documentId = Buffer.from((await sender.exchange.show(id)).documentHash, 'hex');
  await receiver.exchange.taken(id);
  await receiver.exchange.say(id, { code: '03' });
  await receiver.exchange.say(id, { code: '04', staff: { name: 'Trần Thị Bình' } });
  await sender.exchange.recall(id, { reason: 'Sai nội dung' });
  await federation.until('asked', async () => (await receiver.exchange.show(id)).status === '13');
  await receiver.exchange.say(id, { code: '16', reason: 'Đã triển khai' });
  await federation.until('known', async () => (await sender.exchange.show(id)).status === '04');
  return { federation, sender, receiver, id, of: { documentId: new Uint8Array(documentId), unit: 'H40' } };
}

const CHAIN = ['sender-1', 'receiver-1', 'receiver-2', 'receiver-3', 'receiver-4'].map(
  (one) => `status-H40-${one}`,
);

t.test('every entry is checked, at both ends and by OpenSSL', async (t) => {
  const { sender, receiver, id } = await lived(t);
  for (const node of [sender, receiver]) {
    const { valid, checks } = await node.exchange.verify(id);
    t.ok(valid);
    for (const name of CHAIN) {
      t.match(
        checks.filter(({ what }) => what.startsWith(`${name}:`)).map(({ what, ok }) => [what, ok]),
        [
          [new RegExp(`^${name}: service signature \\((G22|H40) \\w+\\)$`), true],
          [`${name}: names the entry before it`, true],
        ],
      );
    }
    const { names, script } = await judge(t, node, id);
    const { stdout } = await script;
    t.equal(stdout.match(/Verified OK/g)?.length, names.filter((name) => name.endsWith('.sig')).length);
    t.match(stdout, 'status-H40-receiver-4: follows status-H40-receiver-3');
    t.equal(stdout.match(/follows/g)?.length, 3);
  }
});

t.test('a missing entry, and one put in place of another, are failed checks', async (t) => {
  const { federation, sender, id, of } = await lived(t);
  const entries = await entriesOf(sender.store, of);
  const second = entries.find(({ side, sequence }) => side === 2 && sequence === 2)!;
  await sender.store.commit({ writes: [{ del: key(PREFIX.status, of.documentId, of.unit, 2, 2) }] });
  const { valid, checks } = await sender.exchange.verify(id);
  t.notOk(valid);
  t.same(
    checks.filter(({ ok }) => !ok),
    [
      { what: 'status-H40-receiver-2: is here', ok: false, reason: 'it is missing' },
      {
        what: 'status-H40-receiver-3: names the entry before it',
        ok: false,
        reason: 'the entry before is missing',
      },
    ],
  );
  await t.rejects((await judge(t, sender, id)).script, { message: /status-H40-receiver-2 is missing/ });

  // the very signed entry of another document in its place
  const other = await sender.exchange.submit(federation.submission());
  await federation.settled('G22', other.id);
  const receiver = federation.node('H40').exchange;
  await receiver.taken(other.id);
  await receiver.say(other.id, { code: '03' });
  await federation.until('known', async () => (await sender.exchange.show(other.id)).status === '03');
  const strange = new Uint8Array(Buffer.from(other.documentHash, 'hex'));
  const foreign = (await entriesOf(sender.store, { documentId: strange, unit: 'H40' }))[1]!;
  await sender.store.commit({ writes: [statusWrite(of, 2, 2, foreign.row)] });
  const swapped = await sender.exchange.verify(id);
  t.same(
    swapped.checks.filter(({ ok }) => !ok).map(({ what }) => what),
    ['status-H40-receiver-2: names the entry before it', 'status-H40-receiver-3: names the entry before it'],
  );
  await t.rejects((await judge(t, sender, id)).script, { message: /status-H40-receiver-2: does NOT follow/ });

  await sender.store.commit({ writes: [statusWrite(of, 2, 2, second.row)] });
  // first entries name none before them: that of another document, and that of the other side
  const first = entries.find(({ side, sequence }) => side === 2 && sequence === 1)!;
  const [foreignFirst] = await entriesOf(sender.store, { documentId: strange, unit: 'H40' });
  for (const put of [foreignFirst!.row, entries[0]!.row]) {
    await sender.store.commit({ writes: [statusWrite(of, 2, 1, put)] });
    const { checks: found } = await sender.exchange.verify(id);
    t.match(
      found.find(({ ok }) => !ok),
      { what: 'status-H40-receiver-1: names the entry before it', reason: 'it is for something else' },
    );
  }
  await sender.store.commit({ writes: [statusWrite(of, 2, 1, first.row)] });
  t.ok((await sender.exchange.verify(id)).valid, 'whole again');
});
