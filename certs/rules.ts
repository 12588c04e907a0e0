/**
 * The rules of RFC 5280 §6.1 and of our profiles, one small function each, for a chain whose names already fit.
 * All are pure. Where one refuses, it names the certificate and the rule, and the first one wins.
 */
import type { Certificate } from './certificate.ts';
import { keyUsageBits } from './extensions.ts';
import { anyExtendedKeyUsage, roleUsages } from './oids.ts';
import { peerIdOfSpki } from './peer-id.ts';
import { allowsKey, type LeafRole, profiles } from './profiles.ts';
import { failure, type PathFailure } from './verdict.ts';

/**
 * What the leaf is needed for. `foreign-seal` is a seal of another CA (the government's own): it knows nothing of
 * our extended key usages and bindings, so its key usage counts, and the directory says whose seal it is.
 */
export type RequiredRole = LeafRole | 'foreign-seal';

type Chain = readonly Certificate[];

/** Names for a certificate's place in the chain, for the log. */
function place(index: number, chain: Chain): string {
  return index === 0 ? 'leaf' : index === chain.length - 1 ? 'anchor' : 'intermediate';
}

export function checkStrength(chain: Chain): PathFailure | undefined {
  for (const [index, certificate] of chain.entries()) {
    const { weakness } = certificate.key;
    if (weakness !== undefined)
      return failure('weak-key', `${place(index, chain)}: ${weakness}`, certificate);
    const anchor = index === chain.length - 1;
    const algorithm = certificate.signatureAlgorithm;
    if (!anchor && (algorithm === undefined || algorithm === 'ed25519')) {
      return failure('weak-signature', `signature algorithm ${certificate.signed.algorithmOid}`, certificate);
    }
  }
  return undefined;
}

/** The anchor's own signature is not checked: it is trusted because it is listed (RFC 5280 §6.1.1 d). */
export function checkSignatures(chain: Chain): PathFailure | undefined {
  for (let i = 0; i < chain.length - 1; i++) {
    const certificate = chain[i] as Certificate;
    if (!certificate.isSignedBy(chain[i + 1] as Certificate)) {
      return failure('bad-signature', `${place(i, chain)} is not signed by its issuer's key`, certificate);
    }
  }
  return undefined;
}

export function checkExtensions(chain: Chain): PathFailure | undefined {
  for (const [index, certificate] of chain.entries()) {
    const { unknownCritical, hasNameConstraints } = certificate.extensions;
    if (hasNameConstraints) return failure('name-constraints', place(index, chain), certificate);
    if (unknownCritical.length > 0) {
      return failure('unknown-critical-extension', unknownCritical.join(', '), certificate);
    }
  }
  return undefined;
}

export function checkAuthorities(chain: Chain): PathFailure | undefined {
  let below = 0;
  for (const [i, certificate] of chain.entries()) {
    if (i === 0) continue;
    const { basicConstraints, keyUsage } = certificate.extensions;
    if (!basicConstraints?.ca || !basicConstraints.critical) {
      return failure('not-a-ca', `${place(i, chain)} has no critical CA:TRUE`, certificate);
    }
    if (((keyUsage ?? 0) & keyUsageBits.keyCertSign) === 0) {
      return failure('key-usage', `${place(i, chain)} may not sign certificates`, certificate);
    }
    if (basicConstraints.pathLength !== undefined && below > basicConstraints.pathLength) {
      return failure(
        'path-length',
        `${below} CAs below, ${basicConstraints.pathLength} allowed`,
        certificate,
      );
    }
    if (!certificate.isSelfIssued) below++;
  }
  return undefined;
}

/** The second of notAfter itself is refused, as OpenSSL does; RFC 5280 would still allow it. */
export function checkDates(chain: Chain, atMs: number): PathFailure | undefined {
  for (const [index, certificate] of chain.entries()) {
    if (atMs < certificate.notBeforeMs) {
      return failure(
        'not-yet-valid',
        `${place(index, chain)} begins ${iso(certificate.notBeforeMs)}`,
        certificate,
      );
    }
    if (atMs >= certificate.notAfterMs) {
      return failure('expired', `${place(index, chain)} ended ${iso(certificate.notAfterMs)}`, certificate);
    }
  }
  return undefined;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function checkRole(chain: Chain, role: RequiredRole | undefined): PathFailure | undefined {
  const leaf = chain[0] as Certificate;
  if (leaf.isCa) return failure('not-a-leaf', 'the certificate is a CA', leaf);
  if (role === undefined) return undefined;
  const keyUsage = leaf.extensions.keyUsage ?? 0;
  if (role === 'foreign-seal') {
    const { family } = leaf.key;
    if (family !== 'ecdsa' && family !== 'rsa') return failure('key-type', `${family} cannot seal`, leaf);
    const signs = keyUsageBits.digitalSignature | keyUsageBits.nonRepudiation;
    return keyUsage & signs ? undefined : failure('key-usage', 'the leaf may not sign', leaf);
  }
  const profile = profiles[role];
  if ((keyUsage & profile.keyUsage) !== profile.keyUsage) {
    return failure('key-usage', `not the key usage of a ${role} certificate`, leaf);
  }
  if (leaf.role !== role) {
    return failure('extended-key-usage', `${leaf.role ?? 'no'} role where ${role} is needed`, leaf);
  }
  for (const authority of chain.slice(1)) {
    const allowed = authority.extensions.extendedKeyUsage;
    if (allowed && !allowed.includes(roleUsages[role]) && !allowed.includes(anyExtendedKeyUsage)) {
      return failure('extended-key-usage', `a CA above may not issue ${role} certificates`, authority);
    }
  }
  if (!allowsKey(profile, leaf.key)) {
    return failure('key-type', `${leaf.key.family} ${leaf.key.bits} for the role ${role}`, leaf);
  }
  return checkBinding(leaf, role);
}

function checkBinding(leaf: Certificate, role: LeafRole): PathFailure | undefined {
  const { facts } = leaf;
  if (facts === undefined) return failure('binding', 'spoilt URI in subjectAltName', leaf);
  const missing = profiles[role].binds.filter((fact) => facts[fact] === undefined);
  if (missing.length > 0) return failure('binding', `no ${missing.join(', ')}`, leaf);
  if (facts.peerId !== undefined && facts.peerId !== peerIdOfSpki(leaf.spki)) {
    return failure('binding', 'the PeerId is not the key’s', leaf);
  }
  return undefined;
}
