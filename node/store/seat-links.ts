/** Whether a stream to a seat was open, and until when what was queued for it may have been offered: one row a seat. */
import { type SeatLinkRow, seatLinkRow } from '../../proto/messages.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX } from './keys.ts';

export const seatLinkWrite = (seat: string, row: { open: boolean; doubtUntilMs: number }): Write => ({
  put: key(PREFIX.seatLink, seat),
  value: seatLinkRow.encode(row),
});

export async function getSeatLink(store: Reader, seat: string): Promise<SeatLinkRow | undefined> {
  const value = await store.get(key(PREFIX.seatLink, seat));
  return value && seatLinkRow.parse(value);
}
