/**
 * Checks everything this node can show of a document: its own bytes, its attachments, every signature, that dispatches
 * and receipts name each other, and that each status names the one before. Each check is one line a person can read. Called by `verify`.
 */

import { createHash } from 'node:crypto';
import { stringify as uuidText } from 'uuid';
import type { Attachment } from '../../proto/messages.ts';
import { document as documentCodec, signed as signedCodec } from '../../proto/messages.ts';
import { equalBytes, hex, sha256 } from '../core/bytes.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Verification } from '../core/views.ts';
import { idOf, KINDS } from '../signing/envelope.ts';
import type { SmallBlobOwner } from '../store/small-blobs.ts';
import { streamAttachment } from './attachments.ts';
import { envelopesOf } from './evidence.ts';
import type { HeldDocument } from './library.ts';
import type { ExchangeComponents, ListedCertificate, PastMoment } from './ports.ts';
import { statusChecks } from './status-proof.ts';
import { readDispatch, readReceipt, type Trust } from './trust.ts';

type Check = Verification['checks'][number];

export type VerificationComponents = Pick<ExchangeComponents, 'store' | 'blobs' | 'directory' | 'clock'> & {
  trust: Trust;
};

export async function verifyDocument(
  document: HeldDocument,
  components: VerificationComponents,
): Promise<Verification> {
  const checks: Check[] = [];
  const { row, signed } = document;
  const { federationId } = components.directory();
  const sameId = equalBytes(idOf(KINDS.document, federationId, signed.payload), row.documentId);
  checks.push(check('document id', sameId, 'the content is not what the id was made of'));
  for (const attachment of documentCodec.parse(signed.payload).attachments) {
    checks.push(await attachmentCheck(attachment as Attachment, row, components));
  }
  const envelopes = await envelopesOf(document, components.store);
  for (const { name, bytes, knownAtMs } of envelopes) {
    const envelope = signedCodec.parse(bytes);
    for (const { role, certificate, claimedAtMs, fault } of components.trust.signatures(envelope)) {
      const by =
        certificate === undefined ? 'unknown certificate' : `${certificate.agency} ${certificate.serial}`;
      const past =
        fault ??
        pastFault(certificate, { knownMs: knownAtMs ?? claimedAtMs, claimedMs: claimedAtMs }, components);
      checks.push(check(`${name}: ${role ?? 'unknown'} signature (${by})`, past === undefined, past ?? ''));
    }
  }
  checks.push(...receiptChecks(envelopes, document, federationId));
  checks.push(...statusChecks(envelopes, row.documentId, federationId));
  return { id: uuidText(row.exchangeId), valid: checks.every(({ ok }) => ok), checks };
}

/**
 * Why the certificate didn't count when the signature is known to have been there. Ended or replaced since then it still
 * does; after the loss of its key nothing counts that isn't known from before. As far as the directory held here knows.
 */
function pastFault(
  certificate: ListedCertificate | undefined,
  at: PastMoment,
  { directory, clock }: VerificationComponents,
): ErrorCode | undefined {
  const { validUntilMs } = directory();
  return certificate && directory().pastFault(certificate.sha256, at, Math.min(clock.nowMs(), validUntilMs));
}

/** A receipt must name the very bytes of its document and dispatch that are held here. */
function receiptChecks(
  envelopes: readonly { name: string; bytes: Uint8Array }[],
  { row }: HeldDocument,
  federationId: Uint8Array,
): Check[] {
  const dispatches = new Map(
    envelopes.flatMap(({ bytes }) => {
      const dispatch = readDispatch(bytes, federationId);
      return dispatch === undefined ? [] : [[hex(dispatch.id), dispatch] as const];
    }),
  );
  const documents = new Set(
    envelopes.filter(({ name }) => name.startsWith('document')).map(({ bytes }) => hex(sha256(bytes))),
  );
  return envelopes.flatMap(({ name, bytes }) => {
    const receipt = readReceipt(bytes, federationId);
    if (receipt === undefined) return [];
    const { documentId, dispatchId, documentEnvelope, dispatchEnvelope, unit } = receipt.content;
    const dispatch = dispatches.get(hex(dispatchId));
    const names =
      equalBytes(documentId, row.documentId) &&
      documents.has(hex(documentEnvelope)) &&
      dispatch !== undefined &&
      equalBytes(dispatchEnvelope, dispatch.hash) &&
      dispatch.content.unit === unit &&
      equalBytes(dispatch.content.documentId, row.documentId);
    return [check(`${name}: names this document and its dispatch`, names, 'it is for something else')];
  });
}

async function attachmentCheck(
  attachment: Attachment,
  of: SmallBlobOwner,
  { store, blobs }: VerificationComponents,
): Promise<Check> {
  const hash = createHash('sha256');
  const what = `attachment ${attachment.name}`;
  try {
    for await (const chunk of streamAttachment(attachment, of, store, blobs)) hash.update(chunk);
  } catch (error) {
    return check(what, false, (error as Error).message);
  }
  return check(
    what,
    equalBytes(new Uint8Array(hash.digest()), attachment.sha256),
    'bytes differ from the signed SHA-256',
  );
}

const check = (what: string, ok: boolean, reason: string): Check => ({
  what,
  ok,
  reason: ok ? null : reason,
});
