/** How tests start the command line: the bundle starts faster, but only one made from the present source counts. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Entry, SOURCE } from '../../scripts/sandbox/command.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const BUNDLE = path.join(ROOT, 'dist', 'lienthong.js');
/** What the bundle is made of. */
const MADE_OF = ['node', 'certs', 'proto', 'scripts/build.ts', 'package.json'];

let found: Entry | undefined;

export function entry(): Entry {
  found ??= isFresh() ? [process.execPath, BUNDLE] : SOURCE;
  return found;
}

function isFresh(): boolean {
  const bundled = statSync(BUNDLE, { throwIfNoEntry: false });
  // LICENSES.txt is written last: without it the build was cut short
  const finished = statSync(path.join(ROOT, 'dist', 'LICENSES.txt'), { throwIfNoEntry: false });
  if (!bundled || !finished || finished.mtimeMs < bundled.mtimeMs) return false;
  return MADE_OF.every((name) => newest(path.join(ROOT, name)) < bundled.mtimeMs);
}

function newest(at: string): number {
  const { mtimeMs } = statSync(at);
  if (!statSync(at).isDirectory()) return mtimeMs;
  return readdirSync(at).reduce((latest, name) => Math.max(latest, newest(path.join(at, name))), mtimeMs);
}
