/**
 * The one table of certificate profiles: what each kind of certificate may hold, read by the issuing side and by
 * path validation, so that the two cannot drift apart.
 */
import { keyUsageBits } from './extensions.ts';
import type { KeyAlgorithm } from './keys.ts';
import { roleUsages } from './oids.ts';

export type LeafRole = keyof typeof roleUsages;
export type CaRole = 'root' | 'issuing';
export type CertificateRole = CaRole | LeafRole;

const dayMs = 24 * 60 * 60 * 1000;
const yearMs = 365 * dayMs;

/**
 * A certificate starts this long before it is made, so that an agency whose clock is a little slow doesn't take
 * its first certificate, or a new CRL, for one from the future.
 */
export const backdateMs = 5 * 60 * 1000;

export interface Profile {
  /** CA certificates: how many CAs may follow below; undefined for leaves. */
  pathLength: number | undefined;
  /** Bits of `keyUsageBits`; always critical. */
  keyUsage: number;
  /** The private extended key usage, critical: it makes the certificate useless for TLS, code or mail. */
  extendedKeyUsage: string | undefined;
  /** Key algorithms the profile allows. RSA sizes between the named ones are allowed where RSA is. */
  keys: readonly KeyAlgorithm[];
  lifetimeMs: number;
  /** Facts the certificate must bind. */
  binds: readonly ('agency' | 'seat' | 'peerId')[];
  /** The common name's first word. */
  label: string;
}

const caUsage = keyUsageBits.keyCertSign | keyUsageBits.cRLSign;
const rsa: readonly KeyAlgorithm[] = ['rsa-2048', 'rsa-3072', 'rsa-4096'];

export const profiles: Readonly<Record<CertificateRole, Profile>> = {
  root: {
    pathLength: 1,
    keyUsage: caUsage,
    extendedKeyUsage: undefined,
    keys: ['ecdsa-p384', 'ecdsa-p256', 'rsa-3072', 'rsa-4096'],
    lifetimeMs: 20 * yearMs,
    binds: [],
    label: 'Root CA',
  },
  issuing: {
    pathLength: 0,
    keyUsage: caUsage,
    extendedKeyUsage: undefined,
    keys: ['ecdsa-p256', 'ecdsa-p384', 'rsa-3072', 'rsa-4096'],
    lifetimeMs: 10 * yearMs,
    binds: [],
    label: 'Issuing CA',
  },
  node: {
    pathLength: undefined,
    keyUsage: keyUsageBits.digitalSignature,
    extendedKeyUsage: roleUsages.node,
    keys: ['ed25519'],
    lifetimeMs: 2 * yearMs,
    binds: ['agency', 'seat', 'peerId'],
    label: 'Node',
  },
  service: {
    pathLength: undefined,
    keyUsage: keyUsageBits.digitalSignature,
    extendedKeyUsage: roleUsages.service,
    keys: ['ecdsa-p256'],
    lifetimeMs: 2 * yearMs,
    binds: ['agency', 'seat'],
    label: 'Service',
  },
  seal: {
    pathLength: undefined,
    keyUsage: keyUsageBits.digitalSignature | keyUsageBits.nonRepudiation,
    extendedKeyUsage: roleUsages.seal,
    keys: ['ecdsa-p256', 'ecdsa-p384', ...rsa],
    lifetimeMs: 2 * yearMs,
    binds: ['agency'],
    label: 'Seal',
  },
  // as long as the issuing CA: a federation must not stop because nobody renewed the key that signs its heads
  directory: {
    pathLength: undefined,
    keyUsage: keyUsageBits.digitalSignature,
    extendedKeyUsage: roleUsages.directory,
    keys: ['ecdsa-p256'],
    lifetimeMs: 10 * yearMs,
    binds: [],
    label: 'Directory',
  },
};

export const leafRoles = Object.keys(roleUsages) as LeafRole[];

/** The role an extended key usage stands for, if it is one of ours. */
export function roleOfUsage(oid: string): LeafRole | undefined {
  return leafRoles.find((role) => roleUsages[role] === oid);
}

/** Whether a key (of a family and size, already known not to be weak) fits the profile. */
export function allowsKey(profile: Profile, key: { family: string; bits: number }): boolean {
  if (key.family === 'rsa') {
    const sizes = profile.keys.flatMap((name) => (name.startsWith('rsa-') ? [Number(name.slice(4))] : []));
    return sizes.length > 0 && key.bits >= Math.min(...sizes);
  }
  return profile.keys.some((name) => name === key.family || name === `${key.family}-p${key.bits}`);
}
