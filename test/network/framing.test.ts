import type { Stream } from '@libp2p/interface';
import t, { type Test } from 'tap';
import { concat } from '../../node/core/bytes.ts';
import { encodeLength } from '../../node/network/frame-decoder.ts';
import type { FrameStream } from '../../node/network/framing.ts';
import type { Host } from '../../node/network/host.ts';
import { PROTOCOLS, type Protocol } from '../../node/network/protocols.ts';
import { dialAddresses, startHost, until } from './network-helpers.ts';
import { RawPeer, soon } from './raw-peer.ts';

const MIB = 1024 * 1024;

/** Two hosts and one stream between them: ours, and the one the other host's handler got. */
async function pair(
  t: Test,
  protocol: Protocol,
): Promise<{ ours: FrameStream; theirs: FrameStream; a: Host; b: Host }> {
  const { host: a } = await startHost(t);
  const { host: b } = await startHost(t);
  const got = Promise.withResolvers<FrameStream>();
  await b.handle(protocol, async (stream) => {
    got.resolve(stream);
    await new Promise<void>((resolve) => stream.onClosed(resolve));
  });
  const connection = await a.connect(b.peerId, dialAddresses(b), {
    purpose: protocol.purposes[0]!,
    signal: soon(),
  });
  const ours = await connection.openStream(protocol, { signal: soon() });
  await ours.write(Uint8Array.of(1));
  const theirs = await got.promise;
  t.same(await theirs.read(), Uint8Array.of(1));
  return { ours, theirs, a, b };
}

/** A host whose handler reads until the end, and a raw stream to it. */
async function rawPair(
  t: Test,
  protocol: Protocol,
): Promise<{ raw: Stream; outcome: Promise<unknown>; frames: Uint8Array[] }> {
  const { host } = await startHost(t);
  const frames: Uint8Array[] = [];
  const outcome = Promise.withResolvers<unknown>();
  await host.handle(protocol, async (stream) => {
    try {
      for await (const frame of stream) frames.push(frame);
      outcome.resolve('clean end');
    } catch (error) {
      outcome.resolve(error);
    }
  });
  const peer = await RawPeer.start(t);
  return { raw: await peer.open(host, protocol), outcome: outcome.promise, frames };
}

t.test('frames of every size arrive whole and in order, both ways', async (t) => {
  const { ours, theirs } = await pair(t, PROTOCOLS.delivery);
  const sizes = [0, 1, 127, 128, 60 * 1024, 60 * 1024 + 1, 130_000, MIB, PROTOCOLS.delivery.maxFrameBytes];
  for (const [from, to] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    const received = (async () => {
      for (const size of sizes) {
        const frame = await to.require();
        t.equal(frame.byteLength, size);
        t.ok(frame.every((byte) => byte === size % 251));
      }
    })();
    for (const size of sizes) await from.write(new Uint8Array(size).fill(size % 251));
    await received;
  }
  await ours.close();
  t.equal(await theirs.read(), undefined, 'a clean end');
});

t.test('many small writes of one turn arrive in order', async (t) => {
  const { ours, theirs } = await pair(t, PROTOCOLS.delivery);
  const sent = Array.from({ length: 2000 }, (_, i) =>
    ours.write(Uint8Array.of(i & 0xff, i >> 8, ...new Array(i % 90).fill(5))),
  );
  for (let i = 0; i < 2000; i++) {
    const frame = await theirs.require();
    if (frame[0]! + frame[1]! * 256 !== i || frame.byteLength !== 2 + (i % 90)) throw new Error(`frame ${i}`);
  }
  await Promise.all(sent);
});

t.test('a handler that ends right after its last write loses nothing', async (t) => {
  const { host: a } = await startHost(t);
  const { host: b } = await startHost(t);
  await b.handle(PROTOCOLS.directory, async (stream) => {
    await stream.require();
    for (let i = 0; i < 20; i++) void stream.write(new Uint8Array(100_000).fill(i));
  });
  const connection = await a.connect(b.peerId, dialAddresses(b), { purpose: 'exchange' });
  const stream = await connection.openStream(PROTOCOLS.directory, { signal: soon() });
  await stream.write(Uint8Array.of(1));
  await stream.close();
  let count = 0;
  for await (const frame of stream) t.equal(frame[99_999], count++);
  t.equal(count, 20);
  await until('the stream is closed at both ends', () => stream.isClosed);
});

t.test('a peer may send as much as we are ready to hold before it hears from us again', async (t) => {
  for (const protocol of [PROTOCOLS.blob, PROTOCOLS.delivery, PROTOCOLS.directory]) {
    const { raw } = await rawPair(t, protocol);
    // yamux opens with 256 KiB; every message read gives its bytes back
    raw.send(concat(encodeLength(1), Uint8Array.of(1)));
    const room = () => (raw as Stream & { sendWindowCapacity: number }).sendWindowCapacity;
    await until(`a window of ${protocol.name}`, () => room() >= protocol.maxUnreadBytes);
  }
});

t.test('an oversize frame is refused at its prefix and the stream is reset', async (t) => {
  const { raw, outcome, frames } = await rawPair(t, PROTOCOLS.delivery);
  raw.send(
    concat(encodeLength(3), Uint8Array.of(1, 2, 3), encodeLength(PROTOCOLS.delivery.maxFrameBytes + 1)),
  );
  t.match(await outcome, { code: 'oversize' });
  t.equal(frames.length, 1, 'what came before it was delivered');
  await until('the sender sees a reset', () => raw.status === 'reset');
});

t.test('a prefix that never ends, or is not the shortest, is refused', async (t) => {
  for (const [bytes, code] of [
    [[0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 'oversize'],
    [[0x81, 0x00], 'malformed'],
  ] as const) {
    const { raw, outcome } = await rawPair(t, PROTOCOLS.delivery);
    raw.send(Uint8Array.from(bytes));
    t.match(await outcome, { code });
  }
});

t.test('a stream that ends inside a frame is malformed, not a clean end', async (t) => {
  for (const bytes of [Uint8Array.of(0x85), concat(encodeLength(10), new Uint8Array(9))]) {
    const { raw, outcome } = await rawPair(t, PROTOCOLS.delivery);
    raw.send(bytes);
    await raw.close();
    t.match(await outcome, { code: 'malformed', details: { reason: 'truncated-frame' } });
  }
});

t.test('a peer that writes and ends at once is read to its end', async (t) => {
  const { raw, outcome, frames } = await rawPair(t, PROTOCOLS.delivery);
  raw.send(concat(encodeLength(2), Uint8Array.of(7, 8)));
  await raw.close();
  t.equal(await outcome, 'clean end');
  t.same(
    frames.map((frame) => [...frame]),
    [[7, 8]],
  );
});

t.test('a lost connection is never a clean end', async (t) => {
  const { ours, theirs, a, b } = await pair(t, PROTOCOLS.delivery);
  const reading = theirs.read();
  a.closePeer(b.peerId, 'test');
  await t.rejects(reading, { code: 'unreachable' });
  await t.rejects(theirs.write(new Uint8Array(1)), { code: 'unreachable' });
  await t.rejects(ours.read(), { code: 'peer-refused' });
});

t.test('a peer that drips bytes of one frame meets the frame deadline', async (t) => {
  const slow = { ...PROTOCOLS.delivery, frameTimeoutMs: 150 };
  const { raw, outcome } = await rawPair(t, slow);
  raw.send(encodeLength(1000));
  const drip = setInterval(() => raw.status === 'open' && raw.send(Uint8Array.of(1)), 20);
  t.teardown(() => clearInterval(drip));
  t.match(await outcome, { code: 'timeout', details: { reason: 'unfinished-frame' } });
});

t.test('a stream without a first frame, or idle too long, times out', async (t) => {
  const slow = { ...PROTOCOLS.delivery, firstFrameTimeoutMs: 50, idleTimeoutMs: 60 };
  const { outcome } = await rawPair(t, slow);
  t.match(await outcome, { code: 'timeout', details: { timeoutMs: 50 } });
  const second = await rawPair(t, slow);
  second.raw.send(concat(encodeLength(1), Uint8Array.of(7)));
  t.match(await second.outcome, { code: 'timeout', details: { timeoutMs: 60 } });
});

t.test('a read that times out or is cancelled takes nothing', async (t) => {
  const { ours, theirs } = await pair(t, PROTOCOLS.delivery);
  await t.rejects(theirs.read({ timeoutMs: 10 }), { code: 'timeout' });
  const cancel = new AbortController();
  const cancelled = theirs.read({ signal: cancel.signal });
  cancel.abort(new Error('enough'));
  await t.rejects(cancelled, { message: 'enough' });
  await ours.write(Uint8Array.of(42));
  t.same(await theirs.read(), Uint8Array.of(42));
});

t.test('two reads at once are a mistake that is told', async (t) => {
  const { ours, theirs } = await pair(t, PROTOCOLS.delivery);
  const first = theirs.read();
  await t.rejects(theirs.read(), { code: 'internal' });
  await ours.write(Uint8Array.of(1));
  t.same(await first, Uint8Array.of(1));
});

t.test('a frame too large to send is refused and the stream goes on', async (t) => {
  const { ours, theirs } = await pair(t, PROTOCOLS.delivery);
  await t.rejects(ours.write(new Uint8Array(PROTOCOLS.delivery.maxFrameBytes + 1)), { code: 'oversize' });
  await ours.write(Uint8Array.of(3));
  t.same(await theirs.read(), Uint8Array.of(3));
});

t.test(
  'a reader that does not read holds the writer back: both sides stay bounded, then all arrives',
  async (t) => {
    const { ours, theirs } = await pair(t, PROTOCOLS.blob);
    const total = 64;
    let written = 0;
    const writing = (async () => {
      for (let i = 0; i < total; i++) {
        await ours.write(new Uint8Array(MIB).fill(i));
        written++;
      }
    })();
    let last = -1;
    await until('the writer stands still', () => {
      const still = written === last && written > 0;
      last = written;
      return still && theirs.unreadBytes >= PROTOCOLS.blob.maxUnreadBytes;
    });
    t.ok(written < 24, `${written} MiB taken, not ${total}`);
    t.ok(theirs.unreadBytes <= PROTOCOLS.blob.maxUnreadBytes + 6 * MIB, `${theirs.unreadBytes} bytes unread`);
    t.ok(ours.unwrittenBytes <= 4 * MIB, `${ours.unwrittenBytes} bytes unwritten`);
    for (let i = 0; i < total; i++) {
      const frame = await theirs.require();
      if (frame[0] !== i || frame[MIB - 1] !== i) throw new Error(`frame ${i}`);
    }
    await writing;
    t.equal(written, total);
  },
);

t.test('writes nobody waits for are refused at the limit, and the stream survives', async (t) => {
  const { ours, theirs } = await pair(t, PROTOCOLS.blob);
  const results = Promise.allSettled(
    Array.from({ length: 40 }, (_, i) => ours.write(new Uint8Array(MIB).fill(i))),
  );
  const refused = (await drain(theirs, results)).filter(({ status }) => status === 'rejected');
  t.ok(refused.length > 0);
  for (const result of refused) t.match(result, { reason: { code: 'too-many-waiting' } });
  t.ok(refused.length < 40);
  await ours.write(Uint8Array.of(99));
  for (let frame = await theirs.require(); frame[0] !== 99; ) frame = await theirs.require();
});

/** Reads until the writes are settled. */
async function drain<T>(stream: FrameStream, writes: Promise<T>): Promise<T> {
  let settled = false;
  void writes.then(() => {
    settled = true;
  });
  while (!settled) await stream.read({ timeoutMs: 20 }).catch(() => undefined);
  return writes;
}

t.test('a peer that never reads meets the write deadline', async (t) => {
  const { ours } = await pair(t, PROTOCOLS.blob);
  const writing = (async () => {
    for (let i = 0; i < 64; i++) await ours.write(new Uint8Array(MIB), { timeoutMs: 200 });
  })();
  await t.rejects(writing, { code: 'timeout', details: { reason: 'peer-does-not-read' } });
  t.ok(ours.isClosed);
});

t.test('close() waits for what was written', async (t) => {
  const { ours, theirs } = await pair(t, PROTOCOLS.blob);
  for (let i = 0; i < 6; i++) void ours.write(new Uint8Array(MIB).fill(i));
  const closing = ours.close();
  for (let i = 0; i < 6; i++) t.equal((await theirs.require())[5], i);
  t.equal(await theirs.read(), undefined);
  await closing;
});
