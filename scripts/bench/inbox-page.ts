/**
 * Milliseconds of a page of 50 of the inbox without words, each filter and none, the first page and later ones: of
 * 1,000,000 documents, beside 10,000 as the baseline.
 */
import { compared, measure, type Question, SIZES, SMOKE_SIZES } from './finding.ts';
import { agencyOf, LargeInbox } from './large-inbox.ts';
import type { Figure } from './report.ts';

const day = (draw: (below: number) => number, years: number) => `${2025 - draw(years)}-0${1 + draw(9)}-15`;

const QUESTIONS: Question[] = [
  { name: 'newest', ask: () => ({}) },
  { name: 'page 20', ask: () => ({}), pages: 20 },
  { name: 'from, often', ask: (draw) => ({ from: agencyOf(draw(5)) }) },
  { name: 'from, rarely', ask: (draw) => ({ from: `${agencyOf(80 + draw(14))}.0${1 + draw(9)}` }) },
  { name: 'from nobody', ask: () => ({ from: 'G99' }) },
  { name: 'from, page 10', ask: () => ({ from: agencyOf(0) }), pages: 10 },
  { name: 'to', ask: () => ({ to: 'G22' }) },
  { name: 'state', ask: () => ({ state: 'delivered' }) },
  { name: 'state of none', ask: () => ({ state: 'refused' }) },
  { name: 'status of none', ask: () => ({ status: '06' }) },
  { name: 'since', ask: (draw) => ({ since: day(draw, 9) }) },
  { name: 'until', ask: (draw) => ({ until: day(draw, 9) }) },
  { name: 'from until', ask: (draw) => ({ from: agencyOf(draw(90)), until: day(draw, 9) }) },
];

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const sizes = smoke ? SMOKE_SIZES : SIZES;
  const times = smoke ? 3 : 40;
  const results = [];
  for (const count of [sizes.small, sizes.large]) {
    const inbox = await LargeInbox.prepare(count);
    try {
      await inbox.run();
      results.push(await measure(inbox, QUESTIONS, times));
    } finally {
      await inbox.end();
    }
  }
  return compared('inbox-page', results[0]!, results[1]!);
}
