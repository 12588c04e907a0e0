/** When the courier tries, how much, and in what order when things break: under a clock the test owns. */
import t from 'tap';
import { hex } from '../../node/core/bytes.ts';
import { LienthongError } from '../../node/core/errors.ts';
import { PREFIX } from '../../node/store/keys.ts';
import { TestFederation } from './federation.ts';

const attempts = (federation: TestFederation) =>
  federation.opened.filter((stream) => stream === 'G22 delivery H40').length;

/** Until the courier waits for its timer again: one more attempt was made and failed. */
const failed = (federation: TestFederation, count: number) =>
  federation.until(
    `${count} failures`,
    () => federation.node('G22').reported('seat.unreachable').length >= count,
    0,
  );

t.test('backoff doubles to five minutes, jittered, and only an outcome ends it', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { exchange } = federation.node('G22');
  federation.unreachable.add('H40');
  const { id } = await exchange.submit(federation.submission());
  for (let failure = 1; failure <= 14; failure++) {
    await failed(federation, failure);
    const [queue] = await exchange.queues();
    const waitMs = queue!.nextAttemptAtMs! - federation.clock.nowMs();
    const whole = Math.min(300_000, 500 * 2 ** (failure - 1));
    t.ok(waitMs >= whole / 2 && waitMs <= whole, `after ${failure}: ${waitMs} of ${whole} ms`);
    t.match(queue, { seat: 'H40', waiting: 1, lastError: /unreachable/ });
    federation.clock.advance(waitMs - 1);
    t.equal(attempts(federation), failure, 'not a millisecond early');
    federation.clock.advance(1);
  }
  federation.unreachable.clear();
  await federation.settled('G22', id, 'delivered', 10_000);
  t.same(await exchange.queues(), []);
});

t.test('a sign of life makes the queue due within two seconds, at most every ten', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { exchange } = federation.node('G22');
  federation.unreachable.add('H40');
  await exchange.submit(federation.submission());
  for (let failure = 1; failure <= 9; failure++) {
    await failed(federation, failure);
    const [queue] = await exchange.queues();
    federation.clock.advance(queue!.nextAttemptAtMs! - federation.clock.nowMs());
  }
  await failed(federation, 10);
  const nextMs = async () => (await exchange.queues())[0]!.nextAttemptAtMs! - federation.clock.nowMs();
  t.ok((await nextMs()) > 60_000);
  exchange.onContact('H40');
  const soonMs = await nextMs();
  t.ok(soonMs >= 0 && soonMs <= 2_000, `${soonMs} ms`);
  federation.clock.advance(2_000);
  await failed(federation, 11);
  t.ok((await nextMs()) > 60_000, 'a failure goes on with the backoff');
  for (let i = 0; i < 50; i++) exchange.onContact('H40');
  t.ok((await nextMs()) > 60_000, 'not again within ten seconds');
  federation.clock.advance(8_001);
  exchange.onContact('H40');
  t.ok((await nextMs()) <= 2_000);
});

t.test('a node that starts takes its queues up, jittered', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  federation.unreachable.add('H40');
  const { id } = await federation.node('G22').exchange.submit(federation.submission());
  await failed(federation, 1);
  await federation.node('G22').reopen();
  federation.unreachable.clear();
  await federation.settled('G22', id, 'delivered', 10);
  t.pass('delivered by the next process');
});

t.test('the window begins at one and doubles per outcome', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { exchange } = federation.node('G22');
  federation.unreachable.add('H40');
  const ids: string[] = [];
  for (let i = 0; i < 40; i++) ids.push((await exchange.submit(federation.submission())).id);
  await failed(federation, 1);
  let [open, most] = [0, 0];
  const mosts: number[] = [];
  let answered = 0;
  federation.fault = ({ protocol, toward, frame }) => {
    if (protocol !== 'delivery') return undefined;
    if (toward === 'server') {
      most = Math.max(most, ++open);
    } else {
      open--;
      if ([1, 3, 7].includes(++answered)) mosts.push(most);
    }
    return [frame];
  };
  federation.unreachable.clear();
  for (const id of ids) await federation.settled('G22', id);
  t.equal(mosts[0], 1, 'one alone until it is answered');
  t.ok(mosts[1]! <= 4 && most <= ids.length, `${mosts} then ${most}`);
});

for (const urgency of ['thuong', 'hoa-toc'] as const) {
  t.test(`a document (${urgency}) that breaks every stream doesn't hold up the others`, async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const { exchange } = federation.node('G22');
    federation.unreachable.add('H40');
    const submittedMs = federation.clock.nowMs();
    const poison = await exchange.submit(federation.submission({ subject: 'Chất độc', urgency }));
    federation.clock.advance(5);
    const others: string[] = [];
    for (let i = 0; i < 5; i++) others.push((await exchange.submit(federation.submission())).id);
    federation.fault = ({ protocol, toward, frame }) =>
      protocol === 'delivery' && toward === 'server' && Buffer.from(frame).includes('Chất độc')
        ? 'cut'
        : undefined;
    federation.unreachable.clear();
    for (const id of others) await federation.settled('G22', id, 'delivered', 1000);
    t.match((await exchange.show(poison.id)).deliveries[0], { state: 'queued' });
    const [queue] = await exchange.queues();
    t.equal(queue!.oldestAtMs, submittedMs, 'put last it waits since it was submitted all the same');
    federation.fault = () => undefined;
    const { deliveries } = await federation.settled('G22', poison.id, 'delivered', 1000);
    const waitedMs = federation.clock.nowMs() - submittedMs;
    t.ok(deliveries[0]!.elapsedMs! >= waitedMs - 1000, `${deliveries[0]!.elapsedMs} of ${waitedMs} ms`);
  });
}

t.test('a store that fails for a while doesn’t make the courier spin, nor lose anything', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const node = federation.node('G22');
  const { id } = await node.exchange.submit(federation.submission());
  node.store.failWith = new LienthongError('disk-full', { where: 'database' });
  await failed(federation, 1);
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.ok(node.reported('seat.unreachable').length <= 2, 'it waits for its backoff');
  node.store.failWith = undefined;
  await federation.settled('G22', id);
  t.match(await federation.node('H40').only('inbox'), { id });
});

t.test('a queue that can not be read is tried again with backoff, not at once', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const node = federation.node('G22');
  node.store.holdRange = async () => {
    throw new LienthongError('damaged', { where: 'queue' });
  };
  const { id } = await node.exchange.submit(federation.submission());
  await failed(federation, 1);
  for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
  t.ok(node.reported('seat.unreachable').length <= 2, `${node.reported('seat.unreachable').length} failures`);
  node.store.holdRange = undefined;
  await federation.settled('G22', id);
});

for (const [what, failing] of [
  ['read', { holdRange: true }],
  ['put back into the queue', { commit: true }],
] as const)
  t.test(`what waits for its own time is tried again where it couldn't be ${what}`, async (t) => {
    let isFull = true;
    const room = async () => {
      if (isFull) throw new LienthongError('disk-full', { where: 'database' });
    };
    const federation = await TestFederation.create(t, ['G22', 'H40'], { H40: { room } });
    const { exchange, store } = federation.node('G22');
    const ids: string[] = [];
    for (let i = 0; i < 2; i++) ids.push((await exchange.submit(federation.submission())).id);
    const attempts = async (id: string) => (await exchange.show(id)).deliveries[0]!.attempts;
    for (const id of ids) await federation.until('it is to be offered later', () => attempts(id), 0);
    isFull = false;
    // no stream is open then, whose end would have all of the queue read again
    await federation.node('H40').kill();
    let isEmpty = false;
    store.holdRange = async ({ gte }) => {
      if (gte?.[0] === PREFIX.queue) isEmpty = true;
    };
    await federation.until('the queue is known to be empty', () => isEmpty);
    store.holdRange = undefined;
    let failures = 0;
    const fail = () => {
      failures++;
      throw new LienthongError('disk-full', { where: 'database' });
    };
    // of one of them: the other may be queued by then
    let failed: string | undefined;
    if ('commit' in failing)
      store.killAt = (_, { writes }) => {
        const due = writes.find((write) => 'del' in write && write.del[0] === PREFIX.delayed);
        if (due === undefined || !('del' in due)) return undefined;
        failed ??= hex(due.del);
        return failed === hex(due.del) ? fail() : undefined;
      };
    else store.holdRange = async ({ gte }) => (gte?.[0] === PREFIX.delayed ? fail() : undefined);
    // both are due then
    await federation.until('it failed', () => failures > 0, 600_000);
    store.holdRange = undefined;
    store.killAt = undefined;
    await federation.node('H40').reopen();
    for (const id of ids) await federation.settled('G22', id);
    t.equal((await federation.node('H40').exchange.list({ box: 'inbox' })).items.length, 2);
  });

t.test('what waits for its own time is read from the first of it on', async (t) => {
  let isFull = true;
  const room = async () => {
    if (isFull) throw new LienthongError('disk-full', { where: 'database' });
  };
  const federation = await TestFederation.create(t, ['G22', 'H40'], { H40: { room } });
  const { exchange, store } = federation.node('G22');
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push((await exchange.submit(federation.submission())).id);
  const read: string[] = [];
  store.holdRange = async ({ gte }) => {
    if (gte?.[0] === PREFIX.delayed) read.push(hex(gte));
  };
  const attempts = async (id: string) => (await exchange.show(id)).deliveries[0]!.attempts;
  const allTried = async () => (await Promise.all(ids.map(attempts))).every((count) => count > 3);
  await federation.until('each was tried some times', allTried);
  isFull = false;
  for (const id of ids) await federation.settled('G22', id);
  t.ok(read.length > 3, `${read.length} times`);
  t.strictSame([...read].sort(), read, 'never before what went');
  t.ok(new Set(read).size > 2);
});

t.test('a receiver that never answers is given up after a minute, and offered again', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { exchange } = federation.node('G22');
  let isStalled = true;
  let offers = 0;
  federation.fault = ({ protocol, toward }) => {
    if (protocol === 'delivery' && toward === 'server') offers++;
    return isStalled && protocol === 'delivery' && toward === 'client' ? [] : undefined;
  };
  const { id } = await exchange.submit(federation.submission());
  await federation.until('it is in flight, and its deadline set', () => offers === 1, 0);
  federation.clock.advance(59_999);
  t.equal(federation.node('G22').reported('seat.unreachable').length, 0);
  federation.clock.advance(1);
  await failed(federation, 1);
  isStalled = false;
  await federation.settled('G22', id);
  t.equal((await federation.node('H40').exchange.list({ box: 'inbox' })).items.length, 1);
});

t.test('a frame twice or altered changes nothing for good', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { exchange } = federation.node('G22');
  let seen = 0;
  federation.fault = ({ protocol, frame }) => {
    if (protocol !== 'delivery') return undefined;
    seen++;
    if (seen === 1) return [frame, frame];
    if (seen === 4) return [Uint8Array.from(frame, (byte, i) => (i === 40 ? byte ^ 1 : byte))];
    return undefined;
  };
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) ids.push((await exchange.submit(federation.submission())).id);
  for (const id of ids) await federation.settled('G22', id);
  t.equal((await federation.node('H40').exchange.list({ box: 'inbox' })).items.length, 4);
});
