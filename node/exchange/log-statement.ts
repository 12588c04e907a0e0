/** This node's own audit log head, signed alone for a peer that asks ("log-head/1"). */
import { logStatement } from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import type { BatchSigner } from '../signing/batch-signer.ts';
import { KINDS } from '../signing/envelope.ts';
import type { ExchangeComponents, LogHead } from './ports.ts';

export type StatementComponents = Pick<ExchangeComponents, 'auditLog' | 'self'> & { signer: BatchSigner };

/** Signed statement of the given head, with the gap of its epoch. */
export function signLogHead(
  { auditLog, self, signer }: StatementComponents,
  head: LogHead = auditLog.head(),
): Promise<Bytes> {
  const payload = logStatement.encode({
    agency: self.agency,
    seat: self.seat,
    head,
    gapAfter: auditLog.gap?.held,
  });
  return signer.sign({ kind: KINDS.logHead, payload }, self.service());
}
