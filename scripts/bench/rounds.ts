/** Ours and the baseline in turns, in the same run: what slows the machine for a while slows both. */
import { type Figure, figure, type Measured, median } from './report.ts';

/** Each side measured `rounds` times, alternating; the figure is of medians. */
export async function pairedRounds(
  name: string,
  rounds: number,
  ours: (round: number) => Promise<Measured>,
  baseline: (round: number) => Promise<Measured>,
): Promise<Figure> {
  const all: { ours: Measured[]; baseline: Measured[] } = { ours: [], baseline: [] };
  for (let round = 0; round < rounds; round++) {
    all.ours.push(await ours(round));
    all.baseline.push(await baseline(round));
  }
  return figure(name, middle(all.ours), middle(all.baseline));
}

/** Medians of value and p95; n of all rounds together. */
function middle(measured: readonly Measured[]): Measured {
  const p95 = measured.flatMap((one) => one.p95 ?? []);
  return {
    value: median(measured.map(({ value }) => value)),
    unit: measured[0]!.unit,
    p95: p95.length === 0 ? null : median(p95),
    n: measured.reduce((sum, { n }) => sum + n, 0),
  };
}
