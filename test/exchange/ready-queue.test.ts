/** The front of a seat's queue in memory: in order, bounded, and never less than what disk holds. */
import fc from 'fast-check';
import t from 'tap';
import { hex } from '../../node/core/bytes.ts';
import { compareQueued, deliveryName, READY_LIMIT, ReadyQueue } from '../../node/exchange/ready-queue.ts';
import type { QueuedDelivery } from '../../node/store/deliveries.ts';
import { PREFIX, prefixRange } from '../../node/store/keys.ts';
import { unitEntry } from './authority.ts';
import { TestFederation } from './federation.ts';

const item = (n: number, rank = 4): QueuedDelivery => ({
  documentId: new Uint8Array(32).fill(n % 256),
  unit: `H40.${n}`,
  seat: 'H40',
  rank,
  orderMs: n,
});
const drained = (queue: ReadyQueue): number[] => {
  const taken: number[] = [];
  for (let one = queue.take(); one !== undefined; one = queue.take()) taken.push(one.orderMs);
  return taken;
};

t.test('what is queued while disk is read is neither lost nor doubled', async (t) => {
  const queue = new ReadyQueue();
  t.ok(queue.isExhausted);
  queue.beginFill();
  queue.add(item(2));
  queue.add(item(3, 0));
  queue.fill([item(1), item(2)], true, item(1));
  t.same(drained(queue), [3, 1, 2]);
  t.notOk(queue.isExhausted, 'that was all');
});

t.test('more than fits while disk is read is left to the next reading', async (t) => {
  const queue = new ReadyQueue();
  queue.beginFill();
  for (let n = 0; n < READY_LIMIT * 2; n++) queue.add(item(n + 1));
  queue.add(item(0, 0));
  queue.fill([item(1)], true, item(1));
  t.equal(queue.size, READY_LIMIT);
  drained(queue);
  t.ok(queue.isExhausted);
  t.equal(queue.from, undefined, 'from the first row on');
});

t.test('an urgent delivery comes first, one behind what is here waits on disk', async (t) => {
  const queue = new ReadyQueue();
  queue.fill([item(1), item(2)], false, item(1));
  queue.add(item(9));
  queue.add(item(5, 0));
  t.same(drained(queue), [5, 1, 2]);
  t.ok(queue.isExhausted, 'disk knows of the rest');
});

t.test('the same delivery twice is one', async (t) => {
  const queue = new ReadyQueue();
  queue.fill([], true, undefined);
  queue.add(item(1));
  queue.add(item(1));
  t.same(drained(queue), [1]);
});

t.test(
  'whatever happens in whatever order, everything on disk is taken, in order of what was known',
  async () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom('fill', 'take', 'take', 'late', 'set aside', 'due'),
            // queued, of that urgency
            fc.nat({ max: 4 }),
          ),
          { maxLength: 60, size: 'max' },
        ),
        (steps) => {
          const queue = new ReadyQueue();
          const disk = new Map<string, QueuedDelivery>();
          const taken: string[] = [];
          const aside: QueuedDelivery[] = [];
          let n = 0;
          const commit = (rank: number) => {
            const one = item(n++, rank);
            disk.set(deliveryName(one), one);
            return one;
          };
          const refill = (late: boolean) => {
            if (!queue.isExhausted) return;
            queue.beginFill();
            const { from } = queue;
            const seen = [...disk.values()]
              .filter((one) => from === undefined || compareQueued(from, one) <= 0)
              .sort(compareQueued);
            if (late) queue.add(commit(0));
            queue.fill(seen.slice(0, 3), seen.length <= 3, seen[0]);
          };
          const take = (isSetAside = false) => {
            const one = queue.take();
            if (one === undefined) return;
            if (isSetAside) aside.push(one);
            else taken.push(deliveryName(one));
            disk.delete(deliveryName(one));
          };
          // back in its old place, which may lie before what is read now
          const due = () => {
            const one = aside.pop();
            if (one === undefined) return;
            disk.set(deliveryName(one), one);
            queue.add(one);
          };
          for (const step of steps) {
            if (step === 'fill' || step === 'late') refill(step === 'late');
            else if (step === 'take' || step === 'set aside') take(step !== 'take');
            else if (step === 'due') due();
            else queue.add(commit(step as number));
          }
          while (aside.length > 0) due();
          for (let rounds = 0; disk.size > 0 && rounds < 200; rounds++) {
            refill(false);
            take();
          }
          if (disk.size > 0) throw new Error(`${disk.size} left behind`);
          if (new Set(taken).size !== n) throw new Error('one was taken twice or never');
        },
      ),
      { numRuns: 500 },
    );
  },
);

t.test(
  'a document committed while the courier reads its queue leaves without waiting for anything',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const { exchange, store } = federation.node('G22');
    let release = () => {};
    let isHeld = false;
    store.holdRange = async ({ gte }) => {
      if (gte?.[0] !== PREFIX.queue) return;
      isHeld = true;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    };
    const first = await exchange.submit(federation.submission());
    await federation.until('the courier reads its queue', () => isHeld, 0);
    const second = await exchange.submit(federation.submission());
    store.holdRange = undefined;
    release();
    // the clock stands still
    await federation.settled('G22', first.id, 'delivered', 0);
    await federation.settled('G22', second.id, 'delivered', 0);
    t.pass('both arrived');
  },
);

t.test('a refill begins where the queue begins now, and passes over nothing that went before', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const units = Array.from({ length: 1500 }, (_, i) => `H40.${1000 + i}`);
  await federation.authority.publish({ entries: units.map((code) => unitEntry(code, 'H40')) });
  federation.unreachable.add('H40');
  const sender = federation.node('G22');
  await sender.exchange.submit(federation.submission({ to: units }));
  const fromStart = hex(prefixRange(PREFIX.queue, 'H40').gte);
  const read: string[] = [];
  sender.store.holdRange = async ({ gte, limit }) => {
    if (gte?.[0] === PREFIX.queue && (limit ?? 0) >= READY_LIMIT) read.push(hex(gte));
  };
  federation.unreachable.clear();
  await federation.until('all went', () => sender.reported('delivery.delivered').length === units.length);
  t.ok(read.length > 2, `${read.length} refills`);
  const [, ...later] = read.slice(read.lastIndexOf(fromStart));
  t.ok(later.length >= 2, 'after the first of a stream');
  t.strictSame([...later].sort(), later, 'each begins behind the one before');
  t.notOk(later.includes(fromStart));
});
