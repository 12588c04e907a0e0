/**
 * R9: what a number that is in use still allows. The same content to new recipients only is the same document again;
 * anything else is refused, naming the earlier document. Only reads; the outbox commits against what it read.
 */
import { stringify as uuidText } from 'uuid';
import {
  type Document,
  type DocumentRow,
  document as documentCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, EMPTY, equalBytes } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import { getDocument } from '../store/documents.ts';
import type { KeyValueStore } from '../store/key-value.ts';
import { RELATION } from '../store/relations.ts';
import type { AttachmentFields, Draft } from './compose.ts';

/** `holder` is the document that has the draft's number. Throws 'number-used' with what stands in the way. */
export async function requireNewRecipients(
  store: KeyValueStore,
  holder: Bytes,
  draft: Draft,
  attachments: readonly AttachmentFields[],
): Promise<{ row: DocumentRow; id: string }> {
  const row = await getDocument(store, holder);
  if (row === undefined) throw new LienthongError('damaged', { where: 'document' });
  const earlier = documentCodec.parse(signedCodec.parse(row.envelope).payload);
  const id = uuidText(earlier.exchangeId);
  const { number, notation } = draft.numberKey;
  const used = { number, notation, id };
  const again = {
    ...draft.content,
    exchangeId: earlier.exchangeId,
    attachments: attachments.map((one) => withRoot(one, earlier)),
  };
  if (!equalBytes(documentCodec.encode(again), documentCodec.encode(earlier))) {
    throw new LienthongError('number-used', { ...used, reason: 'other-content' });
  }
  const sent = new Set((await deliveriesOf(store, holder)).map(({ unit }) => unit));
  const known = draft.recipients.filter(({ unit }) => sent.has(unit));
  if (known.length > 0)
    throw new LienthongError('number-used', { ...used, recipients: known.map(({ unit }) => unit) });
  return { row, id };
}

/** The chunk root follows from the bytes: of a file not handed over yet, it is that of the earlier one with its hash. */
function withRoot(one: AttachmentFields, earlier: Document): AttachmentFields {
  if (one.chunkRoot != null) return one;
  const same = earlier.attachments.find(({ sha256 }) => equalBytes(sha256 ?? new Uint8Array(0), one.sha256!));
  return { ...one, chunkRoot: same?.chunkRoot ?? new Uint8Array(32) };
}

const SHARES_NUMBER: readonly number[] = [RELATION.updates, RELATION.corrects, RELATION.recalls];

/** Whether the draft updates, corrects or recalls the document. */
export const namesAs = ({ content }: Draft, holder: Bytes): boolean =>
  (content.relations ?? []).some(
    ({ kind, documentId }) => SHARES_NUMBER.includes(kind ?? 0) && equalBytes(documentId ?? EMPTY, holder),
  );
