/**
 * The rows of a document that arrives at a unit here, for the inbox's one commit. Three cases: it is new; another unit here has
 * it already; or it is this seat's own, sent to one of its units, and then is in both lists from now on.
 */
import { stringify as uuidText } from 'uuid';
import type { ArrivalRow, DocumentRow } from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import { arrivalWrite } from '../store/arrivals.ts';
import { arrivedHere, documentWrites } from '../store/documents.ts';
import { otherFormWrites } from '../store/earlier-envelopes.ts';
import type { Precondition, Write } from '../store/key-value.ts';
import { legalIdWrites, relationWrites } from '../store/relations.ts';
import { smallBlobWrite } from '../store/small-blobs.ts';
import type { Offered } from './admission.ts';
import type { CollectedAttachments } from './collector.ts';

export const arrivalOf = (
  { dispatch, document, fromSeat }: Offered,
  receipt: Bytes,
  storedAtMs: number,
): ArrivalRow =>
  ({
    documentId: document.id,
    exchangeId: document.content.exchangeId,
    unit: dispatch.content.unit,
    fromSeat,
    dispatchId: dispatch.id,
    dispatch: dispatch.bytes,
    receipt,
    storedAtMs,
    urgency: dispatch.content.urgency,
  }) as ArrivalRow;

/** `held`: the document as it is here already. */
export function rowsOf(
  offered: Offered,
  held: DocumentRow | undefined,
  { small, files, writes: leases }: CollectedAttachments,
  arrival: ArrivalRow,
): { require: Precondition[]; writes: Write[] } {
  const row = held ?? newRow(offered, arrival);
  const { require, writes } = held ? heldRows(held, offered, arrival) : newRows(row, offered, files);
  const kept = small.map(({ sha256: sum, bytes }) => smallBlobWrite(row, sum, bytes));
  return { require, writes: [...writes, ...kept, arrivalWrite(arrival), ...leases] };
}

const newRow = ({ document, fromSeat }: Offered, { exchangeId, storedAtMs }: ArrivalRow): DocumentRow =>
  ({
    documentId: document.id,
    exchangeId,
    envelope: document.bytes,
    outgoing: false,
    storedAtMs,
    fromSeat,
  }) as DocumentRow;

const newRows = (row: DocumentRow, { document }: Offered, files: readonly Bytes[]) => ({
  require: [],
  writes: [
    ...documentWrites(row, uuidText(row.exchangeId), files),
    ...relationWrites(document.content, row),
    ...legalIdWrites(document.content, row),
  ],
});

/** The receipt names the envelope as it came now: it is kept where it isn't the one held. */
function heldRows(held: DocumentRow, { document }: Offered, { storedAtMs }: ArrivalRow) {
  const { require, writes } = arrivedHere(held, storedAtMs);
  return { require, writes: [...writes, ...otherFormWrites(held, document.bytes)] };
}
