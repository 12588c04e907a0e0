import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { openNodeDoor } from '../../../node/gateway/http/door.ts';
import { temporaryFolder } from '../../helpers/command-line.ts';
import { MemoryNode } from '../../helpers/memory-node.ts';
import { caller } from '../../helpers/socket-caller.ts';

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

t.test('the socket and its folder are for the owner alone', async (t) => {
  const folder = await temporaryFolder(t);
  await chmod(folder, 0o755);
  const door = await openNodeDoor(new MemoryNode(), { folder });
  t.teardown(() => door.close());
  t.equal(await modeOf(door.path), 0o600);
  t.equal(await modeOf(folder), 0o700);
});

t.test('a folder with a path too long for a socket gets one elsewhere, owner-only too', async (t) => {
  const folder = join(await temporaryFolder(t), 'x'.repeat(60), 'y'.repeat(60));
  await mkdir(folder, { recursive: true });
  const door = await openNodeDoor(new MemoryNode(), { folder });
  t.teardown(() => door.close());
  t.ok(Buffer.byteLength(door.path) <= 100);
  t.equal((await caller(door.path).call('GET', '/v1/status')).status, 200);
});

t.test("a killed process's socket is replaced, a living one's is not", async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'node.sock');
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ]);
  await once(child.stdout, 'data');
  await t.rejects(openNodeDoor(new MemoryNode(), { folder }), { code: 'locked' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.ok(await stat(path), 'the file is left behind');
  const door = await openNodeDoor(new MemoryNode(), { folder });
  t.equal((await caller(door.path).call('GET', '/v1/status')).status, 200);
  await door.close();
  await t.rejects(stat(path), 'closing removes the file');
});

t.test('a plain file where the socket belongs is replaced', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'node.sock'), '');
  const door = await openNodeDoor(new MemoryNode(), { folder });
  t.equal((await caller(door.path).call('GET', '/v1/status')).status, 200);
  await door.close();
});

t.test('closing ends waiting callers and streams, and answers twice the same', async (t) => {
  const folder = await temporaryFolder(t);
  const node = new MemoryNode();
  node.deliverAtOnce = false;
  const door = await openNodeDoor(node, { folder });
  const { call } = caller(door.path);
  const { id } = await node.submit({
    to: ['H40'],
    type: 'a',
    number: '1',
    notation: 'b',
    subject: 'c',
    attachments: [],
    system: 'x',
  });
  const events = call('GET', `/v1/documents/${id}/events`);
  while (node.watchers === 0) await new Promise(setImmediate);
  const silent = connect(door.path);
  await once(silent, 'connect');
  const gone = once(silent, 'close');
  await Promise.all([door.close(), door.close()]);
  t.match((await events).text, /"state":"queued"/);
  t.equal(node.watchers, 0);
  await gone;
});
