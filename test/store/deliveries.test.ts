/** The courier's queue on disk: its order, and since when what is in it waits. */
import t from 'tap';
import {
  changeDeliveryWrites,
  delayedFor,
  measureQueue,
  newDeliveryWrites,
  queuedFor,
  seatsWithQueue,
} from '../../node/store/deliveries.ts';
import { MemoryEngine } from '../../node/store/memory-engine.ts';
import type { DeliveryRow } from '../../proto/messages.ts';

const row = (n: number, changes: Partial<DeliveryRow> = {}): DeliveryRow =>
  ({
    documentId: new Uint8Array(32).fill(n),
    exchangeId: new Uint8Array(16).fill(n),
    unit: 'H40',
    seat: 'H40',
    dispatchId: new Uint8Array(32).fill(n + 100),
    dispatch: Uint8Array.of(1),
    state: 1,
    urgency: 1,
    queuedAtMs: n * 1000,
    attempts: 0,
    nextAttemptAtMs: 0,
    lastError: '',
    settledAtMs: 0,
    outcome: new Uint8Array(0),
    breaks: 0,
    putLastAtMs: 0,
    ...changes,
  }) as DeliveryRow;

const order = async (store: MemoryEngine) =>
  (await queuedFor(store, 'H40', 10)).map(({ documentId }) => documentId[0]);

t.test('put last is behind the others of its urgency, and waits since it was queued', async (t) => {
  const store = new MemoryEngine();
  for (const n of [1, 2, 3]) await store.commit({ writes: newDeliveryWrites(row(n)) });
  await store.commit({ writes: newDeliveryWrites(row(9, { urgency: 5 })) });
  t.strictSame(await order(store), [9, 1, 2, 3]);
  t.strictSame(await measureQueue(store, 'H40', 10), { count: 4, oldestAtMs: 1000 });

  const last = row(1, { putLastAtMs: 50_000 });
  await store.commit({ writes: changeDeliveryWrites(row(1), last) });
  t.strictSame(await order(store), [9, 2, 3, 1]);
  t.strictSame(await measureQueue(store, 'H40', 10), { count: 4, oldestAtMs: 1000 });

  const delayed = row(1, { putLastAtMs: 50_000, nextAttemptAtMs: 60_000 });
  await store.commit({ writes: changeDeliveryWrites(last, delayed) });
  t.strictSame(await order(store), [9, 2, 3]);
  t.match(await delayedFor(store, 'H40', 10), [
    { delivery: { rank: 4, orderMs: 50_000 }, notBeforeMs: 60_000 },
  ]);
  t.strictSame(await measureQueue(store, 'H40', 10), { count: 4, oldestAtMs: 1000 });

  await store.commit({ writes: changeDeliveryWrites(delayed, last) });
  t.strictSame(await order(store), [9, 2, 3, 1], 'back in its place');
  await store.commit({ writes: changeDeliveryWrites(last, row(1, { putLastAtMs: 50_000, state: 3 })) });
  t.strictSame(await measureQueue(store, 'H40', 10), { count: 3, oldestAtMs: 2000 });
});

t.test('what waits for its own time counts, and says since when', async (t) => {
  const store = new MemoryEngine();
  await store.commit({ writes: newDeliveryWrites(row(7)) });
  await store.commit({ writes: changeDeliveryWrites(row(7), row(7, { nextAttemptAtMs: 90_000 })) });
  t.strictSame(await measureQueue(store, 'H40', 10), { count: 1, oldestAtMs: 7000 });
  t.strictSame(await seatsWithQueue(store), ['H40']);
  t.strictSame(await measureQueue(store, 'H51', 10), { count: 0, oldestAtMs: undefined });
});
