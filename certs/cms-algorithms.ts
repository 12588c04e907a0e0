/**
 * Digest and signature algorithms met in other people's CMS signatures. The weak ones are computed too, and named, so
 * that a person learns what an old signature is worth; they make nothing valid.
 */
import { constants, type KeyObject, verify } from 'node:crypto';
import { DerReader, readOid, readSmall, tags } from './der.ts';

export interface Digest {
  /** For node:crypto. */
  readonly hash: string;
  /** For people. */
  readonly name: string;
  readonly weak: boolean;
}

const digest = (hash: string, name: string, weak = false): Digest => ({ hash, name, weak });
const md5 = digest('md5', 'MD5', true);
const sha1 = digest('sha1', 'SHA-1', true);
const sha224 = digest('sha224', 'SHA-224');
export const sha256Digest = digest('sha256', 'SHA-256');
const sha384 = digest('sha384', 'SHA-384');
const sha512 = digest('sha512', 'SHA-512');
export const sha1Digest = sha1;

const digests: Readonly<Record<string, Digest>> = {
  '1.2.840.113549.2.5': md5,
  '1.3.14.3.2.26': sha1,
  '2.16.840.1.101.3.4.2.4': sha224,
  '2.16.840.1.101.3.4.2.1': sha256Digest,
  '2.16.840.1.101.3.4.2.2': sha384,
  '2.16.840.1.101.3.4.2.3': sha512,
  '2.16.840.1.101.3.4.2.8': digest('sha3-256', 'SHA3-256'),
  '2.16.840.1.101.3.4.2.9': digest('sha3-384', 'SHA3-384'),
  '2.16.840.1.101.3.4.2.10': digest('sha3-512', 'SHA3-512'),
};

/** Undefined for an algorithm nobody here knows. */
export const digestOf = (oid: string): Digest | undefined => digests[oid];

type KeyType = 'rsa' | 'ec';
/** Signature algorithms that say their digest; those without one sign with the signer's digest algorithm. */
const signatures: Readonly<Record<string, readonly [KeyType, Digest | undefined]>> = {
  '1.2.840.113549.1.1.1': ['rsa', undefined],
  '1.2.840.113549.1.1.4': ['rsa', md5],
  '1.2.840.113549.1.1.5': ['rsa', sha1],
  '1.2.840.113549.1.1.14': ['rsa', sha224],
  '1.2.840.113549.1.1.11': ['rsa', sha256Digest],
  '1.2.840.113549.1.1.12': ['rsa', sha384],
  '1.2.840.113549.1.1.13': ['rsa', sha512],
  '1.2.840.10045.2.1': ['ec', undefined],
  '1.2.840.10045.4.1': ['ec', sha1],
  '1.2.840.10045.4.3.1': ['ec', sha224],
  '1.2.840.10045.4.3.2': ['ec', sha256Digest],
  '1.2.840.10045.4.3.3': ['ec', sha384],
  '1.2.840.10045.4.3.4': ['ec', sha512],
};
const rsaPss = '1.2.840.113549.1.1.10';
const maskGeneration1 = '1.2.840.113549.1.1.8';

export interface SignatureAlgorithm {
  readonly keyType: KeyType;
  readonly digest: Digest;
  /** Bytes of salt of RSASSA-PSS; undefined for PKCS#1 v1.5 and ECDSA. */
  readonly saltBytes: number | undefined;
}

/** What a signer's algorithm identifiers mean together; undefined when it is none of those known. Throws DerError. */
export function signatureAlgorithmOf(
  oid: string,
  parameters: Uint8Array | undefined,
  signerDigest: Digest,
): SignatureAlgorithm | undefined {
  if (oid === rsaPss) return parameters && pssOf(parameters);
  const known = signatures[oid];
  return known && { keyType: known[0], digest: known[1] ?? signerDigest, saltBytes: undefined };
}

/** RSASSA-PSS-params (RFC 4055 §3.1): defaults are SHA-1 and 20 bytes; another mask digest than the hash isn't known here. */
function pssOf(parameters: Uint8Array): SignatureAlgorithm | undefined {
  const fields = new DerReader(parameters).enter(tags.sequence);
  const hashField = fields.optional(0xa0);
  const hash = hashField === undefined ? sha1 : digestOf(algorithmOid(hashField.content));
  const mask = fields.optional(0xa1);
  let maskHash: Digest | undefined = sha1;
  if (mask !== undefined) {
    const mgf = new DerReader(mask.content).enter(tags.sequence);
    if (readOid(mgf.read(tags.oid)) !== maskGeneration1) return undefined;
    maskHash = digestOf(algorithmOid(mgf.read(tags.sequence).raw));
  }
  const salt = fields.optional(0xa2);
  const saltBytes = salt === undefined ? 20 : readSmall(new DerReader(salt.content).read(tags.integer));
  if (hash === undefined || hash !== maskHash || saltBytes > 512) return undefined;
  return { keyType: 'rsa', digest: hash, saltBytes };
}

/** The OID of an AlgorithmIdentifier (its whole SEQUENCE). Throws DerError. */
export const algorithmOid = (der: Uint8Array): string =>
  readOid(new DerReader(der).enter(tags.sequence).read(tags.oid));

/** Whether the key made the signature over the data. Never throws. */
export function verifyWith(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (key.asymmetricKeyType !== algorithm.keyType) return false;
  const { saltBytes } = algorithm;
  const pss =
    saltBytes === undefined ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: saltBytes };
  try {
    return verify(algorithm.digest.hash, data, { key, ...pss }, signature);
  } catch {
    return false;
  }
}
