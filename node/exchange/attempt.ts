/**
 * One attempt at one delivery: builds the offer from what is stored, and turns the outcome into the delivery's next
 * row. Nothing an outcome claims is believed before its signature and its references hold. Called by seat-courier.
 */
import type { Attachment, DeliveryRow, Document, LogHead } from '../../proto/messages.ts';
import { document as documentCodec, signed as signedCodec } from '../../proto/messages.ts';
import { type Bytes, EMPTY, equalBytes, sha256 } from '../core/bytes.ts';
import { type ErrorCode, isLienthongError, LienthongError, SEAL_FAULTS } from '../core/errors.ts';
import {
  nextTransportState,
  parseTransportState,
  storedTransportState,
  type TransportEvent,
} from '../core/transport.ts';
import type { BlobStore } from '../store/blobs.ts';
import { getDocument } from '../store/documents.ts';
import type { KeyValueStore } from '../store/key-value.ts';
import { SMALL_BLOB_BYTES } from '../store/small-blobs.ts';
import { readAttachment } from './attachments.ts';
import type { OfferFields, Outcome } from './delivery-link.ts';
import { readReceipt, readRefusal, type Trust } from './trust.ts';

export interface PreparedOffer {
  fields: OfferFields;
  /** Empty when a status is offered. */
  document: Bytes;
  /** Bytes of attachments the receiver has to pull. */
  pullBytes: number;
}

/** Reads everything the offer holds. Throws 'damaged' when the node lost part of it. */
export async function prepareOffer(
  row: DeliveryRow,
  store: KeyValueStore,
  blobs: BlobStore,
): Promise<PreparedOffer> {
  if (row.statusSequence > 0) return { fields: { status: row.dispatch }, document: EMPTY, pullBytes: 0 };
  const document = await getDocument(store, row.documentId);
  if (document === undefined) throw new LienthongError('damaged', { where: 'document' });
  const { attachments }: Document = documentCodec.parse(signedCodec.parse(document.envelope).payload);
  const travelling = inlinedOf(attachments);
  const blobsInline = await Promise.all(
    travelling.inline.map((attachment) => readAttachment(attachment as Attachment, document, store, blobs)),
  );
  return offerOf(row.dispatch, document.envelope, blobsInline, travelling.pullBytes);
}

export function offerOf(
  dispatch: Bytes,
  document: Bytes,
  inlineBlobs: Bytes[],
  pullBytes: number,
): PreparedOffer {
  return { fields: { dispatches: [dispatch], document, inlineBlobs }, document, pullBytes };
}

/** Which attachments travel inside the offer (64 KiB together, in order), and the bytes of those that are pulled. */
export function inlinedOf<T extends { size?: number | null }>(
  attachments: readonly T[],
): { inline: T[]; pullBytes: number } {
  const inline: T[] = [];
  let room = SMALL_BLOB_BYTES;
  let pullBytes = 0;
  for (const attachment of attachments) {
    const size = attachment.size ?? 0;
    if (size <= room) {
      inline.push(attachment);
      room -= size;
    } else {
      pullBytes += size;
    }
  }
  return { inline, pullBytes };
}

/** What an outcome means for its delivery. */
export type Verdict =
  | { kind: 'delivered'; outcome: Bytes; logHead: LogHead | null | undefined }
  | { kind: 'refused'; outcome: Bytes; code: string; text: string }
  | { kind: 'later'; code: string; text: string; retryAfterMs: number | undefined; movedTo: string }
  | { kind: 'doubtful'; reason: string };

/** Checks an outcome against what was offered. `doubtful` means it proves nothing and the delivery stays open. */
export function judge(
  outcome: Outcome,
  row: DeliveryRow,
  offered: PreparedOffer,
  trust: Trust,
  federationId: Bytes,
  nowMs: number,
): Verdict {
  if (outcome.busy) {
    return {
      kind: 'later',
      code: 'busy',
      text: '',
      retryAfterMs: outcome.busy.retryAfterMs || undefined,
      movedTo: '',
    };
  }
  if (outcome.statusStored) {
    return row.statusSequence > 0 && equalBytes(outcome.statusStored, row.dispatchId)
      ? { kind: 'delivered', outcome: outcome.statusStored, logHead: undefined }
      : { kind: 'doubtful', reason: 'another status was stored' };
  }
  if (outcome.receipt) {
    const receipt = readReceipt(outcome.receipt, federationId);
    if (receipt === undefined) return { kind: 'doubtful', reason: 'receipt is malformed' };
    const { dispatchId, documentId, unit, documentEnvelope } = receipt.content;
    // a repeat's receipt names the envelopes as first received; a seal made again changes only those
    const isStatus = row.statusSequence > 0;
    const isSame = equalBytes(documentId, row.documentId) && unit === row.unit;
    if (isStatus || !isSame || documentEnvelope.byteLength !== 32) {
      return { kind: 'doubtful', reason: 'receipt is for another delivery' };
    }
    if (!equalBytes(dispatchId, row.dispatchId))
      return { kind: 'doubtful', reason: 'receipt names another dispatch' };
    let fault = trust.serviceFault(receipt.signed, row.seat, nowMs);
    // a repeat's receipt is the stored one: its certificate may have run out in the ordinary way since
    if (fault === 'certificate-expired')
      fault = trust.serviceFault(receipt.signed, row.seat, receipt.content.storedAtMs, nowMs);
    if (fault !== undefined) return { kind: 'doubtful', reason: `receipt: ${fault}` };
    return { kind: 'delivered', outcome: receipt.bytes, logHead: receipt.content.logHead };
  }
  if (outcome.refusal) {
    const refusal = readRefusal(outcome.refusal, federationId);
    if (refusal === undefined) return { kind: 'doubtful', reason: 'refusal is malformed' };
    const { documentEnvelope, dispatchEnvelope, retry, code, text, movedTo } = refusal.content;
    if (
      !equalBytes(documentEnvelope, sha256(offered.document)) ||
      !equalBytes(dispatchEnvelope, sha256(row.dispatch))
    ) {
      return { kind: 'doubtful', reason: 'refusal is for another offer' };
    }
    const fault = trust.serviceFault(refusal.signed, row.seat, nowMs);
    if (fault !== undefined) return { kind: 'doubtful', reason: `refusal: ${fault}` };
    if (retry === 1) return { kind: 'refused', outcome: refusal.bytes, code, text };
    const retryAfterMs = outcome.retryAfterMs || undefined;
    return { kind: 'later', code, text, retryAfterMs, movedTo };
  }
  return { kind: 'doubtful', reason: 'no outcome' };
}

/** The row after an event of the transport table; RangeError where the table has no such step. */
export function stepped(row: DeliveryRow, event: TransportEvent, change: Partial<DeliveryRow>): DeliveryRow {
  const from = parseTransportState(row.state);
  const sending = from === 'queued' ? nextTransportState(from, 'offer') : from;
  const to = sending && nextTransportState(sending, event);
  if (to === undefined) throw new RangeError(`no step ${event} from ${from}`);
  return { ...row, ...change, state: storedTransportState(to) } as DeliveryRow;
}

/** What keeps one delivery from being offered while the rest of the queue goes on. */
const UNOFFERABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'damaged',
  'certificate-expired',
  'certificate-revoked',
  'unknown-certificate',
  'seal-scope',
  ...SEAL_FAULTS,
]);

/** "certificate-expired: seal": a code first, as outcomes from others are written; undefined for any other failure. */
export function unofferableReason(error: unknown): string | undefined {
  if (!isLienthongError(error) || !UNOFFERABLE.has(error.code)) return undefined;
  const { code, message, details } = error;
  return details.role === undefined ? message : `${code}: ${details.role}`;
}
