/**
 * The aim for circulars: 20 MiB to 94 leave the sender three times at most, and take five times as long as to one, where
 * every node has a line of 100 Mbit/s; also where a quarter of them lie, stall or leave.
 */
import t, { type Test } from 'tap';
import { type Conduct, type Sent, sent } from './line-circular.ts';

const one = await sent({ recipients: 1 });

function within(t: Test, { seconds, left, total }: Sent): void {
  const times = seconds / one.seconds;
  t.ok(left <= 3, `left the sender ${left.toFixed(2)} times, ${total.toFixed(2)} times a recipient in all`);
  t.ok(times <= 5, `took ${times.toFixed(2)} times as long as to one`);
}

for (const recipients of [2, 8, 94])
  t.test(`to ${recipients}`, async (t) => within(t, await sent({ recipients })));

for (const fourth of ['lies', 'stalls', 'leaves'] satisfies Conduct[])
  t.test(`to 24, of whom every fourth ${fourth}`, async (t) =>
    within(t, await sent({ recipients: 24, fourth })),
  );

t.test(
  'who asks over many streams and says late that a chunk has come costs the others nothing',
  async (t) => {
    const without = await sent({ recipients: 3, chunks: 120 });
    const { seconds } = await sent({ recipients: 4, chunks: 120, fourth: 'dawdles' });
    const times = seconds / without.seconds;
    t.ok(times <= 1.5, `took ${times.toFixed(2)} times as long as without it`);
  },
);

t.test('to 24 on lines of 2 Mbit/s', async (t) => {
  const alone = await sent({ recipients: 1, mbit: 2, chunks: 6 });
  const { seconds, left } = await sent({ recipients: 24, mbit: 2, chunks: 6 });
  t.ok(left <= 3, `left the sender ${left.toFixed(2)} times`);
  t.ok(seconds <= 5 * alone.seconds, `took ${(seconds / alone.seconds).toFixed(2)} times as long as to one`);
});
