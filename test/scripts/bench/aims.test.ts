/** The table at the end of a run, and the pictures: what is compared with what, and that everything drawn is there. */
import t from 'tap';
import { isMet, summary } from '../../../scripts/bench/aims.ts';
import { draw } from '../../../scripts/bench/annex-sizes.ts';
import { draw as drawCirculars } from '../../../scripts/bench/circular.ts';
import { lineChart } from '../../../scripts/bench/line-chart.ts';
import { figure } from '../../../scripts/bench/report.ts';
import { eventsOf } from './svg-events.ts';

const rate = (value: number) => ({ value, unit: 'documents/s', p95: null, n: 1 });
const ms = (value: number) => ({ value, unit: 'ms', p95: 3, n: 1 });

t.test('an aim is of the ratio or of the value, and every part of it must hold', async (t) => {
  t.equal(isMet(figure('backlog', rate(800), rate(1000))), true, '0.8 is enough');
  t.equal(isMet(figure('backlog', rate(799), rate(1000))), false);
  t.equal(isMet(figure('backlog', rate(800))), undefined, 'nothing to compare with');
  t.equal(isMet(figure('latency', ms(0.8), ms(1))), true);
  t.equal(isMet(figure('latency', ms(0.9), ms(1))), false);
  t.equal(isMet(figure('start', ms(700))), false, 'below means below');
  t.equal(isMet(figure('search-p95', ms(60), ms(59))), false, 'the ratio holds, the value doesn’t');
  t.equal(isMet(figure('anything', ms(1))), undefined);
  const bytes = { value: 3.1, unit: '× its size', p95: null, n: 1 };
  t.equal(
    isMet(figure('circular-bytes-94-recipients-10-mbit', bytes)),
    false,
    'whatever it was measured with',
  );
});

t.test('the table names ours, the other, ratio, aim, and what was missed', async (t) => {
  const lines = summary([
    figure('backlog', rate(1234), rate(1000)),
    figure('start', ms(900)),
    figure('more', ms(1)),
  ]);
  t.match(lines[0], /^figure +ours +instead +ratio +aim$/);
  t.match(lines[1], /^backlog +1,234 documents\/s +1,000 documents\/s +1\.234 +≥ 0\.8 × +met$/);
  t.match(lines[2], /^start +900 ms +< 700 ms +MISSED$/);
  t.match(lines[3], /^more +1 ms$/);
  const at = lines[1]!.indexOf('≥');
  t.equal(lines[2]!.indexOf('<'), at, 'columns are columns');
});

t.test('a picture is sound XML, names title, axes and units, and tells every value as text', async (t) => {
  const svg = lineChart({
    file: 'x',
    title: 'Từ <tệp> & đến "biên nhận"',
    x: { label: 'Size', unit: 'MB' },
    y: { label: 'Throughput', unit: 'MB/s' },
    lines: [
      {
        name: 'ours',
        points: [
          [1, 10],
          [1024, 130.24],
        ],
      },
      {
        name: 'A & B',
        points: [
          [1, 20],
          [32, 7],
        ],
      },
    ],
  });
  const { elements, texts } = eventsOf(svg);
  t.equal(elements.filter((name) => name === 'polyline').length, 2);
  t.equal(elements.filter((name) => name === 'circle').length, 3, 'two points and the legend');
  for (const text of [
    'Từ <tệp> & đến "biên nhận"',
    'Size (MB, logarithmic)',
    'Throughput (MB/s)',
    'ours',
    'A & B',
  ])
    t.ok(texts.includes(text), text);
  t.match(
    texts.join('\n'),
    /ours: 1 MB 10 MB\/s; 1,024 MB 130\.2 MB\/s\. A & B: 1 MB 20 MB\/s; 32 MB 7 MB\/s\./,
  );
  for (const tick of ['0', '50', '100', '150', '1', '32', '1,024']) t.ok(texts.includes(tick), tick);
  const [first, second] = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map((match) =>
    match[1]!.split(' ').map((pair) => pair.split(',').map(Number)),
  );
  t.same(
    first!.map(([x]) => x),
    [80, 820],
    'from edge to edge',
  );
  t.equal(second![1]![0], 450, '32 is half way from 1 to 1024');
  t.ok(second![0]![1]! > first![1]![1]!, 'more is higher');
});

t.test('nothing to draw is said', async (t) => {
  const axis = { label: 'a', unit: 'b' };
  const empty = { file: 'x', title: 'x', x: axis, y: axis, lines: [{ name: 'a', points: [] }] };
  t.throws(() => lineChart(empty), RangeError);
  t.throws(() => lineChart({ ...empty, lines: [{ name: 'a', points: [[0, 1]] }] }), RangeError);
  t.match(
    lineChart({ ...empty, lines: [{ name: 'a', points: [[4, 0]] }] }),
    /<polyline/,
    'one point of nothing',
  );
});

t.test('circulars to more and more recipients become a picture', async (t) => {
  const seconds = (value: number) => ({ value, unit: 's', p95: null, n: 1 });
  const curves = drawCirculars([
    figure('circular-time-94-recipients-10-mbit', seconds(60), seconds(17)),
    figure('circular-recipients/1', seconds(17), seconds(17)),
    figure('circular-recipients/16', seconds(40), seconds(280)),
    figure('circular-recipients/94', seconds(60)),
  ]);
  const [ours, direct] = [
    [
      [1, 17],
      [16, 40],
      [94, 60],
    ],
    [
      [1, 17],
      [16, 280],
    ],
  ];
  t.match(curves, [{ file: 'time-against-recipients', lines: [{ points: ours }, { points: direct }] }]);
  t.match(lineChart(curves[0]!), />94</);
  t.same(drawCirculars([]), [], 'nothing was measured here');
});

t.test('the figures of sizes become two pictures', async (t) => {
  const speed = (value: number) => ({ value, unit: 'MB/s', p95: null, n: 1 });
  const curves = draw([
    figure('annex-sizes/1 MB', speed(5), speed(10)),
    figure('annex-sizes-memory-sender/1 MB', speed(150)),
    figure('annex-sizes-memory-recipient/1 MB', speed(160)),
    figure('annex-sizes/1024 MB', speed(100), speed(200)),
  ]);
  t.match(curves, [
    {
      lines: [
        {
          points: [
            [1, 5],
            [1024, 100],
          ],
        },
        {
          points: [
            [1, 10],
            [1024, 200],
          ],
        },
      ],
    },
    { lines: [{ points: [[1, 150]] }, { points: [[1, 160]] }] },
  ]);
});
