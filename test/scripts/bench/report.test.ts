/** The figures' arithmetic and the line's shape, which other programs read. */
import t from 'tap';
import { figure, median, percentile } from '../../../scripts/bench/report.ts';

t.test('percentiles are by nearest rank, in any order', async (t) => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  t.equal(percentile(values, 0.5), 50);
  t.equal(percentile(values, 0.95), 95);
  t.equal(percentile(values, 1), 100);
  t.equal(percentile([7], 0.95), 7);
  t.equal(median([3, 1, 2]), 2);
  t.equal(values[0], 100, 'the argument is left as it was');
  t.throws(() => percentile([], 0.5), RangeError);
});

t.test('a figure says everything needed to compare it', async (t) => {
  const measured = { value: 3000, unit: 'documents/s', p95: 20.12345, n: 10 };
  const line = JSON.parse(JSON.stringify(figure('documents', measured, { ...measured, value: 1500 })));
  t.strictSame(Object.keys(line), [
    ...['name', 'value', 'unit', 'p95', 'n', 'baseline', 'ratio', 'machine', 'versions'],
  ]);
  t.equal(line.ratio, 2, 'value / baseline');
  t.equal(line.p95, 20.12);
  t.equal(line.versions.node, process.versions.node);
  t.match(line.versions.lienthong, /^\d+\.\d+\.\d+$/);
  t.match(line.machine, / x \d+, \d+ GiB, /);
});

t.test('without a baseline there is no ratio; units must agree', async (t) => {
  const start = { value: 450, unit: 'ms', p95: null, n: 1 };
  t.match(figure('start', start), { baseline: null, ratio: null, p95: null });
  t.throws(() => figure('start', start, { ...start, unit: 's' }), RangeError);
});
