/**
 * The main job, with real processes over 127.0.0.1 and only the command line: enrol, send, receive, verify; a
 * recipient that is off gets its document when it is back; the registry can go.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { Federation } from '../helpers/federation.ts';

const run = promisify(execFile);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

t.setTimeout(90_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40', 'H51'] });
const [sender, near, far] = ['G22', 'H40', 'H51'].map((code) => federation.agency(code)) as [
  Agency,
  Agency,
  Agency,
];
type Agency = ReturnType<Federation['agency']>;
await federation.inStep();

const papers = path.join(federation.dir, 'papers');
await mkdir(papers);
const small = path.join(papers, 'Quyết định 274.txt');
const large = path.join(papers, 'phụ lục.bin');
const annex = randomBytes(3_000_001);
await writeFile(small, 'Nội dung quyết định');
await writeFile(large, annex);

const fields = (number: number) => {
  const words = ['--type', 'Quyết định', '--number', String(number), '--notation', 'QĐ-TTg'];
  return [...words, '--subject', 'Phê duyệt Đề án', '--date', '2019-03-12'];
};
interface Sent {
  id: string;
  documentHash: string;
  deliveries: { to: string; state: string; elapsedMs?: number }[];
}
let id = '';

t.test('a document with a small and a large file reaches both recipients, with receipts', async (t) => {
  const sent = await sender.cli('send', small, large, '--to', 'H40,H51', ...fields(274), '--wait');
  t.equal(sent.exit, 0, sent.stderr);
  const answer = sent.value as Sent;
  id = answer.id;
  t.strictSame(answer.deliveries.map(({ to, state }) => [to, state]).sort(), [
    ['H40', 'delivered'],
    ['H51', 'delivered'],
  ]);
  const shown = (await sender.cli('show', id)).value as {
    deliveries: { receipt: { by: string; at: string } }[];
    signatures: { role: string; agency: string; valid: boolean }[];
  };
  t.strictSame(shown.deliveries.map(({ receipt }) => receipt.by).sort(), ['H40', 'H51']);
  t.ok(shown.signatures.some(({ role, agency, valid }) => role === 'seal' && agency === 'G22' && valid));
  for (const { receipt } of shown.deliveries)
    t.match(receipt.at, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}\+07:00$/);
});

t.test('every party verifies it', async (t) => {
  for (const agency of [sender, near, far]) {
    const { exit, value } = await agency.cli('verify', id);
    t.equal(exit, 0, agency.name);
    const { valid, checks } = value as { valid: boolean; checks: { ok: boolean }[] };
    t.ok(valid && checks.length > 0 && checks.every(({ ok }) => ok), agency.name);
  }
});

t.test(
  'the recipient lists it and fetches the same bytes under a clean name, never over another file',
  async (t) => {
    const { value } = await near.cli('list', 'inbox', '--from', 'G22');
    const { items } = value as {
      items: { id: string; number: string; attachments: number; state: string }[];
    };
    t.strictSame(
      items.map((item) => [item.id, item.number, item.attachments, item.state]),
      [[id, '274', 2, 'delivered']],
    );
    const out = path.join(papers, 'out');
    for (const count of [2, 4]) {
      const fetched = await near.cli('fetch', id.slice(0, 20), '--out', out);
      t.equal(fetched.exit, 0, fetched.stderr);
      t.equal((await readdir(out)).length, count);
    }
    const hashes = await Promise.all(
      (await readdir(out)).map(async (name) => sha256(await readFile(path.join(out, name)))),
    );
    t.strictSame(new Set(hashes), new Set([sha256(annex), sha256(await readFile(small))]));
  },
);

for (const agency of [sender, near])
  t.test(`OpenSSL alone verifies every signature that ${agency.name} exports`, async (t) => {
    const out = path.join(papers, `evidence-${agency.name}`);
    const fetched = await agency.cli('fetch', id, '--evidence', '--out', out);
    t.equal(fetched.exit, 0, fetched.stderr);
    const folder = path.join(out, `evidence-${id}`);
    const names = await readdir(folder);
    t.ok(
      names.some((name) => name.startsWith('document')),
      'the document',
    );
    t.ok(
      names.some((name) => name.startsWith('receipt')),
      'a receipt',
    );
    const { stdout } = await run('sh', [path.join(folder, 'verify.sh')], { env: { PATH: process.env.PATH } });
    const verified = stdout.match(/Verified OK/g)?.length ?? 0;
    t.equal(verified, names.filter((name) => name.endsWith('.sig')).length, 'one for each signature');
    t.ok(verified >= 3, 'seal, dispatch and receipt');
    const covered = names.find((name) => name.startsWith('receipt') && name.endsWith('.covered'))!;
    const bytes = await readFile(path.join(folder, covered));
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(path.join(folder, covered), bytes);
    await t.rejects(run('sh', [path.join(folder, 'verify.sh')]), 'and one flipped bit is noticed');
  });

t.test('a recipient that is off gets the document when it is back; the others are not held up', async (t) => {
  await far.stop();
  const sent = await sender.cli(
    'send',
    small,
    '--to',
    'H40,H51',
    ...fields(275),
    '--wait',
    '--timeout',
    '1s',
  );
  t.equal(sent.exit, 6, 'not finished in time');
  const { items } = (await sender.cli('list', 'outbox', '--state', 'queued')).value as {
    items: { id: string }[];
  };
  t.ok(items.length <= 1);
  const waiting = (await sender.list('outbox')).find(({ number }) => number === '275')!;
  const states = (await sender.show(waiting.id)).deliveries.map(({ to, state }) => `${to} ${state}`).sort();
  t.match(states, ['H40 delivered', /H51 (queued|sending)/]);
  const queue = (await sender.status()).queues.find(({ agency }) => agency === 'H51');
  t.match(queue, { waiting: 1 });
  await far.start();
  const view = await sender.delivered(waiting.id);
  t.equal((await far.verify(view.id)).valid, true);
});

t.test('the registry can be off: sender and recipient restart and go on without it', async (t) => {
  await federation.registry.kill();
  await Promise.all([sender.restart(), near.restart()]);
  const sent = await sender.cli('send', small, '--to', 'H40,H51', ...fields(276), '--wait');
  t.equal(sent.exit, 0, sent.stderr);
  const answered = (await near.cli('send', large, '--to', 'G22', ...fields(1), '--wait')).value as Sent;
  t.equal((await sender.verify(answered.id)).valid, true);
  const status = await eventually('the sender says that the registry is away', async () => {
    const now = await sender.status();
    return now.peers.registry ? undefined : now;
  });
  t.equal(status.directory.state, 'fresh');
});

t.test('without a running node commands say so', async (t) => {
  await far.stop();
  const { exit, error } = await far.cli('list', 'inbox');
  t.equal(exit, 5);
  t.equal(error?.code, 'not-running');
});
