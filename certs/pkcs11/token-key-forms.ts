/**
 * Between the forms of PKCS#11 and of X.509: a token's public key as SubjectPublicKeyInfo, what is handed to a token to
 * sign, and its answer as others read it. Pure.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readWhole, tags } from '../der.ts';
import type { KeyAlgorithm } from '../keys.ts';

/** Named curves as CKA_EC_PARAMS (DER of the OID): RFC 5480 §2.1.1.1. */
export const CURVES = {
  'ecdsa-p256': { name: 'P-256', params: Buffer.from('06082a8648ce3d030107', 'hex'), size: 32 },
  'ecdsa-p384': { name: 'P-384', params: Buffer.from('06052b81040022', 'hex'), size: 48 },
} as const;

/** RFC 8017 §9.2 note 1: DigestInfo of SHA-256 before its 32 bytes. */
const SHA256_DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

export const isEc = (algorithm: KeyAlgorithm): algorithm is keyof typeof CURVES =>
  Object.hasOwn(CURVES, algorithm);

/** CKM_ECDSA takes the digest itself, CKM_RSA_PKCS the DigestInfo that it pads. */
export const inputOf = (algorithm: KeyAlgorithm, sha256: Uint8Array): Uint8Array =>
  isEc(algorithm) ? sha256 : Buffer.concat([SHA256_DIGEST_INFO, sha256]);

/** A token's r ‖ s as the DER that X.509 and OpenSSL have (RFC 3279 §2.2.3); an RSA signature as it is. */
export function signatureOf(algorithm: KeyAlgorithm, raw: Uint8Array): Uint8Array {
  if (!isEc(algorithm)) return raw;
  const half = raw.byteLength / 2;
  const content = Buffer.concat([integer(raw.subarray(0, half)), integer(raw.subarray(half))]);
  return Buffer.concat([Buffer.from([tags.sequence, content.byteLength]), content]);
}

/** A non-negative INTEGER of at most 49 bytes. */
function integer(bytes: Uint8Array): Buffer {
  let from = 0;
  while (from < bytes.byteLength - 1 && bytes[from] === 0) from++;
  const magnitude = bytes.subarray(from);
  const content = (magnitude[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude;
  return Buffer.concat([Buffer.of(tags.integer, content.byteLength), content]);
}

/** From CKA_EC_PARAMS and CKA_EC_POINT; undefined for another curve or no point. Some tokens leave out the OCTET STRING. */
export function ecPublicKey(params: Buffer, point: Buffer): KeyObject | undefined {
  const curve = Object.values(CURVES).find((one) => one.params.equals(params));
  if (curve === undefined) return undefined;
  const length = 1 + 2 * curve.size;
  const whole = point.byteLength === length ? point : Buffer.from(octets(point));
  if (whole.byteLength !== length || whole[0] !== 4) return undefined;
  const [x, y] = [whole.subarray(1, 1 + curve.size), whole.subarray(1 + curve.size)];
  const jwk = { kty: 'EC', crv: curve.name, x: x.toString('base64url'), y: y.toString('base64url') };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

function octets(der: Buffer): Uint8Array {
  try {
    return readWhole(der, tags.octetString).content;
  } catch {
    return new Uint8Array();
  }
}

/** From CKA_MODULUS and CKA_PUBLIC_EXPONENT. */
export function rsaPublicKey(modulus: Buffer, exponent: Buffer): KeyObject {
  const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') };
  return createPublicKey({ key: jwk, format: 'jwk' });
}
