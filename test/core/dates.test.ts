/** Days as documents carry them: real ones only, in Viet Nam's calendar whatever the machine's zone. */
import t from 'tap';
import { dayOf, isDay, isoTime, parseDay, startOfDayMs } from '../../node/core/dates.ts';

t.test('days are real ones', async (t) => {
  for (const day of ['2019-03-12', '2024-02-29', '2000-02-29', '1945-09-02', '9999-12-31'])
    t.ok(isDay(day), day);
  const wrong = [
    '2014-02-30',
    '2023-02-29',
    '1900-02-29',
    '2019-13-01',
    '2019-00-10',
    '2019-01-00',
    '2019-04-31',
    '1944-12-31',
    '0000-01-01',
    '2019-3-12',
    '19-03-12',
    '2019/03/12',
    '2019-03-12T00:00',
    ' 2019-03-12',
    '',
    '２０１９-03-12',
  ];
  for (const day of wrong) t.notOk(isDay(day), day);
});

t.test('clerks write day/month/year', async (t) => {
  t.equal(parseDay('12/03/2019'), '2019-03-12');
  t.equal(parseDay(' 2/9/1945 '), '1945-09-02');
  t.equal(parseDay('2019-03-12'), '2019-03-12');
  for (const text of [
    '30/02/2014',
    '13/13/2019',
    '12/03/19',
    '2019',
    'hôm nay',
    '1/1/1/2019',
    'x'.repeat(1000),
  ])
    t.throws(() => parseDay(text), { code: 'invalid-date' }, text.slice(0, 20));
});

t.test('a day begins at 00:00 in Viet Nam', async (t) => {
  const midnight = Date.parse('2019-03-11T17:00:00Z');
  t.equal(startOfDayMs('2019-03-12'), midnight);
  t.equal(dayOf(midnight), '2019-03-12');
  t.equal(dayOf(midnight - 1), '2019-03-11');
  t.equal(isoTime(midnight), '2019-03-12T00:00:00.000+07:00');
  t.equal(Date.parse(isoTime(midnight + 1)), midnight + 1);
});

t.test('a year turns in Viet Nam before it does in Greenwich', async (t) => {
  t.equal(dayOf(Date.parse('2025-12-31T17:30:00Z')), '2026-01-01');
});
