/** The front of a seat's queue in memory: in order, bounded, and never less than what disk holds. */
import fc from 'fast-check';
import t from 'tap';
import { compareQueued, deliveryName, READY_LIMIT, ReadyQueue } from '../../node/exchange/ready-queue.ts';
import type { QueuedDelivery } from '../../node/store/deliveries.ts';
import { PREFIX } from '../../node/store/keys.ts';
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
  queue.fill([item(1), item(2)], true);
  t.same(drained(queue), [3, 1, 2]);
  t.notOk(queue.isExhausted, 'that was all');
});

t.test('more than fits while disk is read is left to the next reading', async (t) => {
  const queue = new ReadyQueue();
  queue.beginFill();
  for (let n = 0; n < READY_LIMIT * 2; n++) queue.add(item(n));
  queue.fill([], true);
  t.equal(queue.size, READY_LIMIT);
  drained(queue);
  t.ok(queue.isExhausted);
});

t.test('an urgent delivery comes first, one behind what is here waits on disk', async (t) => {
  const queue = new ReadyQueue();
  queue.fill([item(1), item(2)], false);
  queue.add(item(9));
  queue.add(item(5, 0));
  t.same(drained(queue), [5, 1, 2]);
  t.ok(queue.isExhausted, 'disk knows of the rest');
});

t.test('the same delivery twice is one', async (t) => {
  const queue = new ReadyQueue();
  queue.fill([], true);
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
          fc.oneof(fc.constant('fill'), fc.constant('take'), fc.constant('late'), fc.nat({ max: 4 })),
          { maxLength: 60 },
        ),
        (steps) => {
          const queue = new ReadyQueue();
          const disk = new Map<string, QueuedDelivery>();
          const taken: string[] = [];
          let n = 0;
          const commit = (rank: number) => {
            const one = item(n++, rank);
            disk.set(deliveryName(one), one);
            return one;
          };
          const refill = (late: boolean) => {
            if (!queue.isExhausted) return;
            queue.beginFill();
            const seen = [...disk.values()].sort(compareQueued);
            if (late) queue.add(commit(0));
            queue.fill(seen.slice(0, 3), seen.length <= 3);
          };
          const take = () => {
            const one = queue.take();
            if (one === undefined) return;
            taken.push(deliveryName(one));
            disk.delete(deliveryName(one));
          };
          for (const step of steps) {
            if (step === 'fill' || step === 'late') refill(step === 'late');
            else if (step === 'take') take();
            else queue.add(commit(step));
          }
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
