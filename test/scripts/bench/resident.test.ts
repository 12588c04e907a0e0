/** What benchmarks say of a process's memory is of that process. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { memoryOf, watched } from '../../../scripts/bench/resident.ts';

const MODULE = path.join(import.meta.dirname, '../../../scripts/bench/resident.ts');
const LARGE = 300 * 10 ** 6;

const skip = process.platform !== 'linux' && 'only Linux tells them apart';

t.test('the peak of a process is its own, however large the one that started it', { skip }, async (t) => {
  const held = Buffer.alloc(LARGE, 1);
  const print = `const { peakBytes } = await import(${JSON.stringify(MODULE)}); console.log(peakBytes());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', print]);
  const peak = Number(stdout);
  t.ok((await memoryOf(process.pid)).own > held.byteLength, 'what started it is large');
  t.ok(peak > 10 ** 7 && peak < LARGE, `${peak} bytes`);
});

t.test('own memory is part of what is resident', async (t) => {
  const before = await memoryOf(process.pid);
  t.ok(before.own > 0 && before.own <= before.resident);
  const { answer, peaks } = await watched([process.pid], async () => 'done');
  t.equal(answer, 'done');
  t.ok(peaks[0]!.own > 0 && peaks[0]!.own <= peaks[0]!.resident);
});
