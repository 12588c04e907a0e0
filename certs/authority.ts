/**
 * Issues certificates: root, issuing CA, leaves. Pure: time, keys and what the certificate shall say are
 * arguments, nothing is stored. A certificate holds its profile's extensions and the subject given here; from a
 * request it takes only the public key. Called by the registry, which decides who gets what and keeps serials.
 */
import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import { type Certificate, readCertificate } from './certificate.ts';
import { DerReader, readBits, tags } from './der.ts';
import { CertsError } from './errors.ts';
import { keyUsageBits } from './extensions.ts';
import { keyFacts } from './keys.ts';
import { buildName } from './name-building.ts';
import { peerIdOfSpki } from './peer-id.ts';
import { allowsKey, backdateMs, type CertificateRole, type LeafRole, profiles } from './profiles.ts';
import { checkRequest } from './request.ts';
import type { Signer } from './signer.ts';
import { signingWith } from './signer-crypto.ts';
import { subjectUris } from './subject.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from './x509-library.ts';

/** A CA certificate with the key it belongs to. */
export interface Issuer {
  certificate: Certificate;
  signer: Signer;
}

/** Whom a leaf is for. `name` is the agency's (or registry's) name for people; Vietnamese as it is. */
export interface LeafSubject {
  name: string;
  agency?: string;
  seat?: string;
}

export interface Validity {
  nowMs: number;
  /** Default: the profile's. Whole seconds; never beyond the issuer's own end. */
  lifetimeMs?: number;
}

/** 120 random bits behind a leading 01: positive, of one length, well above the 64 bits CAs must have. */
function newSerial(): string {
  return `01${randomBytes(15).toString('hex')}`;
}

/** RFC 7093 method 1: the leftmost 160 bits of SHA-256 over the key's bits. */
function keyId(spki: Uint8Array): string {
  const info = new DerReader(spki).enter(tags.sequence);
  info.read(tags.sequence);
  const { bytes } = readBits(info.read(tags.bitString));
  return createHash('sha256').update(bytes).digest('hex').slice(0, 40);
}

/** Throws CertsError `issuer-refused` unless this certificate may sign `usage` and the signer holds its key. */
export function requireIssuer({ certificate, signer }: Issuer, usage: number): void {
  const { keyUsage = 0 } = certificate.extensions;
  if (!certificate.isCa || (keyUsage & usage) !== usage) {
    throw new CertsError('issuer-refused', `Not a CA for this: ${certificate.subject}`);
  }
  if (!Buffer.from(certificate.spki).equals(signer.publicKeySpki)) {
    throw new CertsError('issuer-refused', `The key does not belong to ${certificate.subject}`);
  }
}

interface Draft {
  role: CertificateRole;
  subject: Name;
  uris: readonly string[];
  spki: Uint8Array;
  validity: Validity;
  /** Undefined for a self-signed root. */
  issuer: Certificate | undefined;
  signer: Signer;
}

async function issue(draft: Draft): Promise<Certificate> {
  const profile = profiles[draft.role];
  const { issuer, spki } = draft;
  const { nowMs, lifetimeMs = profile.lifetimeMs } = draft.validity;
  const notBeforeMs = Math.max(nowMs - backdateMs, issuer?.notBeforeMs ?? 0);
  const notAfterMs = Math.min(nowMs + lifetimeMs, issuer?.notAfterMs ?? Number.POSITIVE_INFINITY);
  if (notAfterMs <= nowMs)
    throw new CertsError('issuer-refused', 'The certificate would end before it begins');
  const ca = profile.pathLength !== undefined;
  const subjectKeyId = keyId(spki);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(ca, profile.pathLength, true),
    new KeyUsagesExtension(profile.keyUsage, true),
    new SubjectKeyIdentifierExtension(subjectKeyId, false),
    new AuthorityKeyIdentifierExtension(issuer?.extensions.subjectKeyId ?? subjectKeyId, false),
  ];
  if (profile.extendedKeyUsage)
    extensions.push(new ExtendedKeyUsageExtension([profile.extendedKeyUsage], true));
  if (draft.uris.length > 0) {
    const names = draft.uris.map((value) => ({ type: 'url' as const, value }));
    extensions.push(new SubjectAlternativeNameExtension(names, false));
  }
  const { key, algorithm, crypto } = signingWith(draft.signer);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: newSerial(),
      subject: draft.subject,
      issuer: issuer === undefined ? draft.subject : new Name(Uint8Array.from(issuer.subjectDer)),
      notBefore: wholeSeconds(notBeforeMs),
      notAfter: wholeSeconds(notAfterMs),
      publicKey: Uint8Array.from(spki),
      signingKey: key,
      signingAlgorithm: algorithm,
      extensions,
    },
    crypto,
  );
  return readCertificate(new Uint8Array(certificate.rawData));
}

function wholeSeconds(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

function caName(name: string, role: 'root' | 'issuing'): Name {
  return buildName([
    { type: 'O', value: name },
    { type: 'CN', value: `${profiles[role].label} ${name}` },
  ]);
}

function requireCaKey(spki: Uint8Array, role: 'root' | 'issuing'): void {
  const facts = keyFacts(createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }));
  if (facts.weakness !== undefined || !allowsKey(profiles[role], facts)) {
    throw new CertsError('key-unsupported', `Not a key for the role ${role}: ${facts.family} ${facts.bits}`);
  }
}

/** Makes the self-signed root of a federation. `name` is the federation's. Throws CertsError `key-unsupported`. */
export async function createRoot(input: { signer: Signer; name: string } & Validity): Promise<Certificate> {
  const { signer, name } = input;
  requireCaKey(signer.publicKeySpki, 'root');
  return issue({
    role: 'root',
    subject: caName(name, 'root'),
    uris: [],
    spki: signer.publicKeySpki,
    validity: input,
    issuer: undefined,
    signer,
  });
}

/** Makes the issuing CA's certificate, signed by the root. Throws CertsError. */
export async function createIssuingCa(
  input: { root: Issuer; signer: Signer; name: string } & Validity,
): Promise<Certificate> {
  const { root, signer, name } = input;
  requireIssuer(root, keyUsageBits.keyCertSign);
  if (root.certificate.extensions.basicConstraints?.pathLength === 0) {
    throw new CertsError('issuer-refused', `No CA may stand below ${root.certificate.subject}`);
  }
  requireCaKey(signer.publicKeySpki, 'issuing');
  return issue({
    role: 'issuing',
    subject: caName(name, 'issuing'),
    uris: [],
    spki: signer.publicKeySpki,
    validity: input,
    issuer: root.certificate,
    signer: root.signer,
  });
}

/**
 * Issues a leaf for the key of a request (PKCS #10, DER). Agency and seat come from the caller, a node's PeerId
 * from its key. Throws CertsError `request-refused` (with the verdict's reason), `subject-refused` where the role
 * binds a fact that isn't given, or `issuer-refused`.
 */
export async function issueLeaf(
  input: { issuer: Issuer; request: Uint8Array; role: LeafRole; subject: LeafSubject } & Validity,
): Promise<Certificate> {
  const { issuer, role, subject } = input;
  requireIssuer(issuer, keyUsageBits.keyCertSign);
  const verdict = checkRequest(input.request, role);
  if (!verdict.ok) {
    throw new CertsError('request-refused', `Request refused: ${verdict.detail}`, { reason: verdict.reason });
  }
  const { spki } = verdict.request;
  const facts = {
    agency: subject.agency,
    seat: subject.seat,
    peerId: role === 'node' ? peerIdOfSpki(spki) : undefined,
  };
  for (const fact of profiles[role].binds) {
    if (facts[fact] === undefined)
      throw new CertsError('subject-refused', `A ${role} certificate needs: ${fact}`);
  }
  const { agency, seat } = subject;
  return issue({
    role,
    subject: buildName([
      { type: 'O', value: subject.name },
      ...(agency === undefined ? [] : [{ type: 'organizationIdentifier', value: agency }]),
      ...(seat === undefined ? [] : [{ type: 'OU', value: seat }]),
      { type: 'CN', value: [profiles[role].label, agency ?? subject.name].join(' ') },
    ]),
    uris: subjectUris(facts),
    spki,
    validity: input,
    issuer: issuer.certificate,
    signer: issuer.signer,
  });
}
