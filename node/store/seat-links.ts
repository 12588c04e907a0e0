/** Whether a stream to a seat was open, and until when what was queued for it may have been offered: one row a seat. */
import { type SeatLinkRow, seatLinkRow } from '../../proto/messages.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from './keys.ts';

export const seatLinkWrite = (seat: string, row: { open: boolean; doubtUntilMs: number }): Write => ({
  put: key(PREFIX.seatLink, seat),
  value: seatLinkRow.encode(row),
});

export async function getSeatLink(store: Reader, seat: string): Promise<SeatLinkRow | undefined> {
  const value = await store.get(key(PREFIX.seatLink, seat));
  return value && seatLinkRow.parse(value);
}

/** Seats to which a stream is open; at a start: was open when the process died. */
export async function seatsWithOpenLink(store: Reader): Promise<string[]> {
  const seats: string[] = [];
  for await (const { key: from, value } of store.range(prefixRange(PREFIX.seatLink)))
    if (seatLinkRow.parse(value).open) seats.push(partsOf(from, ['text'])[0]);
  return seats;
}
