/** New deliveries of a document: a signed dispatch each, and the row the courier carries. Used by outbox, more-recipients. */
import { type DeliveryRow, dispatch as dispatchCodec } from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import type { BatchSigner } from '../signing/batch-signer.ts';
import { idOf, KINDS } from '../signing/envelope.ts';
import type { Draft, Recipient } from './compose.ts';
import { queuedRow } from './new-document.ts';
import type { ExchangeComponents } from './ports.ts';

export type DispatchingComponents = Pick<ExchangeComponents, 'self' | 'directory' | 'auditLog'> & {
  signer: BatchSigner;
};

/** What a dispatch says beside its recipient. */
export type Terms = Pick<Draft, 'urgency' | 'due' | 'circular'>;

export async function newDeliveries(
  { documentId, exchangeId }: { documentId: Bytes; exchangeId: Bytes },
  recipients: readonly Recipient[],
  terms: Terms,
  nowMs: number,
  { self, directory, auditLog, signer }: DispatchingComponents,
): Promise<DeliveryRow[]> {
  const { federationId } = directory();
  const logHead = auditLog.head();
  const { urgency, due, circular } = terms;
  return Promise.all(
    recipients.map(async ({ unit, seat }) => {
      const payload = dispatchCodec.encode({ documentId, unit, urgency, due, circular, logHead });
      const dispatch = await signer.sign({ kind: KINDS.dispatch, payload }, self.service());
      const dispatchId = idOf(KINDS.dispatch, federationId, payload);
      return queuedRow({ documentId, exchangeId, unit, seat, dispatch, dispatchId }, terms, nowMs);
    }),
  );
}
