/** How the benchmarks of finding compare: the same questions of a small and of a large inbox, over the HTTP API. */
import type { NodeClient } from '../../node/cli/node-client.ts';
import type { ListQuery } from '../../node/core/views.ts';
import { drawer, type LargeInbox } from './large-inbox.ts';
import { type Figure, figure, type Measured, percentile } from './report.ts';

export const SIZES = { small: 10_000, large: 1_000_000 };
export const SMOKE_SIZES = { small: 200, large: 2_000 };

/** A kind of question: the query of its n-th time, `pages` before the one that is measured. */
export interface Question {
  name: string;
  ask: (draw: (below: number) => number) => Omit<ListQuery, 'box'>;
  pages?: number;
}

/** Milliseconds of each page, by the question's name. */
export async function measure(
  { client }: LargeInbox,
  questions: readonly Question[],
  times: number,
): Promise<Map<string, number[]>> {
  const each = new Map<string, number[]>(questions.map(({ name }) => [name, []]));
  const draw = drawer(times);
  // the first round warms up: caches, code
  for (let round = -1; round < times; round++) {
    for (const { name, ask, pages = 0 } of questions) {
      const query: ListQuery = { box: 'inbox', ...ask(draw) };
      const before = await pageBefore(client, query, pages);
      if (before === null) continue;
      const startedAt = performance.now();
      await client.list(before);
      if (round >= 0) each.get(name)!.push(performance.now() - startedAt);
    }
  }
  return each;
}

/** The query of the page after `pages` others; null where the list ends before. */
async function pageBefore(client: NodeClient, query: ListQuery, pages: number): Promise<ListQuery | null> {
  let at = query;
  for (let page = 0; page < pages; page++) {
    const { cursor } = await client.list(at);
    if (cursor === null) return null;
    at = { ...query, cursor };
  }
  return at;
}

/**
 * One figure of all questions, one of their p95, and one for each question (its p95): the large inbox beside the small
 * one as its baseline, so the ratio says what size costs.
 */
export function compared(
  name: string,
  small: ReadonlyMap<string, number[]>,
  large: ReadonlyMap<string, number[]>,
): Figure[] {
  const all = (each: ReadonlyMap<string, number[]>) => [...each.values()].flat();
  const at = (share: number, each: readonly number[]): Measured => ({
    value: percentile(each, share),
    unit: 'ms',
    p95: percentile(each, 0.95),
    n: each.length,
  });
  const figures = [
    figure(name, at(0.5, all(large)), at(0.5, all(small))),
    figure(`${name}-p95`, at(0.95, all(large)), at(0.95, all(small))),
  ];
  for (const [question, each] of large) {
    const before = small.get(question) ?? [];
    if (each.length > 0 && before.length > 0)
      figures.push(figure(`${name}-p95/${question}`, at(0.95, each), at(0.95, before)));
  }
  return figures;
}
