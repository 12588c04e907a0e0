import t, { type Test } from 'tap';
import { utf8 } from '../../node/core/bytes.ts';
import { systemClock } from '../../node/core/clock.ts';
import { FrameStream } from '../../node/network/framing.ts';
import type { Host } from '../../node/network/host.ts';
import type { PeerConnection } from '../../node/network/peer-connection.ts';
import { PROTOCOLS, type Purpose } from '../../node/network/protocols.ts';
import { dialAddresses, newKey, orderedKeys, startHost, testHello, until } from './network-helpers.ts';
import { RawPeer, soon } from './raw-peer.ts';

const echo = async (stream: FrameStream) => {
  for await (const frame of stream) await stream.write(frame);
};

/** Two hosts that serve delivery and blobs by echo; the first has the lower PeerId. */
async function lowerAndHigher(t: Test): Promise<[Host, Host]> {
  const hosts: Host[] = [];
  for (const privateKey of orderedKeys()) {
    const { host } = await startHost(t, { privateKey });
    await host.handle(PROTOCOLS.delivery, echo);
    await host.handle(PROTOCOLS.blob, echo);
    hosts.push(host);
  }
  return hosts as [Host, Host];
}

const dial = (from: Host, to: Host, purpose: Purpose = 'exchange') =>
  from.connect(to.peerId, dialAddresses(to), { purpose, signal: soon() });

const openOf = (host: Host, purpose: Purpose) =>
  host.connections().filter((connection) => connection.purpose === purpose);

const ask = async (stream: FrameStream, byte: number) => {
  await stream.write(Uint8Array.of(byte));
  return (await stream.require())[0];
};

/** Both dial each other at the same moment until that really made two connections. */
async function mutualDial(lower: Host, higher: Host, purpose: Purpose): Promise<void> {
  const dials = await Promise.all([dial(lower, higher, purpose), dial(higher, lower, purpose)]);
  for (const connection of dials) if (connection.state === 'new') throw new Error('not accepted');
}

t.test(
  'two mutual dials settle on one connection per purpose: the one dialled by the lower PeerId',
  async (t) => {
    for (let round = 0; round < 5; round++) {
      const [lower, higher] = await lowerAndHigher(t);
      await Promise.all([mutualDial(lower, higher, 'exchange'), mutualDial(lower, higher, 'bulk')]);
      for (const purpose of ['exchange', 'bulk'] as const) {
        await until(
          'one connection is left',
          () => openOf(lower, purpose).length === 1 && openOf(higher, purpose).length === 1,
        );
        const [ours] = openOf(lower, purpose);
        const [theirs] = openOf(higher, purpose);
        t.equal(lower.current(higher.peerId, purpose), ours);
        t.equal(higher.current(lower.peerId, purpose), theirs);
        t.not(ours!.direction, theirs!.direction, 'both kept the same one');
      }
    }
  },
);

t.test(
  "when both connections really exist, both sides keep the lower side's, whichever was accepted first",
  async (t) => {
    for (const late of ['lower', 'higher'] as const) {
      const gate = Promise.withResolvers<void>();
      const held = { ...testHello(), compose: async () => gate.promise.then(() => utf8('exchange')) };
      const [lowerKey, higherKey] = orderedKeys();
      const { host: lower } = await startHost(t, {
        privateKey: lowerKey,
        ...(late === 'lower' && { hello: held }),
      });
      const { host: higher } = await startHost(t, {
        privateKey: higherKey,
        ...(late === 'higher' && { hello: held }),
      });
      const [slow, fast] = late === 'lower' ? [lower, higher] : [higher, lower];
      const slowDial = dial(slow, fast);
      await until('the slow dial is open', () => fast.connections().length === 1);
      await dial(fast, slow);
      t.equal(slow.connections().length, 2, 'two connections');
      gate.resolve();
      t.equal((await slowDial).direction, late === 'lower' ? 'outbound' : 'inbound');
      await until('one is left', () => lower.connections().length === 1 && higher.connections().length === 1);
      t.equal(lower.current(higher.peerId, 'exchange')?.direction, 'outbound');
      t.equal(higher.current(lower.peerId, 'exchange')?.direction, 'inbound');
    }
  },
);

t.test('a replaced connection takes no new work, finishes what is on it, then closes', async (t) => {
  const [lowerKey, higherKey] = orderedKeys();
  const { host: higher } = await startHost(t, { privateKey: higherKey });
  await higher.handle(PROTOCOLS.delivery, echo);
  const { host: lower } = await startHost(t, { privateKey: lowerKey });
  await lower.handle(PROTOCOLS.delivery, echo);
  const old = await dial(higher, lower);
  const stream = await old.openStream(PROTOCOLS.delivery, { signal: soon() });
  t.equal(await ask(stream, 1), 1);
  await lower.stop();
  await until('it is gone', () => higher.connections().length === 0);
  await lower.start();

  // the same lower key, now dialling by hand while the higher side's own dial is in use
  const mine = await dial(higher, lower);
  const busy = await mine.openStream(PROTOCOLS.delivery, { signal: soon() });
  t.equal(await ask(busy, 2), 2);
  let retired = false;
  mine.onRetired(() => {
    retired = true;
  });
  const raw = await RawPeer.start(t, lowerKey);
  await raw.connect(higher, 'exchange');
  await until(
    'the higher side keeps the other one',
    () => higher.current(lower.peerId, 'exchange')?.direction === 'inbound',
  );
  t.ok(retired);
  t.equal(mine.state, 'retired');
  await t.rejects(mine.openStream(PROTOCOLS.delivery, { signal: soon() }), { code: 'unreachable' });
  t.equal(await ask(busy, 3), 3, 'what is on it goes on');
  await busy.close();
  await until('it closes once drained', () => mine.state === 'closed');
  t.equal(higher.current(lower.peerId, 'exchange')?.state, 'accepted');
});

t.test('a replaced connection that never drains is ended at its limit', async (t) => {
  const [lowerKey, higherKey] = orderedKeys();
  const { host: higher } = await startHost(t, { privateKey: higherKey, limits: { drainTimeoutMs: 100 } });
  const { host: lower } = await startHost(t, { privateKey: lowerKey });
  await lower.handle(PROTOCOLS.delivery, echo);
  const mine = await dial(higher, lower);
  const busy = await mine.openStream(PROTOCOLS.delivery, { signal: soon() });
  t.equal(await ask(busy, 2), 2);
  const raw = await RawPeer.start(t, lowerKey);
  await raw.connect(higher, 'exchange');
  await t.rejects(busy.read(), { code: 'timeout', details: { reason: 'not-drained' } });
  t.equal(mine.state, 'closed');
});

t.test('of two connections by the same side the newest is kept', async (t) => {
  const { host } = await startHost(t);
  const raw = await RawPeer.start(t, newKey());
  await raw.connect(host, 'exchange');
  const first = host.current(raw.peerId, 'exchange');
  await raw.connect(host, 'exchange');
  const second = host.current(raw.peerId, 'exchange');
  t.ok(first && second && first !== second);
  t.equal(first!.state, 'retired');
  await until('the old one closes', () => host.connections().length === 1);
});

t.test(
  'exchange and bulk to one peer are two connections, dialled at once or one after another',
  async (t) => {
    const [a, b] = await lowerAndHigher(t);
    const [exchange, bulk] = await Promise.all([dial(a, b, 'exchange'), dial(a, b, 'bulk')]);
    t.not(exchange.id, bulk.id);
    t.equal(a.connections().length, 2);
    const delivery = await a.openStream(b.peerId, PROTOCOLS.delivery, { signal: soon() });
    const blob = await a.openStream(b.peerId, PROTOCOLS.blob, { signal: soon() });
    t.equal(await ask(delivery, 1), 1);
    t.equal(await ask(blob, 2), 2);
    t.same([exchange.openStreams, bulk.openStreams], [1, 1]);
    await bulk.close();
    await until('bulk is gone', () => a.current(b.peerId, 'bulk') === undefined);
    t.equal(await ask(delivery, 3), 3, 'the other is untouched');
    await t.rejects(a.openStream(b.peerId, PROTOCOLS.blob, { signal: soon() }), { code: 'unreachable' });
  },
);

t.test('the side that was dialled uses the same connection', async (t) => {
  const [a, b] = await lowerAndHigher(t);
  const connected: PeerConnection[] = [];
  b.onConnect((connection) => connected.push(connection));
  const connection = await dial(a, b);
  t.equal(connected[0]?.peerId, a.peerId);
  const stream = await b.openStream(a.peerId, PROTOCOLS.delivery, { signal: soon() });
  t.equal(await ask(stream, 9), 9);
  t.equal(connection.openStreams, 1);
  t.equal((await dial(b, a)).direction, 'inbound', 'no second dial');
});

t.test('what the dialled side sends before the dialler has read its answer is welcome', async (t) => {
  const slow = Promise.withResolvers<void>();
  const { host: a } = await startHost(t, { hello: { ...testHello(), answered: () => slow.promise } });
  const { host: b } = await startHost(t);
  await a.handle(PROTOCOLS.delivery, echo);
  const early = new Promise<number | undefined>((resolve, reject) => {
    b.onConnect((connection) => {
      connection
        .openStream(PROTOCOLS.delivery, { signal: soon() })
        .then((stream) => ask(stream, 4).then(resolve, reject), reject);
    });
  });
  const dialling = dial(a, b);
  await until('the stream waits', () => a.connections().length === 1);
  slow.resolve();
  await dialling;
  t.equal(await early, 4);
});

t.test('a second Hello with another purpose ends in a refusal', async (t) => {
  const { host, errors } = await startHost(t);
  const raw = await RawPeer.start(t);
  const connection = await raw.connect(host, 'exchange');
  const again = await connection.newStream(PROTOCOLS.hello.id, { signal: soon() });
  const hello = new FrameStream(again, PROTOCOLS.hello, host.peerId, systemClock);
  await hello.write(utf8('bulk'));
  await t.rejects(hello.require(), { code: 'unreachable' });
  t.match(errors, [{ code: 'malformed' }]);
  t.equal(host.current(raw.peerId, 'bulk'), undefined);
});

t.test('a bulk connection nobody uses is closed by who dialled it, one of exchange is not', async (t) => {
  const limits = { bulkIdleMs: 100 };
  const { host: from } = await startHost(t, { limits });
  const { host: to } = await startHost(t, { limits });
  for (const host of [from, to])
    for (const protocol of [PROTOCOLS.delivery, PROTOCOLS.blob]) await host.handle(protocol, echo);
  await dial(from, to);
  const bulk = await dial(from, to, 'bulk');
  const stream = await bulk.openStream(PROTOCOLS.blob, { signal: soon() });
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(await ask(stream, 7), 7, 'while a stream is open it stays');
  await stream.close();
  await until('it is gone on both sides', () =>
    [from, to].every((host) => openOf(host, 'bulk').length === 0),
  );
  t.equal(openOf(from, 'exchange').length, 1);
  const again = await dial(from, to, 'bulk');
  t.equal(await ask(await again.openStream(PROTOCOLS.blob, { signal: soon() }), 8), 8);
});
