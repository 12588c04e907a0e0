/**
 * A parsed certificate: the facts the rest of the product asks for, read once, strictly, from the exact bytes.
 * Parsing says what is written; whether to believe it is path.ts's verdict. What parses here also parses in
 * OpenSSL, so what we hold can be checked without us. Immutable; parsed certificates are cached by SHA-256.
 */
import { type KeyObject, verify, X509Certificate } from 'node:crypto';
import { BoundedCache } from './bounded-cache.ts';
import { DerError, DerReader, readSmall, readTimeMs, readUnsignedHex, tags } from './der.ts';
import { type NameAttribute, nameText, readName } from './distinguished-name.ts';
import { CertsError } from './errors.ts';
import { type CertificateExtensions, certificateExtensions, readExtensions } from './extensions.ts';
import { fingerprint } from './fingerprint.ts';
import { type KeyFacts, keyFacts, publicKeyFromSpki } from './keys.ts';
import { signatureAlgorithms } from './oids.ts';
import { allFromPem, fromPem } from './pem.ts';
import { type LeafRole, roleOfUsage } from './profiles.ts';
import { readSigned, type SignedDer, verifySigned } from './signed-der.ts';
import { readSubjectUris, type SubjectFacts } from './subject.ts';

/** Ours have 600–900 bytes; a government CA's with policies and RSA-4096 about 2.5 KB. */
export const maxCertificateBytes = 8 * 1024;

/** A federation has a few hundred certificates; one entry holds some 10 KB. */
const cache = new BoundedCache<Certificate>(1024);

export class Certificate {
  /** The certificate as received (DER). */
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, 64 hex digits. */
  readonly sha256: string;
  /** Lower-case hex, even length, no sign byte. */
  readonly serial: string;
  readonly issuerDer: Uint8Array;
  readonly subjectDer: Uint8Array;
  readonly subjectAttributes: readonly NameAttribute[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly publicKey: KeyObject;
  readonly key: KeyFacts;
  readonly extensions: CertificateExtensions;
  /** Our role, by its extended key usage; undefined for CAs and other people's certificates. */
  readonly role: LeafRole | undefined;
  /** What it binds to its key; undefined if that part is spoilt. Worth something only on a validated path. */
  readonly facts: SubjectFacts | undefined;
  readonly signed: SignedDer;
  readonly #signers = new Set<string>();

  /** Throws DerError or TypeError; callers outside use parseCertificate or readCertificate. */
  constructor(received: Uint8Array) {
    const bytes = Uint8Array.from(received);
    this.bytes = bytes;
    this.sha256 = fingerprint(bytes);
    this.signed = readSigned(bytes);
    const tbs = new DerReader(this.signed.tbs).enter(tags.sequence);
    const version = new DerReader(tbs.read(0xa0).content);
    if (readSmall(version.read(tags.integer)) !== 2) throw new DerError('not version 3');
    version.end();
    const serial = tbs.read(tags.integer);
    this.serial = readUnsignedHex(serial);
    if (serial.content.length > 20) throw new DerError('serial too long');
    if (!Buffer.from(tbs.read(tags.sequence).raw).equals(this.signed.algorithm)) {
      throw new DerError('two signature algorithms');
    }
    this.issuerDer = tbs.read(tags.sequence).raw;
    const validity = tbs.enter(tags.sequence);
    this.notBeforeMs = readTimeMs(validity.read());
    this.notAfterMs = readTimeMs(validity.read());
    validity.end();
    this.subjectDer = tbs.read(tags.sequence).raw;
    this.spki = tbs.read(tags.sequence).raw;
    tbs.optional(0x81);
    tbs.optional(0x82);
    const extensions = tbs.enter(0xa3);
    tbs.end();
    this.extensions = certificateExtensions(readExtensions(extensions));
    extensions.end();
    readName(this.issuerDer);
    this.subjectAttributes = readName(this.subjectDer);
    new X509Certificate(bytes);
    const publicKey = publicKeyFromSpki(this.spki);
    if (publicKey === undefined) throw new DerError('public key');
    this.publicKey = publicKey;
    this.key = keyFacts(publicKey);
    const roles = (this.extensions.extendedKeyUsage ?? []).flatMap((oid) => roleOfUsage(oid) ?? []);
    this.role = roles.length === 1 ? roles[0] : undefined;
    this.facts = readSubjectUris(this.extensions.uris);
  }

  /** Subject for people, most specific first. Never parsed for rights. */
  get subject(): string {
    return nameText(this.subjectAttributes);
  }

  get issuer(): string {
    return nameText(readName(this.issuerDer));
  }

  get agency(): string | undefined {
    return this.facts?.agency;
  }

  get seat(): string | undefined {
    return this.facts?.seat;
  }

  get peerId(): string | undefined {
    return this.facts?.peerId;
  }

  get isCa(): boolean {
    return this.extensions.basicConstraints?.ca === true;
  }

  get isSelfIssued(): boolean {
    return Buffer.from(this.issuerDer).equals(this.subjectDer);
  }

  /** Name of the signature algorithm on the certificate, undefined for one we don't accept (SHA-1, MD5, PSS …). */
  get signatureAlgorithm(): string | undefined {
    return signatureAlgorithms[this.signed.algorithmOid]?.name;
  }

  /** Whether `issuer`'s key made this certificate's signature. A yes is remembered, so a known chain costs nothing. */
  isSignedBy(issuer: Certificate): boolean {
    if (this.#signers.has(issuer.sha256)) return true;
    const good = verifySigned(this.signed, issuer.publicKey);
    if (good && this.#signers.size < maxRememberedSigners) this.#signers.add(issuer.sha256);
    return good;
  }

  /**
   * Checks the signature of a statement: ECDSA P-256 or P-384 (DER) or RSA ≥ 2048 (PKCS#1 v1.5), with SHA-256.
   * False for anything else, Ed25519 included: every statement must verify with `openssl dgst -sha256 -verify`.
   */
  verifySignature(data: Uint8Array, signature: Uint8Array): boolean {
    const { family, weakness } = this.key;
    if (weakness !== undefined || (family !== 'ecdsa' && family !== 'rsa')) return false;
    try {
      return verify('sha256', data, this.publicKey, signature);
    } catch {
      return false;
    }
  }
}

/** A certificate has one issuer, or a few where a CA was certified again under the same key. */
const maxRememberedSigners = 4;

/** Reads what a stranger sent; undefined if it is larger than 8 KiB or isn't a certificate. Never throws. */
export function parseCertificate(bytes: Uint8Array): Certificate | undefined {
  if (bytes.length > maxCertificateBytes) return undefined;
  const sha256 = fingerprint(bytes);
  const known = cache.get(sha256);
  if (known !== undefined) return known;
  try {
    const certificate = new Certificate(bytes);
    cache.set(sha256, certificate);
    return certificate;
  } catch {
    return undefined;
  }
}

/** Reads a certificate of our own, DER or PEM. Throws CertsError `malformed`. */
export function readCertificate(source: Uint8Array | string): Certificate {
  const certificate = parseCertificate(typeof source === 'string' ? fromPem(source, 'CERTIFICATE') : source);
  if (certificate === undefined) throw new CertsError('malformed', 'Not a certificate');
  return certificate;
}

/** Every certificate of a file, PEM (one or several) or one in DER. Throws CertsError `malformed`; never empty. */
export function readCertificates(file: Uint8Array): Certificate[] {
  const text = Buffer.from(file).toString('latin1');
  const ders = text.includes('-----BEGIN CERTIFICATE-----') ? allFromPem(text, 'CERTIFICATE') : [file];
  if (ders.length === 0) throw new CertsError('malformed', 'No certificate');
  return ders.map((der) => readCertificate(der));
}
