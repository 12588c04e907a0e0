/** Reads the source tree for the tests of this folder: files, their text without comments, what they import. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.join(import.meta.dirname, '..', '..');

/** Never ours, or made from what is. */
const SKIPPED = new Set(['.git', '.sandbox', '.tap', 'coverage', 'dist', 'node_modules']);

/** All files below `folder`, as paths from the root with `/`. */
export function filesIn(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(path.join(ROOT, folder), { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue;
    const name = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesIn(name));
    else if (entry.isFile()) found.push(name);
  }
  return found.sort();
}

export const textOf = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** TypeScript sources written by hand below the given folders. */
export const sourcesIn = (...folders: readonly string[]): string[] =>
  folders
    .flatMap((folder) => filesIn(folder))
    .filter((file) => file.endsWith('.ts') && !file.startsWith('proto/generated/'));

/** The text without comments; good enough to look for calls and imports, not a parser. */
export const codeOf = (file: string): string =>
  textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1');

export interface Imports {
  /** Own files, as paths from the root. */
  own: string[];
  /** Modules of Node and of packages, as written. */
  packages: string[];
}

/** What a file imports, types and dynamic imports too. */
export function importsOf(file: string): Imports {
  const found: Imports = { own: [], packages: [] };
  for (const match of codeOf(file).matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g)) {
    const target = match[2]!;
    if (!/^\.\.?\//.test(target)) found.packages.push(target);
    else found.own.push(path.posix.join(path.posix.dirname(file), target));
  }
  return found;
}
