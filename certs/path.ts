/**
 * Full path validation (RFC 5280 §6): may this certificate be believed, in this role, at this time? Everything is
 * checked here, because the X.509 library checks signatures only: chain of names (chains.ts), strength,
 * signatures, critical extensions, CA rights, dates, role (rules.ts), revocation (revocation.ts). OpenSSL agrees
 * with every verdict on what it has a rule for; we are stricter in the roles and bindings, which it doesn't know.
 *
 * Pure: all trust and all time are arguments. Which anchors count for which role is the caller's decision: the
 * federation's own roles are asked with the federation's root alone, `foreign-seal` with the listed foreign CAs
 * alone; a foreign CA must never stand among the anchors when a node, service or directory role is asked.
 *
 * If several chains fit (a CA certified again), one good chain is enough; else the first chain's failure is told.
 */
import { type Certificate, maxCertificateBytes, parseCertificate } from './certificate.ts';
import { findChains } from './chains.ts';
import { Crl, maxCrlBytes, parseCrl } from './crl.ts';
import { checkRevocation, type RevocationQuestion } from './revocation.ts';
import {
  checkAuthorities,
  checkDates,
  checkExtensions,
  checkRole,
  checkSignatures,
  checkStrength,
  type RequiredRole,
} from './rules.ts';
import { failure, type PathFailure, type PathVerdict } from './verdict.ts';

/** More than a chain can use, room for a CA certified anew; more is an attack. */
export const maxIntermediates = 8;

export interface PathInput {
  /** DER as received, or parsed. Bytes are parsed once and remembered. */
  leaf: Certificate | Uint8Array;
  /** In any order; superfluous ones don't harm. At most `maxIntermediates`. */
  intermediates?: readonly (Certificate | Uint8Array)[];
  anchors: readonly (Certificate | Uint8Array)[];
  /** Current lists of every CA on the chain. Pass large ones parsed: bytes are hashed at each call. */
  crls?: readonly (Crl | Uint8Array)[];
  /** What the leaf is needed for; without it only that it is no CA. */
  role?: RequiredRole;
  /** The moment the certificates must be valid at (Unix ms). */
  atMs: number;
  /** The moment the lists must be current at; default `atMs`. Differs when something old is checked today. */
  nowMs?: number;
  /** `now` (default): a revoked certificate doesn't count. `at`: it counts before it was revoked or lost. */
  revocation?: 'now' | 'at';
  /** Which certificates need a list: `all` below the anchor (default), the `leaf` only, those `listed`, or `none`. */
  crlScope?: RevocationQuestion['scope'];
}

/** Validates a certificate. Never throws; the verdict says why not, or gives the chain. */
export function validatePath(input: PathInput): PathVerdict {
  const leaf = certificateOf(input.leaf);
  if (leaf === undefined) {
    return failure('malformed', `leaf: not a certificate of at most ${maxCertificateBytes} bytes`);
  }
  const given = input.intermediates ?? [];
  if (given.length > maxIntermediates) return failure('too-long', `${given.length} intermediates`, leaf);
  const intermediates = readAll(given, certificateOf);
  if (intermediates === undefined) return failure('malformed', 'intermediate: not a certificate');
  const anchors = readAll(input.anchors, certificateOf);
  if (anchors === undefined) return failure('malformed', 'anchor: not a certificate');
  const crls = readAll(input.crls ?? [], (crl) => (crl instanceof Crl ? crl : parseCrl(crl)));
  if (crls === undefined) return failure('crl-malformed', `not a CRL of at most ${maxCrlBytes} bytes`);

  const chains = findChains(leaf, intermediates, anchors);
  if (!Array.isArray(chains)) return chains;
  const [shortest, ...others] = chains;
  const first = validateChain(shortest, input, crls);
  if (first.ok) return first;
  for (const chain of others) {
    const verdict = validateChain(chain, input, crls);
    if (verdict.ok) return verdict;
  }
  return first;
}

function validateChain(chain: readonly Certificate[], input: PathInput, crls: readonly Crl[]): PathVerdict {
  const { atMs, nowMs = atMs, role } = input;
  const broken: PathFailure | undefined =
    checkStrength(chain) ??
    checkSignatures(chain) ??
    checkExtensions(chain) ??
    checkAuthorities(chain) ??
    checkDates(chain, atMs) ??
    checkRole(chain, role);
  if (broken !== undefined) return broken;
  const revocation = checkRevocation(chain, {
    crls,
    mode: input.revocation ?? 'now',
    atMs,
    nowMs,
    scope: input.crlScope ?? 'all',
  });
  if (!Array.isArray(revocation)) return revocation;
  return {
    ok: true,
    chain,
    leaf: chain[0] as Certificate,
    anchor: chain[chain.length - 1] as Certificate,
    laterRevocations: revocation,
  };
}

function certificateOf(source: Certificate | Uint8Array): Certificate | undefined {
  return source instanceof Uint8Array ? parseCertificate(source) : source;
}

/** Reads every item, undefined if one of them can't be read. */
function readAll<T, U>(sources: readonly T[], read: (source: T) => U | undefined): U[] | undefined {
  const results: U[] = [];
  for (const source of sources) {
    const result = read(source);
    if (result === undefined) return undefined;
    results.push(result);
  }
  return results;
}
