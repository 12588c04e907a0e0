/**
 * The signed head of the directory: what it says, who may say it, and whether it follows the one before.
 * What always holds: a head counts only when a directory certificate that leads to the federation's root signed it;
 * of one epoch each version has one head, one higher than and naming the one before. Verdicts are typed; nothing here
 * throws on a peer's bytes. The hash of a head is SHA-256 of the Signed envelope as it was made.
 */
import { type Certificate, parseCertificate } from '../../certs/certificate.ts';
import { validatePath } from '../../certs/path.ts';
import {
  type Head,
  type HeadResponse,
  head as headCodec,
  headResponse as headResponseCodec,
  type Signed,
  signed as signedCodec,
} from '../../proto/messages.ts';
import { type Bytes, copyOf, EMPTY, equalBytes, hex, sha256 } from '../core/bytes.ts';
import { KINDS } from '../signing/envelope.ts';
import { type SigningIdentity, sign } from '../signing/sign.ts';
import { checkSignatures, VerifiedRoots } from '../signing/verify.ts';

/** A head as received, with what vouches for it. */
export interface SignedHead {
  /** The Signed envelope, exact bytes. */
  readonly bytes: Bytes;
  readonly hash: Bytes;
  readonly facts: Head;
  readonly signed: Signed;
  /** The directory certificate that signed it, then those between it and the root, DER. */
  readonly certificates: readonly Bytes[];
  /** Signed epoch statement; empty in the first epoch. */
  readonly epochStatement: Bytes;
}

export type HeadFault =
  | 'malformed'
  | 'other-federation'
  | 'bad-signature'
  | 'untrusted-certificate'
  /** The directory certificate is on a revocation list. */
  | 'revoked-certificate'
  /** Issued before it was made, or valid for less than it is fresh. */
  | 'bad-times'
  | 'older'
  | 'broken-chain'
  | 'fork'
  | 'epoch-unproven';

/** Signs a head. */
export async function makeHead(
  facts: Omit<Head, '$unknowns'>,
  identity: SigningIdentity,
  federationId: Bytes,
): Promise<Bytes> {
  const payload = headCodec.encode(facts);
  return sign({ kind: KINDS.head, payload }, identity, {
    federationId,
    claimedAtMs: facts.issuedAtMs,
    headHash: EMPTY,
  });
}

/** The head in an answer; undefined when there is none in it. Throws WireError on anything else. */
export function readHead(response: HeadResponse): SignedHead | undefined {
  if (response.head.byteLength === 0) return undefined;
  const bytes = copyOf(response.head);
  const signed = signedCodec.parse(bytes);
  if (signed.kind !== KINDS.head) throw new TypeError('not a head');
  return {
    bytes,
    hash: sha256(bytes),
    facts: headCodec.parse(signed.payload),
    signed,
    certificates: response.certificates.map(copyOf),
    epochStatement: copyOf(response.epochStatement ?? EMPTY),
  };
}

/** Like readHead, from the stored or received bytes of a HeadResponse. */
export const parseHeadResponse = (bytes: Bytes): SignedHead | undefined =>
  readHead(headResponseCodec.parse(bytes));

export const encodeHeadResponse = (head: SignedHead | undefined): Bytes =>
  headResponseCodec.encode(
    head === undefined
      ? {}
      : { head: head.bytes, certificates: [...head.certificates], epochStatement: head.epochStatement },
  );

/**
 * Whether the federation's registry made this head: signature, directory certificate, path to a root, times in order.
 * Revocation is asked with the given lists as of the head's own time; without lists (a first contact) it isn't asked,
 * and must be asked again with the lists of the directory it stands for.
 */
export function checkAuthorship(
  head: SignedHead,
  federationId: Bytes,
  roots: readonly Bytes[],
  crls: readonly Bytes[] = [],
  options: { listsMayHaveEnded?: boolean } = {},
): HeadFault | undefined {
  const { facts } = head;
  if (facts.freshUntilMs < facts.issuedAtMs || facts.validUntilMs < facts.freshUntilMs) return 'bad-times';
  const [directoryDer, ...intermediates] = head.certificates;
  const certificate = directoryDer === undefined ? undefined : parseCertificate(directoryDer);
  if (certificate === undefined) return 'malformed';
  const verdict = validatePath({
    leaf: certificate,
    intermediates,
    anchors: roots,
    crls,
    role: 'directory',
    atMs: facts.issuedAtMs,
    crlScope: crls.length === 0 ? 'none' : 'all',
  });
  const isOnlyOld = !verdict.ok && verdict.reason === 'crl-expired' && options.listsMayHaveEnded === true;
  if (!verdict.ok && !isOnlyOld)
    return verdict.reason === 'revoked' ? 'revoked-certificate' : 'untrusted-certificate';
  return signatureFault(head, federationId, certificate);
}

function signatureFault(
  head: SignedHead,
  federationId: Bytes,
  certificate: Certificate,
): HeadFault | undefined {
  const signer = {
    sha256: new Uint8Array(Buffer.from(certificate.sha256, 'hex')),
    verifySignature: (data: Bytes, value: Bytes) => certificate.verifySignature(data, value),
  };
  const find = (sha: Bytes) => (hex(sha) === certificate.sha256 ? signer : undefined);
  const [only, ...more] = checkSignatures(head.signed, federationId, find, new VerifiedRoots(1));
  if (only === undefined || more.length > 0 || only.role !== 'directory') return 'bad-signature';
  if (only.claimedAtMs !== head.facts.issuedAtMs) return 'bad-signature';
  if (only.fault === 'other-federation') return 'other-federation';
  return only.fault === undefined ? undefined : 'bad-signature';
}

/** Whether `next` comes right after `before` in the same epoch. */
export function checkSuccession(before: SignedHead, next: SignedHead): HeadFault | undefined {
  if (next.facts.epoch !== before.facts.epoch) return 'epoch-unproven';
  if (next.facts.version < before.facts.version) return 'older';
  if (next.facts.version === before.facts.version)
    return equalBytes(next.hash, before.hash) ? undefined : 'fork';
  if (next.facts.version !== before.facts.version + 1) return 'broken-chain';
  if (!equalBytes(next.facts.epochStatement, before.facts.epochStatement)) return 'epoch-unproven';
  return equalBytes(next.facts.previous, before.hash) ? undefined : 'broken-chain';
}

/** Order of heads: epoch, then version. */
export const compareHeads = (a: Head, b: Head): number => a.epoch - b.epoch || a.version - b.version;
