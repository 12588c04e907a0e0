/**
 * The two chains of statuses per (document, unit), one row an entry, kept forever; what waits for the outcome of its
 * document; what came before its document; and the arrival numbers of a year. Writes are built here and committed by
 * who owns the transaction: two that append to one chain meet in `nextAbsent`.
 */
import { type StatusRow, statusRow } from '../../proto/messages.ts';
import type { ChainSide } from '../core/business-status.ts';
import { type Bytes, concat, EMPTY, fromUtf8, readUint64be, uint64be, utf8 } from '../core/bytes.ts';
import type { DeliveryKey } from './deliveries.ts';
import type { Precondition, Reader, Write } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from './keys.ts';

/** More than a document's life has; a peer that says more is broken or hostile, and each is read for the state. */
export const MOST_ENTRIES = 100;

const statusKey = ({ documentId, unit }: DeliveryKey, side: ChainSide, sequence: number): Bytes =>
  key(PREFIX.status, documentId, unit, side, sequence);
const earlyKey = ({ documentId, unit }: DeliveryKey, seat: string, sequence: number): Bytes =>
  key(PREFIX.earlyStatus, documentId, unit, seat, sequence);
const heldKey = ({ documentId, unit }: DeliveryKey): Bytes => key(PREFIX.heldStatus, documentId, unit);

export const statusWrite = (of: DeliveryKey, side: ChainSide, sequence: number, row: StatusRow): Write => ({
  put: statusKey(of, side, sequence),
  value: statusRow.encode(row),
});

/** Nobody has written this entry meanwhile. */
export const nextAbsent = (of: DeliveryKey, side: ChainSide, sequence: number): Precondition => ({
  key: statusKey(of, side, sequence),
  expect: 'absent',
});

export async function getStatus(
  store: Reader,
  of: DeliveryKey,
  side: ChainSide,
  sequence: number,
): Promise<StatusRow | undefined> {
  const value = await store.get(statusKey(of, side, sequence));
  return value && statusRow.parse(value);
}

export interface StoredEntry {
  side: ChainSide;
  sequence: number;
  row: StatusRow;
}

/** How many entries both chains have: without reading them. */
export async function countEntries(store: Reader, of: DeliveryKey): Promise<number> {
  let count = 0;
  for await (const _ of store.range({
    ...prefixRange(PREFIX.status, of.documentId, of.unit),
    limit: 2 * MOST_ENTRIES,
  }))
    count++;
  return count;
}

/** Both chains of a document at a unit, the sender's first, each in order. */
export async function entriesOf(store: Reader, of: DeliveryKey): Promise<StoredEntry[]> {
  const found: StoredEntry[] = [];
  for await (const entry of store.range({
    ...prefixRange(PREFIX.status, of.documentId, of.unit),
    limit: 2 * MOST_ENTRIES,
  })) {
    const [, , side, sequence] = partsOf(entry.key, ['bytes', 'text', 'number', 'number']);
    found.push({ side: side as ChainSide, sequence, row: statusRow.parse(entry.value) });
  }
  return found;
}

/** A status from a seat whose document hasn't come. */
export const earlyWrite = (of: DeliveryKey, seat: string, sequence: number, row: StatusRow): Write => ({
  put: earlyKey(of, seat, sequence),
  value: statusRow.encode(row),
});
export const earlyDelete = (of: DeliveryKey, seat: string, sequence: number): Write => ({
  del: earlyKey(of, seat, sequence),
});

export async function getEarly(
  store: Reader,
  { documentId, unit }: DeliveryKey,
  seat: string,
  sequence: number,
): Promise<StatusRow | undefined> {
  const value = await store.get(earlyKey({ documentId, unit }, seat, sequence));
  return value && statusRow.parse(value);
}

/** What came early for a delivery, by whatever seat. */
export async function earlyOf(
  store: Reader,
  of: DeliveryKey,
): Promise<{ seat: string; sequence: number; row: StatusRow }[]> {
  const found: { seat: string; sequence: number; row: StatusRow }[] = [];
  for await (const entry of store.range(prefixRange(PREFIX.earlyStatus, of.documentId, of.unit))) {
    const [, , seat, sequence] = partsOf(entry.key, ['bytes', 'text', 'text', 'number']);
    found.push({ seat, sequence, row: statusRow.parse(entry.value) });
  }
  return found;
}

/** What all came early, at most `limit`. */
export async function allEarly(
  store: Reader,
  limit: number,
): Promise<(DeliveryKey & { seat: string; sequence: number })[]> {
  const found: (DeliveryKey & { seat: string; sequence: number })[] = [];
  for await (const entry of store.range({ ...prefixRange(PREFIX.earlyStatus), limit })) {
    const [documentId, unit, seat, sequence] = partsOf(entry.key, ['bytes', 'text', 'text', 'number']);
    found.push({ documentId, unit, seat, sequence });
  }
  return found;
}

/** Statuses of the delivery wait until its outcome is known. */
export const heldWrite = (of: DeliveryKey): Write => ({ put: heldKey(of), value: EMPTY });
export const heldPresent = (of: DeliveryKey): Precondition => ({ key: heldKey(of), expect: 'present' });
export const heldDelete = (of: DeliveryKey): Write => ({ del: heldKey(of) });

export const isHeld = async (store: Reader, of: DeliveryKey): Promise<boolean> =>
  (await store.get(heldKey(of))) !== undefined;

export async function* allHeld(store: Reader): AsyncGenerator<DeliveryKey> {
  for await (const entry of store.range(prefixRange(PREFIX.heldStatus))) {
    const [documentId, unit] = partsOf(entry.key, ['bytes', 'text']);
    yield { documentId, unit };
  }
}

/** Whose register, and the calendar year in Viet Nam (R10: one series a year, Decree 30 art. 22). */
export interface RegisterKey {
  unit: string;
  year: number;
}

export interface NextNumber {
  number: number;
  require: Precondition;
  writes: Write[];
}

/** The next arrival number, for the commit of the status that gives it: gapless, whatever dies in between. */
export async function nextArrivalNumber(
  store: Reader,
  { unit, year }: RegisterKey,
  of: DeliveryKey,
): Promise<NextNumber> {
  const counter = key(PREFIX.arrivalCounter, unit, year);
  const last = await store.get(counter);
  const number = (last === undefined ? 0 : readUint64be(last)) + 1;
  return {
    number,
    require: { key: counter, expect: last ?? 'absent' },
    writes: [
      { put: counter, value: uint64be(number) },
      {
        put: key(PREFIX.arrivalRegister, unit, year, number),
        value: concat(of.documentId, utf8(of.unit)),
      },
    ],
  };
}

/**
 * A number that was given before a loss: it stays given, and the series goes on after it. Where another document has got
 * it since (`isTaken`), that keeps its place in the register.
 */
export async function givenArrivalNumber(
  store: Reader,
  { unit, year }: RegisterKey,
  number: number,
  of: DeliveryKey,
): Promise<{ require: Precondition[]; writes: Write[]; isTaken: boolean }> {
  const counter = key(PREFIX.arrivalCounter, unit, year);
  const place = key(PREFIX.arrivalRegister, unit, year, number);
  const [last, holder] = await store.getMany([counter, place]);
  const writes: Write[] = [];
  if (holder === undefined) writes.push({ put: place, value: concat(of.documentId, utf8(of.unit)) });
  if (last === undefined || readUint64be(last) < number)
    writes.push({ put: counter, value: uint64be(number) });
  return {
    require: [
      { key: counter, expect: last ?? 'absent' },
      { key: place, expect: holder ?? 'absent' },
    ],
    writes,
    isTaken: holder !== undefined,
  };
}

/** Entries of a register in order, from after `number`. */
export async function* registerEntries(
  store: Reader,
  { unit, year }: RegisterKey,
  after = 0,
): AsyncGenerator<DeliveryKey & { number: number }> {
  const { lt } = prefixRange(PREFIX.arrivalRegister, unit, year);
  const gte = key(PREFIX.arrivalRegister, unit, year, after + 1);
  for await (const entry of store.range({ gte, lt })) {
    const [, , number] = partsOf(entry.key, ['text', 'number', 'number']);
    yield { number, documentId: entry.value.slice(0, 32), unit: fromUtf8(entry.value.subarray(32)) };
  }
}
