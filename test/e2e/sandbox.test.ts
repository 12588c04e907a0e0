/** `npm start -- --once`: a federation from nothing, then the next number on the same data; a taken port is named. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';

const MAIN = path.join(import.meta.dirname, '..', '..', 'scripts', 'sandbox', 'main.ts');
const folder = await mkdtemp(path.join(os.tmpdir(), 'lienthong-sandbox-'));
const dir = path.join(folder, 'd');
t.teardown(() => rm(folder, { recursive: true, force: true }));
t.setTimeout(150_000);

interface Run {
  child: ChildProcess;
  text: () => string;
  exited: Promise<number | null>;
}

function start(...args: string[]): Run {
  const child = spawn(process.execPath, [MAIN, '--dir', dir, '--lang', 'vi', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => {
      text += piece;
    });
  }
  const exited = once(child, 'close').then(([code]) => code as number | null);
  t.teardown(() => child.kill('SIGKILL'));
  return { child, text: () => text, exited };
}

/** Whether a process of the federation is still there: by its socket, which closes first, and its port, which goes last. */
async function isRunning(name: string): Promise<boolean> {
  const answers = (socket: Socket): Promise<boolean> =>
    new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    }).finally(() => socket.destroy());
  const door = path.join(dir, name, name === 'registry' ? 'registry.sock' : 'node.sock');
  return (await answers(connect(door))) || (await answers(connect(await portOf(name), '127.0.0.1')));
}
const portOf = async (name: string): Promise<number> => {
  const { listen } = JSON.parse(
    await readFile(path.join(dir, name, name === 'registry' ? 'registry.json' : 'config.json'), 'utf8'),
  );
  return Number(/tcp\/(\d+)/.exec(listen[0])![1]);
};
const nobodyRuns = async () =>
  (await Promise.all(['registry', 'G22', 'H40', 'H51'].map(isRunning))).every((runs) => !runs);

t.test('from nothing: 274/QĐ-TTg to both provinces, every receipt verified', async (t) => {
  const { exited, text } = start('--once');
  t.equal(await exited, 0, text());
  for (const word of ['Văn phòng Chính phủ', 'Nam Định', 'Sóc Trăng', '274/QĐ-TTg', 'mã mời'])
    t.match(text(), word);
  t.equal(text().match(/✓ H(40|51).*biên nhận.* (ms|giây)/g)?.length, 2, 'a time for each receipt');
  t.match(text(), '2/2 biên nhận hợp lệ');
  t.notMatch(text(), '\x1b[', 'no colours where there is no terminal');
  const wide = text()
    .split('\n')
    .filter((line) => line.length > 80);
  t.strictSame(
    wide.filter((line) => !line.includes(dir)),
    [],
    '80 columns, but for long paths',
  );
  t.ok(await nobodyRuns());
});

t.test('again: the next number on the same data; Ctrl-C stops everything', async (t) => {
  const { child, exited, text } = start();
  await eventually('it runs', () => text().includes('Ctrl-C'));
  t.match(text(), '275/QĐ-TTg');
  t.notMatch(text(), 'mã mời.', 'nobody enrols again');
  child.kill('SIGINT');
  t.equal(await exited, 0);
  t.ok(await nobodyRuns());
});

t.test('killed with -9 it leaves nobody behind', async (t) => {
  const { child, exited, text } = start();
  await eventually('it runs', () => text().includes('Ctrl-C'));
  t.notOk(await nobodyRuns());
  child.kill('SIGKILL');
  await exited;
  await eventually('all have noticed', nobodyRuns);
  t.pass();
});

t.test('a taken port is named in one line, without a stack', async (t) => {
  const port = await portOf('H40');
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  t.teardown(() => holder.close());
  const { exited, text } = start('--once');
  t.equal(await exited, 1);
  t.match(text(), new RegExp(`H40 không khởi động được: .*${port}`));
  t.notMatch(text(), /\n\s+at .*:\d+:\d+/);
  holder.close();
  t.ok(await nobodyRuns());
});
