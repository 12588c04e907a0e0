/**
 * Finds the chains from a leaf to an anchor by names and key identifiers alone; what holds on a chain is
 * rules.ts's to say. Search is bounded: at most 4 certificates long and 16 chains, however many CAs with the
 * same name are offered, so a hostile pile of intermediates costs nothing.
 */
import type { Certificate } from './certificate.ts';
import { failure, type PathFailure } from './verdict.ts';

/** Leaf, issuing CA, root, and one more for a government CA with a policy level. */
export const maxChainLength = 4;
const maxChains = 16;

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Whether the certificate's authority key identifier, where it has one, points at this issuer. */
function keysMatch(certificate: Certificate, issuer: Certificate): boolean {
  const { keyId, serialHex } = certificate.extensions.authorityKey ?? {};
  const { subjectKeyId } = issuer.extensions;
  if (keyId !== undefined && subjectKeyId !== undefined && keyId !== subjectKeyId) return false;
  return serialHex === undefined || serialHex === issuer.serial;
}

/** A CA met twice makes a loop, not a chain. */
function has(chain: readonly Certificate[], issuer: Certificate): boolean {
  return chain.some(({ sha256 }) => sha256 === issuer.sha256);
}

/** All chains, leaf first and anchor last, shortest first; or why there is none. */
export function findChains(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  anchors: readonly Certificate[],
): [Certificate[], ...Certificate[][]] | PathFailure {
  const found: Certificate[][] = [];
  let partial: Certificate[][] = [[leaf]];
  let reached = leaf;
  for (let length = 2; length <= maxChainLength && partial.length > 0; length++) {
    const next: Certificate[][] = [];
    for (const chain of partial) {
      const last = chain[chain.length - 1] as Certificate;
      const issues = (issuer: Certificate) =>
        same(issuer.subjectDer, last.issuerDer) && keysMatch(last, issuer) && !has(chain, issuer);
      for (const anchor of anchors.filter(issues)) {
        if (found.length < maxChains) found.push([...chain, anchor]);
      }
      for (const issuer of intermediates.filter(issues)) {
        if (next.length < maxChains) next.push([...chain, issuer]);
      }
    }
    partial = next;
    reached = next[0]?.at(-1) ?? reached;
  }
  const [shortest, ...others] = found;
  if (shortest !== undefined) return [shortest, ...others];
  if (partial.length > 0) return failure('too-long', `more than ${maxChainLength} certificates`, leaf);
  return noIssuer(reached, [...intermediates, ...anchors]);
}

function noIssuer(last: Certificate, authorities: readonly Certificate[]): PathFailure {
  const keyId = last.extensions.authorityKey?.keyId;
  const renamed = authorities.find(
    ({ extensions, subjectDer }) =>
      keyId !== undefined && extensions.subjectKeyId === keyId && !same(subjectDer, last.issuerDer),
  );
  return renamed
    ? failure('name-chaining', `issuer "${last.issuer}" is called "${renamed.subject}"`, last)
    : failure('unknown-anchor', `no certificate for issuer "${last.issuer}"`, last);
}
