/**
 * Key pairs as node:crypto KeyObjects: making them, telling what they are, and signing and checking with them.
 * What always holds: a key is one of the algorithms named here or it has no algorithm and is refused.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { CertsError } from './errors.ts';
import type { Signer } from './signer.ts';

const generate = promisify(generateKeyPair) as (
  type: string,
  options: object,
) => Promise<{ privateKey: KeyObject }>;

/** Every key algorithm in use, with what node:crypto needs to make one. */
const recipes = {
  ed25519: ['ed25519', {}],
  'ecdsa-p256': ['ec', { namedCurve: 'prime256v1' }],
  'ecdsa-p384': ['ec', { namedCurve: 'secp384r1' }],
  'rsa-2048': ['rsa', { modulusLength: 2048 }],
  'rsa-3072': ['rsa', { modulusLength: 3072 }],
  'rsa-4096': ['rsa', { modulusLength: 4096 }],
} as const;

export type KeyAlgorithm = keyof typeof recipes;
export const keyAlgorithms = Object.keys(recipes) as KeyAlgorithm[];

/** What a public key is. `bits` is the curve's or modulus's size. */
export interface KeyFacts {
  family: 'ed25519' | 'ecdsa' | 'rsa' | 'other';
  bits: number;
  /** The weakness that makes it unfit for any use here, else undefined. */
  weakness: string | undefined;
}

/** 2048 bits is the least for RSA (NIST SP 800-57, until 2030). */
export const minRsaBits = 2048;
/** Above this a single check costs milliseconds: a foreign key may not slow everyone down. */
export const maxRsaBits = 8192;

export function keyFacts(key: KeyObject): KeyFacts {
  const details = key.asymmetricKeyDetails;
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return { family: 'ed25519', bits: 256, weakness: undefined };
    case 'ec': {
      if (details?.namedCurve === 'prime256v1') return { family: 'ecdsa', bits: 256, weakness: undefined };
      if (details?.namedCurve === 'secp384r1') return { family: 'ecdsa', bits: 384, weakness: undefined };
      return { family: 'ecdsa', bits: 0, weakness: `curve ${details?.namedCurve ?? 'not named'}` };
    }
    case 'rsa': {
      const bits = details?.modulusLength ?? 0;
      const exponent = details?.publicExponent ?? 0n;
      const weakness =
        bits < minRsaBits || bits > maxRsaBits
          ? `RSA of ${bits} bits`
          : exponent < 65537n || exponent % 2n === 0n
            ? `RSA exponent ${exponent}`
            : undefined;
      return { family: 'rsa', bits, weakness };
    }
    default:
      return { family: 'other', bits: 0, weakness: `key type ${key.asymmetricKeyType}` };
  }
}

/** The algorithm's name, undefined for a key that is none of ours (RSA sizes between the named ones included). */
export function keyAlgorithm(key: KeyObject): KeyAlgorithm | undefined {
  const { family, bits, weakness } = keyFacts(key);
  if (weakness !== undefined) return undefined;
  const name = family === 'ed25519' ? family : family === 'ecdsa' ? `ecdsa-p${bits}` : `${family}-${bits}`;
  return keyAlgorithms.find((algorithm) => algorithm === name);
}

/** Makes a new private key in memory. */
export async function generateKey(algorithm: KeyAlgorithm): Promise<KeyObject> {
  const [type, options] = recipes[algorithm];
  return (await generate(type, options)).privateKey;
}

/** SubjectPublicKeyInfo (DER) of a private or public key. */
export function spkiOf(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
}

/** Reads a SubjectPublicKeyInfo; undefined if it is none. */
export function publicKeyFromSpki(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/** RFC 8410: an Ed25519 private key is 32 bytes behind this fixed PKCS#8 head. */
const ed25519Pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The private key of a 32-byte Ed25519 seed (RFC 8032), e.g. the one-time seed of an invite. */
export function ed25519FromSeed(seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new CertsError('key-unsupported', 'An Ed25519 seed has 32 bytes');
  return createPrivateKey({ key: Buffer.concat([ed25519Pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
}

/** The 32-byte seed of an Ed25519 private key (a libp2p identity is made of it). */
export function ed25519Seed(key: KeyObject): Uint8Array {
  if (key.type !== 'private' || key.asymmetricKeyType !== 'ed25519') {
    throw new CertsError('key-unsupported', 'Not an Ed25519 private key');
  }
  return new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }).subarray(ed25519Pkcs8Head.length));
}

/** Signer of a private key held in memory; signs synchronously. */
export class KeySigner implements Signer {
  readonly algorithm: KeyAlgorithm;
  readonly publicKeySpki: Uint8Array;
  readonly #privateKey: KeyObject;
  readonly #digest: 'sha256' | null;

  constructor(privateKey: KeyObject) {
    const algorithm = privateKey.type === 'private' ? keyAlgorithm(privateKey) : undefined;
    if (algorithm === undefined)
      throw new CertsError('key-unsupported', 'Not a private key of a supported kind');
    this.algorithm = algorithm;
    this.publicKeySpki = spkiOf(privateKey);
    this.#privateKey = privateKey;
    this.#digest = algorithm === 'ed25519' ? null : 'sha256';
  }

  /** For what needs the key itself: the libp2p identity. Only keys kept in memory have one. */
  get privateKey(): KeyObject {
    return this.#privateKey;
  }

  sign(data: Uint8Array): Uint8Array {
    return sign(this.#digest, data, this.#privateKey);
  }
}

/** Checks a signature made by a Signer against a bare public key; false for anything odd, never throws. */
export function verifyWithSpki(spki: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  const key = publicKeyFromSpki(spki);
  if (key === undefined || keyFacts(key).weakness !== undefined) return false;
  try {
    return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', data, key, signature);
  } catch {
    return false;
  }
}
