/** The law's clocks of a whole node as numbers, counted in the search index. Used by finder. */
import type { ClockCounts } from '../core/clock-views.ts';
import type { MomentRange } from '../search/index-calls.ts';
import type { SearchIndex } from '../search/search-index.ts';

/** Breaches are counted over a month's worth of days. */
const BREACH_DAYS = 30;
const DAY_MS = 86_400_000;

/** Without an index: of a store without documents. */
export async function countClocks(index: SearchIndex | undefined, nowMs: number): Promise<ClockCounts> {
  const late = { fromMs: nowMs - BREACH_DAYS * DAY_MS, beforeMs: nowMs };
  const ranges: MomentRange[] = [
    { box: 'inbox', kind: 'due', beforeMs: nowMs },
    { box: 'outbox', kind: 'due', beforeMs: nowMs },
    { box: 'inbox', kind: 'waiting' },
    { box: 'outbox', kind: 'waiting' },
    { box: 'outbox', kind: 'send', ...late },
    { box: 'inbox', kind: 'confirm', ...late },
    { box: 'outbox', kind: 'confirm', ...late },
  ];
  const counts = (await index?.countMoments(ranges)) ?? ranges.map(() => 0);
  const [dueIn, dueOut, waitingIn, waitingOut, sent, confirmedHere, confirmedByOthers] = counts as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return {
    overdue: { inbox: dueIn, outbox: dueOut },
    waiting: { inbox: waitingIn, outbox: waitingOut },
    breaches: { days: BREACH_DAYS, sent, confirmedHere, confirmedByOthers },
  };
}
