import t, { type Test } from 'tap';
import type { RegisterRow } from '../../../node/core/register-views.ts';
import { runningNode } from '../../helpers/command-line.ts';

const ROW: RegisterRow = {
  id: '0190f3a2-7b3c-7000-8000-000000000001',
  arrivalNumber: 12,
  arrivedOn: '2019-03-12',
  from: 'G22',
  fromName: 'Văn phòng Chính phủ',
  number: '274',
  notation: 'QĐ-TTg',
  date: '2019-03-11',
  type: 'Quyết định',
  subject: 'Phê duyệt Đề án',
  signer: 'Nguyễn Văn An',
  to: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh Nam Định' }],
  staff: null,
  note: null,
  status: '03',
  recall: 'none',
};

async function registered(t: Test, rows: Partial<RegisterRow>[]) {
  const running = await runningNode(t);
  running.node.life.rows.push(...rows.map((change) => ({ ...ROW, ...change })));
  return running;
}

/** Cells of CSV with semicolons, by RFC 4180's own grammar. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let rest = text;
  const row: string[] = [];
  while (rest !== '') {
    const [whole, quoted, end] = /^"((?:[^"]|"")*)"(;|\r\n)/.exec(rest)!;
    row.push(quoted!.replaceAll('""', '"'));
    if (end === '\r\n') rows.push(row.splice(0));
    rest = rest.slice(whole.length);
  }
  t.same(row, [], 'the last line is whole');
  return rows;
}

t.test('the register of incoming documents has the columns of the decree', async (t) => {
  const { cli, node } = await registered(t, [
    { staff: { name: 'Trần Thị Bình', department: 'Phòng Văn thư' }, note: 'Bản chính' },
    { arrivalNumber: 13, id: null, from: '', fromName: '', number: '', notation: '', type: '', subject: '' },
    { arrivalNumber: 14, recall: 'agreed', status: '15' },
  ]);
  const { out, status } = await cli(['register', 'inbox', '--year', '2019', '--unit', '000.00.00.H40']);
  t.equal(status, 0);
  t.match(out, 'Sổ đăng ký văn bản đến năm 2019 (H40)');
  t.match(
    out,
    /Ngày đến +Số đến +Tác giả +Số, ký hiệu +Ngày tháng văn bản +Tên loại và trích yếu nội dung +Đơn vị hoặc người nhận +Ghi chú/,
  );
  t.match(
    out,
    /12\/03\/2019 +12 +Văn phòng Chính phủ +274\/QĐ-TTg +11\/03\/2019 +Quyết định: Phê duyệt Đề án/,
  );
  t.match(out, 'Ủy ban nhân dân tỉnh Nam Định; Trần Thị Bình, Phòng Văn thư');
  t.match(out, 'Bản chính; 03 Đã tiếp nhận');
  t.match(out, /13 .*văn bản đã mất/);
  t.match(out, /14 .*đã thu hồi/);
  t.match(out, '3 văn bản.');
  t.same(node.life.registerQueries, [
    { box: 'inbox', year: 2019, unit: 'H40', limit: 200, cursor: undefined },
  ]);
  t.match(
    (await (await registered(t, [])).cli(['register', 'outbox'])).out,
    'Sổ năm 2019 chưa có văn bản nào.',
  );
  for (const wrong of [['elsewhere'], ['inbox', '--year', 'x'], ['inbox', '--csv', '--json']])
    t.equal((await cli(['register', ...wrong])).status, 2, wrong.join(' '));
});

t.test('CSV opens in a spreadsheet as what it is: no cell becomes a formula or another cell', async (t) => {
  const names = ['=HYPERLINK("http://x";"y")', '+1', '-2+3', '@SUM(A1)', '\t=1', ' =1', '\n+1', '＝1'];
  const { cli } = await registered(t, [
    ...names.map((fromName) => ({ fromName })),
    { subject: 'a;b "c"\r\nd'.normalize('NFD'), note: 'ghi chú = x' },
  ]);
  const { out, status } = await cli(['register', 'inbox', '--csv']);
  t.equal(status, 0);
  t.ok(out.startsWith('\ufeff"Ngày đến";"Số đến";"Tác giả"'));
  t.equal(out.lastIndexOf('\ufeff'), 0, 'marked once');
  const [heading, ...rows] = parseCsv(out.slice(1));
  t.equal(heading!.length, 8);
  for (const row of rows) {
    t.equal(row.length, 8);
    for (const cell of row) t.notMatch(cell, /^[\s]*[=+\-@＝]/);
  }
  t.same(
    rows.slice(0, 8).map((row) => row[2]),
    names.map((name) => `'${name}`),
  );
  t.equal(rows[8]![5], 'Quyết định: a;b "c"\nd');
  t.equal(rows[8]![7], 'ghi chú = x; 03 Đã tiếp nhận', 'what only holds a sign is left as it is');
});

t.test('a long year comes page by page, whole in every form', async (t) => {
  const many = Array.from({ length: 450 }, (_, at) => ({ arrivalNumber: null, number: String(at + 1) }));
  const to = Array.from({ length: 8 }, (_, at) => ({ code: `H4${at}`, name: '' }));
  const { cli, node } = await registered(
    t,
    many.map((row) => ({ ...row, to })),
  );
  const csv = parseCsv((await cli(['register', 'outbox', '--csv'])).out.slice(1));
  t.equal(csv.length, 451);
  t.same(csv[450], [
    '450/QĐ-TTg',
    '11/03/2019',
    'Quyết định: Phê duyệt Đề án',
    'Nguyễn Văn An',
    'H40, H41, H42, H43, H44, H45, H46, H47',
    '03 Đã tiếp nhận',
  ]);
  t.same(
    node.life.registerQueries.map(({ cursor, limit, year }) => [cursor, limit, year]),
    [
      [undefined, 200, undefined],
      ['0', 200, 2019],
      ['200', 200, 2019],
      ['400', 200, 2019],
    ],
  );
  const json = JSON.parse((await cli(['register', 'outbox', '--json'])).out);
  t.match(json, { box: 'outbox', year: 2019, unit: 'G22' });
  t.equal(json.items.length, 450);
  t.same(json.items[7], { ...ROW, ...many[7], to });
  t.same(JSON.parse((await (await registered(t, [])).cli(['register', 'inbox', '--json'])).out).items, []);
  const table = (await cli(['register', 'outbox'])).out;
  t.match(table, 'H44 +3');
  t.match(table, '450 văn bản.');
});
