/** The bundle benchmarks run on: what is measured is what is shipped. Built anew before every benchmark run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..');

/** Entry of the bundle; run it with `process.execPath`, never through the launcher (that prefers source). */
export const BUNDLE = path.join(root, 'dist', 'lienthong.js');

/** Builds dist/ from the present source; its messages go to stderr, stdout stays for figures. */
export async function buildBundle(): Promise<void> {
  const build = spawn(process.execPath, [path.join(root, 'scripts', 'build.ts')], {
    stdio: ['ignore', 2, 2],
  });
  const [code, signal] = await once(build, 'exit');
  if (code !== 0) throw new Error(`the bundle can't be built (${signal ?? `exit ${code}`})`);
}
