/**
 * `npm run bench -- [NAME…] [--smoke] [--plot [DIR]]`: builds the bundle, runs the named benchmarks (all without a name) one
 * after another, prints one JSON line per figure on stdout and at the end a table on stderr: ours, what a user would pick
 * instead, their ratio, the aim. `--smoke` runs each at its smallest, to see that it works. `--plot` also draws what can
 * be drawn, as SVG files. Exits 1 when one fails, 2 on an unknown name; the others still run.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { summary } from './aims.ts';
import { buildBundle } from './bundle.ts';
import { type Curve, lineChart } from './line-chart.ts';
import type { Figure } from './report.ts';

/** Each is the module ./NAME.ts. */
const NAMES = [
  'documents',
  'latency',
  'annex',
  'annex-sizes',
  'annex-memory',
  'annex-syncthing',
  'backlog',
  'store',
  'circular',
  'start',
  'idle-memory',
  'inbox-page',
  'search',
  'edxml-import',
  'edxml-export',
];
const PLOTS = 'bench-plots';

export interface Benchmark {
  /** `plot`: also what is only drawn. */
  run(options: { smoke: boolean; plot?: boolean }): Promise<Figure[]>;
  /** Pictures of its figures, where there are any. */
  draw?(figures: readonly Figure[]): Curve[];
}

const USAGE = `npm run bench -- [NAME…] [--smoke] [--plot [DIR]]
  NAME     ${NAMES.join(', ')}; all without one
  --smoke  each at its smallest, to see that it works
  --plot   also SVG pictures, into DIR (${PLOTS} without one)
Prints one JSON line per figure on stdout, and a table of all at the end on stderr.`;

interface Asked {
  names: string[];
  smoke: boolean;
  help: boolean;
  plot?: string | undefined;
}

function given(): Asked | string {
  // --plot may stand without its folder
  const args = process.argv.slice(2).map((arg, at, all) => {
    const next = all[at + 1];
    const isAlone = next === undefined || next.startsWith('-') || NAMES.includes(next);
    return arg === '--plot' && isAlone ? `--plot=${PLOTS}` : arg;
  });
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        smoke: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        plot: { type: 'string' },
      },
    });
    return { names: positionals, ...values };
  } catch (error) {
    return (error as Error).message;
  }
}

async function draw(curves: readonly Curve[], dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const curve of curves) {
    const file = path.join(dir, `${curve.file}.svg`);
    await writeFile(file, lineChart(curve));
    console.error(`drawn: ${file}`);
  }
}

async function main(): Promise<number> {
  const asked = given();
  if (typeof asked === 'string' || asked.help) {
    console.error(typeof asked === 'string' ? `${asked}\n${USAGE}` : USAGE);
    return typeof asked === 'string' ? 2 : 0;
  }
  const { names, smoke, plot } = asked;
  const unknown = names.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`no benchmark named ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
    return 2;
  }
  await buildBundle();
  const all: Figure[] = [];
  let failed = 0;
  for (const name of names.length > 0 ? names : NAMES) {
    try {
      const benchmark = (await import(`./${name}.ts`)) as Benchmark;
      const figures = await benchmark.run({ smoke, plot: plot !== undefined });
      for (const figure of figures) console.log(JSON.stringify(figure));
      all.push(...figures);
      if (plot !== undefined) await draw(benchmark.draw?.(figures) ?? [], plot);
    } catch (error) {
      failed += 1;
      console.error(`${name}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  if (all.length > 0) console.error(`\n${summary(all).join('\n')}`);
  if (smoke) console.error('\nWith --smoke these only show that it works: too small to compare.');
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main();
