/**
 * `npm run bench -- [NAME…] [--smoke]`: builds the bundle, runs the named benchmarks (all without a name) one after
 * another and prints one JSON line per figure on stdout. `--smoke` runs each at its smallest, to see that it works.
 * Exits 1 when one fails, 2 on an unknown name; the others still run.
 */
import { parseArgs } from 'node:util';
import { buildBundle } from './bundle.ts';
import type { Figure } from './report.ts';

/** Each is the module ./NAME.ts. */
const NAMES = [
  'documents',
  'latency',
  'annex',
  'circular',
  'start',
  'idle-memory',
  'inbox-page',
  'search',
  'edxml-import',
  'edxml-export',
];

export interface Benchmark {
  run(options: { smoke: boolean }): Promise<Figure[]>;
}

const USAGE = `npm run bench -- [NAME…] [--smoke]
  NAME     ${NAMES.join(', ')}; all without one
  --smoke  each at its smallest, to see that it works
Prints one JSON line per figure.`;

function given(): { names: string[]; smoke: boolean; help: boolean } | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { smoke: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    return { names: positionals, ...values };
  } catch (error) {
    return (error as Error).message;
  }
}

async function main(): Promise<number> {
  const asked = given();
  if (typeof asked === 'string' || asked.help) {
    console.error(typeof asked === 'string' ? `${asked}\n${USAGE}` : USAGE);
    return typeof asked === 'string' ? 2 : 0;
  }
  const { names, smoke } = asked;
  const unknown = names.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`no benchmark named ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
    return 2;
  }
  await buildBundle();
  let failed = 0;
  for (const name of names.length > 0 ? names : NAMES) {
    try {
      const benchmark = (await import(`./${name}.ts`)) as Benchmark;
      for (const figure of await benchmark.run({ smoke })) console.log(JSON.stringify(figure));
    } catch (error) {
      failed += 1;
      console.error(`${name}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main();
