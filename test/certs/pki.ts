/**
 * A federation's certificates for tests, made by certs/ itself, and beside it a forge that builds any certificate
 * or list, also ones certs/ would never issue: a test changes one line of a good draft and has a certificate that
 * breaks one rule. The forge uses WebCrypto and the X.509 library directly, not the code under test.
 */
import { createHash, type KeyObject, type webcrypto } from 'node:crypto';
import { createIssuingCa, createRoot, type Issuer, issueLeaf } from '../../certs/authority.ts';
import type { Certificate } from '../../certs/certificate.ts';
import type { Crl } from '../../certs/crl.ts';
import { generateKey, type KeyAlgorithm, KeySigner, spkiOf } from '../../certs/keys.ts';
import { type LeafRole, profiles } from '../../certs/profiles.ts';
import { createRequest } from '../../certs/request.ts';
import { createCrl, type RevokedCertificate } from '../../certs/revocation-list.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  type X509CrlEntryParams,
  X509CrlGenerator,
} from '../../certs/x509-library.ts';

/** The tests' present. */
export const nowMs = Date.UTC(2026, 0, 15, 3, 0, 0);
export const dayMs = 24 * 60 * 60 * 1000;

export async function newSigner(algorithm: KeyAlgorithm): Promise<KeySigner> {
  return new KeySigner(await generateKey(algorithm));
}

export const leafKeys: Record<LeafRole, KeyAlgorithm> = {
  node: 'ed25519',
  service: 'ecdsa-p256',
  seal: 'ecdsa-p256',
  directory: 'ecdsa-p256',
};

export class Federation {
  readonly root: Issuer;
  readonly issuing: Issuer;
  readonly rootCrl: Crl;
  readonly issuingCrl: Crl;

  constructor(root: Issuer, issuing: Issuer, rootCrl: Crl, issuingCrl: Crl) {
    this.root = root;
    this.issuing = issuing;
    this.rootCrl = rootCrl;
    this.issuingCrl = issuingCrl;
  }

  static async create(name = 'Trục thử nghiệm'): Promise<Federation> {
    const [rootKey, issuingKey] = await Promise.all([newSigner('ecdsa-p384'), newSigner('ecdsa-p256')]);
    const root = { certificate: await createRoot({ signer: rootKey, name, nowMs }), signer: rootKey };
    const issuing = {
      certificate: await createIssuingCa({ root, signer: issuingKey, name, nowMs }),
      signer: issuingKey,
    };
    return new Federation(root, issuing, await Federation.list(root), await Federation.list(issuing));
  }

  static list(issuer: Issuer, revoked: RevokedCertificate[] = [], atMs = nowMs, days = 30): Promise<Crl> {
    return createCrl({ issuer, revoked, number: 1, nowMs: atMs, nextUpdateMs: atMs + days * dayMs });
  }

  async leaf(role: LeafRole, signer?: KeySigner): Promise<{ certificate: Certificate; signer: KeySigner }> {
    const key = signer ?? (await newSigner(leafKeys[role]));
    const certificate = await issueLeaf({
      issuer: this.issuing,
      request: await createRequest(key, 'a request'),
      role,
      subject: { name: 'Văn phòng Chính phủ', agency: 'G22', seat: 'G22' },
      nowMs,
    });
    return { certificate, signer: key };
  }
}

/** A certificate to be forged; every field may be changed before `forge`. */
export interface Draft {
  serial: string;
  subject: Name;
  issuer: Name;
  notBeforeMs: number;
  notAfterMs: number;
  publicKey: KeyObject;
  basicConstraints: BasicConstraintsExtension | undefined;
  keyUsage: number | undefined;
  extendedKeyUsage: string[] | undefined;
  uris: string[];
  subjectKeyId: string;
  authorityKeyId: string | undefined;
  extra: Extension[];
  signingKey: KeyObject;
  hash: string;
}

export function keyIdOf(key: KeyObject): string {
  return createHash('sha256').update(spkiOf(key)).digest('hex').slice(0, 40);
}

function algorithmOf(
  key: KeyObject,
  hash: string,
): webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash };
  const namedCurve = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'P-384' : 'P-256';
  return { name: 'ECDSA', namedCurve };
}

function forgeKey(key: KeyObject, hash: string): webcrypto.CryptoKey {
  return key.toCryptoKey(algorithmOf(key, hash), true, ['sign']) as webcrypto.CryptoKey;
}

let serials = 0x1000;

/** A sound draft of a leaf under `issuer`. */
export function leafDraft(
  role: LeafRole,
  key: KeyObject,
  issuer: { certificate: Certificate; key: KeyObject },
): Draft {
  const profile = profiles[role];
  return {
    serial: (serials++).toString(16),
    subject: new Name([{ O: [{ utf8String: 'Cơ quan' }] }, { CN: [{ utf8String: role }] }]),
    issuer: new Name(Uint8Array.from(issuer.certificate.subjectDer)),
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + 365 * dayMs,
    publicKey: key,
    basicConstraints: new BasicConstraintsExtension(false, undefined, true),
    keyUsage: profile.keyUsage,
    extendedKeyUsage: profile.extendedKeyUsage === undefined ? undefined : [profile.extendedKeyUsage],
    uris: ['urn:lienthong:agency:G22', 'urn:lienthong:seat:G22'],
    subjectKeyId: keyIdOf(key),
    authorityKeyId: issuer.certificate.extensions.subjectKeyId,
    extra: [],
    signingKey: issuer.key,
    hash: 'SHA-256',
  };
}

/** A sound draft of a CA; self-signed without `issuer`. */
export function caDraft(
  name: string,
  key: KeyObject,
  issuer: { certificate: Certificate; key: KeyObject } | undefined,
  pathLength: number | undefined,
): Draft {
  const subject = new Name([{ C: [{ printableString: 'VN' }] }, { CN: [{ utf8String: name }] }]);
  return {
    serial: (serials++).toString(16),
    subject,
    issuer: issuer === undefined ? subject : new Name(Uint8Array.from(issuer.certificate.subjectDer)),
    notBeforeMs: nowMs - 100 * dayMs,
    notAfterMs: nowMs + 1000 * dayMs,
    publicKey: key,
    basicConstraints: new BasicConstraintsExtension(true, pathLength, true),
    keyUsage: profiles.issuing.keyUsage,
    extendedKeyUsage: undefined,
    uris: [],
    subjectKeyId: keyIdOf(key),
    authorityKeyId: issuer === undefined ? keyIdOf(key) : issuer.certificate.extensions.subjectKeyId,
    extra: [],
    signingKey: issuer?.key ?? key,
    hash: 'SHA-256',
  };
}

export async function forge(draft: Draft): Promise<Uint8Array> {
  const extensions: Extension[] = [];
  if (draft.basicConstraints) extensions.push(draft.basicConstraints);
  if (draft.keyUsage !== undefined) extensions.push(new KeyUsagesExtension(draft.keyUsage, true));
  if (draft.extendedKeyUsage) extensions.push(new ExtendedKeyUsageExtension(draft.extendedKeyUsage, true));
  extensions.push(new SubjectKeyIdentifierExtension(draft.subjectKeyId, false));
  if (draft.authorityKeyId) extensions.push(new AuthorityKeyIdentifierExtension(draft.authorityKeyId, false));
  if (draft.uris.length > 0) {
    extensions.push(
      new SubjectAlternativeNameExtension(
        draft.uris.map((value) => ({ type: 'url' as const, value })),
        false,
      ),
    );
  }
  const certificate = await X509CertificateGenerator.create({
    serialNumber: draft.serial,
    subject: draft.subject,
    issuer: draft.issuer,
    notBefore: new Date(draft.notBeforeMs),
    notAfter: new Date(draft.notAfterMs),
    publicKey: Uint8Array.from(spkiOf(draft.publicKey)),
    signingKey: forgeKey(draft.signingKey, draft.hash),
    signingAlgorithm: { name: 'ECDSA', hash: draft.hash } as webcrypto.EcdsaParams,
    extensions: [...extensions, ...draft.extra],
  });
  return new Uint8Array(certificate.rawData);
}

/** A list with any content, signed by any key. */
export async function forgeCrl(input: {
  issuer: Certificate;
  key: KeyObject;
  entries?: X509CrlEntryParams[];
  thisUpdateMs?: number;
  nextUpdateMs?: number;
  extra?: Extension[];
  hash?: string;
  issuerDer?: Uint8Array;
}): Promise<Uint8Array> {
  const { hash = 'SHA-256', issuer } = input;
  const crl = await X509CrlGenerator.create({
    issuer: new Name(Uint8Array.from(input.issuerDer ?? issuer.subjectDer)),
    thisUpdate: new Date(input.thisUpdateMs ?? nowMs - dayMs),
    nextUpdate: new Date(input.nextUpdateMs ?? nowMs + dayMs),
    entries: input.entries ?? [],
    signingKey: forgeKey(input.key, hash),
    signingAlgorithm: { name: 'ECDSA', hash } as webcrypto.EcdsaParams,
    extensions: [
      new AuthorityKeyIdentifierExtension(issuer.extensions.subjectKeyId ?? '', false),
      new Extension('2.5.29.20', false, Uint8Array.of(0x02, 0x01, 0x05)),
      ...(input.extra ?? []),
    ],
  });
  return new Uint8Array(crl.rawData);
}
