/** Keys and bare certificates for tests of signatures: real keys of every kind a statement may be signed with. */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { type Bytes, hex, sha256, utf8 } from '../../node/core/bytes.ts';
import type { SignerRole } from '../../node/signing/roles.ts';
import type { Claims, SigningIdentity } from '../../node/signing/sign.ts';
import type { SignerCertificate } from '../../node/signing/verify.ts';

export interface Party {
  readonly identity: SigningIdentity;
  readonly certificate: SignerCertificate;
  readonly publicPem: string;
  /** Signatures made and checked so far. */
  readonly counts: { signed: number; verified: number };
}

function party(privateKey: KeyObject, role: SignerRole): Party {
  const publicKey = createPublicKey(privateKey);
  const publicPem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
  const certificateSha256 = sha256(utf8(publicPem));
  const counts = { signed: 0, verified: 0 };
  return {
    publicPem,
    counts,
    identity: {
      certificateSha256,
      role,
      sign: (data) => {
        counts.signed++;
        return new Uint8Array(sign('sha256', data, privateKey));
      },
    },
    certificate: {
      sha256: certificateSha256,
      verifySignature: (data, value) => {
        counts.verified++;
        return verify('sha256', data, publicKey, value);
      },
    },
  };
}

export const p256 = (role: SignerRole = 'service'): Party =>
  party(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey, role);
export const p384 = (role: SignerRole = 'seal'): Party =>
  party(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey, role);
export const rsa = (role: SignerRole = 'seal'): Party =>
  party(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, role);

export const finder =
  (...parties: Party[]) =>
  (wanted: Bytes): SignerCertificate | undefined =>
    parties.find(({ certificate }) => hex(certificate.sha256) === hex(wanted))?.certificate;

export const federationId = sha256(utf8('a federation'));
export const claims: Claims = {
  federationId,
  claimedAtMs: 1_552_356_000_000,
  headHash: sha256(utf8('a head')),
};
