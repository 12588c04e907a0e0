/**
 * One agency's limits, each met by a peer whose every byte the test makes: what is beyond is put off with `quota` and a
 * time, another agency isn't touched, statuses and recalls get through, a restart forgets nothing, and it is told.
 */
import t, { type Test } from 'tap';
import type { AgencyLimits } from '../../node/core/agency-limits.ts';
import { sha256 } from '../../node/core/bytes.ts';
import { LienthongError } from '../../node/core/errors.ts';
import { Quotas } from '../../node/exchange/quotas.ts';
import { deliveriesOf } from '../../node/store/deliveries.ts';
import { MemoryEngine } from '../../node/store/memory-engine.ts';
import { blobRequest, blobResponse, offerFrame, outcomeFrame } from '../../proto/messages.ts';
import { TestFederation } from './federation.ts';
import { HandMadePeer, newExchangeId } from './hand-made-peer.ts';
import { ManualClock } from './manual-clock.ts';

const DAY_MS = 86_400_000;

async function world(t: Test, quota: Partial<AgencyLimits>, room?: () => Promise<void>) {
  const H40 = { quota, ...(room && { room }) };
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51'], { H40 });
  const receiver = federation.node('H40');
  const peer = new HandMadePeer(federation, federation.node('G22'));
  const other = new HandMadePeer(federation, federation.node('H51'));
  /** A new document of the peer's, offered once: "receipt", or the refusal's code and whether it may come again. */
  const offer = async (from = peer, change: Record<string, unknown> = {}, as?: HandMadePeer) => {
    const document = await from.document({ exchangeId: newExchangeId(), ...change }, as?.node.own.seal());
    const answer = await from.offer(receiver, document, await from.dispatch(document));
    const { kind, code, retry } = answer;
    return { document, answer, said: kind === 'receipt' ? kind : `${code} ${retry}` };
  };
  const limited = () => receiver.exchange.limited();
  return { federation, receiver, peer, other, offer, limited };
}

t.test('documents a day: put off until tomorrow, told, kept over a restart', async (t) => {
  const { federation, receiver, other, offer, limited } = await world(t, { documentsPerDay: 2 });
  const first = await offer();
  t.equal(first.said, 'receipt');
  t.equal((await offer()).said, 'receipt');
  const third = await offer();
  t.equal(third.said, 'quota later');
  t.match(third.answer.content, { text: 'documentsPerDay' });
  const untilMs = Date.parse('2026-01-16T00:00:00+07:00');
  t.equal(third.answer.retryAfterMs, untilMs - federation.clock.nowMs(), 'to the end of the day in Viet Nam');
  t.match(limited(), [{ agency: 'G22', limit: 'documentsPerDay', most: 2, refused: 1, untilMs }]);
  t.match(receiver.reported('agency.limited'), [{ agency: 'G22', limit: 'documentsPerDay', most: 2 }]);
  t.same(receiver.reported('offer.refused'), [], 'one line, however often it comes');
  t.equal((await offer(other)).said, 'receipt', 'another agency has its own');

  await receiver.reopen();
  t.equal((await offer()).said, 'quota later', 'a restart forgets nothing');
  federation.clock.advance(DAY_MS);
  t.same(limited(), [], 'the day is over');
  t.equal((await offer()).said, 'receipt');
});

t.test('documents that race for the last place don’t pass together', async (t) => {
  const { offer } = await world(t, { documentsPerDay: 2 });
  const said = await Promise.all(Array.from({ length: 8 }, () => offer()));
  t.equal(said.filter(({ said }) => said === 'receipt').length, 2);
});

t.test('what isn’t taken isn’t counted, a repeat gets its receipt whatever was used', async (t) => {
  const { receiver, peer, other, offer } = await world(t, { documentsPerDay: 1 });
  t.equal((await offer(peer, {}, other)).said, 'seal-scope later', 'sealed by another agency');
  const document = await peer.document();
  const dispatch = await peer.dispatch(document);
  t.equal((await peer.offer(receiver, document, dispatch)).kind, 'receipt');
  t.equal((await offer()).said, 'quota later');
  t.equal((await peer.offer(receiver, document, dispatch)).kind, 'receipt', 'the same again');
});

t.test('bytes a day count what is announced, before a byte is pulled', async (t) => {
  const { federation, peer, offer, limited } = await world(t, { bytesPerDay: 1_000_000 });
  const large = { attachments: [peer.attachment({ size: 900_000_000 })] };
  t.equal((await offer(peer, large)).said, 'quota later');
  t.match(limited(), [{ limit: 'bytesPerDay' }]);
  t.notOk(federation.opened.some((one) => one.includes('blob')));
  t.equal((await offer()).said, 'receipt');
});

t.test('recalls and statuses come in when documents of their agency don’t', async (t) => {
  const { receiver, peer, offer } = await world(t, { documentsPerDay: 1, verificationsPerSecond: 2 });
  const { document, said } = await offer();
  t.equal(said, 'receipt');
  for (let i = 0; i < 30; i++) t.equal((await offer()).said, 'quota later');
  t.equal(await peer.say(receiver, await peer.status(document)), 'stored');
  t.match(await receiver.only('inbox'), { status: '15', deliveries: [{ recall: 'agreed' }] });
});

t.test('statuses a day', async (t) => {
  const { receiver, peer, offer, limited } = await world(t, { statusesPerDay: 1 });
  const [one, two] = [await offer(), await offer()];
  t.equal(await peer.say(receiver, await peer.status(one.document)), 'stored');
  const second = await peer.status(two.document);
  t.equal(await peer.say(receiver, second), 'quota later');
  t.match(limited(), [{ agency: 'G22', limit: 'statusesPerDay' }]);
  await receiver.reopen();
  t.equal(await peer.say(receiver, second), 'quota later', 'a restart forgets nothing');
  t.equal(await peer.say(receiver, await peer.status(one.document)), 'stored', 'the one that is here');
});

t.test('faulty offers a day: beyond, nothing more is kept, and who sends them waits', async (t) => {
  const { receiver, peer, offer, limited } = await world(t, { refusalsPerDay: 2 });
  const faulty = { classification: 2 };
  t.equal((await offer(undefined, faulty)).said, 'classified never');
  t.equal((await offer(undefined, faulty)).said, 'classified never');
  const before = receiver.audit.head().size;
  const document = await peer.document({ exchangeId: newExchangeId(), ...faulty });
  const { frames, served } = peer.stream(receiver, 'delivery');
  const dispatches = [await peer.dispatch(document)];
  await frames.write(offerFrame.encode({ sequence: 1, dispatches, document, inlineBlobs: [] } as never));
  const [outcome] = outcomeFrame.parse((await frames.read())!).outcomes;
  await frames.close();
  await served;
  t.ok(outcome!.busy!.retryAfterMs! > 3_600_000, 'until tomorrow');
  t.equal(receiver.audit.head().size, before, 'nothing was written');
  t.match(limited(), [{ limit: 'refusalsPerDay' }]);
  t.equal((await offer()).said, 'receipt', 'a sound one comes in all the same');
});

t.test('verifications: a flood is put off unverified, statuses have a share of their own', async (t) => {
  const { federation, receiver, peer, other, offer, limited } = await world(t, {
    verificationsPerSecond: 4,
  });
  // forty saved up, four of them for statuses; a document costs two
  const said: string[] = [];
  const sent: Uint8Array[] = [];
  for (let i = 0; i < 20; i++) {
    const one = await offer();
    said.push(one.said);
    if (one.said === 'receipt') sent.push(one.document);
  }
  t.same(said, [...Array(18).fill('receipt'), 'quota later', 'quota later']);
  const flooded = await offer(peer, {}, other);
  t.equal(flooded.said, 'quota later', 'whose seal it bears isn’t even looked at');
  t.match(flooded.answer, { content: { text: 'verificationsPerSecond' }, retryAfterMs: 1000 });
  t.match(limited(), [{ agency: 'G22', limit: 'verificationsPerSecond', refused: 3, untilMs: undefined }]);
  t.equal((await offer(other)).said, 'receipt');
  t.equal(await peer.say(receiver, await peer.status(sent[0]!)), 'stored', 'a recall comes through');
  federation.clock.advance(1000);
  t.equal((await offer()).said, 'receipt', 'a second later there is room for two');
  t.equal((await offer()).said, 'quota later');
  federation.clock.advance(61_000);
  t.same(limited(), [], 'nobody is held back any more');
});

t.test('pulls: a reader that opens files without end is told later, and may go on', async (t) => {
  const { federation, receiver, other } = await world(t, { pullsPerSecond: 1 });
  const bytes = new Uint8Array(1000);
  const { id, documentHash } = await receiver.exchange.submit(
    federation.submission({ to: ['H51'], attachments: [{ name: 'a.bin', bytes }] }),
  );
  await federation.settled('H40', id);
  federation.clock.advance(60_000);
  let sequence = 0;
  const [row] = await deliveriesOf(receiver.store, Buffer.from(documentHash, 'hex'));
  const { dispatchId } = row!;
  const open = async () => {
    const { frames, served } = other.stream(receiver, 'blob');
    const ask = { sequence: ++sequence, dispatchId, sha256: sha256(bytes), hashesFrom: 0 };
    await frames.write(blobRequest.encode(ask as never));
    const { hashes, refused } = blobResponse.parse((await frames.read())!);
    await frames.close();
    await served;
    return hashes ? 'given' : refused?.later ? 'later' : 'refused';
  };
  const said: string[] = [];
  for (let i = 0; i < 12; i++) said.push(await open());
  t.same(said, [...Array(10).fill('given'), 'later', 'later'], 'ten seconds’ worth were saved up');
  t.match(receiver.exchange.limited(), [{ agency: 'H51', limit: 'pullsPerSecond', refused: 2 }]);
  federation.clock.advance(1000);
  t.equal(await open(), 'given');
});

t.test('a disk without room for documents takes statuses, and documents again by itself', async (t) => {
  let isFull = false;
  const { federation, receiver, peer, offer } = await world(t, {}, async () => {
    if (isFull) throw new LienthongError('disk-full', { where: 'database' });
  });
  const { document } = await offer();
  isFull = true;
  t.equal((await offer()).said, 'disk-full later');
  await t.rejects(receiver.exchange.submit(federation.submission({ to: ['H51'] })), { code: 'disk-full' });
  t.equal((await receiver.exchange.list({ box: 'outbox' })).items.length, 0);
  const { id } = await receiver.only('inbox');
  await receiver.exchange.say(id, { code: '03' });
  t.equal(await peer.say(receiver, await peer.status(document)), 'stored');
  isFull = false;
  t.equal((await offer()).said, 'receipt');
  await receiver.exchange.submit(federation.submission({ to: ['H51'] }));
});

t.test('a receiver’s word makes nobody wait for more than an hour, nor spin', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40'], {
    H40: { quota: { documentsPerDay: 1 } },
  });
  const sender = federation.node('G22');
  const first = await sender.exchange.submit(federation.submission());
  await federation.settled('G22', first.id, 'delivered', 0);
  const { id } = await sender.exchange.submit(federation.submission());
  const attempts = async () => (await sender.exchange.show(id)).deliveries[0]!.attempts;
  await federation.until('it was put off', async () => (await attempts()) === 1, 0);
  federation.clock.advance(3_599_000);
  t.equal(await attempts(), 1);
  await federation.until('it was tried again', async () => (await attempts()) === 2, 100);
});

t.test('counts reach the disk with what is kept, a thousandth of a limit at a time', async (t) => {
  const store = new MemoryEngine();
  const clock = new ManualClock(Date.UTC(2026, 0, 15));
  const components = { store, clock, report: () => {} };
  const limits = { documentsPerDay: 5000 };
  const quotas = new Quotas(components, limits);
  let rows = 0;
  for (let i = 0; i < 100; i++) {
    quotas.countDocument('H40', 10);
    const writes = quotas.writes('H40');
    rows += writes.length;
    await store.commit({ writes });
  }
  t.equal(rows, 20);
  const after = new Quotas(components, { documentsPerDay: 101 });
  await after.load();
  after.countDocument('H40', 0);
  t.throws(() => after.countDocument('H40', 0), { code: 'quota' });
  clock.advance(DAY_MS);
  after.countDocument('H40', 0);
});
