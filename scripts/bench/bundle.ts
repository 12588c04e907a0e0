/** The bundle benchmarks run on: what is measured is what is shipped. Built anew before every benchmark run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS, THREADS } from '../bundle-options.ts';
import type { Entry } from '../sandbox/command.ts';

const root = path.join(import.meta.dirname, '..', '..');

/** As bin/lienthong gives them to node. */
export const NODE_OPTIONS: readonly string[] = ['--max-semi-space-size=16'];
/** As bin/lienthong sets them for node. */
export const ENVIRONMENT = { MALLOC_ARENA_MAX: '2' } as const;

/** How the bundle is started: as the launcher does, which in a checkout prefers source. */
export const ENTRY: Entry = [
  'env',
  ...Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`),
  process.execPath,
  ...NODE_OPTIONS,
  path.join(root, 'dist', 'lienthong.js'),
];

/** Builds dist/ from the present source; its messages go to stderr, stdout stays for figures. */
export async function buildBundle(): Promise<void> {
  const build = spawn(process.execPath, [path.join(root, 'scripts', 'build.ts')], {
    stdio: ['ignore', 2, 2],
  });
  const [code, signal] = await once(build, 'exit');
  if (code !== 0) throw new Error(`the bundle can't be built (${signal ?? `exit ${code}`})`);
}

/** Builds a program of this folder as dist/ is built; answers its entry. Not in dist/, which is what is shipped. */
export async function buildProgram(name: string): Promise<string> {
  const outdir = path.join(root, 'node_modules', '.cache', 'lienthong-bench');
  const entry = path.join(import.meta.dirname, `${name}.ts`);
  await build({ ...BUNDLE_OPTIONS, absWorkingDir: root, entryPoints: { [name]: entry, ...THREADS }, outdir });
  return path.join(outdir, `${name}.js`);
}
