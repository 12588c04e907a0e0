/** What each agency made this node take in on its last day here: one row an agency, for its quotas. */
import { type DayCountRow, dayCountRow } from '../../proto/messages.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from './keys.ts';

export const dayCountWrite = (agency: string, row: DayCountRow): Write => ({
  put: key(PREFIX.dayCount, agency),
  value: dayCountRow.encode(row),
});

/** Of every agency that has one: as many as the directory ever named. */
export async function allDayCounts(store: Reader): Promise<Map<string, DayCountRow>> {
  const counts = new Map<string, DayCountRow>();
  for await (const { key: of, value } of store.range(prefixRange(PREFIX.dayCount)))
    counts.set(partsOf(of, ['text'])[0], dayCountRow.parse(value));
  return counts;
}
