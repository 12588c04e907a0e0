import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { LocalClient } from '../../../node/cli/local-client.ts';
import { systemClock } from '../../../node/core/clock.ts';
import { LienthongError } from '../../../node/core/errors.ts';
import { openNodeDoor } from '../../../node/gateway/http/door.ts';
import { temporaryFolder } from '../../helpers/command-line.ts';
import { MemoryNode, sha256Hex } from '../../helpers/memory-node.ts';
import { caller } from '../../helpers/socket-caller.ts';

const OCTETS = { 'content-type': 'application/octet-stream' };

/** A busy machine makes a caller stand still for longer than a test would wait for one that does so on purpose. */
async function open(t: Test, node = new MemoryNode(), callerIdleMs = 20_000) {
  const door = await openNodeDoor(node, { folder: await temporaryFolder(t), callerIdleMs });
  t.teardown(() => door.close());
  return { node, door, ...caller(door.path) };
}

t.test('a file is taken in and used by its lease', async (t) => {
  const { call, node } = await open(t);
  const bytes = Buffer.alloc(3_000_000, 'liên thông');
  const stored = await call('POST', '/v1/blobs', { raw: bytes, headers: OCTETS });
  t.match(stored, { status: 201, body: { size: bytes.length, sha256: sha256Hex(bytes) } });
  const { lease, sha256 } = stored.body;
  const body = {
    to: ['H40'],
    type: 'a',
    number: '1',
    notation: 'b',
    subject: 'c',
    attachments: [{ name: 'x', lease, sha256 }],
  };
  t.equal((await call('POST', '/v1/documents', { body })).status, 201);
  t.equal(node.documents[0]!.files[0]!.byteLength, bytes.length);
});

t.test('an empty file, a declared size above the limit, and another type are refused', async (t) => {
  const { call, node } = await open(t);
  t.equal((await call('POST', '/v1/blobs', { headers: OCTETS })).body.error.code, 'file-empty');
  const huge = await call('POST', '/v1/blobs', {
    headers: { ...OCTETS, 'content-length': String(2 ** 33) },
  }).catch((error) => error);
  t.match(huge, { status: 413, body: { error: { code: /oversize|file-too-large/ } } });
  t.equal((await call('POST', '/v1/blobs', { raw: '{}' })).status, 400);
  t.equal(node.blobs.size, 0);
});

t.test('a caller that goes away, or stands still, leaves nothing behind', async (t) => {
  const { node, door } = await open(t, new MemoryNode(), 150);
  const start = () => {
    const outgoing = request({
      socketPath: door.path,
      method: 'POST',
      path: '/v1/blobs',
      agent: false,
      headers: { ...OCTETS, 'content-length': '1000000' },
    });
    outgoing.on('error', () => undefined);
    outgoing.write(Buffer.alloc(100_000));
    return outgoing;
  };
  start().destroy();
  const still = start();
  await new Promise((resolve) => still.once('close', resolve));
  while (node.uploadsBroken < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal(node.blobs.size, 0);
});

t.test('a slow store slows the caller down: memory stays flat', async (t) => {
  const node = new MemoryNode();
  let seen = 0;
  let release: () => void = () => undefined;
  const mayRead = new Promise<void>((resolve) => {
    release = resolve;
  });
  node.storeBlob = async (source) => {
    await mayRead;
    for await (const piece of source) seen += piece.byteLength;
    return { sha256: '0'.repeat(64), size: seen, lease: 'x' };
  };
  const { door } = await open(t, node);
  const total = 64 * 1024 * 1024;
  const outgoing = request({
    socketPath: door.path,
    method: 'POST',
    path: '/v1/blobs',
    agent: false,
    headers: { ...OCTETS, 'content-length': String(total) },
  });
  const answered = once(outgoing, 'response');
  const piece = Buffer.alloc(1024 * 1024);
  let written = 0;
  const fill = () => {
    while (written < total) {
      written += piece.byteLength;
      if (!outgoing.write(piece)) return;
    }
    outgoing.end();
  };
  outgoing.on('drain', fill);
  fill();
  while (written === 0) await new Promise(setImmediate);
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  t.ok(written < 8 * 1024 * 1024, `${written} bytes were taken while the store waited`);
  release();
  const [answer] = await answered;
  t.equal(answer.statusCode, 201);
  t.equal(seen, total);
  answer.resume();
});

t.test('a file refused while it still comes gets its reason, whenever that is', async (t) => {
  const node = new MemoryNode();
  const { door } = await open(t, node);
  const signal = new AbortController().signal;
  const start = { socketPath: door.path, dir: '/x', startCommand: 'x', clock: systemClock, signal };
  const total = 32 * 1024 * 1024;
  for (const taken of [0, 1, 1024 * 1024, 8 * 1024 * 1024]) {
    node.storeBlob = async (source) => {
      let bytes = 0;
      if (taken > 0)
        for await (const piece of source) {
          bytes += piece.byteLength;
          if (bytes >= taken) break;
        }
      throw new LienthongError('disk-full', { where: 'blobs' });
    };
    for (let round = 0; round < 5; round++) {
      const source = (async function* () {
        const piece = Buffer.alloc(256 * 1024);
        for (let sent = 0; sent < total; sent += piece.byteLength) yield piece;
      })();
      await t.rejects(
        new LocalClient(start).upload('/v1/blobs', source, total),
        { code: 'disk-full' },
        `${taken}`,
      );
    }
  }
});

t.test('a caller that writes all of it before it reads finds the answer too', async (t) => {
  const node = new MemoryNode();
  node.storeBlob = async (source) => {
    for await (const _ of source) break;
    throw new LienthongError('disk-full', { where: 'blobs' });
  };
  const { door } = await open(t, node);
  const total = 16 * 1024 * 1024;
  const socket = connect(door.path);
  const failed: unknown[] = [];
  socket.on('error', (error) => failed.push(error));
  const head = ['POST /v1/blobs HTTP/1.1', 'Host: x', `Content-Type: ${OCTETS['content-type']}`];
  socket.write(`${[...head, `Content-Length: ${total}`].join('\r\n')}\r\n\r\n`);
  const piece = Buffer.alloc(256 * 1024);
  for (let sent = 0; sent < total && failed.length === 0; sent += piece.byteLength)
    if (!socket.write(piece))
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
  t.strictSame(failed, [], 'the connection stays open for all of it');
  const [answer] = await once(socket, 'data');
  t.match(String(answer), /^HTTP\/1\.1 507 .*disk-full/s);
  socket.destroy();
});

t.test('a lease is given back', async (t) => {
  const node = new MemoryNode();
  const released: string[] = [];
  Object.assign(node, { releaseBlob: async (lease: string) => void released.push(lease) });
  const { call } = await open(t, node);
  t.equal((await call('DELETE', '/v1/blobs/abc-1')).status, 204);
  t.same(released, ['abc-1']);
});

t.test('a caller that goes away after its last octet leaves nothing behind', async (t) => {
  const { node, door, call } = await open(t);
  const taken = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<void>();
  const { storeBlob } = node;
  node.storeBlob = async (source, options) => {
    const stored = await storeBlob.call(node, source, options);
    taken.resolve();
    await mayAnswer.promise;
    return stored;
  };
  const released = Promise.withResolvers<string>();
  Object.assign(node, { releaseBlob: async (lease: string) => released.resolve(lease) });
  const outgoing = request({ socketPath: door.path, method: 'POST', path: '/v1/blobs', headers: OCTETS });
  outgoing.on('error', () => undefined);
  outgoing.end(Buffer.alloc(100_000));
  await taken.promise;
  outgoing.destroy();
  await new Promise((resolve) => outgoing.once('close', resolve));
  // what came later is answered: the door has seen it
  for (let times = 0; times < 3; times++) await call('GET', '/v1/status');
  mayAnswer.resolve();
  t.ok(await released.promise);
});
