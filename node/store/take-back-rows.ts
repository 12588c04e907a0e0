/** How far a node that lost data has taken back what each seat holds, by the epoch its loss began. */
import { type TakeBackRow, takeBackRow } from '../../proto/messages.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from './keys.ts';

export const takeBackWrite = (epoch: number, seat: string, row: TakeBackRow): Write => ({
  put: key(PREFIX.takeBack, epoch, seat),
  value: takeBackRow.encode(row),
});

export async function getTakeBack(
  store: Reader,
  epoch: number,
  seat: string,
): Promise<TakeBackRow | undefined> {
  const value = await store.get(key(PREFIX.takeBack, epoch, seat));
  return value && takeBackRow.parse(value);
}

export async function takeBacksOf(store: Reader, epoch: number): Promise<Map<string, TakeBackRow>> {
  const rows = new Map<string, TakeBackRow>();
  for await (const { key: row, value } of store.range(prefixRange(PREFIX.takeBack, epoch)))
    rows.set(partsOf(row, ['number', 'text'])[1], takeBackRow.parse(value));
  return rows;
}
