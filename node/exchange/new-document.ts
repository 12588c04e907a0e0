/** What the outbox commits beside a document's deliveries, what it says of it in the audit log, and what it keeps. */
import type { DeliveryRow } from '../../proto/messages.ts';
import { type Bytes, EMPTY, hex } from '../core/bytes.ts';
import { importedRecipientWrite } from '../store/imported-recipients.ts';
import type { AuditEntry, Batch, Write } from '../store/key-value.ts';
import type { ResolvedAttachments } from './attachments.ts';
import { inlinedOf, offerOf } from './attempt.ts';
import type { Draft, Recipient } from './compose.ts';
import type { Token } from './earlier-submissions.ts';
import type { FreshOffer } from './fresh-offers.ts';

/** What is committed beside the deliveries, and the Signed document they are of. */
export interface NewDocument extends Batch {
  envelope: Bytes;
}

/** A delivery that was never tried. */
export function queuedRow(
  of: Pick<DeliveryRow, 'documentId' | 'exchangeId' | 'unit' | 'seat' | 'dispatchId' | 'dispatch'>,
  { urgency }: Pick<Draft, 'urgency'>,
  queuedAtMs: number,
): DeliveryRow {
  const untried = {
    attempts: 0,
    nextAttemptAtMs: 0,
    lastError: '',
    settledAtMs: 0,
    outcome: EMPTY,
    breaks: 0,
    putLastAtMs: 0,
    statusSide: 0,
    statusSequence: 0,
  };
  return { ...of, state: 1, urgency, queuedAtMs, ...untried } as DeliveryRow;
}

/** Of those an imported message wrote, what it says of them. */
export const recipientWrites = (documentId: Bytes, recipients: readonly Recipient[]): Write[] =>
  recipients.flatMap(({ unit, imported }) =>
    imported === undefined ? [] : [importedRecipientWrite({ documentId, unit }, imported)],
  );

/** Undefined when an attachment that travels in the offer is a file: it is read when its turn comes. */
export function freshOffer(
  row: DeliveryRow,
  { envelope }: NewDocument,
  attachments: ResolvedAttachments,
): FreshOffer | undefined {
  const held = attachments.fields.map(({ size }, i) => ({ size, bytes: attachments.bytes[i] }));
  const { inline, pullBytes } = inlinedOf(held);
  const blobs = inline.flatMap(({ bytes }) => bytes ?? []);
  return blobs.length < inline.length
    ? undefined
    : { row, offered: offerOf(row.dispatch, envelope, blobs, pullBytes) };
}

export function queuedEntry(
  documentId: Bytes,
  id: string,
  draft: Draft,
  token: Token,
  atMs: number,
): AuditEntry {
  const { number, notation } = draft.numberKey;
  return {
    atMs,
    event: 'document.queued',
    fields: [
      { name: 'id', value: id },
      { name: 'document', value: hex(documentId) },
      { name: 'number', value: `${number}/${notation}` },
      {
        name: 'to',
        value: draft.recipients
          .map(({ unit }) => unit)
          .join(' ')
          .slice(0, 1900),
      },
      { name: 'system', value: token.system },
    ],
  };
}
