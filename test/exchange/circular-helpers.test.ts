/** A lying, a stalling and a leaving helper: what one recipient of a circular does costs the others nothing. */
import t from 'tap';
import { blobResponse } from '../../proto/messages.ts';
import { seeded } from '../store/seeded.ts';
import { Circulars, MIB, SENDER } from './circulars.ts';

const random = seeded(32);

type Frame = { from: string; to: string; protocol: string; toward: string; frame: Uint8Array };

/** Whether a frame carries a chunk from a recipient to another. */
const isHelp = (of: Frame) =>
  of.protocol === 'blob' &&
  of.toward === 'client' &&
  of.to !== SENDER &&
  Boolean(blobResponse.parse(of.frame).chunk);

/** The one that misbehaves is whoever helps first: who that will be is not settled by the test. */
class BadHelper {
  #seat = '';

  get seat(): string {
    return this.#seat;
  }

  helps(of: Frame): boolean {
    if (!isHelp(of)) return false;
    if (this.#seat === '') this.#seat = of.to;
    return of.to === this.#seat;
  }
}

t.test('a helper that gives wrong chunks is asked no more, and everybody gets the right ones', async (t) => {
  const circulars = await Circulars.create(t, 5);
  const bad = new BadHelper();
  const lies = new Map<string, number>();
  circulars.fault = (of) => {
    if (!bad.helps(of)) return undefined;
    lies.set(of.from, (lies.get(of.from) ?? 0) + 1);
    const { sequence, chunk } = blobResponse.parse(of.frame);
    return [blobResponse.encode({ sequence, chunk: random.bytes(chunk!.byteLength) })];
  };
  const id = await circulars.submit(random.bytes(6 * MIB));
  await circulars.settled(id);
  t.ok(lies.size > 0, 'it lied');
  for (const seat of circulars.recipients) t.ok(await circulars.holds(seat, id), `${seat} holds it`);
  for (const [seat, count] of lies) {
    t.ok(count <= 2, `${seat} took ${count} wrong chunks`);
    t.match(circulars.reported(seat, 'helper.dropped'), [{ seat: bad.seat, reason: /blob-mismatch/ }]);
  }
});

t.test('what a helper owes and does not give is asked of others, and it is asked no more', async (t) => {
  const circulars = await Circulars.create(t, 5);
  const bad = new BadHelper();
  const owed = new Map<string, number>();
  circulars.fault = (of) => {
    if (!bad.helps(of)) return undefined;
    owed.set(of.from, (owed.get(of.from) ?? 0) + 1);
    return [];
  };
  const bytes = random.bytes(6 * MIB);
  const id = await circulars.submit(bytes);
  await circulars.settled(id, 50);
  t.ok(owed.size > 0, 'it stalled');
  for (const seat of circulars.recipients) t.ok(await circulars.holds(seat, id), `${seat} holds it`);
  for (const [seat, count] of owed) t.ok(count <= 2, `${seat} waited for ${count} chunks`);
  t.ok(circulars.givenBy(SENDER) <= 3 * bytes.byteLength);
});

t.test('a helper that leaves costs the others nothing, and goes on where it was', async (t) => {
  const circulars = await Circulars.create(t, 5);
  const { federation } = circulars;
  const bad = new BadHelper();
  let before = 0;
  circulars.fault = (of) => {
    if (!bad.helps(of)) return undefined;
    before = circulars.given.filter(({ to }) => to === bad.seat).length;
    federation.node(bad.seat).kill();
    return 'cut';
  };
  const id = await circulars.submit(random.bytes(6 * MIB));
  await federation.until(
    'the others hold it',
    async () => {
      const { deliveries } = await federation.node(SENDER).exchange.show(id);
      return deliveries.every(({ state, to }) => state === 'delivered' || to === bad.seat);
    },
    20,
  );
  t.ok(before > 0, 'it left while it was helping');
  const others = circulars.recipients.filter((seat) => seat !== bad.seat);
  for (const seat of others) t.ok(await circulars.holds(seat, id), `${seat} holds it`);
  circulars.fault = () => undefined;
  const had = circulars.given.filter(({ to }) => to === bad.seat).length;
  await federation.node(bad.seat).reopen();
  await circulars.settled(id, 200);
  t.ok(await circulars.holds(bad.seat, id));
  const more = circulars.given.filter(({ to }) => to === bad.seat).length - had;
  t.ok(more <= 6 - before + 2, `${more} chunks came after ${before}`);
});

t.test('a helper that never ceases to tell what it holds is left, and everybody gets all', async (t) => {
  const circulars = await Circulars.create(t, 5);
  const bad = 'H01';
  circulars.fault = (of) => {
    if (of.protocol !== 'blob' || of.toward !== 'client' || of.to !== bad) return undefined;
    return blobResponse.parse(of.frame).held ? Array(100).fill(of.frame) : undefined;
  };
  const id = await circulars.submit(random.bytes(6 * MIB));
  await circulars.settled(id, 50);
  for (const seat of circulars.recipients) t.ok(await circulars.holds(seat, id), `${seat} holds it`);
  const left = circulars.recipients.flatMap((seat) => circulars.reported(seat, 'helper.dropped'));
  t.ok(left.length > 0);
  t.match(left, Array(left.length).fill({ seat: bad, reason: /malformed/ }));
});
