/** The index under a steady stream of documents: it goes on, it doesn't fall behind for good, and answers say by how much it is. */
import t from 'tap';
import { IndexPace } from '../../node/exchange/index-pace.ts';
import { IndexWaiters } from '../../node/exchange/index-waiters.ts';
import { TestFederation } from './federation.ts';
import { ManualClock } from './manual-clock.ts';

const STEP_MS = 10;

/** An index that takes so long for a batch and for each entry, while so many come in a second. */
async function followed(perSecond: number, ms: number, isSearched = false) {
  const clock = new ManualClock(0);
  const waiters = new IndexWaiters(clock);
  const size = () => Math.floor((clock.nowMs() * perSecond) / 1_000);
  const auditLog = { head: () => ({ epoch: 1, size: size(), root: new Uint8Array(32) }) };
  const pace = new IndexPace({ clock, auditLog: auditLog as never, waiters });
  if (isSearched) waiters.until(Number.MAX_SAFE_INTEGER);
  let taken = 0;
  let workedMs = 0;
  let mostLagMs = 0;
  while (clock.nowMs() < ms) {
    const lagMs = clock.nowMs() - (taken * 1_000) / perSecond;
    mostLagMs = Math.max(mostLagMs, lagMs);
    let isDone = false;
    const batch = async (most: number) => {
      const count = Math.min(most, size() - taken);
      const tookMs = 10 + Math.ceil(count / 10);
      clock.advance(tookMs);
      workedMs += tookMs;
      taken += count;
    };
    const step = pace.step(batch, lagMs, new AbortController().signal).then(() => {
      isDone = true;
    });
    for (let turns = 0; !isDone; turns++) {
      // the batch itself takes a few turns; after that it rests
      if (turns > 20) clock.advance(STEP_MS);
      await Promise.resolve();
    }
    await step;
    if (size() === taken) clock.advance(500);
  }
  return { mostLagMs, share: workedMs / clock.nowMs(), behind: size() - taken };
}

t.test('an index that comes after documents is some seconds behind, not more and more', async (t) => {
  for (const perSecond of [200, 600, 1_500, 3_000]) {
    const { mostLagMs, share } = await followed(perSecond, 120_000);
    t.ok(mostLagMs < 8_000, `${perSecond} entries a second: ${mostLagMs} ms behind at most`);
    t.ok(share < 0.6, `for ${share.toFixed(2)} of the time`);
  }
});

t.test('where that is too much for half of the time, a search has all of it', async (t) => {
  const alone = await followed(8_000, 60_000);
  t.ok(alone.share < 0.6, `${alone.share.toFixed(2)} of the time`);
  t.ok(alone.behind > 0);
  const searched = await followed(8_000, 1_900, true);
  t.ok(searched.share > 0.95, `${searched.share.toFixed(2)} of the time`);
});

t.test('an answer that lacks what was durable says how many seconds it is behind', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40'], { G22: { search: true } });
  federation.unreachable.add('H40');
  const held = federation.node('G22');
  await held.exchange.submit(federation.submission());
  await federation.until('the index has it', () => {
    const { search } = held.exchange.finder;
    return search?.state === 'ready' && search.documents === 1;
  });
  const { write } = held.search!;
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  held.search!.write = async (...args) => {
    await gate;
    return write(...args);
  };
  await held.exchange.submit(federation.submission());
  federation.clock.advance(7_000);
  const asked = { box: 'outbox', text: 'quyet dinh' } as const;
  const answers: Awaited<ReturnType<typeof held.exchange.list>>[] = [];
  held.exchange.list(asked).then((page) => answers.push(page));
  await federation.until('the search waits no longer', () => answers[0]);
  t.equal(answers[0]!.items.length, 1);
  t.ok(answers[0]!.behindSeconds! >= 9, `${answers[0]!.behindSeconds} s`);
  letGo();
  const page = await held.exchange.list(asked);
  t.equal(page.items.length, 2);
  t.notOk('behindSeconds' in page);
});
