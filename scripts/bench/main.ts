/**
 * `npm run bench -- [NAME…] [--smoke]`: builds the bundle, runs the named benchmarks (all without a name) one after
 * another and prints one JSON line per figure on stdout. `--smoke` runs each at its smallest, to see that it works.
 * Exits 1 when one fails, 2 on an unknown name; the others still run.
 */
import { parseArgs } from 'node:util';
import { buildBundle } from './bundle.ts';
import type { Figure } from './report.ts';

/** Each is the module ./NAME.ts. */
const NAMES = ['documents', 'latency', 'annex', 'start', 'idle-memory', 'inbox-page', 'search'];

export interface Benchmark {
  run(options: { smoke: boolean }): Promise<Figure[]>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { smoke: { type: 'boolean', default: false } },
});

async function main(): Promise<number> {
  const unknown = positionals.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`no benchmark named ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
    return 2;
  }
  await buildBundle();
  let failed = 0;
  for (const name of positionals.length > 0 ? positionals : NAMES) {
    try {
      const benchmark = (await import(`./${name}.ts`)) as Benchmark;
      for (const figure of await benchmark.run({ smoke: values.smoke })) console.log(JSON.stringify(figure));
    } catch (error) {
      failed += 1;
      console.error(`${name}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main();
