/** Time limits run by the Clock, and leave nothing behind. */
import t from 'tap';
import { within } from '../../node/core/deadline.ts';
import { ManualClock } from '../exchange/manual-clock.ts';

const until = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

t.test('work that takes too long by the Clock ends with timeout', async (t) => {
  const clock = new ManualClock(0);
  const work = within(clock, 1000, undefined, until);
  const ended = t.rejects(work, { code: 'timeout', details: { timeoutMs: 1000 } });
  clock.advance(999);
  t.strictSame(clock.timersMs, [1]);
  clock.advance(1);
  await ended;
});

t.test("the caller's own end comes through as it is, also when it came before", async (t) => {
  const clock = new ManualClock(0);
  const outer = new AbortController();
  const ended = t.rejects(within(clock, 1000, outer.signal, until), { message: 'stopped' });
  outer.abort(new Error('stopped'));
  await ended;
  const late = within(clock, 1000, outer.signal, async (signal) => signal.throwIfAborted());
  await t.rejects(late, { message: 'stopped' });
  t.strictSame(clock.timersMs, []);
});

t.test('whatever the end, no timer stays', async (t) => {
  const clock = new ManualClock(0);
  t.equal(await within(clock, 1000, undefined, async () => 7), 7);
  await t.rejects(
    within(clock, 1000, undefined, () => Promise.reject(new Error('broken'))),
    { message: 'broken' },
  );
  t.strictSame(clock.timersMs, []);
});
