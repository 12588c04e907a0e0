/**
 * Other forms of what a document's rows hold: the same payload with signatures made at another time. A signed statement
 * that names an envelope by its hash (a receipt, a refusal) can be shown together with those very bytes for ever.
 */
import { type Bytes, equalBytes, sha256 } from '../core/bytes.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX, prefixRange } from './keys.ts';

/** Keeps a Signed document, dispatch or receipt that another form took, or will take, the place of. */
export const earlierEnvelopeWrite = (documentId: Bytes, envelope: Bytes): Write => ({
  put: key(PREFIX.earlierEnvelope, documentId, sha256(envelope)),
  value: envelope,
});

/** A receipt names the envelope as it came: that one is kept where it isn't the one held. */
export const otherFormWrites = (held: { documentId: Bytes; envelope: Bytes }, came: Bytes): Write[] =>
  equalBytes(held.envelope, came) ? [] : [earlierEnvelopeWrite(held.documentId, came)];

/** All of a document's, of every kind. */
export async function earlierEnvelopesOf(store: Reader, documentId: Bytes): Promise<Bytes[]> {
  const found: Bytes[] = [];
  for await (const { value } of store.range(prefixRange(PREFIX.earlierEnvelope, documentId)))
    found.push(value);
  return found;
}
