/** Where the program of the index's thread is: beside this file in a checkout, at the top of a bundle. */
import { existsSync } from 'node:fs';

/** WARNING: the bundle is built with this name (scripts/bundle-options.ts). */
const NAMES = ['./index-worker.ts', './index-worker.js', '../index-worker.js'];

export const workerProgram = (from: string = import.meta.url): URL =>
  NAMES.map((name) => new URL(name, from)).find((url) => existsSync(url)) ?? new URL(NAMES[0]!, from);
