/**
 * Whether the certificate of someone who signed inside a file chains to an anchor the directory lists: as a seal of the
 * federation's own CA, or as one of a listed CA of others. Certificates that came along with the signature may stand
 * between. Who the signer is to the agency is nobody's claim here. Called by Directory.
 */
import { type Certificate, parseCertificate } from '../../certs/certificate.ts';
import { parseCrl } from '../../certs/crl.ts';
import type { PathFailureReason } from '../../certs/verdict.ts';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import type { CertificateTrust } from './certificate-trust.ts';

export interface SignerMoment {
  /** When the signature is known or said to have been there, and when it is asked. */
  atMs: number;
  nowMs: number;
  /**
   * `at`: a revocation counts only if it reaches back to `atMs` (after a lost key by its invalidity date). `now`: every
   * revocation counts.
   */
  revocation: 'at' | 'now';
}

export interface SignerVerdict {
  /** Subject of the anchor it chains to; undefined when it doesn't count. */
  anchor: string | undefined;
  reason: PathFailureReason | 'revoked' | undefined;
  /** Whether the directory lists a revocation list of its issuer. */
  hasList: boolean;
}

/** Levels of CAs between a leaf and its anchor (certs/chains.ts), and how many that came along are looked at. */
const MOST_LEVELS = 2;
const MOST_EMBEDDED = 4;

export class SignerTrust {
  readonly #trust: Pick<CertificateTrust, 'verdict'>;
  readonly #crls: readonly Bytes[];
  /** Whose lists the directory lists; made when first asked for. */
  #listed: ReadonlySet<string> | undefined;

  constructor(trust: Pick<CertificateTrust, 'verdict'>, crls: readonly Bytes[]) {
    this.#trust = trust;
    this.#crls = crls;
  }

  verdict(certificate: Certificate, embedded: readonly Bytes[], moment: SignerMoment): SignerVerdict {
    const { atMs, nowMs, revocation } = moment;
    const hasList = this.#hasListOf(certificate);
    const chain = issuersAmong(certificate, embedded);
    const asForeign = this.#trust.verdict(certificate, 'foreign-seal', atMs, { revocation, nowMs, chain });
    if (asForeign.ok) return { anchor: asForeign.anchor.subject, reason: undefined, hasList };
    const asOwn = this.#trust.verdict(certificate, 'seal', atMs, { revocation, nowMs });
    if (asOwn.ok) return { anchor: asOwn.anchor.subject, reason: undefined, hasList };
    const isElsewhere = asForeign.reason === 'unknown-anchor' && asOwn.reason !== 'unknown-anchor';
    return { anchor: undefined, reason: (isElsewhere ? asOwn : asForeign).reason, hasList };
  }

  #hasListOf({ issuerDer }: Certificate): boolean {
    this.#listed ??= new Set(
      this.#crls.flatMap((der) => {
        const list = parseCrl(der);
        return list === undefined ? [] : hex(list.issuerDer);
      }),
    );
    return this.#listed.has(hex(issuerDer));
  }
}

/** Those that could stand above the certificate by their names, DER. */
function issuersAmong(certificate: Certificate, embedded: readonly Bytes[]): Bytes[] {
  const pool = embedded.flatMap((der) => parseCertificate(der) ?? []).filter(({ isCa }) => isCa);
  const found: Certificate[] = [];
  let below = [certificate];
  for (let level = 0; level < MOST_LEVELS; level++) {
    below = pool.filter(
      (one) => !found.includes(one) && below.some(({ issuerDer }) => equalBytes(issuerDer, one.subjectDer)),
    );
    found.push(...below);
  }
  return found.slice(0, MOST_EMBEDDED).map(({ bytes }) => bytes);
}
