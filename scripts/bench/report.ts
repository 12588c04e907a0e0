/**
 * What a benchmark prints: one JSON line per figure, with everything needed to compare it later. The ratio is always
 * value / baseline of the same run: above 1 is better for rates, below 1 for times. Used by every benchmark.
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface Figure {
  name: string;
  value: number;
  /** Unit of value, p95 and baseline, except that p95 of a rate (…/s) is the 95th percentile of one item in ms. */
  unit: string;
  /** null where n is too small to speak of one. */
  p95: number | null;
  n: number;
  /** The same work over mutual-TLS HTTPS in the same run; null where there is nothing to compare with. */
  baseline: number | null;
  ratio: number | null;
  machine: string;
  versions: Record<string, string>;
}

/** A measurement before it is set beside another: baselines give this too. */
export interface Measured {
  value: number;
  unit: string;
  p95: number | null;
  n: number;
}

const SIGNIFICANT_DIGITS = 4;
const rounded = (value: number) => Number(value.toPrecision(SIGNIFICANT_DIGITS));

/** Nearest-rank percentile of unsorted values; `share` in (0, 1]. RangeError on no values. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('percentile of no values');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

function machine(): string {
  const cpus = os.cpus();
  const memoryGiB = Math.round(os.totalmem() / 2 ** 30);
  return `${cpus[0]?.model.trim() ?? 'unknown'} x ${cpus.length}, ${memoryGiB} GiB, ${os.type()} ${os.release()} ${os.arch()}`;
}

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

function versions(): Record<string, string> {
  const file = path.join(import.meta.dirname, '..', '..', 'package.json');
  const { version, dependencies, devDependencies } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const all = { ...devDependencies, ...dependencies };
  const found: Record<string, string> = { lienthong: version, node: process.versions.node };
  for (const name of ['libp2p', '@chainsafe/libp2p-noise', '@libp2p/yamux', 'classic-level', 'fastify']) {
    if (all[name] !== undefined) found[name] = all[name];
  }
  return found;
}

/** One figure, beside the baseline's measurement where there is one (same unit, else RangeError). */
export function figure(name: string, measured: Measured, baseline?: Measured): Figure {
  if (baseline && baseline.unit !== measured.unit)
    throw new RangeError(`${measured.unit} ≠ ${baseline.unit}`);
  return {
    name,
    value: rounded(measured.value),
    unit: measured.unit,
    p95: measured.p95 === null ? null : rounded(measured.p95),
    n: measured.n,
    baseline: baseline ? rounded(baseline.value) : null,
    ratio: baseline ? rounded(measured.value / baseline.value) : null,
    machine: machine(),
    versions: versions(),
  };
}
