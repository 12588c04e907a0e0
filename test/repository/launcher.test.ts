/**
 * bin/lienthong in a made-up package tree: which Node it takes, which program it runs, and what it says when there
 * is none. The "system Node" is a script that answers a version.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { ENVIRONMENT, NODE_OPTIONS } from '../../scripts/bench/bundle.ts';
import { ROOT } from './source-tree.ts';

const BUNDLED = `node-linux-${process.arch}`;
const PRINT =
  'console.log(JSON.stringify({ file: process.argv[1], args: process.argv.slice(2), options: process.execArgv, pid: process.pid, compiled: process.env.NODE_COMPILE_CACHE ?? null, arenas: process.env.MALLOC_ARENA_MAX }));';
const bundledIsForThisMachine = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

/** A package folder with the launcher and a bundle that prints how it was started. */
async function makePackage(t: Test, where = 'package'): Promise<{ temp: string; root: string }> {
  const temp = await mkdtemp(path.join(os.tmpdir(), 'lienthong-launcher-'));
  t.teardown(() => rm(temp, { recursive: true }));
  const root = path.join(temp, where);
  await cp(path.join(ROOT, 'bin'), path.join(root, 'bin'), { recursive: true });
  await mkdir(path.join(root, 'dist'));
  await writeFile(path.join(root, 'dist', 'lienthong.js'), PRINT);
  return { temp, root };
}

async function addBundledNode(folder: string): Promise<void> {
  await mkdir(path.join(folder, 'node_modules', BUNDLED, 'bin'), { recursive: true });
  await symlink(process.execPath, path.join(folder, 'node_modules', BUNDLED, 'bin', 'node'));
}

/** A PATH whose `node` says it is `version` and otherwise is this one. */
async function pathWithNode(temp: string, version: string): Promise<string> {
  const folder = path.join(temp, 'system');
  await mkdir(folder);
  const script = `#!/bin/sh\n[ "$1" = --version ] && echo ${version} && exit\nexec "${process.execPath}" "$@"\n`;
  await writeFile(path.join(folder, 'node'), script);
  await chmod(path.join(folder, 'node'), 0o755);
  return `${folder}:/usr/bin:/bin`;
}

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}
const run = (file: string, args: string[], PATH = '/usr/bin:/bin', more = {}): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(file, args, { env: { PATH, ...more }, timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });

t.test('takes the bundled Node, through a link of a link', { skip: !bundledIsForThisMachine }, async (t) => {
  const { temp, root } = await makePackage(t);
  await addBundledNode(root);
  await symlink('package/bin/lienthong', path.join(temp, 'first'));
  await symlink(path.join(temp, 'first'), path.join(temp, 'second'));
  const ran = await run(path.join(temp, 'second'), ['send', 'a b', '']);
  t.equal(ran.code, 0, ran.stderr);
  const { file, args, options, compiled, arenas } = JSON.parse(ran.stdout);
  t.ok(file.endsWith('package/dist/lienthong.js'), file);
  t.strictSame(args, ['send', 'a b', '']);
  t.strictSame(options, NODE_OPTIONS, 'with the memory settings that benchmarks measure');
  t.equal(compiled, null, 'a package keeps nothing compiled: its folder is read only for those who run it');
  t.equal(arenas, ENVIRONMENT.MALLOC_ARENA_MAX, 'of malloc, too');
});

t.test('finds it beside the package, where npm hoists it', { skip: !bundledIsForThisMachine }, async (t) => {
  const { temp, root } = await makePackage(t, 'node_modules/lienthong');
  await addBundledNode(temp);
  const ran = await run(path.join(root, 'bin', 'lienthong'), []);
  t.equal(ran.code, 0, ran.stderr);
});

t.test('whoever sets how malloc goes about it keeps it', async (t) => {
  const { temp, root } = await makePackage(t);
  const PATH = await pathWithNode(temp, 'v24.1.0');
  const ran = await run(path.join(root, 'bin', 'lienthong'), [], PATH, { MALLOC_ARENA_MAX: '7' });
  t.equal(JSON.parse(ran.stdout).arenas, '7');
});

t.test('becomes node: who stops the launcher stops the program', async (t) => {
  const { temp, root } = await makePackage(t);
  const child = spawn(path.join(root, 'bin', 'lienthong'), {
    env: { PATH: await pathWithNode(temp, 'v24.1.0') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [[out]] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')]);
  t.equal(JSON.parse(String(out)).pid, child.pid);
});

t.test('else takes a system Node that is new enough', async (t) => {
  const { temp, root } = await makePackage(t);
  const ran = await run(path.join(root, 'bin', 'lienthong'), ['x'], await pathWithNode(temp, 'v22.3.1'));
  t.equal(ran.code, 0, ran.stderr);
  t.strictSame(JSON.parse(ran.stdout).args, ['x']);
});

t.test('without one says so in one line, in both languages', async (t) => {
  for (const version of ['v20.20.2', 'v18.0.0', 'nonsense']) {
    const { temp, root } = await makePackage(t);
    const ran = await run(path.join(root, 'bin', 'lienthong'), [], await pathWithNode(temp, version));
    t.equal(ran.code, 1, version);
    t.equal(ran.stdout, '');
    t.match(ran.stderr, /^lienthong: cần Node\.js từ 22.* needs Node\.js 22.*\n$/);
  }
});

t.test('a checkout runs its source, which needs type stripping', async (t) => {
  const { temp, root } = await makePackage(t);
  await mkdir(path.join(root, 'node', 'cli'), { recursive: true });
  await writeFile(
    path.join(root, 'node', 'cli', 'main.ts'),
    `const typed: string = 'source'; ${PRINT} void typed;`,
  );
  const launcher = path.join(root, 'bin', 'lienthong');
  const old = await run(launcher, [], await pathWithNode(temp, 'v22.17.0'));
  t.equal(old.code, 1, 'the first to strip types is 22.18');
  await rm(path.join(temp, 'system'), { recursive: true });
  const ran = await run(launcher, [], await pathWithNode(temp, 'v22.18.0'));
  t.equal(ran.code, 0, ran.stderr);
  const { file, compiled } = JSON.parse(ran.stdout);
  t.ok(file.endsWith('node/cli/main.ts'));
  t.equal(compiled, path.join(await realpath(root), 'node_modules/.cache/compiled'), 'and keeps it compiled');
});

t.test(
  'a checkout gets its own command in node_modules/.bin, an uninstalled one is left alone',
  async (t) => {
    const { root } = await makePackage(t);
    await cp(path.join(ROOT, 'scripts', 'link-bin'), path.join(root, 'scripts', 'link-bin'));
    const link = path.join(root, 'scripts', 'link-bin');
    t.equal((await run(link, [])).code, 0);
    t.strictSame((await readdir(root)).sort(), ['bin', 'dist', 'scripts']);
    const bin = path.join(root, 'node_modules', '.bin');
    await mkdir(bin, { recursive: true });
    for (const time of ['first', 'second']) {
      t.equal((await run(link, [])).code, 0, time);
      t.equal(
        await realpath(path.join(bin, 'lienthong')),
        await realpath(path.join(root, 'bin', 'lienthong')),
      );
    }
  },
);
