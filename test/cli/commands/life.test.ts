import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { LienthongError } from '../../../node/core/errors.ts';
import { runningNode } from '../../helpers/command-line.ts';

const FIELDS = ['--type', 'Công văn', '--number', '12', '--notation', 'UBND-VP', '--subject', 'Trả lời'];

/** A node that holds one document: received by these units, or sent to them. */
async function holding(t: Test, box: 'inbox' | 'outbox', units: string[] = ['H40']) {
  const running = await runningNode(t);
  const { node, dir } = running;
  const attachments = [{ name: 'a.pdf', bytes: Buffer.from('văn bản') }];
  const fields = { type: 'Quyết định', number: '274', notation: 'QĐ-TTg', subject: 'Phê duyệt' };
  const { id } = await node.submit({ to: units, system: 'x', attachments, ...fields });
  node.deliver(id);
  const view = node.documents[0]!.view;
  view.box = box;
  const file = join(dir, 'tra-loi.pdf');
  await writeFile(file, 'nội dung');
  return { ...running, id, view, file };
}

t.test('a document received goes its way, each step a sentence with the name of its state', async (t) => {
  const { cli, id, node, view } = await holding(t, 'inbox');
  const accepted = await cli(['accept', id, '--note', 'Bản chính']);
  t.equal(accepted.status, 0, accepted.err);
  t.match(accepted.out, `03 Đã tiếp nhận: đã ghi cho văn bản ${id} tại H40`);
  t.match(accepted.out, 'Số đến 1/2019');
  const again = await cli(['accept', id]);
  t.match(again.out, 'đã qua bước này, không ghi thêm');
  t.match(again.out, 'Số đến 1/2019');
  const assigned = await cli(['assign', id, '--staff', 'Trần Thị Bình', '--department', 'Phòng Văn thư']);
  t.match(assigned.out, '04 Phân công');
  t.match(node.life.said.at(-1)!.act, { staff: { name: 'Trần Thị Bình', department: 'Phòng Văn thư' } });
  t.match((await cli(['progress', id, '--note', 'Lấy ý kiến'])).out, '05 Đang xử lý');
  t.match(JSON.parse((await cli(['finish', id, '--json'])).out), {
    id,
    unit: 'H40',
    status: '06',
    recall: 'none',
    arrivalNumber: 1,
    arrivalYear: 2019,
    repeated: false,
  });
  t.equal(view.deliveries[0]!.status, '06');
  const late = await cli(['refuse', id, '--reason', 'nhầm', '--json']);
  t.equal(late.status, 3, 'a rule');
  t.match(JSON.parse(late.err), { error: { code: 'status-not-allowed', details: { stage: '06' } } });
});

t.test('a refusal says why, or is wrong usage', async (t) => {
  const { cli, id, node } = await holding(t, 'inbox');
  t.equal((await cli(['refuse', id])).status, 2);
  const blank = await cli(['refuse', id, '--reason', ' ', '--json']);
  t.equal(blank.status, 3);
  t.match(JSON.parse(blank.err).error.code, 'field-missing');
  t.match((await cli(['refuse', id, '--reason', 'Gửi nhầm'])).out, '02 Từ chối tiếp nhận');
  t.match(node.life.said.at(-1)!.act, { code: '02', reason: 'Gửi nhầm' });
  t.equal((await cli(['accept', 'ffff'])).status, 4);
});

t.test('where several units received it, one is named, in either form of its code', async (t) => {
  const { cli, id, view } = await holding(t, 'inbox', ['H40', 'H51.02']);
  const { status, err } = await cli(['accept', id, '--lang', 'en']);
  t.equal(status, 4);
  t.match(err, 'Several units here received this document: H40, H51.02. Add --unit');
  for (const [command = '', ...more] of [['accept'], ['assign', '--staff', 'A'], ['progress'], ['finish']])
    t.equal((await cli([command, id, ...more, '--unit', '000.00.02.H51'])).status, 0, command);
  t.same(
    view.deliveries.map(({ status }) => status),
    [null, '06'],
  );
  t.equal((await cli(['refuse', id, '--reason', 'x', '--unit', 'H99'])).status, 4);
});

t.test('a recall is a table of what became of it; the answers to it are said by the receiver', async (t) => {
  const sent = await holding(t, 'outbox', ['H40', 'H51']);
  sent.node.deliver(sent.id, 'H51', 'queued');
  const { out, status } = await sent.cli(['recall', sent.id, '--reason', 'Sai nội dung', '--lang', 'en']);
  t.equal(status, 0);
  t.match(out, /H40 +Asked for \(13\), waits for the answer\nH51 +Settled at once/);
  const json = await sent.cli(['recall', sent.id, '--from', '000.00.00.H40', '--reason', 'x', '--json']);
  t.same(JSON.parse(json.out), { id: sent.id, deliveries: [{ to: 'H40', outcome: 'requested' }] });
  t.same(sent.node.life.recalls.at(-1)!.units, ['H40']);
  t.equal((await sent.cli(['recall', sent.id])).status, 2);
  t.equal((await sent.cli(['accept', sent.id])).status, 3, 'not of what was sent');

  const { cli, id, node, view } = await holding(t, 'inbox');
  t.equal((await cli(['recall', id, '--reason', 'x'])).status, 3, 'not of what was received');
  view.deliveries[0]!.recall = 'requested';
  for (const wrong of [[], ['--agree', '--decline']])
    t.equal((await cli(['answer', id, ...wrong])).status, 2);
  t.equal((await cli(['answer', id, '--decline'])).status, 3, 'without a reason');
  t.match((await cli(['answer', id, '--decline', '--reason', 'Đã làm'])).out, '16 Từ chối');
  view.deliveries[0]!.recall = 'requested';
  t.match((await cli(['answer', id, '--agree'])).out, '15 Đồng ý');
  t.equal(view.deliveries[0]!.recall, 'agreed');
  t.equal((await cli(['answer', id, '--agree', '--to-update', id.slice(0, 8)])).status, 0);
  t.same(node.life.said.at(-1)!.act, { code: '15', answers: id.slice(0, 8) });
});

t.test('an update adds, removes, and sends a correction to those who have it', async (t) => {
  const { cli, id, node, file } = await holding(t, 'outbox', ['H40']);
  const changed = await cli(['update', id, '--add', 'H51', '--remove', 'H40', '--reason', 'Đổi nơi nhận']);
  t.equal(changed.status, 0, changed.err);
  t.match(changed.out, /Thêm nơi nhận:\n {2}H51 .*Chờ gửi\nBớt nơi nhận.*\n.*\nH40 .*chờ trả lời/);
  t.same(node.life.added, [{ id, to: ['H51'], reason: 'Đổi nơi nhận' }]);
  t.same(node.life.recalls, [{ id, reason: 'Đổi nơi nhận', units: ['H40'] }]);
  const corrected = await cli(['update', id, file, ...FIELDS, '--reason', 'Sai ngày', '--json']);
  t.match(JSON.parse(corrected.out), { id: String, updated: id, added: [], removed: [] });
  t.match(node.submissions.at(-1), { to: [], note: 'Sai ngày', relations: [{ kind: 'updates', id }] });
  const count = node.submissions.length;
  for (const wrong of [[], [file], [file, ...FIELDS.slice(2)], ['--add', 'H51', '/no/such/file', ...FIELDS]])
    t.equal((await cli(['update', id, ...wrong, '--reason', 'x'])).status > 1, true, wrong.join(' '));
  t.same([node.submissions.length, node.life.added.length], [count, 1], 'nothing was done by halves');
});

t.test('a replacement names what it replaces and for whom; a reply what it answers', async (t) => {
  const { cli, id, node, file } = await holding(t, 'outbox');
  const replaced = await cli(['replace', id, id.slice(0, 9), '--file', file, ...FIELDS, '--only', 'H40']);
  t.equal(replaced.status, 0, replaced.err);
  t.match(node.submissions.at(-1), {
    to: [],
    attachments: [{ name: 'tra-loi.pdf' }],
    relations: [
      { kind: 'replaces', id, units: ['H40'] },
      { kind: 'replaces', id: id.slice(0, 9), units: ['H40'] },
    ],
  });
  t.equal((await cli(['replace', id, ...FIELDS])).status, 2, 'without a file');
  const reply = await cli(['reply', id, file, ...FIELDS, '--from', 'G22.01', '--json']);
  t.equal(reply.status, 0, reply.err);
  t.match(node.submissions.at(-1), { to: [], from: 'G22.01', relations: [{ kind: 'answers', id }] });
});

t.test('fetch notes 01 once its files are there; looking at a document notes nothing', async (t) => {
  const { cli, id, node, view, dir } = await holding(t, 'inbox', ['H40', 'H51']);
  await cli(['show', id]);
  await cli(['list', 'inbox']);
  t.equal(view.deliveries[0]!.status, null);
  t.equal((await cli(['fetch', id, '--out', join(dir, 'one'), '--unit', 'H51'])).status, 0);
  t.same(
    view.deliveries.map(({ status }) => status),
    [null, '01'],
  );
  node.taken = async () => {
    throw new LienthongError('read-only', { problems: 'x' });
  };
  const { status, err } = await cli(['fetch', id, '--out', join(dir, 'two')]);
  t.equal(status, 0, 'a node that only reads still gives its files');
  t.match(err, 'chưa ghi được 01 Đã đến');
  t.equal((await readdir(join(dir, 'two'))).length, 1);
});
