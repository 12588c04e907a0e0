/**
 * Attachments of 1 MB to 1 GB: how fast they travel, beside plain HTTPS, and how much memory the two nodes have at most
 * meanwhile; each size with processes of its own. Measured as annex.ts does. Drawn as two pictures.
 */

import { deliverAnnex, newAnnex, timedAnnex } from './annex-delivery.ts';
import { runBaseline } from './baseline.ts';
import type { Curve } from './line-chart.ts';
import { Pair, RECIPIENT, SENDER } from './pair.ts';
import { type Figure, figure, type Measured, median } from './report.ts';
import { watched } from './resident.ts';
import { pairedRounds } from './rounds.ts';

const MEGABYTES = [1, 4, 16, 64, 256, 1024];
const SMOKE_MEGABYTES = [1, 4];
const MB = 10 ** 6;

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const figures: Figure[] = [];
  const pair = await Pair.start({ nodes: false });
  try {
    for (const megabytes of smoke ? SMOKE_MEGABYTES : MEGABYTES)
      figures.push(...(await ofSize(pair, megabytes, smoke ? 1 : 3)));
    return figures;
  } finally {
    await pair.stop();
  }
}

async function ofSize(pair: Pair, megabytes: number, rounds: number): Promise<Figure[]> {
  const children = await Promise.all([SENDER, RECIPIENT].map((code) => pair.run(code)));
  const bytes = megabytes * MB;
  const peaks: number[][] = [];
  try {
    await deliverAnnex(pair, MB);
    const ours = async (): Promise<Measured> => {
      const pids = children.map(({ pid }) => pid);
      const file = await newAnnex(pair, bytes);
      const measured = await watched(pids, () => timedAnnex(pair, file, bytes));
      peaks.push(measured.peaks.map(({ resident }) => resident));
      return { value: bytes / 1000 / measured.answer, unit: 'MB/s', p95: null, n: 1 };
    };
    const baseline = () => runBaseline({ name: 'annex', n: 1, bytes, within: pair.dir });
    const speed = await pairedRounds(`annex-sizes/${megabytes} MB`, rounds, ours, baseline);
    const memory = ['sender', 'recipient'].map((who, at) => {
      const value = median(peaks.map((each) => each[at]!)) / MB;
      const measured = { value, unit: 'MB', p95: null, n: rounds };
      return figure(`annex-sizes-memory-${who}/${megabytes} MB`, measured);
    });
    return [speed, ...memory];
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

export function draw(figures: readonly Figure[]): Curve[] {
  const of = (name: string, value: (figure: Figure) => number | null) =>
    figures
      .filter((one) => one.name.startsWith(`${name}/`))
      .map((one) => [Number.parseFloat(one.name.slice(name.length + 1)), value(one) ?? 0] as const);
  const x = { label: 'Size of the attachment', unit: 'MB' };
  const ours = (figure: Figure) => figure.value;
  return [
    {
      file: 'throughput-against-size',
      title: 'One attachment, from file to receipt',
      x,
      y: { label: 'Throughput', unit: 'MB/s' },
      lines: [
        { name: 'lienthong', points: of('annex-sizes', ours) },
        { name: 'mutual-TLS HTTPS', points: of('annex-sizes', (figure) => figure.baseline) },
      ],
    },
    {
      file: 'memory-against-size',
      title: 'Most memory of a node while one attachment travels',
      x,
      y: { label: 'Resident memory', unit: 'MB' },
      lines: [
        { name: 'sending node', points: of('annex-sizes-memory-sender', ours) },
        { name: 'receiving node', points: of('annex-sizes-memory-recipient', ours) },
      ],
    },
  ];
}
