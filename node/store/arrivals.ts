/**
 * Incoming deliveries: one row per (document, recipient unit), kept forever, with the signed receipt that every
 * repeat gets again; and the refusals that follow from the offered bytes alone, replayed per envelope.
 */
import { type ArrivalRow, arrivalRow } from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Precondition, Reader, Write } from './key-value.ts';
import { key, PREFIX, prefixRange } from './keys.ts';

const arrivalKey = (documentId: Bytes, unit: string): Bytes => key(PREFIX.arrival, documentId, unit);
const refusalKey = (dispatchEnvelope: Bytes, documentEnvelope: Bytes): Bytes =>
  key(PREFIX.refusal, dispatchEnvelope, documentEnvelope);

export const arrivalWrite = (row: ArrivalRow): Write => ({
  put: arrivalKey(row.documentId, row.unit),
  value: arrivalRow.encode(row),
});
export const arrivalAbsent = (documentId: Bytes, unit: string): Precondition => ({
  key: arrivalKey(documentId, unit),
  expect: 'absent',
});

/** One row in place of another, if it is still that one. */
export const arrivalChange = (before: ArrivalRow, after: ArrivalRow) => ({
  require: [{ key: arrivalKey(before.documentId, before.unit), expect: arrivalRow.encode(before) }],
  writes: [arrivalWrite(after)],
});

export async function getArrival(
  store: Reader,
  documentId: Bytes,
  unit: string,
): Promise<ArrivalRow | undefined> {
  const value = await store.get(arrivalKey(documentId, unit));
  return value && arrivalRow.parse(value);
}

/** All units of this node that received a document. */
export async function arrivalsOf(store: Reader, documentId: Bytes): Promise<ArrivalRow[]> {
  const rows: ArrivalRow[] = [];
  for await (const { value } of store.range(prefixRange(PREFIX.arrival, documentId)))
    rows.push(arrivalRow.parse(value));
  return rows;
}

/** SHA-256 of both envelopes as offered → Signed refusal. */
export const refusalWrite = (dispatchEnvelope: Bytes, documentEnvelope: Bytes, refusal: Bytes): Write => ({
  put: refusalKey(dispatchEnvelope, documentEnvelope),
  value: refusal,
});
export const getRefusal = (
  store: Reader,
  dispatchEnvelope: Bytes,
  documentEnvelope: Bytes,
): Promise<Bytes | undefined> => store.get(refusalKey(dispatchEnvelope, documentEnvelope));
