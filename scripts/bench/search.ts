/**
 * Milliseconds of a page of 50 of a search for words, of 1,000,000 documents beside 10,000 as the baseline; and what the
 * index costs: seconds to build it while the node runs, its size on disk, most memory of the node meanwhile.
 */
import { compared, measure, type Question, SIZES, SMOKE_SIZES } from './finding.ts';
import { agencyOf, LargeInbox } from './large-inbox.ts';
import { type Figure, figure, type Measured } from './report.ts';

const QUESTIONS: Question[] = [
  { name: 'common words', ask: () => ({ text: 'quyết định ' }) },
  { name: 'common words, page 20', ask: () => ({ text: 'quyết định ' }), pages: 20 },
  { name: 'common phrase', ask: () => ({ text: '"quyet dinh"' }) },
  { name: 'number and notation', ask: (draw) => ({ text: `${1 + draw(4000)}/QĐ-UBND ` }) },
  { name: 'number', ask: (draw) => ({ text: `${1 + draw(4000)} ` }) },
  { name: 'beginning of a word', ask: (draw) => ({ text: ['qu', 'ngh', 'th', 'chu', 'ph'][draw(5)]! }) },
  { name: 'signer', ask: () => ({ text: '"Nguyễn Văn khắc"' }) },
  { name: 'several words', ask: () => ({ text: 'bao cao ket luan thanh tra ' }) },
  { name: 'common and from', ask: (draw) => ({ text: 'quyết định ', from: agencyOf(draw(94)) }) },
  { name: 'common until', ask: (draw) => ({ text: 'quyết định ', until: `${2017 + draw(8)}-06-01` }) },
  { name: 'unknown word', ask: () => ({ text: 'xyzzy ' }) },
  { name: 'common words, of no document', ask: () => ({ text: '"định định định định"' }) },
  {
    name: 'two kinds that exclude each other',
    ask: () => ({ text: '"quyết định" ', from: 'H10', status: '06' }),
  },
];

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const sizes = smoke ? SMOKE_SIZES : SIZES;
  const times = smoke ? 3 : 40;
  const results = [];
  const costs: Figure[] = [];
  for (const count of [sizes.small, sizes.large]) {
    const inbox = await LargeInbox.prepare(count);
    try {
      const buildMs = await inbox.run({ anew: true });
      const one = (name: string, value: number, unit: string) =>
        figure(`${name}-${count}`, { value, unit, p95: null, n: count } satisfies Measured);
      costs.push(
        one('search-build', buildMs / 1000, 's'),
        one('search-disk', (await inbox.indexBytes()) / 10 ** 6, 'MB'),
        one('search-memory', inbox.peakBytes / 10 ** 6, 'MB'),
      );
      results.push(await measure(inbox, QUESTIONS, times));
    } finally {
      await inbox.end();
    }
  }
  return [...compared('search', results[0]!, results[1]!), ...costs];
}
