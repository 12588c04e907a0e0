/**
 * Whether a chain's certificates are revoked, and whether we can know. For each certificate below the anchor the
 * newest list counts that its issuer signed. A list must be current at `nowMs`; when the question is about the
 * past, a list made after that moment answers it, whenever it came and even when it has itself run out (our lists
 * never drop an entry).
 */
import type { Certificate } from './certificate.ts';
import type { Crl, Revocation } from './crl.ts';
import { keyUsageBits } from './extensions.ts';
import { type CertificateRevocation, failure, type PathFailure, type PathRevoked } from './verdict.ts';

export interface RevocationQuestion {
  crls: readonly Crl[];
  /** `at`: a revocation counts only if it reaches back to `atMs` (after a lost key by its invalidity date). `now`: every one. */
  mode: 'now' | 'at';
  atMs: number;
  nowMs: number;
  /**
   * `all` certificates below the anchor must have a list, only the `leaf`, or `none` is asked; `listed`: each whose
   * issuer has a list here (another CA's lists may come or not; the one that came counts).
   */
  scope: 'all' | 'leaf' | 'listed' | 'none';
}

/** After these a key may have been used by someone else before anybody noticed. */
const compromises: ReadonlySet<Revocation['reason']> = new Set([
  'key-compromise',
  'ca-compromise',
  'aa-compromise',
]);

/** From when on a revoked certificate no longer counts: its invalidity date after a compromise, if there is one. */
export function revokedFromMs(revocation: Revocation): number {
  const { revokedAtMs, invalidityMs, reason } = revocation;
  return compromises.has(reason) ? Math.min(revokedAtMs, invalidityMs ?? revokedAtMs) : revokedAtMs;
}

/** The newest list that is this issuer's and bears its signature, or why there is none. */
function listOf(certificate: Certificate, issuer: Certificate, crls: readonly Crl[]): Crl | PathFailure {
  const named = crls.filter(
    (crl) =>
      Buffer.compare(crl.issuerDer, issuer.subjectDer) === 0 &&
      (crl.authorityKey?.keyId ?? issuer.extensions.subjectKeyId) === issuer.extensions.subjectKeyId,
  );
  if (named.length === 0) return failure('crl-missing', `no list of "${issuer.subject}"`, certificate);
  if (((issuer.extensions.keyUsage ?? 0) & keyUsageBits.cRLSign) === 0) {
    return failure('key-usage', 'the issuer may not sign revocation lists', issuer);
  }
  const signed = named.filter((crl) => crl.isSignedBy(issuer));
  const [first, ...others] = signed;
  if (first === undefined) {
    const weak = named.every((crl) => crl.signatureAlgorithm === undefined);
    return failure(
      weak ? 'crl-weak-signature' : 'crl-bad-signature',
      `list of "${issuer.subject}"`,
      certificate,
    );
  }
  return others.reduce((newest, crl) => (crl.thisUpdateMs > newest.thisUpdateMs ? crl : newest), first);
}

function checkFreshness(
  crl: Crl,
  certificate: Certificate,
  question: RevocationQuestion,
): PathFailure | undefined {
  const { mode, atMs, nowMs } = question;
  const conclusive = mode === 'at' && nowMs >= atMs && crl.thisUpdateMs >= atMs;
  if (conclusive) return undefined;
  if (crl.thisUpdateMs > nowMs) {
    return failure('crl-not-yet-valid', `list of ${new Date(crl.thisUpdateMs).toISOString()}`, certificate);
  }
  if (crl.nextUpdateMs <= nowMs) {
    return failure('crl-expired', `list ended ${new Date(crl.nextUpdateMs).toISOString()}`, certificate);
  }
  return undefined;
}

/** Checks a chain (leaf first, anchor last). Answers later revocations that don't count, or the first failure. */
export function checkRevocation(
  chain: readonly Certificate[],
  question: RevocationQuestion,
): CertificateRevocation[] | PathFailure | PathRevoked {
  const later: CertificateRevocation[] = [];
  const count = question.scope === 'none' ? 0 : question.scope === 'leaf' ? 1 : chain.length - 1;
  for (let i = 0; i < count; i++) {
    const certificate = chain[i] as Certificate;
    const crl = listOf(certificate, chain[i + 1] as Certificate, question.crls);
    if ('ok' in crl && crl.reason === 'crl-missing' && question.scope === 'listed') continue;
    if ('ok' in crl) return crl;
    if (crl.unknownCritical.length > 0) {
      return failure('crl-unsupported', crl.unknownCritical.join(', '), certificate);
    }
    const revocation = crl.get(certificate.serial);
    if (revocation !== undefined) {
      if (question.mode === 'now' || question.atMs >= revokedFromMs(revocation)) {
        return revoked(certificate, revocation);
      }
      later.push({ certificate, ...revocation });
    }
    const stale = checkFreshness(crl, certificate, question);
    if (stale !== undefined) return stale;
  }
  return later;
}

function revoked(certificate: Certificate, revocation: Revocation): PathRevoked {
  const { revokedAtMs, invalidityMs, reason } = revocation;
  return {
    ok: false,
    reason: 'revoked',
    detail: `${certificate.subject}: ${reason} since ${new Date(revokedFromMs(revocation)).toISOString()}`,
    certificate,
    revokedAtMs,
    invalidityMs,
    revocationReason: reason,
  };
}
