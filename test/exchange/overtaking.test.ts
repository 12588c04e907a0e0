/** Urgent documents overtake in every queue: what is due, what is in flight, the receiver's pulls, statuses. */
import t from 'tap';
import { Flights, OVERTAKING } from '../../node/exchange/flights.ts';
import { PullLanes } from '../../node/exchange/pull-lanes.ts';
import { TestFederation } from './federation.ts';

/** Two files that don't fit into an offer together: the second one has to be pulled. */
const files = (name: string) =>
  [1, 2].map((n) => ({ name: `${name}-${n}`, bytes: new Uint8Array(50 * 1024).fill(name.length * 2 + n) }));

t.test(
  'queued behind others, an urgent document is the first to leave; then the more urgent of two',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const { exchange } = federation.node('G22');
    federation.unreachable.add('H40');
    const subjects = ['Việc thường', 'Việc thường nữa', 'Việc khẩn', 'Việc hỏa tốc'] as const;
    const urgencies = ['thuong', 'thuong', 'khan', 'hoa-toc'] as const;
    for (const [i, subject] of subjects.entries()) {
      await exchange.submit(federation.submission({ subject, urgency: urgencies[i]! }));
      federation.clock.advance(5);
    }
    const left: string[] = [];
    federation.fault = ({ protocol, toward, frame }) => {
      const subject = [...subjects].reverse().find((one) => Buffer.from(frame).includes(one));
      if (protocol === 'delivery' && toward === 'server' && subject) left.push(subject);
      return undefined;
    };
    federation.unreachable.clear();
    await federation.until('all have left', () => left.length === 4, 1000);
    t.strictSame(left, ['Việc hỏa tốc', 'Việc khẩn', 'Việc thường', 'Việc thường nữa']);
  },
);

t.test(
  'a document whose files take long does not hold up an urgent one, with files or without',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const { exchange } = federation.node('G22');
    let stalled = 0;
    let urgentBlob = false;
    federation.fault = ({ protocol, toward }) => {
      if (protocol !== 'blob' || toward !== 'client' || urgentBlob) return undefined;
      stalled++;
      return [];
    };
    const slow = await exchange.submit(federation.submission({ attachments: files('dai') }));
    await federation.until('its file is being pulled', () => stalled > 0, 10);
    const plain = await exchange.submit(federation.submission({ urgency: 'khan' }));
    await federation.settled('G22', plain.id, 'delivered', 10);
    urgentBlob = true;
    const withFile = await exchange.submit(
      federation.submission({ urgency: 'hoa-toc', attachments: files('khan-cap') }),
    );
    await federation.settled('G22', withFile.id, 'delivered', 10);
    t.match((await exchange.show(slow.id)).deliveries[0], { state: 'queued' });
    t.strictSame(
      (await federation.node('H40').exchange.list({ box: 'inbox' })).items.map(({ id }) => id),
      [withFile.id, plain.id],
    );
  },
);

const never = new AbortController().signal;

t.test(
  'more files at once than a seat is pulled from: urgent ones begin first and have places of their own',
  async (t) => {
    const lanes = new PullLanes();
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const pull = (name: string, urgency: number) =>
      lanes.run('H40', urgency, never, () => {
        begun.push(name);
        return new Promise<void>((end) => ends.set(name, end));
      });
    const pulls = [...'abcdef'].map((name) => pull(name, 1));
    const turn = () => new Promise((next) => setImmediate(next));
    await turn();
    t.strictSame(begun, ['a', 'b', 'c', 'd']);
    pulls.push(pull('khẩn', 2), pull('hỏa tốc', 4), pull('khẩn nữa', 2), pull('thượng khẩn', 3));
    await turn();
    t.strictSame(begun.slice(4), ['khẩn', 'hỏa tốc'], 'beside the four');
    ends.get('a')!();
    await turn();
    t.strictSame(begun.slice(6), ['thượng khẩn'], 'before the one that came earlier');
    ends.get('b')!();
    ends.get('c')!();
    await turn();
    t.strictSame(begun.slice(7), ['khẩn nữa'], 'then no urgent one is left, and four run still');
    for (const name of ['d', 'khẩn', 'hỏa tốc', 'thượng khẩn', 'khẩn nữa']) ends.get(name)!();
    await turn();
    t.strictSame(begun.slice(8), ['e', 'f'], 'the others as they came');
    for (const name of ['e', 'f']) ends.get(name)!();
    await Promise.all(pulls);
  },
);

t.test('a failed pull gives its place back', async (t) => {
  const lanes = new PullLanes();
  for (let i = 0; i < 10; i++)
    await t.rejects(
      lanes.run('H40', 1, never, () => Promise.reject(new Error('cut'))),
      /cut/,
    );
  t.equal(await lanes.run('H40', 1, never, async () => 'ok'), 'ok');
});

t.test(
  'a full window of less urgent ones is overtaken, one of equals is not; the whole is bounded',
  async (t) => {
    const flights = new Flights();
    const [urgent, normal] = [1, 4];
    t.ok(flights.hasRoom(1, normal));
    flights.begin('n', normal);
    t.notOk(flights.hasRoom(1, normal));
    t.ok(flights.hasRoom(1, urgent));
    flights.begin('u', urgent);
    t.notOk(flights.hasRoom(1, urgent), 'alone among its equals');
    flights.end('u');
    t.ok(flights.hasRoom(1, urgent));
    for (let i = 1; i < 256; i++) flights.begin(`n${i}`, normal);
    for (let i = 0; i < OVERTAKING; i++) {
      t.ok(flights.hasRoom(256, urgent), `${i}`);
      flights.begin(`u${i}`, urgent);
    }
    t.notOk(flights.hasRoom(256, urgent));
  },
);

t.test('a status of an urgent document goes before the others', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const [sender, receiver] = [federation.node('G22').exchange, federation.node('H40').exchange];
  const send = async (urgency: 'thuong' | 'hoa-toc') => {
    const { id } = await sender.submit(federation.submission({ urgency }));
    await federation.settled('G22', id);
    return id;
  };
  const [normal, urgent] = [await send('thuong'), await send('hoa-toc')];
  await federation.node('G22').reopen();
  federation.unreachable.add('G22');
  await receiver.say(normal, { code: '03' });
  federation.clock.advance(5);
  await receiver.say(urgent, { code: '03' });
  const order: string[] = [];
  const documents = new Map<string, string>();
  for (const id of [normal, urgent])
    documents.set((await receiver.show(id)).documentHash, id === normal ? 'normal' : 'urgent');
  federation.fault = ({ from, protocol, toward, frame }) => {
    if (from !== 'H40' || protocol !== 'delivery' || toward !== 'server') return undefined;
    for (const [hash, name] of documents)
      if (Buffer.from(frame).includes(Buffer.from(hash, 'hex'))) order.push(name);
    return undefined;
  };
  federation.unreachable.clear();
  await federation.until('both have left', () => order.length >= 2, 1000);
  t.strictSame(order.slice(0, 2), ['urgent', 'normal']);
});
