/** The baseline really does its work between two processes, leaves nothing behind, and counts what it says. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import t from 'tap';
import { runBaseline } from '../../../scripts/bench/baseline.ts';

t.test('each kind gives a figure and leaves no file and no process', async (t) => {
  const within = await mkdtemp(path.join(os.tmpdir(), 'lienthong-bench-'));
  t.teardown(() => rm(within, { recursive: true }));
  const documents = await runBaseline({ name: 'documents', n: 40, bytes: 10_240, inFlight: 8, within });
  t.match(documents, { unit: 'documents/s', n: 40 });
  t.ok(documents.value > 0 && documents.p95! > 0);
  const latency = await runBaseline({ name: 'latency', n: 20, bytes: 1000, within });
  t.match(latency, { unit: 'ms', n: 20 });
  t.ok(latency.p95! >= latency.value, 'p95 is not below p50');
  const annex = await runBaseline({ name: 'annex', n: 2, bytes: 3_000_001, within });
  t.match(annex, { unit: 'MB/s', n: 2, p95: null });
  t.ok(annex.value > 0);
  t.strictSame(await readdir(within), []);
  t.strictSame(
    process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap'),
    [],
  );
});

t.test('a document the server refuses ends the run with an error', async (t) => {
  await t.rejects(runBaseline({ name: 'latency', n: 1, bytes: 5 * 2 ** 20 }));
});
