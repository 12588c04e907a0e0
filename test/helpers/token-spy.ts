/** token-spy.c, compiled into a test's folder; undefined where there is no C compiler, and such a test is skipped. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SOFTHSM } from './soft-token.ts';

export type SpyMode =
  | 'plain'
  | 'locked'
  | 'final'
  | 'flagged'
  | 'crash'
  | 'hang'
  | 'hang-load'
  | 'hang-finalize'
  | 'nonsense'
  | 'silent';
export type SpyWord = 'login' | 'sign' | 'load' | 'finalize';

export interface TokenSpy {
  module: string;
  set(mode: SpyMode): void;
  /** How often the word was written down; "load" and "finalize" only where they hang. */
  count(word: SpyWord): number;
}

export function makeTokenSpy(dir: string): TokenSpy | undefined {
  const folder = path.join(dir, 'spy');
  mkdirSync(folder);
  const module = path.join(folder, 'spy.so');
  const source = path.join(import.meta.dirname, 'token-spy.c');
  const built = spawnSync('gcc', [
    '-shared',
    '-fPIC',
    `-DSOFTHSM="${SOFTHSM}"`,
    '-o',
    module,
    source,
    '-ldl',
  ]);
  if (built.status !== 0) return undefined;
  process.env.LIENTHONG_TEST_SPY = folder;
  const log = path.join(folder, 'log');
  writeFileSync(log, '');
  return {
    module,
    set: (mode) => writeFileSync(path.join(folder, 'mode'), mode),
    count: (word) =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line === word).length,
  };
}
