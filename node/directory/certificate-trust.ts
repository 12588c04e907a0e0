/**
 * Whether a certificate counts at a moment, by the anchors and revocation lists of one directory version. Full path
 * validation happens once per certificate; a yes is remembered for as long as nothing on its chain, and no list that
 * was asked, runs out. A no is asked again: it is rare, and time may cure it.
 */
import { type Certificate, parseCertificate } from '../../certs/certificate.ts';
import { type Crl, parseCrl } from '../../certs/crl.ts';
import { validatePath } from '../../certs/path.ts';
import type { RequiredRole } from '../../certs/rules.ts';
import type { PathVerdict } from '../../certs/verdict.ts';
import type { Bytes } from '../core/bytes.ts';
import type { ErrorCode } from '../core/errors.ts';

export interface TrustMaterial {
  /** The federation's own roots, DER. */
  roots: readonly Bytes[];
  /** Issuing CAs below them, DER. */
  intermediates: readonly Bytes[];
  /** CAs of others, listed for seals alone, DER. */
  foreignRoots: readonly Bytes[];
  foreignIntermediates: readonly Bytes[];
  /** What seals of such CAs were granted with, DER. */
  sealChains: readonly Bytes[];
  crls: readonly Bytes[];
}

export interface VerdictOptions {
  revocation?: 'now' | 'at';
  nowMs?: number;
  /** CAs a foreign seal was granted with, its anchor last, DER. */
  chain?: readonly Bytes[];
}

interface Interval {
  fromMs: number;
  toMs: number;
}

/** The federation's own roles are asked with its own roots alone, a foreign seal with the listed foreign CAs alone. */
const isForeign = (role: RequiredRole): boolean => role === 'foreign-seal';

export class CertificateTrust {
  readonly #roots: readonly Certificate[];
  readonly #intermediates: readonly Certificate[];
  readonly #foreignRoots: readonly Certificate[];
  readonly #foreignIntermediates: readonly Certificate[];
  /** Every CA known here, whatever it is believed for: whose lists are whose. */
  readonly #authorities: readonly Certificate[];
  readonly #crls: readonly Crl[];
  readonly #good = new Map<string, Interval>();

  constructor(material: TrustMaterial) {
    this.#roots = certificates(material.roots);
    this.#intermediates = certificates(material.intermediates);
    this.#foreignRoots = certificates(material.foreignRoots);
    this.#foreignIntermediates = certificates(material.foreignIntermediates);
    const chains = certificates(material.sealChains);
    this.#authorities = unique([
      ...[this.#intermediates, this.#roots, this.#foreignIntermediates, this.#foreignRoots, chains].flat(),
    ]);
    this.#crls = material.crls.flatMap((der) => parseCrl(der) ?? []);
  }

  /**
   * Full verdict. `revocation: 'at'`: a revocation counts only if it reaches back to `atMs` (after a lost key by its
   * invalidity date). `'now'`: every revocation counts.
   */
  verdict(
    certificate: Certificate,
    role: RequiredRole,
    atMs: number,
    options: VerdictOptions = {},
  ): PathVerdict {
    return this.#verdict(
      certificate,
      role,
      atMs,
      options,
      isForeign(role) ? this.#foreignRoots : this.#roots,
    );
  }

  #verdict(
    certificate: Certificate,
    role: RequiredRole,
    atMs: number,
    { chain = [], nowMs = atMs, revocation = 'now' }: VerdictOptions,
    anchors: readonly Certificate[],
  ): PathVerdict {
    const foreign = isForeign(role);
    return validatePath({
      leaf: certificate,
      intermediates: foreign
        ? above(certificate, unique([...certificates(chain), ...this.#foreignIntermediates]))
        : this.#intermediates,
      anchors,
      crls: this.#crls,
      role,
      atMs,
      nowMs,
      revocation,
      // a foreign CA's lists aren't ours to make; where there is one it counts
      crlScope: foreign ? 'listed' : 'all',
    });
  }

  /** Why the certificate doesn't count at that time, by lists that are current at `nowMs`; undefined when it does. */
  fault(
    certificate: Certificate,
    role: RequiredRole,
    atMs: number,
    chain?: readonly Bytes[],
    nowMs = atMs,
  ): ErrorCode | undefined {
    if (nowMs !== atMs) {
      const past = this.verdict(certificate, role, atMs, { chain, nowMs });
      return past.ok ? undefined : codeOf(past.reason);
    }
    const name = `${role} ${certificate.sha256}`;
    const known = this.#good.get(name);
    if (known !== undefined && atMs >= known.fromMs && atMs <= known.toMs) return undefined;
    const verdict = this.verdict(certificate, role, atMs, { chain });
    if (!verdict.ok) return codeOf(verdict.reason);
    this.#good.set(name, this.#intervalOf(verdict.chain));
    return undefined;
  }

  /**
   * Why it didn't count at a past moment, whenever it ended: a revocation counts only if it reaches back to `atMs` (after
   * a lost key by its invalidity date). A foreign seal is held against the anchor it was granted with, listed still or
   * not, and against foreign lists as far as they reach: one that was current then, or any made since.
   */
  pastFault(
    certificate: Certificate,
    role: RequiredRole,
    atMs: number,
    nowMs: number,
    chain: readonly Bytes[] = [],
  ): ErrorCode | undefined {
    const foreign = isForeign(role);
    const anchors = foreign ? unique([...this.#foreignRoots, ...certificates(chain.slice(-1))]) : this.#roots;
    // nobody here can make a foreign CA's next list: that it has none by now says nothing of that moment
    const listsMs = foreign ? atMs : Math.max(atMs, nowMs);
    const options = { chain, nowMs: listsMs, revocation: 'at' } as const;
    const verdict = this.#verdict(certificate, role, atMs, options, anchors);
    return verdict.ok ? undefined : codeOf(verdict.reason);
  }

  /** Whether a list of its own issuer says the certificate is revoked, whatever the time. */
  isRevoked(certificate: Certificate): boolean {
    const naming = this.#crls.filter(
      (crl) => sameBytes(crl.issuerDer, certificate.issuerDer) && crl.get(certificate.serial) !== undefined,
    );
    if (naming.length === 0) return false;
    // names alone don't bind: another CA may bear the name of ours
    const issuers = this.#authorities.filter(
      (one) => sameBytes(one.subjectDer, certificate.issuerDer) && certificate.isSignedBy(one),
    );
    return naming.some((crl) => issuers.some((issuer) => crl.isSignedBy(issuer)));
  }

  /** The chain from a certificate to its anchor, DER, leaf left out; empty when there is none. */
  chainOf(certificate: Certificate, role: RequiredRole, chain?: readonly Bytes[]): Bytes[] {
    const verdict = this.verdict(certificate, role, certificate.notAfterMs - 1, { chain, revocation: 'at' });
    if (verdict.ok) return verdict.chain.slice(1).map(({ bytes }) => bytes);
    const found: Bytes[] = [];
    const pool = isForeign(role)
      ? [...certificates(chain ?? []), ...this.#foreignIntermediates, ...this.#foreignRoots]
      : [...this.#intermediates, ...this.#roots];
    let last = certificate;
    while (found.length < MAX_INTERMEDIATES && !last.isSelfIssued) {
      const issuer = pool.find((one) => sameBytes(one.subjectDer, last.issuerDer) && last.isSignedBy(one));
      if (issuer === undefined) break;
      found.push(issuer.bytes);
      last = issuer;
    }
    return found;
  }

  #intervalOf(chain: readonly Certificate[]): Interval {
    const issuers = new Set(chain.map(({ subjectDer }) => Buffer.from(subjectDer).toString('latin1')));
    const lists = this.#crls.filter(({ issuerDer }) =>
      issuers.has(Buffer.from(issuerDer).toString('latin1')),
    );
    return {
      fromMs: Math.max(...chain.map((one) => one.notBeforeMs), ...lists.map((one) => one.thisUpdateMs)),
      toMs: Math.min(...chain.map((one) => one.notAfterMs), ...lists.map((one) => one.nextUpdateMs)),
    };
  }
}

/** As many as path validation takes. */
const MAX_INTERMEDIATES = 8;

const certificates = (all: readonly Bytes[]): Certificate[] =>
  all.flatMap((der) => parseCertificate(der) ?? []);

const unique = (all: readonly Certificate[]): Certificate[] => [
  ...new Map(all.map((one) => [one.sha256, one])).values(),
];

/** Those of the pool that lead up from a certificate, nearest first: what other anchors have isn't offered. */
function above(certificate: Certificate, pool: readonly Certificate[]): Certificate[] {
  const found = new Set<Certificate>([certificate]);
  for (const below of found)
    for (const one of pool)
      if (sameBytes(one.subjectDer, below.issuerDer) && below.isSignedBy(one)) found.add(one);
  found.delete(certificate);
  return [...found].slice(0, MAX_INTERMEDIATES);
}

const sameBytes = (a: Bytes, b: Bytes): boolean => Buffer.compare(a, b) === 0;

function codeOf(reason: Exclude<PathVerdict, { ok: true }>['reason']): ErrorCode {
  if (reason === 'expired') return 'certificate-expired';
  if (reason === 'revoked') return 'certificate-revoked';
  if (reason === 'crl-expired') return 'directory-expired';
  return 'unknown-certificate';
}
