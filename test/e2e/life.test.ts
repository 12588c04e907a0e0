/**
 * A document's life with real processes and only the command line: taken, accepted, assigned, handled, answered, finished;
 * recalled, refused, updated, replaced; either side killed in between; the register read back from CSV.
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import type { RecallAnswer, StatusAnswer } from '../../node/core/status-views.ts';
import type { DeliverySummary, DocumentView, SubmitAnswer } from '../../node/core/views.ts';
import { entry } from '../helpers/entry.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation } from '../helpers/federation.ts';

const run = promisify(execFile);

t.setTimeout(150_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40', 'H51'] });
const [g22, h40, h51] = ['G22', 'H40', 'H51'].map((code) => federation.agency(code)) as [
  Agency,
  Agency,
  Agency,
];
await federation.inStep();
const papers = path.join(federation.dir, 'papers');
await mkdir(papers);
const file = path.join(papers, 'van-ban.txt');
await writeFile(file, 'Nội dung văn bản');

const fields = (number: number, subject = `Văn bản số ${number}`) => {
  const words = ['--type', 'Quyết định', '--number', String(number), '--notation', 'QĐ-TTg'];
  return [...words, '--subject', subject, '--date', '2026-03-12'];
};

/** A command that must succeed; its JSON. */
async function done<T>(agency: Agency, ...args: string[]): Promise<T> {
  const { exit, value, stderr } = await agency.cli(...args);
  if (exit !== 0) throw new Error(`${agency.name} ${args.slice(0, 2).join(' ')}: ${exit} ${stderr}`);
  return value as T;
}

async function sent(number: number, to: string): Promise<string> {
  const { id } = await done<SubmitAnswer>(g22, 'send', file, '--to', to, ...fields(number), '--wait');
  return id;
}

/** Until the agency shows the status of the document at the unit. */
const shows = (agency: Agency, id: string, status: string | null, unit = 'H40'): Promise<DocumentView> =>
  eventually(`${agency.name} shows ${status} of ${id} at ${unit}`, async () => {
    const view = await agency.show(id).catch(() => undefined);
    return view?.deliveries.find(({ to }) => to === unit)?.status === status ? view : undefined;
  });

const thisYear = new Date(Date.now() + 7 * 3_600_000).getUTCFullYear();
let replyId = '';

t.test('sent, fetched, accepted, assigned, handled, answered, finished; killed in between', async (t) => {
  const id = await sent(1, 'H40,H51');
  await shows(h40, id, null);
  await done(h40, 'fetch', id, '--out', path.join(papers, 'fetched'));
  await shows(g22, id, '01');
  t.match(await done<StatusAnswer>(h40, 'accept', id.slice(0, 20)), {
    status: '03',
    arrivalNumber: 1,
    arrivalYear: thisYear,
  });
  await h40.restart();
  t.match(await done<StatusAnswer>(h40, 'accept', id), { arrivalNumber: 1, repeated: true });
  await g22.kill();
  await done(h40, 'assign', id, '--staff', 'Trần Thị Bình', '--department', 'Phòng Văn thư');
  await done(h40, 'progress', id, '--note', 'Đang lấy ý kiến');
  await g22.start();
  await shows(g22, id, '05');
  const reply = await done<SubmitAnswer>(h40, 'reply', id, file, ...fields(7, 'Trả lời'), '--wait');
  replyId = reply.id;
  t.same(
    reply.deliveries.map(({ to, state }) => [to, state]),
    [['G22', 'delivered']],
  );
  await done(h40, 'finish', id);
  const [mine, theirs] = [await shows(g22, id, '06'), await shows(h40, id, '06')];
  for (const view of [mine, theirs]) {
    t.same(
      view.statuses.map(({ code, by, unit, sequence, missing, valid }) => [
        code,
        by,
        unit,
        sequence,
        missing,
        valid,
      ]),
      ['01', '03', '04', '05', '06'].map((code, at) => [code, 'H40', 'H40', at + 1, 0, true]),
    );
    t.match(view.statuses[2]!.staff, { name: 'Trần Thị Bình', department: 'Phòng Văn thư' });
    t.same(
      view.thread.map((item) => [item.id, item.answers]),
      [
        [id, null],
        [reply.id, id],
      ],
    );
    t.ok(view.deliveries.find(({ to }) => to === 'H40')!.answeredAt);
  }
  const late = await h40.cli('refuse', id, '--reason', 'nhầm');
  t.same([late.exit, late.error?.code], [3, 'status-not-allowed']);
  const text = await run(entry()[0], [...entry().slice(1), 'show', id, '--dir', g22.dir, '--lang', 'vi']);
  for (const line of ['06 Hoàn thành', `Số đến 1/${thisYear}`, 'người xử lý: Trần Thị Bình, Phòng Văn thư'])
    t.match(text.stdout, line);
});

t.test('what was said is verified, and by OpenSSL alone', async (t) => {
  const id = (await g22.list('outbox')).find(({ number }) => number === '1')!.id;
  for (const agency of [g22, h40]) {
    const { valid, checks } = await agency.verify(id);
    t.ok(valid, agency.name);
    t.equal(checks.filter(({ what }) => /^status-H40-receiver-\d: names the entry/.test(what)).length, 5);
  }
  const out = path.join(papers, 'evidence');
  await done(g22, 'fetch', id, '--evidence', '--out', out);
  const folder = path.join(out, `evidence-${id}`);
  const { stdout } = await run('sh', [path.join(folder, 'verify.sh')], { env: { PATH: process.env.PATH } });
  const signatures = (await readdir(folder)).filter((name) => name.endsWith('.sig'));
  t.equal(signatures.filter((name) => name.startsWith('status-H40-receiver-')).length, 5);
  t.equal(stdout.match(/Verified OK/g)?.length, signatures.length);
  t.match(stdout, 'status-H40-receiver-5: follows status-H40-receiver-4');
});

t.test(
  'recalled: what nobody took at once, what was accepted by a person, what had not left here',
  async (t) => {
    const id = await sent(2, 'H40,H51');
    t.match(await done<StatusAnswer>(h40, 'accept', id), { arrivalNumber: 2 });
    await shows(g22, id, '03');
    await h51.kill();
    const asked = await done<{ deliveries: RecallAnswer[] }>(g22, 'recall', id, '--reason', 'Sai nội dung');
    t.same(asked.deliveries.map(({ to, outcome }) => `${to} ${outcome}`).sort(), [
      'H40 requested',
      'H51 requested',
    ]);
    await g22.restart();
    await shows(h40, id, '13');
    t.same((await h40.cli('answer', id, '--decline')).error?.code, 'field-missing');
    await done(h40, 'answer', id, '--agree');
    await h51.start();
    for (const unit of ['H40', 'H51']) await shows(g22, id, '15', unit);
    await shows(h51, id, '15', 'H51');
    t.equal((await h40.cli('finish', id)).exit, 3, 'it is given back');

    await h51.stop();
    const { id: unsent } = await done<SubmitAnswer>(g22, 'send', file, '--to', 'H51', ...fields(3));
    const settled = await done<{ deliveries: RecallAnswer[] }>(g22, 'recall', unsent, '--reason', 'Sai số');
    t.match(settled.deliveries, [{ to: 'H51', outcome: /^(cancelled|waiting)$/ }]);
    await h51.start();
  },
);

t.test('refused with its reason', async (t) => {
  const id = await sent(4, 'H40');
  await done(h40, 'refuse', id, '--reason', 'Không thuộc thẩm quyền');
  const view = await shows(g22, id, '02');
  t.match(view.statuses, [{ code: '02', reason: 'Không thuộc thẩm quyền', by: 'H40', valid: true }]);
});

t.test('updated: recipients added and removed, a correction to who has it, and a replacement', async (t) => {
  const id = await sent(5, 'H40');
  await done(h40, 'accept', id);
  await shows(g22, id, '03');
  const words = ['--add', 'H51', '--remove', 'H40', '--reason', 'Đổi nơi nhận'];
  const changed = await done<{ added: DeliverySummary[]; removed: RecallAnswer[] }>(
    g22,
    'update',
    id,
    ...words,
  );
  t.match(changed, {
    added: [{ to: 'H51', state: 'queued' }],
    removed: [{ to: 'H40', outcome: 'requested' }],
  });
  await shows(h40, id, '13');
  await h51.restart();
  await eventually('H51 has it', async () => (await h51.show(id).catch(() => undefined))?.box === 'inbox');
  await done(h51, 'accept', id);
  await shows(g22, id, '03', 'H51');
  const correction = await done<SubmitAnswer>(
    g22,
    ...['update', id, file, ...fields(6, 'Đính chính'), '--reason', 'Sai ngày', '--wait'],
  );
  t.same(
    correction.deliveries.map(({ to }) => to),
    ['H51'],
    'not to whom it is recalled from',
  );
  await done(h51, 'answer', id, '--agree', '--to-update', correction.id);
  const replaced = await done<SubmitAnswer>(
    g22,
    ...['replace', id, '--file', file, ...fields(8, 'Thay thế'), '--only', 'H51', '--wait'],
  );
  for (const agency of [g22, h51])
    await eventually(`${agency.name} shows what became of it`, async () => {
      const delivery = (await agency.show(id)).deliveries.find(({ to }) => to === 'H51')!;
      const { supersededBy, updates } = delivery;
      return (
        supersededBy.includes(replaced.id) &&
        updates.some((one) => one.id === correction.id && one.answer === '15')
      );
    });
  t.match((await h51.show(replaced.id)).relations, [{ kind: 'replaces', id, units: ['H51'] }]);
});

t.test('the registers are read back from CSV', async (t) => {
  const csv = async (agency: Agency, ...args: string[]) => {
    const words = [...entry().slice(1), 'register', ...args, '--csv', '--dir', agency.dir, '--lang', 'vi'];
    const { stdout } = await run(entry()[0], words);
    t.ok(stdout.startsWith('\ufeff"') && stdout.endsWith('"\r\n'));
    return stdout
      .slice(1, -2)
      .split('\r\n')
      .map((line) => line.slice(1, -1).split('";"'));
  };
  const [heading, ...rows] = await csv(h40, 'inbox');
  t.same(heading!.slice(0, 3), ['Ngày đến', 'Số đến', 'Tác giả']);
  t.same(
    rows.map((row) => [row[1], row[3], row[4], row[5]]),
    [
      ['1', '1/QĐ-TTg', '12/03/2026', 'Quyết định: Văn bản số 1'],
      ['2', '2/QĐ-TTg', '12/03/2026', 'Quyết định: Văn bản số 2'],
      ['3', '5/QĐ-TTg', '12/03/2026', 'Quyết định: Văn bản số 5'],
    ],
  );
  t.match(rows[0]![6], 'Trần Thị Bình, Phòng Văn thư');
  t.same([rows[0]![7], rows[1]![7]], ['06 Hoàn thành', 'đã thu hồi']);
  const sentRows = (await csv(g22, 'outbox', '--year', '2026')).slice(1);
  t.same(
    sentRows.map(([number]) => number),
    [1, 2, 3, 4, 5, 6, 8].map((number) => `${number}/QĐ-TTg`),
  );
  t.match((await csv(h40, 'outbox', '--year', '2026'))[1], ['7/QĐ-TTg', '12/03/2026', 'Quyết định: Trả lời']);
  t.equal((await g22.show(replyId)).box, 'inbox');
});
