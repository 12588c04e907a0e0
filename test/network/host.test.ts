import { fork } from 'node:child_process';
import { createServer } from 'node:net';
import type { Stream } from '@libp2p/interface';
import t from 'tap';
import { systemClock } from '../../node/core/clock.ts';
import { LienthongError } from '../../node/core/errors.ts';
import { withPeer } from '../../node/network/addresses.ts';
import { Host } from '../../node/network/host.ts';
import { peerIdOfKey } from '../../node/network/peer-id.ts';
import { PROTOCOLS, type Purpose } from '../../node/network/protocols.ts';
import { ManualClock } from '../exchange/manual-clock.ts';
import {
  dialAddresses,
  newKey,
  startHost,
  type TestHost,
  TestPolicy,
  testHello,
  until,
} from './network-helpers.ts';
import { RawPeer, soon } from './raw-peer.ts';

t.test('a host listens on a free port and says which', async (t) => {
  const { host } = await startHost(t);
  t.match(host.addresses(), [/^\/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d+$/]);
  t.same(host.announced(), host.addresses());
});

t.test('a configured announcement replaces the listening addresses', async (t) => {
  const { host } = await startHost(t, { announce: ['/dns4/node.example.vn/tcp/4001'] });
  t.same(host.announced(), ['/dns4/node.example.vn/tcp/4001']);
});

t.test('an address that is not one is refused before anything starts', async (t) => {
  const options = { privateKey: newKey(), policy: new TestPolicy(), clock: systemClock };
  t.throws(() => new Host({ ...options, listen: ['127.0.0.1:4001'] }), { code: 'usage' });
  t.throws(() => new Host({ ...options, listen: [], announce: ['/ip4/0.0.0.0/tcp/1'] }), { code: 'usage' });
});

t.test('a taken port is told with its number', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const listen = [`/ip4/127.0.0.1/tcp/${port}`];
  const host = new Host({ privateKey: newKey(), listen, policy: new TestPolicy(), clock: systemClock });
  await t.rejects(host.start(), { code: 'address-in-use', details: { host: '127.0.0.1', port } });
});

t.test('an address this machine does not have is told', async (t) => {
  const listen = ['/ip4/192.0.2.1/tcp/0'];
  const host = new Host({ privateKey: newKey(), listen, policy: new TestPolicy(), clock: systemClock });
  await t.rejects(host.start(), { code: 'usage', details: { reason: 'EADDRNOTAVAIL' } });
});

t.test('an unknown peer is refused, logged, and makes the host ask for a newer head', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t);
  b.policy.otherwise = 'unknown';
  const connecting = a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
  await t.rejects(connecting, { code: 'peer-refused' });
  t.match(b.refusals[0], {
    peerId: a.host.peerId,
    direction: 'inbound',
    reason: 'unknown',
    address: /^\/ip4\/127/,
  });
  t.same(b.unknown, [a.host.peerId]);
  t.equal(b.host.connections().length, 0);
  await until('the dialler knows too', () => a.host.connections().length === 0);
});

t.test(
  'a libp2p dial that resolves is not an acceptance: expired and revoked peers get no stream',
  async (t) => {
    const b = await startHost(t);
    let served = 0;
    await b.host.handle(PROTOCOLS.delivery, async () => {
      served++;
    });
    for (const reason of ['expired', 'revoked'] as const) {
      b.policy.otherwise = reason;
      const peer = await RawPeer.start(t);
      const opening = peer
        .connect(b.host)
        .then((c) => c.newStream(PROTOCOLS.delivery.id, { signal: soon() }));
      await t.rejects(opening);
      t.match(b.refusals.at(-1), { peerId: peer.peerId, reason });
    }
    t.equal(served, 0);
    t.same(b.unknown, [], 'only unknown peers make it ask');
  },
);

t.test('nobody is dialled whom the policy refuses', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t);
  a.policy.named.set(b.host.peerId, 'revoked');
  const connecting = a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
  await t.rejects(connecting, { code: 'peer-refused', details: { reason: 'revoked' } });
  t.equal(b.refusals.length, 0, 'it never knocked');
});

t.test('whoever answers with another key is not the peer', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t);
  const expected = peerIdOfKey(newKey());
  const addresses = b.host.addresses().map((address) => withPeer(address, expected)!);
  const connecting = a.host.connect(expected, addresses, { purpose: 'exchange' });
  await t.rejects(connecting, { code: 'peer-refused', details: { reason: 'wrong-identity' } });
});

t.test('a peer that is off is unreachable; without an address too', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t);
  const addresses = dialAddresses(b.host);
  await b.host.stop();
  const dial = (to: string[]) => a.host.connect(b.host.peerId, to, { purpose: 'exchange' });
  await t.rejects(dial(addresses), { code: 'unreachable', details: { reason: 'ECONNREFUSED' } });
  await t.rejects(dial([]), { code: 'unreachable', details: { reason: 'no-address' } });
  await t.rejects(dial(['/ip4/127.0.0.1/udp/1']), { code: 'unreachable', details: { reason: 'no-address' } });
});

t.test('the second address is tried when the first is dead', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t);
  const addresses = [`/ip4/127.0.0.1/tcp/1/p2p/${b.host.peerId}`, ...dialAddresses(b.host)];
  const connection = await a.host.connect(b.host.peerId, addresses, { purpose: 'exchange' });
  t.equal(connection.state, 'accepted');
});

t.test('a peer that takes the connection and says nothing meets a deadline', async (t) => {
  const a = await startHost(t, { limits: { dialTimeoutMs: 300 } });
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  t.teardown(() => silent.close());
  const { port } = silent.address() as { port: number };
  const peer = peerIdOfKey(newKey());
  const connecting = a.host.connect(peer, [`/ip4/127.0.0.1/tcp/${port}`], { purpose: 'exchange' });
  await t.rejects(connecting, { code: 'timeout' });
});

t.test("a dial's time limit runs by the host's clock", { timeout: 15_000 }, async (t) => {
  const clock = new ManualClock(0);
  const limits = { addressDialTimeoutMs: 600_000, dialTimeoutMs: 86_400_000 };
  const a = await startHost(t, { clock, limits });
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  t.teardown(() => silent.close());
  const { port } = silent.address() as { port: number };
  const peer = peerIdOfKey(newKey());
  const dial = a.host.connect(peer, [withPeer(`/ip4/127.0.0.1/tcp/${port}`, peer)!], { purpose: 'exchange' });
  const ended = t.rejects(dial, { code: 'timeout' });
  await until('it dials', () => clock.timersMs.includes(limits.dialTimeoutMs));
  clock.advance(limits.dialTimeoutMs);
  await ended;
});

t.test('a peer that never answers Hello meets a deadline', async (t) => {
  const a = await startHost(t, { limits: { helloTimeoutMs: 200 } });
  const b = await startHost(t, { hello: { ...testHello(), answer: () => new Promise(() => {}) } });
  const connecting = a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
  await t.rejects(connecting, { code: 'timeout', details: { reason: 'no-hello' } });
});

t.test('a peer that connects and never says Hello is closed', async (t) => {
  const b = await startHost(t, { limits: { helloTimeoutMs: 100 } });
  const peer = await RawPeer.start(t);
  const connection = await peer.connect(b.host);
  await until('it is closed', () => connection.status !== 'open');
  t.match(b.refusals, [{ peerId: peer.peerId, reason: 'no-hello' }]);
});

t.test('nothing but Hello and enrolment runs before Hello', async (t) => {
  const b = await startHost(t);
  let served = 0;
  for (const protocol of [PROTOCOLS.delivery, PROTOCOLS.blob, PROTOCOLS.directory]) {
    await b.host.handle(protocol, async () => {
      served++;
    });
  }
  const peer = await RawPeer.start(t);
  const connection = await peer.connect(b.host);
  for (const protocol of [PROTOCOLS.delivery, PROTOCOLS.blob, PROTOCOLS.directory]) {
    const stream = await connection.newStream(protocol.id, { signal: soon() });
    await until(`${protocol.name} is reset`, () => stream.status !== 'open');
  }
  t.equal(served, 0);
  t.ok(b.refusals.every(({ reason }) => reason === 'no-hello') && b.refusals.length === 3);
});

t.test('a Hello answer that makes no sense is no acceptance', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t, {
    hello: { ...testHello(), answer: () => ({ purpose: 'exchange', answer: new Uint8Array(3) }) },
  });
  const connecting = a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
  await t.rejects(connecting, LienthongError);
  await until(
    'the connection is gone',
    () => a.host.connections().length + b.host.connections().length === 0,
  );
});

t.test(
  'a stream of a protocol that is not allowed is refused and logged, the connection stays',
  async (t) => {
    const a = await startHost(t);
    const b = await startHost(t);
    let served = 0;
    await b.host.handle(PROTOCOLS.delivery, async () => {
      served++;
    });
    await b.host.handle(PROTOCOLS.directory, async (stream) => {
      for await (const frame of stream) await stream.write(frame);
    });
    b.policy.named.set(a.host.peerId, 'head-only');
    const connection = await a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
    const refused = await connection.openStream(PROTOCOLS.delivery, { signal: soon() });
    await t.rejects(refused.read(), { code: 'unreachable' });
    t.match(b.refusals, [
      { peerId: a.host.peerId, reason: 'protocol-not-allowed', protocol: PROTOCOLS.delivery.id },
    ]);
    const allowed = await connection.openStream(PROTOCOLS.directory, { signal: soon() });
    await allowed.write(Uint8Array.of(1));
    t.same(await allowed.read(), Uint8Array.of(1));
    t.equal(served, 0);
  },
);

t.test('bulk runs only on bulk connections, whoever opens the stream', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t);
  await b.host.handle(PROTOCOLS.blob, async () => {});
  const connection = await a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
  await t.rejects(connection.openStream(PROTOCOLS.blob, { signal: soon() }), { code: 'peer-refused' });
  const peer = await RawPeer.start(t);
  const raw = await (await peer.connect(b.host, 'exchange')).newStream(PROTOCOLS.blob.id, { signal: soon() });
  await until('it is reset', () => raw.status === 'reset');
  t.match(b.refusals, [{ reason: 'protocol-not-allowed', protocol: PROTOCOLS.blob.id }]);
});

t.test('a protocol the peer does not speak is told as such', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t);
  const connection = await a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
  await t.rejects(connection.openStream(PROTOCOLS.delivery, { signal: soon() }), {
    code: 'version-unsupported',
  });
});

t.test('strangers may only enrol, a few at a time, and not for long', async (t) => {
  const registry = await startHost(t, { limits: { maxStrangers: 2, strangerLifetimeMs: 300 } });
  registry.policy.otherwise = 'enrol-only';
  await registry.host.handle(PROTOCOLS.enrolment, async (stream) => {
    await stream.write(await stream.require());
  });
  await registry.host.handle(PROTOCOLS.directory, async () => {});
  const strangers: TestHost[] = [];
  for (let i = 0; i < 3; i++) strangers.push(await startHost(t, { hello: undefined }));
  const enrol = async ({ host }: TestHost) => {
    const connection = await host.connect(registry.host.peerId, dialAddresses(registry.host), {
      purpose: 'enrolment',
    });
    const stream = await connection.openStream(PROTOCOLS.enrolment, { signal: soon() });
    await stream.write(Uint8Array.of(5));
    t.same(await stream.read(), Uint8Array.of(5));
    return connection;
  };
  const first = await enrol(strangers[0]!);
  await enrol(strangers[1]!);
  await t.rejects(first.openStream(PROTOCOLS.directory, { signal: soon() }), { code: 'peer-refused' });
  await t.rejects(enrol(strangers[2]!));
  t.ok(registry.refusals.some(({ reason }) => reason === 'too-many-strangers'));
  await until('strangers are sent home', () => registry.host.connections().length === 0);
  await enrol(strangers[2]!);
});

t.test('a stranger that says Hello or asks for the directory is refused', async (t) => {
  const registry = await startHost(t);
  registry.policy.otherwise = 'enrol-only';
  await registry.host.handle(PROTOCOLS.directory, async () => {});
  const peer = await RawPeer.start(t);
  await t.rejects(peer.connect(registry.host, 'exchange'));
  t.match(registry.refusals, [{ reason: 'protocol-not-allowed', protocol: PROTOCOLS.hello.id }]);
});

t.test('a peer revoked while connected is closed by recheck(), and its streams end', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t);
  await b.host.handle(PROTOCOLS.delivery, async (stream) => {
    for await (const frame of stream) await stream.write(frame);
  });
  const gone: string[] = [];
  b.host.onDisconnect((connection) => gone.push(connection.peerId));
  const connection = await a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
  const stream = await connection.openStream(PROTOCOLS.delivery, { signal: soon() });
  await stream.write(Uint8Array.of(1));
  await stream.read();
  b.host.recheck();
  t.equal(b.host.connections().length, 1, 'nothing changed, nothing closed');
  b.policy.named.set(a.host.peerId, 'revoked');
  const reading = stream.read();
  b.host.recheck();
  await t.rejects(reading, { code: 'unreachable' });
  await until('both sides closed', () => a.host.connections().length + b.host.connections().length === 0);
  t.match(b.refusals, [{ peerId: a.host.peerId, reason: 'revoked' }]);
  t.match(b.errors, [{ code: 'peer-refused' }]);
  t.same(gone, [a.host.peerId]);
});

t.test(
  'a stranger that is enrolled while connected keeps its connection; one allowed less is closed',
  async (t) => {
    const registry = await startHost(t);
    const a = await startHost(t);
    registry.policy.named.set(a.host.peerId, 'enrol-only');
    await registry.host.handle(PROTOCOLS.enrolment, async (stream) => {
      await stream.require();
      registry.policy.named.set(a.host.peerId, 'allow');
      registry.host.recheck();
      await stream.write(Uint8Array.of(7));
    });
    const dial = (purpose: Purpose) =>
      a.host.connect(registry.host.peerId, dialAddresses(registry.host), { purpose });
    const stream = await (await dial('enrolment')).openStream(PROTOCOLS.enrolment, { signal: soon() });
    await stream.write(Uint8Array.of(1));
    t.same(await stream.read(), Uint8Array.of(7));
    t.match(registry.host.connections(), [{ standing: 'allow' }]);
    t.equal((await dial('exchange')).state, 'accepted');
    registry.policy.named.set(a.host.peerId, 'head-only');
    registry.host.recheck();
    await until('all are closed', () => registry.host.connections().length === 0);
  },
);

t.test('a peer revoked while connected is closed at its next stream, recheck() or not', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t);
  await b.host.handle(PROTOCOLS.delivery, async () => {});
  const connection = await a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
  b.policy.named.set(a.host.peerId, 'revoked');
  const stream = await connection.openStream(PROTOCOLS.delivery, { signal: soon() }).catch(() => undefined);
  if (stream !== undefined) await t.rejects(stream.read());
  await until('closed', () => b.host.connections().length === 0);
});

t.test('one peer can hold only so many streams, over all its connections', async (t) => {
  const b = await startHost(t);
  await b.host.handle(PROTOCOLS.delivery, async (stream) => {
    await new Promise<void>((resolve) => stream.onClosed(resolve));
  });
  const peer = await RawPeer.start(t);
  const connections = [await peer.connect(b.host, 'exchange'), await peer.connect(b.host, 'exchange')];
  const limit = PROTOCOLS.delivery.maxInboundStreamsPerPeer;
  const streams: Stream[] = [];
  for (let i = 0; i <= limit; i++) {
    streams.push(await connections[i % 2]!.newStream(PROTOCOLS.delivery.id, { signal: soon() }));
  }
  await until('one is refused', () => streams.filter(({ status }) => status !== 'open').length === 1);
  t.match(b.refusals, [{ reason: 'too-many-streams', protocol: PROTOCOLS.delivery.id }]);
  streams[0]!.abort(new Error('done'));
  const again = async () => {
    const stream = await connections[0]!.newStream(PROTOCOLS.delivery.id, { signal: soon() });
    await until(
      'it is open, and stays so',
      () => b.host.connections().flatMap((c) => c.openStreams).length > 0,
    );
    return stream.status;
  };
  t.equal(await again(), 'open');
});

t.test('one peer can hold only so many connections', async (t) => {
  const b = await startHost(t, { limits: { maxConnectionsPerPeer: 3 } });
  const peer = await RawPeer.start(t);
  for (let i = 0; i < 5; i++) await peer.connect(b.host).catch(() => {});
  t.equal(b.host.connections(peer.peerId).length, 3);
  await until(
    'two were refused',
    () => b.refusals.filter((r) => r.reason === 'too-many-connections').length === 2,
  );
});

t.test('thirty simultaneous dials from one address all succeed', async (t) => {
  const b = await startHost(t);
  await b.host.handle(PROTOCOLS.delivery, async (stream) => {
    for await (const frame of stream) await stream.write(frame);
  });
  const hosts = await Promise.all(Array.from({ length: 30 }, () => startHost(t, { listen: [] })));
  await Promise.all(
    hosts.map(async ({ host }, i) => {
      const connection = await host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
      const stream = await connection.openStream(PROTOCOLS.delivery, { signal: soon() });
      await stream.write(Uint8Array.of(i));
      t.same(await stream.read(), Uint8Array.of(i));
    }),
  );
  t.equal(new Set(b.host.connections().map(({ peerId }) => peerId)).size, 30);
});

t.test('callers at once share one dial; a cancelled one leaves it to the others', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t);
  const cancel = new AbortController();
  const dial = (signal?: AbortSignal) =>
    a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange', signal });
  const [first, second, cancelled] = [dial(), dial(soon()), dial(cancel.signal)];
  cancel.abort(new Error('never mind'));
  await t.rejects(cancelled, { message: 'never mind' });
  t.equal((await first).id, (await second).id);
  t.equal((await dial()).id, (await first).id);
  t.equal(b.host.connections().length, 1);
});

t.test('a host that is not running says so, and may be started again', async (t) => {
  const a = await startHost(t);
  const b = await startHost(t);
  await a.host.stop();
  const dial = () => a.host.connect(b.host.peerId, dialAddresses(b.host), { purpose: 'exchange' });
  await t.rejects(dial(), { code: 'not-running' });
  t.same(a.host.addresses(), []);
  await a.host.start();
  t.equal((await dial()).state, 'accepted');
});

t.test(
  'stop() ends open streams, running handlers and every handle: the process ends by itself',
  async (t) => {
    const child = fork(new URL('./stop-child.ts', import.meta.url), {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    let stoppedAt = 0;
    child.on('message', () => {
      stoppedAt = performance.now();
      child.disconnect();
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    t.equal(code, 0);
    t.ok(stoppedAt > 0 && performance.now() - stoppedAt < 5_000, 'no deadline is left, of 10 s and more');
  },
);
