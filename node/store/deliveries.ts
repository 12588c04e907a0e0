/**
 * Outgoing deliveries and the courier's queue: one row per (document, recipient unit), one queue row while it is
 * not settled, in `queue` when it may go and in `delayed` while it waits for its own time. A change of state and
 * its queue row are always one batch.
 */
import { type DeliveryRow, deliveryRow } from '../../proto/messages.ts';
import { type Bytes, concat, EMPTY, readUint64be, uint64be } from '../core/bytes.ts';
import { isSettled, parseTransportState } from '../core/transport.ts';
import type { Precondition, Reader, Write } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from './keys.ts';

/** What names a delivery; a dispatch stands for it. */
export interface DeliveryKey {
  documentId: Bytes;
  unit: string;
}

export interface QueuedDelivery extends DeliveryKey {
  seat: string;
  rank: number;
  queuedAtMs: number;
}

/** Wire urgency 1…5 → rank 4…0: lower goes first. */
export const rankOf = (urgency: number): number => 5 - Math.min(5, Math.max(1, urgency));

const deliveryKey = (of: DeliveryKey): Bytes => key(PREFIX.delivery, of.documentId, of.unit);
const queueKey = (of: QueuedDelivery): Bytes =>
  key(PREFIX.queue, of.seat, of.rank, of.queuedAtMs, of.documentId, of.unit);
const delayedKey = (of: QueuedDelivery, notBeforeMs: number): Bytes =>
  key(PREFIX.delayed, of.seat, notBeforeMs, of.documentId, of.unit);
const ticketKey = (dispatchId: Bytes): Bytes => key(PREFIX.ticket, dispatchId);

const queuedOf = (row: DeliveryRow): QueuedDelivery => ({
  documentId: row.documentId,
  unit: row.unit,
  seat: row.seat,
  rank: rankOf(row.urgency),
  queuedAtMs: row.queuedAtMs,
});

/** Rows of a new delivery: itself, its place in the queue, its ticket. */
export function newDeliveryWrites(row: DeliveryRow): Write[] {
  return [
    { put: deliveryKey(row), value: deliveryRow.encode(row) },
    { put: queueKey(queuedOf(row)), value: EMPTY },
    ticketWrite(row),
  ];
}

const ticketWrite = (row: DeliveryRow): Write => ({
  put: ticketKey(row.dispatchId),
  value: concat(row.documentId, new TextEncoder().encode(row.unit)),
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
    { put: deliveryKey(after), value: deliveryRow.encode(after) },
  ];
  if (isSettled(parseTransportState(after.state))) return writes;
  const place = queuedOf(after);
  if (after.nextAttemptAtMs > 0) {
    writes.push({
      put: delayedKey(place, after.nextAttemptAtMs),
      value: concat(uint64be(place.rank), uint64be(place.queuedAtMs)),
    });
  } else {
    writes.push({ put: queueKey(place), value: EMPTY });
  }
  return writes;
}

export async function getDelivery(store: Reader, of: DeliveryKey): Promise<DeliveryRow | undefined> {
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

/** The delivery a dispatch id stands for. */
export async function getTicket(store: Reader, dispatchId: Bytes): Promise<DeliveryKey | undefined> {
  const value = await store.get(ticketKey(dispatchId));
  return value && { documentId: value.slice(0, 32), unit: new TextDecoder().decode(value.subarray(32)) };
}

/** What may go to a seat now, urgent first, then oldest. */
export async function queuedFor(store: Reader, seat: string, limit: number): Promise<QueuedDelivery[]> {
  const found: QueuedDelivery[] = [];
  for await (const entry of store.range({ ...prefixRange(PREFIX.queue, seat), limit }))
    found.push(parseQueueKey(entry.key));
  return found;
}

/** What waits for its own time at a seat, earliest first. */
export async function delayedFor(
  store: Reader,
  seat: string,
  limit: number,
): Promise<{ delivery: QueuedDelivery; notBeforeMs: number }[]> {
  const found: { delivery: QueuedDelivery; notBeforeMs: number }[] = [];
  for await (const entry of store.range({ ...prefixRange(PREFIX.delayed, seat), limit })) {
    const [of, notBeforeMs, documentId, unit] = partsOf(entry.key, ['text', 'number', 'bytes', 'text']);
    const rank = readUint64be(entry.value.subarray(0, 8));
    const queuedAtMs = readUint64be(entry.value.subarray(8, 16));
    found.push({ delivery: { seat: of, documentId, unit, rank, queuedAtMs }, notBeforeMs });
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

/** Length of a seat's queue, counted up to `most`. */
export async function countQueued(store: Reader, seat: string, most: number): Promise<number> {
  let count = 0;
  for (const prefix of [PREFIX.queue, PREFIX.delayed]) {
    for await (const _ of store.range({ ...prefixRange(prefix, seat), limit: most - count })) count++;
  }
  return count;
}

async function first(store: Reader, gte: Bytes, lt: Bytes): Promise<Bytes | undefined> {
  for await (const entry of store.range({ gte, lt, limit: 1 })) return entry.key;
  return undefined;
}

function parseQueueKey(from: Bytes): QueuedDelivery {
  const [seat, rank, queuedAtMs, documentId, unit] = partsOf(from, [
    'text',
    'number',
    'number',
    'bytes',
    'text',
  ]);
  return { seat, rank, queuedAtMs, documentId, unit };
}

/** The first text part of a key (seat ids hold no zero byte). */
const textAt = (from: Bytes): string => new TextDecoder().decode(from.subarray(1, from.indexOf(0, 1)));
