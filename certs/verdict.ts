/**
 * What path validation answers. Every way to fail has one reason, which callers and tests match on; `detail` is
 * for logs. Nothing here throws: a stranger's certificate is an expected input.
 */
import type { Certificate } from './certificate.ts';
import type { Revocation } from './crl.ts';

export type PathFailureReason =
  /** Not DER, not a version 3 certificate, a repeated extension, more than 8 KiB … */
  | 'malformed'
  /** No chain within the length limit, or more intermediates than one chain could use. */
  | 'too-long'
  /** No chain of names and key identifiers leads to an anchor. */
  | 'unknown-anchor'
  /** The issuer is there by its key identifier, but under another name than the certificate says. */
  | 'name-chaining'
  | 'bad-signature'
  /** A signature algorithm that proves nothing (SHA-1, MD5) or that isn't accepted here. */
  | 'weak-signature'
  | 'weak-key'
  | 'unknown-critical-extension'
  /** A CA restricts names. These limits aren't evaluated here, so nothing below is believed. */
  | 'name-constraints'
  | 'not-a-ca'
  /** A CA's certificate where an end entity's belongs. */
  | 'not-a-leaf'
  | 'path-length'
  | 'expired'
  | 'not-yet-valid'
  | 'key-usage'
  | 'extended-key-usage'
  /** A sound key of a kind the role doesn't allow. */
  | 'key-type'
  /** The agency, seat or PeerId the role must bind is missing, spoilt, or not the key's own. */
  | 'binding'
  | 'crl-missing'
  | 'crl-malformed'
  | 'crl-bad-signature'
  | 'crl-weak-signature'
  | 'crl-expired'
  | 'crl-not-yet-valid'
  /** A delta, partial or indirect list, or another critical extension. */
  | 'crl-unsupported';

export interface CertificateRevocation extends Revocation {
  certificate: Certificate;
}

export interface PathFailure {
  ok: false;
  reason: PathFailureReason;
  detail: string;
  /** The certificate at fault, where it could be read. */
  certificate?: Certificate;
}

export interface PathRevoked {
  ok: false;
  reason: 'revoked';
  detail: string;
  certificate: Certificate;
  revokedAtMs: number;
  invalidityMs: number | undefined;
  revocationReason: Revocation['reason'];
}

export interface PathAccepted {
  ok: true;
  /** Leaf first, anchor last. */
  chain: readonly Certificate[];
  leaf: Certificate;
  anchor: Certificate;
  /** Revocations on the chain that don't reach back to `atMs` (only with `revocation: 'at'`). */
  laterRevocations: readonly CertificateRevocation[];
}

export type PathVerdict = PathAccepted | PathFailure | PathRevoked;

export function failure(reason: PathFailureReason, detail: string, certificate?: Certificate): PathFailure {
  return { ok: false, reason, detail, ...(certificate ? { certificate } : {}) };
}
