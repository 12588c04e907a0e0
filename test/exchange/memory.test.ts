/**
 * What a sender holds in memory doesn't grow with the length of its queue, nor with the number of recipients: 12,000 rows
 * queued for one seat, statuses that wait, and circulars to 94 units, one after another.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { DeliveryEvents } from '../../node/exchange/delivery-events.ts';
import { StatusCarrier } from '../../node/exchange/status-carrier.ts';
import { heldWrite } from '../../node/store/statuses.ts';
import { unitEntry } from './authority.ts';
import { TestFederation } from './federation.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use by JavaScript and its buffers, nothing left to collect. */
async function heldBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise(setImmediate);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

t.setTimeout(180_000);

const MIB = 1024 ** 2;
const UNITS = Array.from({ length: 2000 }, (_, i) => `H40.${String(1000 + i)}`);

t.test('12,000 deliveries queued for a seat that returns', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  await federation.authority.publish({ entries: UNITS.map((code) => unitEntry(code, 'H40')) });
  federation.unreachable.add('H40');
  const sender = federation.node('G22');
  const submit = () => sender.exchange.submit(federation.submission({ to: [...UNITS] }));
  await submit();
  const short = await heldBytes();
  for (let document = 1; document < 6; document++) await submit();
  const long = await heldBytes();
  t.ok(long - short < 4 * MIB, `10,000 rows more: ${((long - short) / MIB).toFixed(1)} MiB more`);
  t.match(await sender.exchange.queues(), [{ seat: 'H40', waiting: 10_000 }], 'counted as far as it matters');

  const delivered = (atLeast: number) => () => sender.reported('delivery.delivered').length >= atLeast;
  federation.unreachable.clear();
  await federation.until('some went', delivered(300));
  const early = await heldBytes();
  await federation.until('more went', delivered(1000));
  const later = await heldBytes();
  // what is in flight at the moment counts, too
  t.ok(later - early < 16 * MIB, `700 deliveries on: ${((later - early) / MIB).toFixed(1)} MiB more`);
});

t.test('what watchers could ask for is bounded by deliveries, not by documents', async (t) => {
  const events = new DeliveryEvents();
  const units = Array.from({ length: 94 }, (_, i) => `H${i}`);
  const idOf = (n: number) => Uint8Array.from([n >> 8, n & 255]);
  const before = await heldBytes();
  for (let document = 0; document < 5000; document++) events.queued(idOf(document), units);
  const held = (await heldBytes()) - before;
  t.ok(held < 4 * MIB, `${(held / MIB).toFixed(1)} MiB for 5,000 circulars`);
  t.equal(events.latest(idOf(0)), undefined, 'of old ones the disk knows');
  t.equal(events.latest(idOf(4999))!.length, 94);
  events.queued(
    idOf(9000),
    Array.from({ length: 2000 }, (_, i) => `H${i}`),
  );
  t.equal(events.latest(idOf(9000)), undefined, 'one to 2,000 takes nobody’s place');
  t.equal(events.latest(idOf(4999))!.length, 94);
  for (let document = 4900; document < 5000; document++) events.forget(idOf(document));
  events.queued(idOf(9001), ['H1']);
  t.equal(events.latest(idOf(9001))!.length, 1);
});

t.test('recalls that wait for the outcome of their document: 20,000 rest on disk alone', async (t) => {
  const federation = await TestFederation.create(t, ['G22']);
  const { store } = federation.node('G22');
  for (let batch = 0; batch < 20; batch++)
    await store.commit({
      writes: Array.from({ length: 1000 }, (_, i) =>
        heldWrite({ documentId: Buffer.alloc(32, `${batch} ${i}`), unit: 'H40' }),
      ),
    });
  const { clock } = federation;
  const told = { report: () => {}, onQueued: () => {}, onChanged: () => {} };
  const carrier = new StatusCarrier({ store, clock, ...told });
  const before = await heldBytes();
  await carrier.load();
  const more = (await heldBytes()) - before;
  t.ok(more < MIB, `${(more / MIB).toFixed(1)} MiB`);
});

t.test('circulars to 94 agencies’ units: a hundred hold no more than fifty', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const units = UNITS.slice(0, 94);
  await federation.authority.publish({ entries: units.map((code) => unitEntry(code, 'H40')) });
  const sender = federation.node('G22');
  const send = async (times: number) => {
    for (let i = 0; i < times; i++) await sender.exchange.submit(federation.submission({ to: units }));
  };
  federation.unreachable.add('H40');
  await send(50);
  const half = await heldBytes();
  await send(50);
  const last = await heldBytes();
  t.ok(last - half < 2 * MIB, `${((last - half) / MIB).toFixed(1)} MiB more`);
});
