/** Circulars: recipients fetch chunks from each other, few leave the sender, and nothing depends on helpers. */
import t from 'tap';
import type { DeliveryUpdate } from '../../node/core/views.ts';
import { blobResponse, offerFrame } from '../../proto/messages.ts';
import { seeded } from '../store/seeded.ts';
import { Circulars, MIB, SENDER } from './circulars.ts';

const random = seeded(31);

t.test('a circular leaves its sender at most three times, and every recipient holds it', async (t) => {
  const circulars = await Circulars.create(t, 9);
  const bytes = random.bytes(5 * MIB + 7);
  const id = await circulars.submit(bytes);
  await circulars.settled(id);
  for (const seat of circulars.recipients) t.ok(await circulars.holds(seat, id), `${seat} holds it`);
  const times = circulars.givenBy(SENDER) / bytes.byteLength;
  t.ok(times <= 3, `left the sender ${times} times`);
  t.ok(times >= 1);
});

t.test(
  'when every chunk has left the sender once it may leave: recipients have it from each other',
  async (t) => {
    const circulars = await Circulars.create(t, 8);
    const { federation } = circulars;
    const left = new Set<number>();
    const toldWhich = new Map<string, number>();
    circulars.fault = (of) => {
      if (of.protocol !== 'blob' || of.to !== SENDER || of.toward !== 'client') return undefined;
      const { result, given, sequence } = blobResponse.parse(of.frame);
      if (result === 'given') toldWhich.set(`${of.from} ${sequence}`, given!);
      if (result !== 'chunk') return undefined;
      if (left.size === 6) return 'cut';
      left.add(toldWhich.get(`${of.from} ${sequence}`)!);
      if (left.size === 6) setImmediate(() => federation.node(SENDER).kill());
      return undefined;
    };
    const id = await circulars.submit(random.bytes(6 * MIB));
    const received = (seat: string) => circulars.reported(seat, 'document.received').length > 0;
    await federation.until('all have it', () => circulars.recipients.every(received), 20);
    t.notOk(federation.node(SENDER).isUp);
    circulars.fault = () => undefined;
    const given = circulars.givenBy(SENDER);
    await federation.node(SENDER).reopen();
    await circulars.settled(id, 200);
    for (const seat of circulars.recipients) t.ok(await circulars.holds(seat, id), `${seat} holds it`);
    t.equal(circulars.givenBy(SENDER), given, 'nothing more leaves it');
  },
);

t.test(
  'who watches a circular sees what left the sender, and at the end that every recipient has all',
  async (t) => {
    const circulars = await Circulars.create(t, 6);
    const bytes = random.bytes(5 * MIB + 7);
    const id = await circulars.submit(bytes);
    const newest = new Map<string, DeliveryUpdate>();
    const watching = (async () => {
      const { exchange } = circulars.federation.node(SENDER);
      for await (const update of exchange.watch(id, new AbortController().signal)) {
        const before = newest.get(update.to);
        if (before?.state === 'sending' && update.pulledBytes < before.pulledBytes)
          t.fail('what it has got less');
        newest.set(update.to, update);
      }
    })();
    await circulars.settled(id);
    await watching;
    for (const seat of circulars.recipients) {
      const { pulledBytes, totalBytes, givenBytes } = newest.get(seat)!;
      t.equal(pulledBytes, bytes.byteLength, `${seat} has all`);
      t.equal(totalBytes, bytes.byteLength);
      t.equal(givenBytes, circulars.givenBy(SENDER, seat), 'of which the sender gave so much');
    }
    t.ok(circulars.givenBy(SENDER) < 6 * bytes.byteLength, 'helpers gave the rest');
  },
);

t.test('recipients that cannot reach each other have it all from the sender', async (t) => {
  const circulars = await Circulars.create(t, 4);
  const bytes = random.bytes(3 * MIB);
  circulars.fault = (of) => (of.protocol === 'blob' && of.to !== SENDER ? 'cut' : undefined);
  const id = await circulars.submit(bytes);
  await circulars.settled(id, 100);
  for (const seat of circulars.recipients) t.ok(await circulars.holds(seat, id), `${seat} holds it`);
  t.equal(circulars.givenBy(SENDER), 4 * bytes.byteLength);
});

/** Every chunk of it begins with this byte. */
function marked(size: number, mark: number): Uint8Array {
  const bytes = random.bytes(size);
  for (let at = 0; at < size; at += MIB) bytes[at] = mark;
  return bytes;
}

t.test(
  'an urgent circular does not wait for a large one that stands still between the same nodes',
  async (t) => {
    const circulars = await Circulars.create(t, 4);
    const [large, urgent] = [1, 2];
    let goOn = () => {};
    const standing = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let held = 0;
    circulars.fault = ({ protocol, toward, frame }) => {
      if (protocol !== 'blob' || toward !== 'client') return undefined;
      if (blobResponse.parse(frame).chunk?.[0] !== large) return undefined;
      held++;
      return standing.then(() => [frame]);
    };
    const first = await circulars.submit(marked(12 * MIB, large));
    await circulars.federation.until('the large one goes out to all', () => held >= 4, 20);
    const second = await circulars.submit(marked(2 * MIB, urgent), { urgency: 'hoa-toc' });
    await circulars.settled(second);
    const { deliveries } = await circulars.federation.node(SENDER).exchange.show(first);
    t.ok(deliveries.every(({ state }) => state !== 'delivered'));
    goOn();
    await circulars.settled(first, 100);
  },
);

t.test(
  'helpers are named to recipients of a circular only, and only where there is much to pull',
  async (t) => {
    const circulars = await Circulars.create(t, 3);
    const named: string[][] = [];
    circulars.fault = ({ protocol, toward, frame }) => {
      if (protocol === 'delivery' && toward === 'server') named.push(offerFrame.parse(frame).helperSeats);
      return undefined;
    };
    for (const [circular, size] of [
      [false, 2 * MIB],
      [true, MIB / 2],
    ] as const) {
      await circulars.settled(await circulars.submit(random.bytes(size), { circular }));
      t.same(named.splice(0), [[], [], []]);
    }
    await circulars.settled(await circulars.submit(random.bytes(2 * MIB)));
    t.same(named.map((seats) => seats.toSorted().join(' ')).toSorted(), ['H01 H02', 'H01 H03', 'H02 H03']);
  },
);
