/**
 * A document between units of one agency, with real processes and only the command line: sent, found in the unit's inbox,
 * accepted, shown, answered, registered; the node killed in between.
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import type { RegisterPage } from '../../node/core/register-views.ts';
import type { RecallAnswer, StatusAnswer } from '../../node/core/status-views.ts';
import type { DocumentItem, DocumentView, SubmitAnswer } from '../../node/core/views.ts';
import { entry } from '../helpers/entry.ts';
import { eventually } from '../helpers/eventually.ts';
import { Federation } from '../helpers/federation.ts';

const run = promisify(execFile);

t.setTimeout(120_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const office = federation.agency('G22');
const changes = path.join(federation.dir, 'units.json');
const unit = (code: string, name: string) => ({ code, name, parent: 'G22' });
await writeFile(
  changes,
  JSON.stringify({ units: [unit('G22.01', 'Vụ Tổng hợp'), unit('G22.02', 'Vụ Pháp luật')] }),
);
const imported = await federation.registry.cli('registry', 'import', changes);
if (imported.exit !== 0) throw new Error(imported.stderr);
await federation.inStep();
const file = path.join(federation.dir, 'van-ban.txt');
await writeFile(file, 'Nội dung văn bản');
const large = path.join(federation.dir, 'phu-luc.bin');
await writeFile(large, Buffer.alloc(300_000, 7));

const fields = (number: number, subject: string) => {
  const words = ['--type', 'Thông báo', '--number', String(number), '--notation', 'TB-VPCP'];
  return [...words, '--subject', subject, '--date', '2026-03-12'];
};

/** A command that must succeed; its JSON. */
async function done<T>(...args: string[]): Promise<T> {
  const { exit, value, stderr } = await office.cli(...args);
  if (exit !== 0) throw new Error(`${args.slice(0, 2).join(' ')}: ${exit} ${stderr}`);
  return value as T;
}

/** What a person reads. */
async function read(lang: 'vi' | 'en', ...args: string[]): Promise<string> {
  const words = [...entry().slice(1), ...args, '--dir', office.dir, '--lang', lang];
  const { stdout, stderr } = await run(entry()[0], words);
  return stdout + stderr;
}

const shows = (id: string, of: string, status: string | null): Promise<DocumentView> =>
  eventually(`${status} of ${id} at ${of}`, async () => {
    const view = await office.show(id);
    return view.deliveries.find(({ to }) => to === of)?.status === status ? view : undefined;
  });

const list = async (box: string, ...args: string[]): Promise<string[]> =>
  (await done<{ items: DocumentItem[] }>('list', box, ...args)).items.map(({ id }) => id);

t.test('sent to own units and to another agency, taken, accepted and answered', async (t) => {
  const { id, deliveries } = await done<SubmitAnswer>(
    ...['send', file, large, '--to', '000.00.01.G22,G22.02,H40', ...fields(1, 'Họp giao ban'), '--wait'],
  );
  t.same(deliveries.map(({ to, state }) => `${to} ${state}`).sort(), [
    'G22.01 delivered',
    'G22.02 delivered',
    'H40 delivered',
  ]);
  t.same(await list('outbox'), [id]);
  t.same(await list('inbox', '--to', 'G22.01'), [id]);
  t.same(await list('inbox', '--text', 'giao ban'), [id]);
  t.same(await list('inbox', '--to', 'H40'), []);

  const out = path.join(federation.dir, 'fetched');
  await mkdir(out);
  t.match(await read('vi', 'fetch', id, '--out', out), 'Đơn vị nhận lấy văn bản thì thêm --unit');
  t.same((await office.show(id)).statuses, []);
  await done('fetch', id, '--out', out, '--unit', 'G22.01');
  await shows(id, 'G22.01', '01');
  await office.kill();
  await office.start();
  const unclear = await office.cli('accept', id);
  t.same([unclear.exit, unclear.error?.code], [4, 'several-units']);
  t.match(await done<StatusAnswer>('accept', id, '--unit', 'G22.01'), { status: '03', arrivalNumber: 1 });
  t.match(await done<StatusAnswer>('accept', id, '--unit', 'G22.02'), { arrivalNumber: 2 });
  const reply = await done<SubmitAnswer>(
    ...['reply', id, file, ...fields(2, 'Đã rõ'), '--from', 'G22.01', '--wait'],
  );
  t.match(reply.deliveries, [{ to: 'G22', state: 'delivered' }]);
  t.same(await list('inbox', '--from', 'G22.01', '--to', 'G22'), [reply.id]);

  await done('recall', id, '--from', 'G22.02', '--reason', 'Gửi nhầm');
  await shows(id, 'G22.02', '13');
  await done('answer', id, '--unit', 'G22.02', '--agree');
  await shows(id, 'G22.02', '15');
  await shows(id, 'H40', null);

  const sheet = await read('vi', 'show', id);
  t.comment(sheet);
  t.match(sheet, /Có trong +văn bản đi; văn bản đến của G22.01, G22.02/);
  for (const text of ['Số đến 1/', '03 Đã tiếp nhận', 'lý do: Gửi nhầm', 'đã trả lời lúc'])
    t.match(sheet, text);
  const english = await read('en', 'show', id);
  t.comment(english);
  t.match(english, /Listed in +outbox; inbox, for G22.01, G22.02/);

  t.match(await office.verify(id), { valid: true });
  await done('fetch', id, '--evidence', '--out', out);
  const folder = path.join(out, `evidence-${id}`);
  const { stdout } = await run('sh', [path.join(folder, 'verify.sh')], { env: { PATH: process.env.PATH } });
  const signatures = (await readdir(folder)).filter((name) => name.endsWith('.sig'));
  t.equal(stdout.match(/Verified OK/g)?.length, signatures.length);
  t.ok(signatures.some((name) => name.startsWith('receipt-G22.01')));
});

t.test('its registers, its queue, and what is still refused', async (t) => {
  const register = async (box: string, ...args: string[]) =>
    (await done<RegisterPage>('register', box, '--year', args[0]!, ...args.slice(1))).items;
  const year = String(new Date(Date.now() + 7 * 3_600_000).getUTCFullYear());
  t.match(await register('inbox', year), [
    { arrivalNumber: 1, from: 'G22', to: [{ code: 'G22.01', name: 'Vụ Tổng hợp' }] },
    { arrivalNumber: 2, from: 'G22', to: [{ code: 'G22.02' }] },
  ]);
  t.match(await register('outbox', '2026'), [
    { number: '1', from: 'G22' },
    { number: '2', from: 'G22.01' },
  ]);
  const itself = await office.cli('send', file, '--from', 'G22.01', '--to', 'G22.01', ...fields(3, 'Sai'));
  t.same([itself.exit, itself.error?.code], [3, 'own-recipient']);
  const [asked] = (
    await done<{ deliveries: RecallAnswer[] }>(
      ...['recall', (await list('inbox', '--to', 'G22'))[0]!, '--reason', 'Nhầm'],
    )
  ).deliveries;
  t.match(asked, { to: 'G22', outcome: 'requested' });
  await eventually('nothing waits', async () => (await office.status()).queues.length === 0);
  t.match((await office.status()).counts, { inbox: 2, outbox: 2 });
});
