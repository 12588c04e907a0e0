/**
 * What the courier carries and its queue: one row per (document, recipient unit), and one per status said about it; one
 * queue row while it is not settled, in `queue` when it may go and in `delayed` while it waits for its own time. A
 * change of state and its queue row are always one batch.
 */
import { type DeliveryRow, deliveryRow } from '../../proto/messages.ts';
import { type Bytes, concat, EMPTY, readUint64be, uint64be, utf8 } from '../core/bytes.ts';
import { isSettled, parseTransportState } from '../core/transport.ts';
import type { Precondition, Reader, Write } from './key-value.ts';
import { type KeyPart, key, type PartKind, type PartsOf, PREFIX, prefixOf, prefixRange } from './keys.ts';

/** What names a delivery; a dispatch stands for it. */
export interface DeliveryKey {
  documentId: Bytes;
  unit: string;
}

/** Which entry of which chain, where a status is carried instead of the document. */
export interface StatusPlace {
  side: number;
  sequence: number;
}

export interface CarriedKey extends DeliveryKey {
  status?: StatusPlace | undefined;
}

export interface QueuedDelivery extends CarriedKey {
  seat: string;
  rank: number;
  /** Its place within the rank: when it was queued, or later put last. */
  orderMs: number;
}

/** Wire urgency 1…5 → rank 4…0: lower goes first. */
export const rankOf = (urgency: number): number => 5 - Math.min(5, Math.max(1, urgency));

const partsOfKey = ({ documentId, unit, status }: CarriedKey): KeyPart[] =>
  status === undefined ? [documentId, unit] : [documentId, unit, status.side, status.sequence];
const deliveryKey = (of: CarriedKey): Bytes =>
  key(of.status === undefined ? PREFIX.delivery : PREFIX.statusDelivery, ...partsOfKey(of));
const queueKey = (of: QueuedDelivery): Bytes =>
  key(PREFIX.queue, of.seat, of.rank, of.orderMs, ...partsOfKey(of));
const delayedKey = (of: QueuedDelivery, notBeforeMs: number): Bytes =>
  key(PREFIX.delayed, of.seat, notBeforeMs, ...partsOfKey(of));
const ticketKey = (dispatchId: Bytes): Bytes => key(PREFIX.ticket, dispatchId);

/** What a row is the delivery of. */
export const carriedKeyOf = (row: DeliveryRow): CarriedKey => ({
  documentId: row.documentId,
  unit: row.unit,
  ...(row.statusSequence > 0 && { status: { side: row.statusSide, sequence: row.statusSequence } }),
});

/** A delivery's place in its seat's queue. */
export const queuedOf = (row: DeliveryRow): QueuedDelivery => ({
  ...carriedKeyOf(row),
  seat: row.seat,
  rank: rankOf(row.urgency),
  orderMs: row.putLastAtMs || row.queuedAtMs,
});

/** Rows of a new delivery: itself, its place in the queue, its ticket. */
export function newDeliveryWrites(row: DeliveryRow): Write[] {
  return [
    { put: deliveryKey(row), value: deliveryRow.encode(row) },
    { put: queueKey(queuedOf(row)), value: EMPTY },
    ticketWrite(row),
  ];
}

/** Rows of a status to be carried: `held` until the outcome of its document is known, else with its place in the queue. */
export function statusDeliveryWrites(row: DeliveryRow, held: boolean): Write[] {
  const writes: Write[] = [{ put: deliveryKey(carriedKeyOf(row)), value: deliveryRow.encode(row) }];
  if (!held) writes.push({ put: queueKey(queuedOf(row)), value: EMPTY });
  return writes;
}

/** What was held may go. */
export const releaseWrite = (row: DeliveryRow): Write => ({ put: queueKey(queuedOf(row)), value: EMPTY });

const ticketWrite = (row: DeliveryRow): Write => ({
  put: ticketKey(row.dispatchId),
  value: concat(row.documentId, utf8(row.unit)),
});

/** Rows of a delivery that was settled when it came here: no place in the queue. */
export function settledDeliveryWrites(row: DeliveryRow): Write[] {
  return [{ put: deliveryKey(row), value: deliveryRow.encode(row) }, ticketWrite(row)];
}

export const deliveryAbsent = (of: DeliveryKey): Precondition => ({ key: deliveryKey(of), expect: 'absent' });

/** Rows that bring a delivery from `before` to `after`: the row, and its place in the queue or none. */
export function changeDeliveryWrites(before: DeliveryRow, after: DeliveryRow): Write[] {
  const writes: Write[] = [
    before.nextAttemptAtMs > 0
      ? { del: delayedKey(queuedOf(before), before.nextAttemptAtMs) }
      : { del: queueKey(queuedOf(before)) },
    { put: deliveryKey(carriedKeyOf(after)), value: deliveryRow.encode(after) },
  ];
  if (isSettled(parseTransportState(after.state))) return writes;
  const place = queuedOf(after);
  if (after.nextAttemptAtMs > 0) {
    writes.push({
      put: delayedKey(place, after.nextAttemptAtMs),
      value: concat(uint64be(place.rank), uint64be(place.orderMs), sinceOf(after)),
    });
  } else {
    writes.push({ put: queueKey(place), value: sinceOf(after) });
  }
  return writes;
}

/** The same delivery, where it was in the queue, with another form of its dispatch; if it is still what it was. */
export const dispatchChange = (before: DeliveryRow, after: DeliveryRow) => ({
  require: [deliveryUnchanged(before)],
  writes: [{ put: deliveryKey(carriedKeyOf(after)), value: deliveryRow.encode(after) }],
});

export const deliveryUnchanged = (row: DeliveryRow): Precondition => ({
  key: deliveryKey(carriedKeyOf(row)),
  expect: deliveryRow.encode(row),
});

/** In a queue row of what was put last: since when it really waits. Elsewhere its order says that. */
const sinceOf = (row: DeliveryRow): Bytes => (row.putLastAtMs > 0 ? uint64be(row.queuedAtMs) : EMPTY);

export async function getDelivery(store: Reader, of: CarriedKey): Promise<DeliveryRow | undefined> {
  const value = await store.get(deliveryKey(of));
  return value && deliveryRow.parse(value);
}

/** All deliveries of a document, by unit. */
export async function deliveriesOf(store: Reader, documentId: Bytes): Promise<DeliveryRow[]> {
  const rows: DeliveryRow[] = [];
  for await (const { value } of store.range(prefixRange(PREFIX.delivery, documentId)))
    rows.push(deliveryRow.parse(value));
  return rows;
}

/** How the statuses this node said about a document at a unit are on their way, in order of side and sequence. */
export async function statusDeliveriesOf(store: Reader, of: DeliveryKey): Promise<DeliveryRow[]> {
  const rows: DeliveryRow[] = [];
  for await (const { value } of store.range(prefixRange(PREFIX.statusDelivery, of.documentId, of.unit)))
    rows.push(deliveryRow.parse(value));
  return rows;
}

/** The delivery a dispatch id stands for. */
export async function getTicket(store: Reader, dispatchId: Bytes): Promise<DeliveryKey | undefined> {
  const value = await store.get(ticketKey(dispatchId));
  return value && { documentId: value.slice(0, 32), unit: new TextDecoder().decode(value.subarray(32)) };
}

/** What may go to a seat now, urgent first, then oldest, from that place in the queue on. */
export async function queuedFor(
  store: Reader,
  seat: string,
  limit: number,
  from?: QueuedDelivery,
): Promise<QueuedDelivery[]> {
  const found: QueuedDelivery[] = [];
  const { gte, lt } = prefixRange(PREFIX.queue, seat);
  for await (const entry of store.range({ gte: from === undefined ? gte : queueKey(from), lt, limit }))
    found.push(parseQueueKey(entry.key));
  return found;
}

/** What waits for its own time at a seat from a time on, earliest first. */
export async function delayedFor(
  store: Reader,
  seat: string,
  limit: number,
  fromMs = 0,
): Promise<{ delivery: QueuedDelivery; notBeforeMs: number }[]> {
  const found: { delivery: QueuedDelivery; notBeforeMs: number }[] = [];
  const { lt } = prefixRange(PREFIX.delayed, seat);
  for await (const entry of store.range({ gte: key(PREFIX.delayed, seat, fromMs), lt, limit })) {
    const { parts, status } = carriedParts(entry.key, ['text', 'number', 'bytes', 'text']);
    const [of, notBeforeMs, documentId, unit] = parts;
    const rank = readUint64be(entry.value.subarray(0, 8));
    const orderMs = readUint64be(entry.value.subarray(8, 16));
    found.push({ delivery: { seat: of, documentId, unit, rank, orderMs, ...status }, notBeforeMs });
  }
  return found;
}

/** Seats that have anything queued or delayed: one seek each, whatever the queues' length. */
export async function seatsWithQueue(store: Reader): Promise<string[]> {
  const seats = new Set<string>();
  for (const prefix of [PREFIX.queue, PREFIX.delayed]) {
    let from = key(prefix);
    for (;;) {
      const next = await first(store, from, key(prefix + 1));
      if (next === undefined) break;
      const seat = textAt(next);
      seats.add(seat);
      from = prefixRange(prefix, seat).lt;
    }
  }
  return [...seats];
}

/** When the newest of a seat's queue was queued, by its own row; 0 for an empty one. Reads the queue, at most 100,000 rows. */
export async function newestQueuedMs(store: Reader, seat: string): Promise<number> {
  let newestMs = 0;
  const limit = 100_000;
  for await (const { key: from } of store.range({ ...prefixRange(PREFIX.queue, seat), limit }))
    newestMs = Math.max(newestMs, parseQueueKey(from).orderMs);
  for await (const { value } of store.range({ ...prefixRange(PREFIX.delayed, seat), limit }))
    newestMs = Math.max(newestMs, readUint64be(value.subarray(8, 16)));
  return newestMs;
}

/** Length of a seat's queue, counted up to `most`, and since when the longest of these waits. */
export async function measureQueue(
  store: Reader,
  seat: string,
  most: number,
): Promise<{ count: number; oldestAtMs: number | undefined }> {
  let count = 0;
  let oldestAtMs = Number.POSITIVE_INFINITY;
  for await (const { key: from, value } of store.range({ ...prefixRange(PREFIX.queue, seat), limit: most })) {
    count++;
    const atMs = value.byteLength > 0 ? readUint64be(value) : parseQueueKey(from).orderMs;
    oldestAtMs = Math.min(oldestAtMs, atMs);
  }
  for await (const { value } of store.range({ ...prefixRange(PREFIX.delayed, seat), limit: most - count })) {
    count++;
    oldestAtMs = Math.min(oldestAtMs, readUint64be(value.subarray(value.byteLength - 8)));
  }
  return { count, oldestAtMs: count > 0 ? oldestAtMs : undefined };
}

async function first(store: Reader, gte: Bytes, lt: Bytes): Promise<Bytes | undefined> {
  for await (const entry of store.range({ gte, lt, limit: 1 })) return entry.key;
  return undefined;
}

function parseQueueKey(from: Bytes): QueuedDelivery {
  const { parts, status } = carriedParts(from, ['text', 'number', 'number', 'bytes', 'text']);
  const [seat, rank, orderMs, documentId, unit] = parts;
  return { seat, rank, orderMs, documentId, unit, ...status };
}

/** Parts of a key of what is carried; a status has its side and sequence behind them. */
function carriedParts<const K extends readonly PartKind[]>(
  from: Bytes,
  shape: K,
): { parts: PartsOf<K>; status?: { status: StatusPlace } } {
  const ended = prefixOf(from, shape);
  if (ended.rest.byteLength === 0) return { parts: ended.parts };
  if (ended.rest.byteLength !== 16) throw new RangeError('no key of what is carried');
  const [side, sequence] = [readUint64be(ended.rest), readUint64be(ended.rest.subarray(8))];
  return { parts: ended.parts, status: { status: { side, sequence } } };
}

/** The first text part of a key (seat ids hold no zero byte). */
const textAt = (from: Bytes): string => new TextDecoder().decode(from.subarray(1, from.indexOf(0, 1)));
