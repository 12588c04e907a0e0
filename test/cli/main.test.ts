import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ERROR_CODES } from '../../node/core/errors.ts';
import { runningNode, temporaryFolder } from '../helpers/command-line.ts';

const MAIN = join(import.meta.dirname, '../../node/cli/main.ts');
const start = (argv: string[], env: Record<string, string> = {}) =>
  spawn(process.execPath, [MAIN, ...argv], { env: { PATH: process.env.PATH, ...env } });

async function finish(child: ReturnType<typeof start>) {
  let [out, err] = ['', ''];
  child.stdout.on('data', (piece) => {
    out += piece;
  });
  child.stderr.on('data', (piece) => {
    err += piece;
  });
  const [status, signal] = await once(child, 'close');
  return { status, signal, out, err };
}

t.test('the exit statuses of the contract hold for a process of its own', async (t) => {
  const { dir, node } = await runningNode(t);
  const { id } = await node.submit({
    to: ['H40'],
    type: 'a',
    number: '1',
    notation: 'b',
    subject: 'c',
    attachments: [],
    system: 'x',
  });
  node.verified = false;
  const expected: [string[], number][] = [
    [['list', 'outbox', '--dir', dir], 0],
    [['list', 'nowhere', '--dir', dir], 2],
    [['show', 'ffffffff', '--dir', dir], 4],
    [['list', 'inbox', '--dir', join(dir, 'none')], 5],
    [['verify', id, '--dir', dir], 7],
  ];
  const ran = await Promise.all(expected.map(([argv]) => finish(start(argv))));
  t.same(
    ran.map(({ status }) => status),
    expected.map(([, status]) => status),
  );
});

t.test('every code has one of the contract’s statuses', async (t) => {
  for (const [code, { exit }] of Object.entries(ERROR_CODES)) t.ok(exit >= 1 && exit <= 7, code);
});

t.test('Ctrl-C while waiting ends with 130; what was queued stays', async (t) => {
  const { dir, node } = await runningNode(t);
  node.deliverAtOnce = false;
  const file = join(await temporaryFolder(t), 'a.pdf');
  await writeFile(file, 'x');
  const argv = [
    'send',
    file,
    '--to',
    'H40',
    '--type',
    'a',
    '--number',
    '1',
    '--notation',
    'b',
    '--subject',
    'c',
    '--wait',
    '--dir',
    dir,
  ];
  const child = start(argv);
  const ended = finish(child);
  while (node.watchers === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGINT');
  const { status, err } = await ended;
  t.equal(status, 130);
  t.match(err, 'Đã dừng theo yêu cầu');
  t.equal(node.documents.length, 1);
});

t.test('a reader that goes away is no failure', async (t) => {
  const { dir, node } = await runningNode(t);
  for (let number = 0; number < 200; number++)
    await node.submit({
      to: ['H40'],
      type: 'a',
      number: String(number),
      notation: 'b',
      subject: 'c'.repeat(400),
      attachments: [],
      system: 'x',
    });
  const child = start(['list', 'outbox', '--limit', '500', '--dir', dir]);
  child.stdout.once('data', () => child.stdout.destroy());
  let err = '';
  child.stderr.on('data', (piece) => {
    err += piece;
  });
  const [status] = await once(child, 'close');
  t.equal(status, 0);
  t.equal(err, '');
});

t.test('the folder and the language come from the environment', async (t) => {
  const { dir } = await runningNode(t);
  const { out } = await finish(start(['list', 'inbox'], { LIENTHONG_DIR: dir, LANG: 'en_US.UTF-8' }));
  t.equal(out, 'No incoming documents.\n');
});

t.test('a plain command loads nothing heavy', async (t) => {
  const { dir } = await runningNode(t);
  const loaded = `
    process.argv.splice(1, 1, ${JSON.stringify(MAIN)}, 'list', 'inbox', '--dir', ${JSON.stringify(dir)});
    await import(${JSON.stringify(MAIN)});
    const { registerHooks } = await import('node:module');
  `;
  const hook = `
    import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { if (/node_modules/.test(url)) process.stderr.write(url + '\\n'); return next(url, context); } });
  `;
  const hooks = join(dir, 'hooks.mjs');
  await writeFile(hooks, hook);
  const child = spawn(process.execPath, ['--import', hooks, '--input-type=module', '-e', loaded], {
    cwd: join(import.meta.dirname, '../..'),
  });
  const { err } = await finish(child);
  const packages = new Set([...err.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].map((match) => match[1]));
  t.same([...packages], ['commander']);
});
