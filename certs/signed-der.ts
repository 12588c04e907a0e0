/**
 * SIGNED{…}: the outer shape certificates, CRLs and requests share. The signature is checked over the bytes as
 * received, with node:crypto, and only under the algorithms of oids.ts: SHA-1, MD5 and the like are no signature.
 */
import { type KeyObject, verify } from 'node:crypto';
import { DerError, DerReader, readBits, readOid, readWhole, tags } from './der.ts';
import { keyFacts } from './keys.ts';
import { signatureAlgorithms } from './oids.ts';

/** Views of the parts: what is signed, the outer AlgorithmIdentifier, and the signature's bytes. */
export interface SignedDer {
  tbs: Uint8Array;
  algorithm: Uint8Array;
  algorithmOid: string;
  signature: Uint8Array;
}

/** Splits SIGNED{…} (X.509) into its parts. Throws DerError. */
export function readSigned(bytes: Uint8Array): SignedDer {
  const outer = new DerReader(readWhole(bytes, tags.sequence).content);
  const tbs = outer.read(tags.sequence).raw;
  const algorithm = outer.read(tags.sequence);
  const { bytes: signature, unused } = readBits(outer.read(tags.bitString));
  outer.end();
  if (unused !== 0) throw new DerError('signature bits');
  const algorithmOid = readOid(new DerReader(algorithm.content).read(tags.oid));
  return { tbs, algorithm: algorithm.raw, algorithmOid, signature };
}

/** Checks the signature of a SIGNED{…} under a key; false where the algorithm isn't one we accept. */
export function verifySigned(signed: SignedDer, key: KeyObject): boolean {
  const algorithm = signatureAlgorithms[signed.algorithmOid];
  if (algorithm === undefined || algorithm.family !== keyFacts(key).family) return false;
  try {
    return verify(algorithm.digest, signed.tbs, key, signed.signature);
  } catch {
    return false;
  }
}
