import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { utf8 } from '../../node/core/bytes.ts';
import {
  diskError,
  freeBytes,
  makeFolder,
  readSmallFile,
  socketPath,
  writeFileDurably,
} from '../../node/store/folder.ts';
import { ProcessLock } from '../../node/store/process-lock.ts';

const root = await mkdtemp(join(tmpdir(), 'lienthong-folder-'));
t.teardown(() => rm(root, { recursive: true }));

t.test('folders are made with their parents, for the owner only, and may be there', async (t) => {
  const path = join(root, 'a/b/c');
  await makeFolder(path);
  await makeFolder(path);
  for (const at of [path, dirname(path)]) t.equal((await stat(at)).mode & 0o777, 0o700);
});

t.test('a small file is replaced whole and for the owner only', async (t) => {
  const path = join(root, 'small');
  await writeFileDurably(path, 'one');
  await writeFileDurably(path, utf8('two'));
  t.equal(await readFile(path, 'utf8'), 'two');
  t.equal((await stat(path)).mode & 0o777, 0o600);
  t.strictSame(
    (await readdir(root)).filter((name) => name.startsWith('small')),
    ['small'],
  );
  await t.rejects(readSmallFile(path, 2), { code: 'oversize' });
  t.equal(await readSmallFile(join(root, 'none'), 2), undefined);
  await t.rejects(writeFileDurably(join(root, 'none/file'), 'x'), {
    code: 'internal',
    details: { reason: 'ENOENT' },
  });
});

t.test('no room is disk-full, anything else internal with its cause', async (t) => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
  t.match(diskError(full, 'here'), { code: 'disk-full', cause: full });
  t.match(diskError(new Error('x'), 'here'), { code: 'internal', details: { where: 'here' } });
  t.ok((await freeBytes(root)) > 0);
});

t.test(
  'a socket path too long for the system is replaced by a short one that works, always the same',
  async (t) => {
    const deep = join(root, 'd'.repeat(60), 'e'.repeat(60));
    await mkdir(deep, { recursive: true });
    t.equal(await socketPath(root, 'api.sock'), join(root, 'api.sock'));
    const short = await socketPath(deep, 'api.sock');
    t.ok(Buffer.byteLength(short) <= 100);
    t.equal(await socketPath(deep, 'api.sock'), short);
    t.not(await socketPath(`${deep}x`, 'api.sock'), short);
    t.equal((await stat(dirname(short))).mode & 0o077, 0);
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(short, resolve));
    await new Promise((resolve) => server.close(resolve));
    await chmod(dirname(short), 0o755);
    await t.rejects(socketPath(deep, 'api.sock'), { code: 'folder-damaged' });
    await chmod(dirname(short), 0o700);
  },
);

t.test('a folder is held by one living process; a dead one is replaced', async (t) => {
  const folder = join(root, 'held');
  await makeFolder(folder);
  const lock = await ProcessLock.take(folder);
  await t.rejects(ProcessLock.take(folder), { code: 'locked', details: { pid: process.pid } });
  await lock.release();
  const module = join(import.meta.dirname, '../../node/store/process-lock.ts');
  const script = `const { ProcessLock } = await import(${JSON.stringify(module)});
    await ProcessLock.take(${JSON.stringify(folder)}); process.stdout.write('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await t.rejects(ProcessLock.take(folder), { code: 'locked', details: { pid: child.pid } });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  await (await ProcessLock.take(folder)).release();
  await writeFile(join(folder, 'lock'), `${process.pid} 1\n`);
  await (await ProcessLock.take(folder)).release();
  t.strictSame(await readdir(folder), []);
});
