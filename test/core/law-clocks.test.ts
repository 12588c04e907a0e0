/** R3, R4 and due dates: kept, open, late by how long; on weekends, at Tết, at the turn of a year. */
import fc from 'fast-check';
import t from 'tap';
import { parseDue } from '../../node/core/dates.ts';
import { dueDeadlineMs, type Known, lawClocks } from '../../node/core/law-clocks.ts';
import { WorkingCalendar } from '../../node/core/working-days.ts';

const calendar = new WorkingCalendar();
const at = (text: string) => Date.parse(`${text}+07:00`);
const clocksOf = (known: Partial<Known>, now = '2026-01-15T10:00') =>
  lawClocks({ signedDay: '2026-01-15', isUrgent: false, due: '', ...known }, calendar, at(now));
const HOUR_MS = 3_600_000;

t.test('R3: sent at the latest in the morning of the next working day', async (t) => {
  const rows: [string, string, string, number][] = [
    // signed, sent, state, late (ms)
    ['2026-01-15', '2026-01-15T16:00', 'kept', 0],
    ['2026-01-15', '2026-01-16T12:00', 'kept', 0],
    ['2026-01-15', '2026-01-16T13:00', 'breached', HOUR_MS],
    ['2026-01-16', '2026-01-19T11:59', 'kept', 0], // over a weekend
    ['2026-01-16', '2026-01-19T14:00', 'breached', 2 * HOUR_MS],
    ['2026-02-13', '2026-02-23T12:00', 'kept', 0], // over Tết
    ['2026-02-13', '2026-02-23T12:30', 'breached', HOUR_MS / 2],
    ['2025-12-31', '2026-01-05T12:00', 'kept', 0], // over New Year
    ['2026-01-09', '2026-01-12T09:00', 'breached', 45 * HOUR_MS], // the Saturday was worked
    ['2026-01-20', '2026-01-15T09:00', 'kept', 0], // dated ahead
  ];
  for (const [signedDay, sent, state, lateMs] of rows)
    t.match(clocksOf({ signedDay, sentMs: at(sent) }).sendBy, { state, lateMs }, `${signedDay} ${sent}`);
});

t.test('R3: an urgent one goes on the day it is signed, whatever day that is', async (t) => {
  const sent = (sentMs: number) => clocksOf({ signedDay: '2026-01-17', isUrgent: true, sentMs }).sendBy;
  t.equal(sent(at('2026-01-17T23:59:59.999'))?.state, 'kept');
  t.equal(sent(at('2026-01-18T00:00'))?.state, 'breached');
});

t.test('R4: confirmed on the day it came, or the next working day when it came after hours', async (t) => {
  const until: [string, string][] = [
    ['2026-01-15T08:00', '2026-01-15'],
    ['2026-01-15T17:00', '2026-01-15'],
    ['2026-01-15T17:01', '2026-01-16'],
    ['2026-01-16T20:00', '2026-01-19'],
    ['2026-01-17T09:00', '2026-01-19'],
    ['2026-02-16T09:00', '2026-02-23'],
    ['2025-12-31T18:00', '2026-01-05'],
    ['2026-01-10T09:00', '2026-01-10'], // a Saturday that is worked
  ];
  for (const [arrived, day] of until)
    t.equal(clocksOf({ arrivedMs: at(arrived) }).confirmBy?.untilMs, at(`${day}T23:59:59.999`), arrived);
  const arrivedMs = at('2026-01-15T08:00');
  t.match(clocksOf({ arrivedMs }).confirmBy, { state: 'open', atMs: undefined, lateMs: 0 });
  t.match(clocksOf({ arrivedMs }, '2026-01-16T09:00').confirmBy, { state: 'breached', atMs: undefined });
  t.equal(
    clocksOf({ arrivedMs, takenMs: at('2026-01-15T23:00') }, '2026-01-20T09:00').confirmBy?.state,
    'kept',
  );
  t.match(clocksOf({ arrivedMs, takenMs: at('2026-01-16T23:59:59.999') }).confirmBy, {
    state: 'breached',
    lateMs: 24 * HOUR_MS,
  });
  t.equal(
    clocksOf({ arrivedMs, refusedMs: at('2026-01-15T09:00') }).confirmBy?.state,
    'kept',
    'returned with a reason',
  );
  t.equal(
    clocksOf({ arrivedMs, recalledMs: at('2026-01-15T09:00') }, '2026-02-01T09:00').confirmBy?.state,
    'closed',
  );
  t.equal(clocksOf({}).confirmBy, undefined, 'not there yet');
});

t.test(
  'a due date ends with its day, on a day off with the next working day; a time is that time',
  async (t) => {
    const rows: [string, string][] = [
      ['2026-01-15', '2026-01-15T23:59:59.999'],
      ['2026-01-17', '2026-01-19T23:59:59.999'],
      ['2026-02-17', '2026-02-23T23:59:59.999'],
      ['2026-01-17T10:30+07:00', '2026-01-17T10:30'],
    ];
    for (const [due, until] of rows) t.equal(dueDeadlineMs(due, calendar), at(until), due);
    for (const due of [
      '',
      '2026-02-30',
      'mai',
      '2026-01-17T25:00+07:00',
      '2026-01-17T10:30Z',
      '2026-01-17T10:30',
    ])
      t.equal(dueDeadlineMs(due, calendar), undefined, `"${due}"`);
  },
);

t.test('a due date is open, met, late by working days, or ends with what nobody waits for', async (t) => {
  const due = '2026-02-12';
  const dueOf = (known: Partial<Known>, now?: string) => clocksOf({ due, ...known }, now).due;
  t.match(dueOf({}, '2026-02-12T23:59'), { state: 'open', by: undefined, lateWorkingDays: 0 });
  t.match(dueOf({}, '2026-02-13T00:00'), { state: 'breached', lateWorkingDays: 1 });
  t.match(dueOf({}, '2026-02-23T09:00'), { state: 'breached', lateWorkingDays: 2 }, 'Tết between');
  t.match(dueOf({ repliedMs: at('2026-02-12T20:00') }, '2026-03-01T09:00'), { state: 'kept', by: 'reply' });
  t.match(dueOf({ finishedMs: at('2026-02-13T09:00') }, '2026-03-01T09:00'), {
    state: 'breached',
    by: 'finished',
    lateWorkingDays: 1,
  });
  t.match(
    dueOf({ finishedMs: at('2026-02-11T09:00'), repliedMs: at('2026-02-23T09:00') }, '2026-03-01T09:00'),
    { state: 'kept', by: 'finished' },
    'what ended it first',
  );
  for (const [field, by] of [
    ['refusedMs', 'refused'],
    ['recalledMs', 'recalled'],
    ['replacedMs', 'replaced'],
  ])
    t.match(dueOf({ [field!]: at('2026-02-10T09:00') }, '2026-03-01T09:00'), {
      state: 'closed',
      by,
      lateMs: 0,
    });
});

t.test('properties: deadlines follow what they are reckoned from, and lateness only grows', async () => {
  const anyMs = fc.integer({ min: at('2024-01-01T00:00'), max: at('2027-12-31T00:00') });
  fc.assert(
    fc.property(anyMs, anyMs, anyMs, (arrivedMs, a, b) => {
      const [early, late] = [Math.min(a, b), Math.max(a, b)];
      const known: Known = {
        signedDay: '2026-01-15',
        isUrgent: false,
        due: '2026-02-17',
        arrivedMs,
        sentMs: arrivedMs,
      };
      const [first, second] = [early, late].map((now) => lawClocks(known, calendar, now)) as [
        ReturnType<typeof lawClocks>,
        ReturnType<typeof lawClocks>,
      ];
      return (
        first.confirmBy!.untilMs > arrivedMs &&
        first.confirmBy!.lateMs <= second.confirmBy!.lateMs &&
        first.due!.lateMs <= second.due!.lateMs &&
        first.due!.lateWorkingDays <= second.due!.lateWorkingDays &&
        (first.due!.state === 'breached') === early > first.due!.untilMs
      );
    }),
  );
});

t.test('what a person writes as a due date', async (t) => {
  t.equal(parseDue('4/5/2026'), '2026-05-04');
  t.equal(parseDue('4/5/2026 9:30'), '2026-05-04T09:30+07:00');
  t.equal(parseDue('2026-05-04T09:30'), '2026-05-04T09:30+07:00');
  t.equal(parseDue('2026-05-04T09:30+07:00'), '2026-05-04T09:30+07:00');
  t.equal(parseDue('2026-05-04T09:30:00+07:00'), '2026-05-04T09:30+07:00');
  for (const text of [
    '2026-05-04T24:00',
    '2026-05-04T09:60',
    '2026-05-04T09:30Z',
    '31/02/2026 09:00',
    '09:30',
    '',
  ])
    t.throws(() => parseDue(text), { code: 'invalid-date' }, text);
});
