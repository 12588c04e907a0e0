import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { LienthongError } from '../../../node/core/errors.ts';
import type { NodeService } from '../../../node/gateway/http/services.ts';
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
  view.boxes = [box];
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

t.test(
  'an update is asked about before its first step; one that fails after it says what was done',
  async (t) => {
    const { cli, id, node, file } = await holding(t, 'outbox', ['H40']);
    const words = ['update', id, file, ...FIELDS, '--add', 'H51', '--remove', 'H40', '--reason', 'Sai ngày'];
    const full = new LienthongError('number-used', { number: '12', notation: 'UBND-VP', id });
    const door = node as Partial<NodeService>;
    door.validate = async () => {
      throw full;
    };
    t.match(JSON.parse((await cli([...words, '--json'])).err), { error: { code: 'number-used' } });
    const stranger = await cli(['update', id, '--add', 'H51', '--remove', 'H37', '--reason', 'x', '--json']);
    t.match(JSON.parse(stranger.err), { error: { code: 'not-found', details: { id: 'H37' } } });
    t.same([node.life.added, node.life.recalls, node.submissions.length], [[], [], 1], 'nothing was done');

    delete door.validate;
    const submit = node.submit;
    node.submit = async () => {
      throw new LienthongError('disk-full', { where: 'blobs' });
    };
    const half = await cli(words);
    t.equal(half.status, 3);
    t.match(half.out, /H51/);
    t.match(half.err, /Chạy lại đúng lệnh này để làm nốt/);
    t.match(JSON.parse((await cli([...words, '--json'])).err), {
      error: { code: 'disk-full', details: { added: ['H51'], removed: ['H40'] } },
    });
    node.submit = submit;
    const whole = await cli([...words, '--json']);
    t.match(JSON.parse(whole.out), { updated: id, added: [{ to: 'H51' }], removed: [{ to: 'H40' }] });
  },
);

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
  Object.assign(view, { box: 'outbox', boxes: ['outbox', 'inbox'] });
  view.deliveries[1]!.here = true;
  t.match(
    (await cli(['fetch', id, '--out', join(dir, 'three'), '--lang', 'en'])).err,
    /from here to a unit here.*--unit H51/s,
    'who sent it takes nothing, and a unit that takes it is told how',
  );
  t.match((await cli(['fetch', id, '--out', join(dir, 'four'), '--unit', 'H51'])).err, 'chưa ghi được');
  view.boxes = ['outbox'];
  t.equal(
    (await cli(['fetch', id, '--out', join(dir, 'five')])).err,
    '',
    'of a document sent nothing is said',
  );
});

t.test('show tells the whole custody at each unit, and list the state beside its code', async (t) => {
  const { cli, id, node, view } = await holding(t, 'outbox', ['H40', 'H51']);
  const say = (unit: string, code: '01' | '03' | '04' | '13' | '15', change = {}) =>
    view.statuses.push(node.life.entry(view, unit, code, change));
  say('H40', '01');
  say('H40', '03', { arrivalNumber: 12 });
  say('H40', '04', {
    missing: 2,
    staff: { name: 'Trần Thị Bình', department: 'Phòng Văn thư' },
    note: 'Trình trước thứ sáu',
    valid: false,
    fault: 'chain-broken',
  });
  say('H51', '13', { reason: 'Sai nội dung' });
  say('H51', '15', { reasonCode: 'nobody-has-taken-it', answers: '13/1' });
  view.deliveries[0]!.status = '04';
  view.deliveries[0]!.supersededBy = ['0190aaaa'];
  view.deliveries[0]!.updates = [{ id: '0190bbbb', answer: '15' }];
  view.deliveries[0]!.answeredAt = '2019-03-13T08:00:00.000+07:00';
  view.deliveries[1]!.status = '15';
  const relation = { legalId: null, number: '7', notation: 'QĐ', units: ['H40'] };
  view.relations = [{ ...relation, kind: 'answers', id: null }];
  view.namedBy = [{ ...relation, kind: 'replaces', id: '0190aaaa' }];
  const item = { box: 'outbox' as const, from: 'G22', notation: 'CV', date: '2019-03-12', storedAt: '' };
  view.thread = [
    { ...item, id: '0180', number: '1', subject: 'Hỏi', answers: null },
    { ...item, id, number: '2', subject: 'Trả lời', answers: '0180' },
    { ...item, id: '0182', number: '3', subject: 'Hỏi thêm', answers: id },
    { ...item, id: '0183', number: '4', subject: 'Ý kiến khác', answers: '0180' },
  ];
  const { out } = await cli(['show', id], { tty: true, columns: 100, env: { NO_COLOR: '1' } });
  const part = (from: string, to: string) => out.split(`${from}\n`)[1]!.split(`\n\n${to}`)[0]!;
  t.match(out, /H40 +Đã nhận +04 Phân công/);
  t.match(out, /H51 +Đã nhận +15 Đồng ý/);
  t.match(
    out,
    '  H40: được thay bằng 0190aaaa; được cập nhật bởi 0190bbbb (15 Đồng ý); đã trả lời lúc 13/03',
  );
  t.equal(
    part('Quá trình xử lý', 'Văn bản liên quan'),
    [
      '  H40',
      '    12/03/2019 09:00:01  H40  biên nhận',
      '    12/03/2019 10:01:00  H40  01 Đã đến  ✓',
      '    12/03/2019 10:02:00  H40  03 Đã tiếp nhận  ✓',
      '      Số đến 12/2019',
      '    ✗ thiếu mục 1–2 của bên nhận',
      '    12/03/2019 10:03:00  H40  04 Phân công  ✗ không nối tiếp mục trước',
      '      người xử lý: Trần Thị Bình, Phòng Văn thư; ghi chú: Trình trước thứ sáu',
      '  H51',
      '    12/03/2019 09:00:01  H51  biên nhận',
      '    12/03/2019 10:01:00  G22  13 Yêu cầu lấy lại  ✓',
      '      lý do: Sai nội dung',
      '    12/03/2019 10:01:00  H51  15 Đồng ý  ✓',
      '      nút tự trả lời: chưa ai nhận văn bản; trả lời yêu cầu lấy lại 1',
    ].join('\n'),
  );
  t.equal(
    part('Văn bản liên quan', 'Chuỗi trao đổi'),
    '  trả lời 7/QĐ (H40): (không có ở đây)\n  được thay thế bởi 7/QĐ (H40): 0190aaaa',
  );
  t.same(
    part('Chuỗi trao đổi', 'Chữ ký số')
      .split('\n')
      .map((line) => line.replace(/12\/03.*\/CV: /, '')),
    ['  Hỏi (0180)', `  ▸ Trả lời (${id})`, '    ↳ Hỏi thêm (0182)', '  ↳ Ý kiến khác (0183)'],
  );
  view.status = '13';
  const listed = await cli(['list', 'outbox'], { tty: true, columns: 80, env: { NO_COLOR: '1' } });
  t.match(listed.out, '13 Yêu cầu lấy lại');
  for (const line of listed.out.trimEnd().split('\n')) t.ok([...line].length <= 80, line);
});
