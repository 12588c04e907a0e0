/** Working days: weekends, holidays, swapped days, the turn of a year; and what always holds of the calendar. */
import fc from 'fast-check';
import t from 'tap';
import {
  dayAfter,
  endOfDayMs,
  endOfMorningMs,
  parseCalendarSettings,
  WorkingCalendar,
} from '../../node/core/working-days.ts';

const calendar = new WorkingCalendar();

t.test('Monday to Friday are worked', async (t) => {
  for (const day of ['2026-01-12', '2026-01-13', '2026-01-14', '2026-01-15', '2026-01-16'])
    t.ok(calendar.isWorkingDay(day), day);
  for (const day of ['2026-01-17', '2026-01-18']) t.notOk(calendar.isWorkingDay(day), day);
});

t.test('day by day around Tết 2026', async (t) => {
  const week = ['2026-02-12', '2026-02-13', '2026-02-14', '2026-02-15', '2026-02-16', '2026-02-17'];
  const after = ['2026-02-18', '2026-02-19', '2026-02-20', '2026-02-21', '2026-02-22', '2026-02-23'];
  t.strictSame(
    [...week, ...after].filter((day) => calendar.isWorkingDay(day)),
    ['2026-02-12', '2026-02-13', '2026-02-23'],
  );
  for (const day of ['2026-02-13', '2026-02-14', '2026-02-17', '2026-02-22'])
    t.equal(calendar.nextWorkingDay(day), '2026-02-23', day);
  t.equal(calendar.workingDaysBetween('2026-02-12', '2026-02-23'), 2);
});

t.test('a day worked instead is a Saturday that counts, the day it is worked for does not', async (t) => {
  t.notOk(calendar.isWorkingDay('2026-01-02'));
  t.ok(calendar.isWorkingDay('2026-01-10'));
  t.equal(calendar.nextWorkingDay('2026-01-09'), '2026-01-10');
  t.equal(calendar.nextWorkingDay('2026-01-10'), '2026-01-12');
});

t.test('the year turns over New Year and its weekend', async (t) => {
  t.equal(calendar.nextWorkingDay('2025-12-31'), '2026-01-05');
  t.equal(calendar.addWorkingDays('2025-12-30', 2), '2026-01-05');
  t.equal(
    calendar.nextWorkingDay('2099-12-31'),
    '2100-01-04',
    'fixed holidays hold in a year nobody has told',
  );
});

t.test('the folder adds days, and wins over what is shipped', async (t) => {
  const own = new WorkingCalendar({
    holidays: ['2026-01-12', '2026-01-10'],
    workingDays: ['2026-01-17', '2026-09-02'],
  });
  t.notOk(own.isWorkingDay('2026-01-12'));
  t.notOk(own.isWorkingDay('2026-01-10'), 'shipped as worked');
  t.ok(own.isWorkingDay('2026-01-17'));
  t.ok(own.isWorkingDay('2026-09-02'), 'off in every year');
  t.not(own.name, calendar.name);
  t.equal(new WorkingCalendar().name, calendar.name);
});

t.test('years nobody has told are known as such', async (t) => {
  t.equal(calendar.knowledgeOf(2026), 'known');
  t.equal(calendar.knowledgeOf(2027), 'provisional');
  t.equal(calendar.knowledgeOf(2031), 'none');
  t.equal(new WorkingCalendar({ holidays: ['2031-01-23'], workingDays: [] }).knowledgeOf(2031), 'known');
});

t.test('settings are two lists of real days', async (t) => {
  t.strictSame(parseCalendarSettings({ holidays: ['2026-02-16'] }), {
    holidays: ['2026-02-16'],
    workingDays: [],
  });
  const wrong = [
    null,
    'x',
    ['2026-02-16'],
    { holidays: ['2026-02-30'] },
    { holidays: '2026-02-16' },
    { workingDays: [20260216] },
    { holidays: [], closed: [] },
    { holidays: ['2026-02-16'], workingDays: ['2026-02-16'] },
  ];
  for (const value of wrong) t.throws(() => parseCalendarSettings(value), TypeError, JSON.stringify(value));
});

t.test('a morning ends at noon and a day with its last millisecond, at UTC+7 all year', async (t) => {
  for (const day of ['2026-01-15', '2026-07-15']) {
    t.equal(new Date(endOfMorningMs(day)).toISOString(), `${day}T05:00:00.000Z`);
    t.equal(new Date(endOfDayMs(day)).toISOString(), `${day}T16:59:59.999Z`);
  }
});

t.test('nothing is reckoned past the last day that can be written', async (t) => {
  t.equal(dayAfter('9999-12-31'), '9999-12-31');
  t.equal(calendar.nextWorkingDay('9999-12-31'), '9999-12-31');
  t.equal(calendar.addWorkingDays('9999-12-30', 1_000_000), '9999-12-31');
});

const anyDay = fc
  .integer({ min: Date.UTC(2023, 0, 1) / 86_400_000, max: Date.UTC(2029, 0, 1) / 86_400_000 })
  .map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10));

t.test('properties', async () => {
  fc.assert(
    fc.property(anyDay, fc.integer({ min: 0, max: 60 }), (day, count) => {
      const next = calendar.nextWorkingDay(day);
      const end = calendar.addWorkingDays(day, count);
      return (
        next > day &&
        calendar.isWorkingDay(next) &&
        calendar.workingDaysBetween(day, next) === 1 &&
        calendar.workingDaysBetween(day, end) === count &&
        calendar.addWorkingDays(calendar.addWorkingDays(day, 3), count) ===
          calendar.addWorkingDays(day, count + 3)
      );
    }),
  );
  fc.assert(
    fc.property(anyDay, anyDay, anyDay, (a, b, c) => {
      const [first, second, third] = [a, b, c].sort() as [string, string, string];
      const between = (from: string, to: string) => calendar.workingDaysBetween(from, to);
      return between(first, second) + between(second, third) === between(first, third);
    }),
  );
});
