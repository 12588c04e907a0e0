/** Who stands still loses the connection, and only who stands still; a second caller's loss is the measure of time. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { openNodeDoor } from '../../../node/gateway/http/door.ts';
import { temporaryFolder } from '../../helpers/command-line.ts';
import { eventually } from '../../helpers/eventually.ts';
import { MemoryNode } from '../../helpers/memory-node.ts';

const EXPORT = '/v1/documents/0190aaaa/edxml';
const ATTACHMENT = '/v1/documents/0190aaaa/attachments/0';
const OCTETS = { 'content-type': 'application/octet-stream' };

async function open(t: Test) {
  const node = new MemoryNode();
  const door = await openNodeDoor(node, { folder: await temporaryFolder(t), callerIdleMs: 150 });
  t.teardown(() => door.close());
  const send = (options: RequestOptions) => request({ socketPath: door.path, agent: false, ...options });
  /** Longer than a caller may stand still, from now on. */
  const longSilence = async () => {
    const socket = connect(door.path);
    socket.write('POST /v1/documents HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
    socket.write('content-length: 1000\r\n\r\n{"to"');
    await once(socket, 'close');
  };
  return { node, door, send, longSilence };
}

/** Answers both routes that send files with this stream. */
function giveOut(node: MemoryNode, size: number, stream: () => AsyncIterable<Uint8Array>): void {
  const facts = { name: 'x', mediaType: 'a/b', sha256: '0'.repeat(64), size };
  Object.assign(node, {
    attachment: async () => ({ ...facts, stream: stream() }),
    exportEdxml: async () => ({ name: 'x.edxml', stream: stream() }),
  });
}

async function bytesOf(answer: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const piece of answer) bytes += piece.length;
  return bytes;
}

t.test('a long commit after a complete body is answered', async (t) => {
  const { node, send, longSilence } = await open(t);
  for (const size of [1000, 4_000_000]) {
    let taken = 0;
    let commit: () => void = () => undefined;
    const committed = new Promise<void>((resolve) => {
      commit = resolve;
    });
    node.storeBlob = async (source) => {
      for await (const piece of source) taken += piece.byteLength;
      await committed;
      return { sha256: '0'.repeat(64), size: taken, lease: 'x' };
    };
    const answered = once(
      send({ method: 'POST', path: '/v1/blobs', headers: OCTETS }).end(Buffer.alloc(size)),
      'response',
    );
    await eventually('all was taken', () => taken === size);
    await longSilence();
    commit();
    const [answer] = await answered;
    t.equal(answer.statusCode, 201, `${size}`);
    answer.resume();
  }
});

t.test('a node that does not read yet has nobody to blame for the silence', async (t) => {
  const { node, send, longSilence } = await open(t);
  for (const size of [1000, 4_000_000]) {
    let isAsked = false;
    let begin: () => void = () => undefined;
    const mayBegin = new Promise<void>((resolve) => {
      begin = resolve;
    });
    node.storeBlob = async (source) => {
      isAsked = true;
      await mayBegin;
      let taken = 0;
      for await (const piece of source) taken += piece.byteLength;
      return { sha256: '0'.repeat(64), size: taken, lease: 'x' };
    };
    const answered = once(
      send({ method: 'POST', path: '/v1/blobs', headers: OCTETS }).end(Buffer.alloc(size)),
      'response',
    );
    await eventually('the store was asked', () => isAsked);
    await longSilence();
    begin();
    const [answer] = await answered;
    t.equal(answer.statusCode, 201, `${size}`);
    answer.resume();
  }
});

// the first is just as much as lies unread in the node: nothing more comes once it reads
for (const sent of [65_536, 4_000_000])
  t.test(`a caller that stops after ${sent} octets, read late, is still cut off`, async (t) => {
    const { node, send, longSilence } = await open(t);
    let begin: () => void = () => undefined;
    const mayBegin = new Promise<void>((resolve) => {
      begin = resolve;
    });
    node.storeBlob = async (source) => {
      await mayBegin;
      return MemoryNode.prototype.storeBlob.call(node, source, {});
    };
    const headers = { ...OCTETS, 'content-length': '9000000' };
    const outgoing = send({ method: 'POST', path: '/v1/blobs', headers });
    outgoing.on('error', () => undefined);
    const lost = new Promise((resolve) => outgoing.once('close', resolve));
    outgoing.write(Buffer.alloc(sent));
    await longSilence();
    t.notOk(outgoing.destroyed);
    begin();
    await lost;
    await eventually('the store was told', () => node.uploadsBroken === 1);
    t.equal(node.blobs.size, 0);
  });

for (const path of [EXPORT, ATTACHMENT]) {
  t.test(`a caller that stops taking ${path} loses its connection and gives its place back`, async (t) => {
    const { node, send, longSilence } = await open(t);
    const size = 256 * 1024 * 1024;
    let given = 0;
    let isOver = false;
    giveOut(node, size, async function* () {
      try {
        yield new Uint8Array(1);
        await longSilence();
        for (const piece = new Uint8Array(65536); given < size; given += piece.byteLength) yield piece;
      } finally {
        isOver = true;
      }
    });
    const outgoing = send({ path }).end();
    outgoing.on('error', () => undefined);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    answer.on('error', () => undefined);
    // nothing is read from here on, so the end of the connection is seen on the node's side
    await eventually('the stream was ended', () => isOver);
    t.ok(given < size, `${given} bytes`);
    await t.rejects(bytesOf(answer), { code: 'ECONNRESET' });
  });

  t.test(`a caller of ${path} waits for a slow source, and keeps its connection`, async (t) => {
    const { node, send, longSilence } = await open(t);
    giveOut(node, 2000, async function* () {
      yield new Uint8Array(1000);
      await longSilence();
      yield new Uint8Array(1000);
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.teardown(() => agent.destroy());
    const sockets = new Set<Socket>();
    for (let round = 0; round < 2; round++) {
      const outgoing = send({ path, agent }).end();
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
      sockets.add(outgoing.socket!);
      t.equal(await bytesOf(answer), 2000);
      await longSilence();
    }
    t.equal(sockets.size, 1, 'the limit ends with the answer');
  });
}
