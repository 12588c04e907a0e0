/** What the command line says of time limits: rows of what waits and is overdue, limits in show, numbers in status. */
import t from 'tap';
import { runningNode } from '../../helpers/command-line.ts';

const clock = {
  nowMs: () => Date.parse('2026-11-20T09:00:00+07:00'),
  sleep: async () => undefined,
  after: () => () => undefined,
};

async function filled(t: Parameters<typeof runningNode>[0]) {
  const running = await runningNode(t);
  const { node } = running;
  node.deliverAtOnce = false;
  const fields = {
    type: 'Công văn',
    notation: 'CV',
    subject: 'Về việc báo cáo',
    system: 'x',
    to: ['H40', 'H51'],
  };
  const attachments = [{ name: 'a.txt', bytes: Buffer.from('a') }];
  const { id } = await node.submit({ ...fields, number: '1', attachments });
  await node.submit({ ...fields, number: '2', attachments });
  const [kept] = node.documents;
  const waiting = { since: '2026-11-17T08:30:00.000+07:00', workingDays: 3 };
  kept!.view.clocks = {
    waiting: [
      { unit: 'H40', state: 'delivered', ...waiting },
      { unit: 'H51', state: 'queued', ...waiting },
    ],
    overdue: [
      {
        unit: 'H40',
        due: '2026-11-18T10:30+07:00',
        until: '2026-11-18T10:30:00.000+07:00',
        lateWorkingDays: 2,
      },
    ],
  };
  return { ...running, id, view: kept!.view };
}

t.test(
  '--waiting has a row for each recipient: since when, how many working days, how far on its way',
  async (t) => {
    const { cli, id } = await filled(t);
    const { status, out } = await cli(['list', 'outbox', '--waiting', '--lang', 'en']);
    t.equal(status, 0);
    const rows = out.trimEnd().split('\n').slice(1);
    t.equal(rows.length, 2);
    t.match(
      rows[0],
      new RegExp(`^${id} +1/CV +G22 +H40 +17/11/2026 08:30:00 +3 +Delivered +Về việc báo cáo`),
    );
    t.match(rows[1], /H51 .*Queued/);
    t.match(JSON.parse((await cli(['list', 'outbox', '--waiting', '--json'])).out), {
      items: [{ id, clocks: { waiting: [{ unit: 'H40' }, { unit: 'H51' }] } }],
    });
    t.match((await cli(['list', 'inbox', '--waiting'])).out, 'Không có văn bản nào chờ tiếp nhận.');
  },
);

t.test('--overdue says when it was due and how late it is', async (t) => {
  const { cli, id } = await filled(t);
  const { out } = await cli(['list', 'outbox', '--overdue']);
  t.match(out, /Quá hạn \(ngày làm việc\)/);
  t.match(out.trimEnd().split('\n').at(-1), new RegExp(`^${id} .*H40 +18/11/2026 10:30 +2 `));
  t.match((await cli(['list', 'inbox', '--overdue'])).out, 'Không có văn bản nào quá hạn.');
});

t.test('show names the limits of each delivery and by how long they were passed', async (t) => {
  const { cli, id, view } = await filled(t);
  const clockOf = (state: 'kept' | 'breached' | 'open', lateMs = 0) => ({
    until: '2026-11-18T12:00:00.000+07:00',
    state,
    at: null,
    lateMs,
  });
  view.deliveries[0]!.clocks = {
    sendBy: clockOf('kept'),
    confirmBy: clockOf('breached', 2 * 3_600_000),
    due: { ...clockOf('open'), due: '2026-11-30', by: null, lateWorkingDays: 0 },
    takenAt: '2026-11-18T14:00:00.000+07:00',
    takenKnownAt: '2026-11-18T14:00:01.000+07:00',
    waiting: null,
  };
  const { out } = await cli(['show', id, '--lang', 'en']);
  t.match(
    out,
    /H40 +18\/11\/2026 12:00:00: kept +18\/11\/2026 12:00:00: late by 2 h +18\/11\/2026 14:00:00 +30\/11\/2026/,
  );
});

t.test('node status counts, and says which year nobody has told the holidays of', async (t) => {
  const { cli, node } = await runningNode(t);
  const status = async () => (await cli(['node', 'status', '--lang', 'en'], { clock })).out;
  node.overrideStatus = {
    clocks: {
      overdue: { inbox: 1, outbox: 2 },
      waiting: { inbox: 3, outbox: 4 },
      breaches: { days: 30, sent: 5, confirmedHere: 6, confirmedByOthers: 7 },
    },
    calendar: { unknownYears: [2031], provisionalYears: [2027] },
  };
  const out = (await status()).replace(/\s+/g, ' ');
  t.match(
    out,
    'overdue: 1 in, 2 out; not taken: 3 in, 4 out; last 30 days: 5 sent late, 6 confirmed late here, 7 by recipients',
  );
  t.match(out, /! Nobody has told the public holidays of 2031: .*config\.json, calendar/);
  t.match(out, /! The public holidays of 2027 .* not announced/);
  node.overrideStatus = { clocks: null };
  t.match((await status()).replace(/\s+/g, ' '), 'not known: the search index is not ready');
});

t.test('send takes a time with its due date', async (t) => {
  const { cli, node } = await runningNode(t);
  const args = [
    '--to',
    'H40',
    '--type',
    'Công điện',
    '--number',
    '1',
    '--notation',
    'CĐ',
    '--subject',
    'Khẩn',
  ];
  const timed = ['--urgency', 'hoa-toc-hen-gio', '--due', '20/11/2026 9:30'];
  await cli(['send', 'package.json', ...args, ...timed]);
  t.match(node.submissions.at(-1), { due: '2026-11-20T09:30+07:00', urgency: 'hoa-toc-hen-gio' });
  t.equal((await cli(['send', 'package.json', ...args, '--due', '20/11/2026 25:30'])).status, 2);
});
