/** Files the node reads itself: the very file the caller means, or nothing; a caller that goes away leaves nothing. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { LienthongError } from '../../../node/core/errors.ts';
import type { LocalFile, StoredBlob } from '../../../node/core/views.ts';
import { openNodeDoor } from '../../../node/gateway/http/door.ts';
import { temporaryFolder } from '../../helpers/command-line.ts';
import { eventually } from '../../helpers/eventually.ts';
import { MemoryNode, sha256Hex } from '../../helpers/memory-node.ts';
import { caller } from '../../helpers/socket-caller.ts';

interface Options {
  signal: AbortSignal;
  progress: (bytes: number) => void;
}

/** As a node takes a file, into memory. `meanwhile` is waited for in the middle. */
const taking = (node: MemoryNode, meanwhile: () => unknown = () => {}) => ({
  storeFile: async (file: LocalFile, { signal, progress }: Options): Promise<StoredBlob> => {
    const bytes = new Uint8Array(file.size);
    await file.read(bytes, 0);
    progress(file.size / 2);
    await meanwhile();
    signal.throwIfAborted();
    await file.requireUnchanged();
    node.blobs.set('lease', bytes);
    return { sha256: sha256Hex(bytes), size: file.size, lease: 'lease' };
  },
  releaseBlob: async (lease: string) => void node.blobs.delete(lease),
});

async function open(t: Test, meanwhile?: (node: MemoryNode) => unknown) {
  const node = new MemoryNode();
  Object.assign(
    node,
    taking(node, () => meanwhile?.(node)),
  );
  const folder = await temporaryFolder(t);
  const door = await openNodeDoor(node, { folder });
  t.teardown(() => door.close());
  return { node, door, folder, ...caller(door.path) };
}

async function meant(path: string) {
  const { dev, ino, mtimeNs, size } = await stat(path, { bigint: true });
  return { path, device: `${dev}`, inode: `${ino}`, modifiedNs: `${mtimeNs}`, size: Number(size) };
}

/** The request, and its answer as it begins. */
async function asked(socketPath: string, path: string) {
  const body = JSON.stringify(await meant(path));
  const outgoing = request({
    ...{ socketPath, method: 'POST', path: '/v1/blobs/local', agent: false },
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  });
  outgoing.on('error', () => undefined);
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { outgoing, answer };
}

t.test('the file meant is read, with its progress', async (t) => {
  const told = Promise.withResolvers<void>();
  const { door, folder, node } = await open(t, () => told.promise);
  const path = join(folder, 'phụ lục.bin');
  await writeFile(path, 'x'.repeat(1000));
  const { answer } = await asked(door.path, path);
  let text = '';
  for await (const piece of answer) {
    text += piece;
    told.resolve();
  }
  const lines = text
    .trim()
    .split('\n')
    .map((one) => JSON.parse(one));
  t.equal(answer.statusCode, 200);
  t.match(lines[0], { bytes: 500 });
  t.match(lines.at(-1), { size: 1000, sha256: sha256Hex(Buffer.from('x'.repeat(1000))), lease: 'lease' });
  t.equal(node.blobs.size, 1);
});

t.test('another file in its place, one that is no file, or may not be read, is refused', async (t) => {
  const { call, folder, node } = await open(t);
  const path = join(folder, 'a');
  await writeFile(path, 'abc');
  const right = await meant(path);
  const refused = async (body: object, code = 'invalid-file') => {
    const answer = await call('POST', '/v1/blobs/local', { body });
    t.equal(answer.body.error.code, code, JSON.stringify(body));
  };
  await refused({ ...right, inode: '1' });
  await refused({ ...right, device: '1' });
  await refused({ ...right, inode: '18446744073709551615', device: '18446744073709551615' });
  await refused({ ...right, size: 4 });
  await refused({ ...right, modifiedNs: '0' });
  await refused({ ...right, path: join(folder, 'none') });
  await refused({ ...right, path: 'a' }, 'usage');
  await refused({ ...right, size: 0 }, 'usage');
  await refused({ ...right, more: 1 }, 'usage');
  await mkdir(join(folder, 'd'));
  await refused({ ...(await meant(join(folder, 'd'))), size: 4096 });
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await refused({ ...(await meant(join(folder, 'pipe'))), size: 1 });
  await writeFile(path, 'abd');
  await utimes(path, 1, 1);
  await refused(right);
  t.equal(node.blobs.size, 0);
});

t.test('a file that changes while it is read is refused in the last line', async (t) => {
  const state = { path: '' };
  const { call, folder, node } = await open(t, () => writeFile(state.path, 'longer than before'));
  state.path = join(folder, 'a');
  await writeFile(state.path, 'abc');
  const answer = await call('POST', '/v1/blobs/local', { body: await meant(state.path) });
  t.match(answer.body, { error: { code: 'invalid-file' } });
  t.equal(node.blobs.size, 0);
});

t.test('a caller that goes away leaves nothing behind', async (t) => {
  const gone = Promise.withResolvers<void>();
  let heard: AbortSignal | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const { door, folder, node } = await open(t, () => gone.promise);
  const { storeFile } = node as unknown as ReturnType<typeof taking>;
  Object.assign(node, {
    storeFile: (file: LocalFile, options: Options) => {
      heard = options.signal;
      const work = storeFile(file, options);
      ended = work.catch((error) => error);
      return work;
    },
  });
  const path = join(folder, 'a');
  await writeFile(path, 'abc');
  const { outgoing, answer } = await asked(door.path, path);
  await once(answer, 'data');
  outgoing.destroy();
  await eventually('it is noticed', () => heard?.aborted);
  gone.resolve();
  t.match(await ended, LienthongError);
  t.equal(node.blobs.size, 0);
});

t.test('a caller that has gone before its call is looked at leaves nothing either', async (t) => {
  const heard: AbortSignal[] = [];
  const { door, folder, node } = await open(t);
  Object.assign(node, {
    storeFile: async (_: LocalFile, { signal }: Options) => {
      heard.push(signal);
      node.blobs.set('lease', new Uint8Array(1));
      return { sha256: '', size: 1, lease: 'lease' };
    },
  });
  const path = join(folder, 'a');
  await writeFile(path, 'abc');
  const body = JSON.stringify(await meant(path));
  const head = `POST /v1/blobs/local HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  for (let caller = 1; caller <= 20; caller++) {
    const socket = connect(door.path);
    await once(socket, 'connect');
    socket.write(head + body);
    await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    await eventually('it was looked at', () => heard.length === caller);
    await eventually('its leaving is noticed', () => heard[caller - 1]!.aborted);
    await eventually('its lease is given back', () => node.blobs.size === 0);
  }
});
