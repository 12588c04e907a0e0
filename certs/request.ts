/**
 * Certificate requests (PKCS #10): making ours, and checking what a stranger hands in. A request proves one
 * thing, that its sender holds the private key; its subject and extensions are read by nobody, because what a
 * certificate says is decided by whoever issues it.
 */
import type { KeyObject } from 'node:crypto';
import { DerReader, readSmall, tags } from './der.ts';
import { readName } from './distinguished-name.ts';
import { fingerprint } from './fingerprint.ts';
import { keyFacts, publicKeyFromSpki } from './keys.ts';
import { buildName } from './name-building.ts';
import { allowsKey, type LeafRole, profiles } from './profiles.ts';
import { readSigned, verifySigned } from './signed-der.ts';
import type { Signer } from './signer.ts';
import { signingWith } from './signer-crypto.ts';
import { Pkcs10CertificateRequestGenerator } from './x509-library.ts';

/** A request with an RSA-8192 key has under 3 KB. */
export const maxRequestBytes = 8 * 1024;

/** A request whose proof of possession holds. */
export interface CheckedRequest {
  /** SubjectPublicKeyInfo, DER. */
  spki: Uint8Array;
  publicKey: KeyObject;
  /** SHA-256 of the SubjectPublicKeyInfo: what an admin compares before granting a seal. */
  keyFingerprint: string;
}

export type RequestVerdict =
  | { ok: true; request: CheckedRequest }
  | {
      ok: false;
      reason: 'too-large' | 'malformed' | 'bad-signature' | 'weak-key' | 'key-type';
      detail: string;
    };

/**
 * Makes a request (DER) for the signer's key. `commonName` is for people who look at the file; issuing ignores it.
 */
export async function createRequest(signer: Signer, commonName: string): Promise<Uint8Array> {
  const { key, algorithm, crypto } = signingWith(signer);
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      name: buildName([{ type: 'CN', value: commonName }]),
      keys: { privateKey: key, publicKey: key },
      signingAlgorithm: algorithm,
    },
    crypto,
  );
  return new Uint8Array(request.rawData);
}

function readRequest(bytes: Uint8Array): { spki: Uint8Array; signed: ReturnType<typeof readSigned> } {
  const signed = readSigned(bytes);
  const info = new DerReader(signed.tbs).enter(tags.sequence);
  if (readSmall(info.read(tags.integer)) !== 0) throw new Error('version');
  readName(info.read(tags.sequence).raw);
  const spki = Uint8Array.from(info.read(tags.sequence).raw);
  info.optional(0xa0);
  info.end();
  return { spki, signed };
}

/** Checks size, form, proof of possession and whether the key fits the role. Never throws. */
export function checkRequest(bytes: Uint8Array, role: LeafRole): RequestVerdict {
  if (bytes.length > maxRequestBytes) {
    return { ok: false, reason: 'too-large', detail: `more than ${maxRequestBytes} bytes` };
  }
  let parts: ReturnType<typeof readRequest>;
  try {
    parts = readRequest(bytes);
  } catch (error) {
    return { ok: false, reason: 'malformed', detail: (error as Error).message };
  }
  const publicKey = publicKeyFromSpki(parts.spki);
  if (publicKey === undefined) return { ok: false, reason: 'malformed', detail: 'public key' };
  const facts = keyFacts(publicKey);
  if (facts.weakness !== undefined) return { ok: false, reason: 'weak-key', detail: facts.weakness };
  if (!allowsKey(profiles[role], facts)) {
    return { ok: false, reason: 'key-type', detail: `${facts.family} ${facts.bits} for the role ${role}` };
  }
  if (!verifySigned(parts.signed, publicKey)) {
    return { ok: false, reason: 'bad-signature', detail: 'the request is not signed by its own key' };
  }
  return {
    ok: true,
    request: { spki: parts.spki, publicKey, keyFingerprint: fingerprint(parts.spki) },
  };
}
