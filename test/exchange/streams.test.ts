/** Hostile and unlucky streams at the receiving end: bounded, ended, reported, and harmful to nobody else. */
import t from 'tap';
import { blobRequest, offerFrame, outcomeFrame } from '../../proto/messages.ts';
import { seeded } from '../store/seeded.ts';
import { unitEntry } from './authority.ts';
import { TestFederation } from './federation.ts';
import { HandMadePeer, hash } from './hand-made-peer.ts';

const MIB = 1024 * 1024;

t.test('bytes that are no frame of the protocol end the stream, and are reported', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const peer = new HandMadePeer(federation, federation.node('G22'));
  const to = federation.node('H40');
  const random = seeded();
  const offers: Uint8Array[] = [
    new Uint8Array(0),
    hash('x'),
    random.bytes(1000),
    offerFrame.encode({ sequence: 1 }),
    outcomeFrame.encode({ sequence: 1 }),
    offerFrame.encode({ sequence: 1, dispatches: [hash('x')] }).subarray(0, 10),
  ];
  for (const [i, bytes] of offers.entries()) {
    const { frames, served } = peer.stream(to, 'delivery');
    await frames.write(bytes);
    await t.rejects(frames.read(), `offer ${i}`);
    await served;
    const blob = peer.stream(to, 'blob');
    await blob.frames.write(bytes);
    await t.rejects(blob.frames.read(), `blob ${i}`);
    await blob.served;
  }
  t.ok(to.reported('stream.broken').length >= offers.length * 2);
  const { id } = await federation.node('G22').exchange.submit(federation.submission());
  await federation.settled('G22', id);
});

t.test(
  'a stream that ends before its answer leaves the work finished, and the answer for the next',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const peer = new HandMadePeer(federation, federation.node('G22'));
    const to = federation.node('H40');
    const document = await peer.document();
    const dispatch = await peer.dispatch(document);
    const { frames, served } = peer.stream(to, 'delivery');
    await frames.write(offerFrame.encode({ sequence: 1, dispatches: [dispatch], document, inlineBlobs: [] }));
    frames.abort(new Error('gone'));
    await served;
    t.equal((await peer.offer(to, document, dispatch)).kind, 'receipt');
  },
);

t.test('several dispatches in one offer get an outcome each, in their places', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  await federation.authority.publish({ entries: [unitEntry('H40.02')] });
  const peer = new HandMadePeer(federation, federation.node('G22'));
  const document = await peer.document();
  const dispatches = [
    await peer.dispatch(document, { unit: 'H40.02' }),
    await peer.dispatch(document, { unit: 'H40.99' }),
    await peer.dispatch(document),
    await peer.dispatch(document),
  ];
  const { frames, served } = peer.stream(federation.node('H40'), 'delivery');
  const inlineBlobs = [new TextEncoder().encode('Điều 1.')];
  await frames.write(offerFrame.encode({ sequence: 9, dispatches, document, inlineBlobs }));
  const { sequence, outcomes } = outcomeFrame.parse((await frames.read())!);
  t.equal(sequence, 9);
  t.same(
    outcomes.map(({ index }) => index ?? 0),
    [0, 1, 2, 3],
  );
  t.same(
    outcomes.map((outcome) => peer.read(outcome).kind),
    ['receipt', 'refusal', 'receipt', 'receipt'],
  );
  t.same(outcomes[2]!.receipt, outcomes[3]!.receipt, 'two dispatches of one delivery have one receipt');
  await frames.close();
  await served;
});

t.test('an offer repeated on a new stream outlives the stream that brought it first', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const peer = new HandMadePeer(federation, federation.node('G22'));
  const to = federation.node('H40');
  // a real file at the sender, so that the receiver has something to pull
  const bytes = seeded(5).bytes(3 * MIB);
  const { exchange } = federation.node('G22');
  const { lease, sha256 } = await exchange.storeBlob(
    (async function* () {
      yield bytes;
    })(),
  );
  federation.unreachable.add('H40');
  const { id } = await exchange.submit(
    federation.submission({ attachments: [{ name: 'a.bin', lease, sha256 }] }),
  );
  const { deliveriesOf } = await import('../../node/store/deliveries.ts');
  const { getDocument } = await import('../../node/store/documents.ts');
  const documentId = new Uint8Array(Buffer.from((await exchange.show(id)).documentHash, 'hex'));
  const document = (await getDocument(federation.node('G22').store, documentId))!.envelope;
  const { dispatch } = (await deliveriesOf(federation.node('G22').store, documentId))[0]!;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isPulling = false;
  federation.fault = async ({ protocol, toward, frame }) => {
    if (protocol === 'blob' && toward === 'server' && blobRequest.parse(frame).want === 'chunk') {
      isPulling = true;
      await held;
    }
    return [frame];
  };
  const first = peer.stream(to, 'delivery');
  await first.frames.write(offerFrame.encode({ sequence: 1, dispatches: [dispatch], document }));
  await federation.until('it is being pulled', () => isPulling, 0);
  const second = peer.offer(to, document, dispatch, { inlineBlobs: [] });
  first.frames.abort(new Error('the first stream is gone'));
  release();
  t.equal((await second).kind, 'receipt', 'the second gets its outcome');
  await first.served;
});

t.test('a stream that is read slowly holds no more than its window', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const peer = new HandMadePeer(federation, federation.node('G22'));
  const { frames, served } = peer.stream(federation.node('H40'), 'delivery');
  let written = 0;
  const document = await peer.document();
  const dispatch = await peer.dispatch(document, { unit: 'H40.99' });
  const writing = (async () => {
    for (let sequence = 1; sequence <= 2000; sequence++) {
      await frames.write(offerFrame.encode({ sequence, dispatches: [dispatch], document }));
      written = sequence;
    }
  })().catch(() => {});
  let before = -1;
  // until nothing moves any more: what was taken in is answered into a pipe nobody reads
  await federation.until(
    'the sender feels it',
    () => {
      const stands = written === before;
      before = written;
      return stands && written > 0;
    },
    0,
  );
  t.ok(written < 1000, `${written} of 2000 offers were taken before it stopped reading`);
  let read = 0;
  while (read < 2000) {
    const frame = await frames.read();
    if (frame === undefined) break;
    read++;
  }
  t.equal(read, 2000, 'and all are answered once it is read');
  await writing;
  await frames.close();
  await served;
});

t.test('stopping ends what is in flight, and takes nothing new', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { exchange } = federation.node('G22');
  federation.fault = ({ protocol, toward }) =>
    protocol === 'delivery' && toward === 'client' ? [] : undefined;
  const { id } = await exchange.submit(federation.submission());
  await federation.until(
    'it arrived',
    async () => (await federation.node('H40').exchange.list({ box: 'inbox' })).items.length === 1,
    0,
  );
  await exchange.stopSending();
  t.match((await exchange.show(id)).deliveries[0], { state: 'queued' }, 'in doubt, to be offered again');
  federation.fault = () => undefined;
  await federation.node('G22').reopen();
  await federation.settled('G22', id);
  await federation.node('H40').only('inbox');
});
