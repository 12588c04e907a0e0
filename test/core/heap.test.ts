import { execFileSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';

const HEAP = path.join(import.meta.dirname, '../../node/core/heap.ts');

/** Collections of everything while 2 GB of short-lived buffers is made beside a live heap of 20 MB. */
const COUNT = `
  import { PerformanceObserver, constants } from 'node:perf_hooks';
  const { collectBuffersEarly } = await import(process.argv[1]);
  if (process.argv[2] === 'early') collectBuffersEarly();
  const live = Array.from({ length: 250_000 }, (_, i) => ({ i, name: 'x' + i }));
  let major = 0;
  const count = (list) => {
    for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) major++;
  };
  new PerformanceObserver(count).observe({ entryTypes: ['gc'] });
  const inFlight = [];
  for (let i = 0; i < 32_000; i++) {
    inFlight.push(Buffer.allocUnsafeSlow(65_536));
    if (inFlight.length > 16) inFlight.shift();
    if (i % 16 === 0) await new Promise(setImmediate);
  }
  await new Promise(setImmediate);
  console.log(JSON.stringify({ major, live: live.length }));
`;

function majorCollections(way: 'early' | 'default'): number {
  const args = ['--input-type=module', '--eval', COUNT, HEAP, way];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })).major;
}

const skip = process.versions.v8.startsWith('13.6.') ? false : 'not the measured V8: nothing is set';

t.test('short-lived buffers are freed without marking the whole heap', { skip }, async (t) => {
  const early = majorCollections('early');
  const otherwise = majorCollections('default');
  t.ok(early <= 3, `${early} collections of everything`);
  // how many depends on how fast the marking threads get on
  t.ok(otherwise >= early + 4, `${otherwise} without the settings: else they are no longer needed`);
});
