/**
 * Judges a CMS signature's mathematics: which certificate is the signer's, that the signed attributes name this very
 * content and certificate, and that its key made the signature (RFC 5652 §5.4, §5.6; RFC 5035 for the certificate's
 * hash). Whether the certificate is to be believed is path.ts's. Every fault has a name; nothing here throws.
 */
import { createHash } from 'node:crypto';
import { type Certificate, parseCertificate } from './certificate.ts';
import { type CmsSignedData, type CmsSigner, cmsOids, onlySigner } from './cms.ts';
import {
  algorithmOid,
  type Digest,
  digestOf,
  type SignatureAlgorithm,
  sha1Digest,
  sha256Digest,
  signatureAlgorithmOf,
  verifyWith,
} from './cms-algorithms.ts';
import { DerReader, type DerValue, readOid, readTimeMs, readWhole, tags } from './der.ts';

export type CmsProblem =
  /** Not exactly one signer. */
  | 'signers'
  /** The signer's certificate isn't in the signature, or isn't one we read. */
  | 'certificate-missing'
  | 'algorithm-unknown'
  /** Nothing names the content: not checked here, though older formats allow it. */
  | 'attributes-missing'
  /** A signed attribute is missing, given twice or not as RFC 5652 has it. */
  | 'attributes-malformed'
  /** The content isn't what was signed. */
  | 'digest-differs'
  /** The key of the certificate didn't make this signature. */
  | 'signature-invalid'
  /** The signer signed with another certificate than the one shown. */
  | 'certificate-differs';

export interface CmsVerdict {
  /** Whether it all holds: attributes, content and signature. */
  ok: boolean;
  problems: CmsProblem[];
  certificate: Certificate | undefined;
  /** Names for people: of what the content was hashed with, and of the key with the signature's digest. */
  digest: string | undefined;
  keyAlgorithm: string | undefined;
  /** What makes it worth little, for people: "SHA-1", "MD5", "RSA of 1024 bits". */
  weak: string[];
  /** The signer's claim (Unix ms). */
  signingTimeMs: number | undefined;
  /** Whether the certificate is bound by its hash among what was signed. */
  namesCertificate: boolean;
}

/** Checks the one signer against the digest of its content, which is asked for under the signer's own algorithm. */
export function checkCmsSignature(
  signed: CmsSignedData,
  digestOfContent: (digest: Digest) => Uint8Array | undefined,
): CmsVerdict {
  const verdict: CmsVerdict = {
    ok: false,
    problems: [],
    certificate: undefined,
    digest: undefined,
    keyAlgorithm: undefined,
    weak: [],
    signingTimeMs: undefined,
    namesCertificate: false,
  };
  const signer = onlySigner(signed);
  if (signer === undefined) verdict.problems.push('signers');
  else checkSigner(signed, signer, digestOfContent, verdict);
  verdict.ok = verdict.problems.length === 0;
  return verdict;
}

function checkSigner(
  signed: CmsSignedData,
  signer: CmsSigner,
  digestOfContent: (digest: Digest) => Uint8Array | undefined,
  verdict: CmsVerdict,
): void {
  const { problems } = verdict;
  const certificate = signerCertificate(signed, signer);
  verdict.certificate = certificate;
  if (certificate === undefined) problems.push('certificate-missing');
  else if (certificate.key.weakness !== undefined) verdict.weak.push(certificate.key.weakness);
  const digest = digestOf(signer.digestOid);
  const algorithm = digest && algorithmOf(signer, digest);
  if (digest === undefined || algorithm === undefined) {
    problems.push('algorithm-unknown');
    return;
  }
  verdict.digest = digest.name;
  verdict.keyAlgorithm = keyName(algorithm, certificate);
  for (const one of new Set([digest, algorithm.digest])) if (one.weak) verdict.weak.push(one.name);
  if (signer.signedAttributesDer === undefined) {
    problems.push('attributes-missing');
    return;
  }
  problems.push(...checkAttributes(signed, signer, digestOfContent(digest), verdict));
  if (
    certificate !== undefined &&
    !verifyWith(algorithm, certificate.publicKey, signer.signedAttributesDer, signer.signature)
  )
    problems.push('signature-invalid');
}

function algorithmOf(signer: CmsSigner, digest: Digest): SignatureAlgorithm | undefined {
  try {
    return signatureAlgorithmOf(signer.signatureOid, signer.signatureParameters, digest);
  } catch {
    return undefined;
  }
}

function checkAttributes(
  signed: CmsSignedData,
  signer: CmsSigner,
  content: Uint8Array | undefined,
  verdict: CmsVerdict,
): CmsProblem[] {
  const problems: CmsProblem[] = [];
  try {
    const messageDigest = only(signer, cmsOids.messageDigest, tags.octetString);
    const contentType = only(signer, cmsOids.contentType, tags.oid);
    const time = signer.signed.get(cmsOids.signingTime)?.[0];
    if (time !== undefined) verdict.signingTimeMs = readTimeMs(new DerReader(time).read());
    const isNamed = contentType !== undefined && readOid(contentType) === signed.contentType;
    if (messageDigest === undefined || !isNamed) problems.push('attributes-malformed');
    else if (content === undefined || !same(messageDigest.content, content)) problems.push('digest-differs');
    const named = namesCertificate(signer, verdict.certificate);
    verdict.namesCertificate = named === true;
    if (named === false) problems.push('certificate-differs');
  } catch {
    problems.push('attributes-malformed');
  }
  return problems;
}

/** The one value of a signed attribute; undefined when there isn't exactly one. Throws DerError on another type. */
function only(signer: CmsSigner, type: string, tag: number): DerValue | undefined {
  const values = signer.signed.get(type) ?? [];
  return values.length === 1 ? readWhole(values[0] as Uint8Array, tag) : undefined;
}

/** Whether the first certificate a signer names by hash is the one shown; undefined when it names none. */
function namesCertificate(signer: CmsSigner, certificate: Certificate | undefined): boolean | undefined {
  const second = only(signer, cmsOids.signingCertificateV2, tags.sequence);
  const named = second ?? only(signer, cmsOids.signingCertificate, tags.sequence);
  if (named === undefined || certificate === undefined) return undefined;
  const id = new DerReader(named.content).enter(tags.sequence).enter(tags.sequence);
  const stated = second === undefined ? undefined : id.optional(tags.sequence);
  const standard = second === undefined ? sha1Digest : sha256Digest;
  const digest = stated === undefined ? standard : digestOf(algorithmOid(stated.raw));
  if (digest === undefined) return false;
  const hash = createHash(digest.hash).update(certificate.bytes).digest();
  return same(id.read(tags.octetString).content, hash);
}

/** By issuer and serial or by key identifier; the first that fits and that we can read. */
function signerCertificate(signed: CmsSignedData, signer: CmsSigner): Certificate | undefined {
  for (const der of signed.certificates) {
    const certificate = parseCertificate(der);
    if (certificate === undefined) continue;
    if (signer.issuerDer !== undefined) {
      if (certificate.serial === signer.serialHex && same(certificate.issuerDer, signer.issuerDer))
        return certificate;
    } else if (
      signer.subjectKeyId !== undefined &&
      certificate.extensions.subjectKeyId === signer.subjectKeyId
    ) {
      return certificate;
    }
  }
  return undefined;
}

function keyName(algorithm: SignatureAlgorithm, certificate: Certificate | undefined): string {
  const { family, bits } = certificate?.key ?? { family: algorithm.keyType, bits: 0 };
  const size = bits > 0 ? ` ${bits}` : '';
  const padding = algorithm.saltBytes === undefined ? '' : '-PSS';
  return `${family === 'rsa' ? 'RSA' : 'ECDSA'}${padding}${size}, ${algorithm.digest.name}`;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
