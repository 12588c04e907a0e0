/**
 * Reads CMS SignedData (RFC 5652) of other people's signatures: BER outside, as many signing programs write it, and
 * DER where bytes are signed. @peculiar/asn1-cms reads the typed parts; its tree (asn1js) gives the signed attributes
 * and the certificates as received, because the typed ones keep no bytes and re-encoding would judge other bytes than
 * were signed. Bounded by size, depth and number of elements. Judging is cms-signature.ts's.
 */
import { EncapsulatedContentInfo, SignerInfo } from '@peculiar/asn1-cms';
import { AsnParser } from '@peculiar/asn1-schema';
import { type BaseBlock, fromBER } from 'asn1js';
import { DerError, DerReader, readOid, tags } from './der.ts';

/** With certificates, a time stamp and revocation lists inside; usual ones have 2–30 KiB. */
export const maxCmsBytes = 1024 * 1024;
/** About 7,500 entries of an embedded revocation list. */
const maxNodes = 60_000;
const maxDepth = 40;
/** Attributes of one kind of one signer. */
const maxAttributes = 64;
/** Certificates looked at; a chain has at most four, beside it those of a time stamp. */
const maxCertificates = 24;

export const cmsOids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  timeStampInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  timeStampToken: '1.2.840.113549.1.9.16.2.14',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;

/** Attribute type → its values, each a whole DER element. */
export type CmsAttributes = ReadonlyMap<string, readonly Uint8Array[]>;

export interface CmsSigner {
  /** Which certificate is the signer's: issuer (DER) and serial (hex), or subject key identifier (hex). */
  issuerDer: Uint8Array | undefined;
  serialHex: string | undefined;
  subjectKeyId: string | undefined;
  digestOid: string;
  signatureOid: string;
  /** DER of the signature algorithm's parameters, where there are any. */
  signatureParameters: Uint8Array | undefined;
  signature: Uint8Array;
  /** What the signature covers, as received with the tag RFC 5652 §5.4 prescribes; undefined where nothing is signed but content. */
  signedAttributesDer: Uint8Array | undefined;
  signed: CmsAttributes;
  unsigned: CmsAttributes;
}

export interface CmsSignedData {
  contentType: string;
  /** Content carried along; undefined in a detached signature. */
  content: Uint8Array | undefined;
  /** X.509 certificates as received, not yet parsed. */
  certificates: readonly Uint8Array[];
  signers: readonly CmsSigner[];
  /** Bytes of the whole encoding; what stands after it in a padded field is the caller's to judge. */
  length: number;
}

/** Undefined for anything that isn't SignedData within the limits. Never throws. */
export function parseSignedData(bytes: Uint8Array): CmsSignedData | undefined {
  if (bytes.length === 0 || bytes.length > maxCmsBytes) return undefined;
  try {
    return read(bytes);
  } catch {
    return undefined;
  }
}

function read(bytes: Uint8Array): CmsSignedData | undefined {
  const limits = { maxNodes, maxDepth, maxContentLength: maxCmsBytes, parseEmbedded: false };
  const { offset, result } = fromBER(Uint8Array.from(bytes), limits);
  if (offset === -1) return undefined;
  const [type, wrapped] = itemsOf(result);
  const signedData = wrapped && itemsOf(wrapped)[0];
  if (type === undefined || signedData === undefined || oidOf(type) !== cmsOids.signedData) return undefined;
  const [version, digests, encapsulated, ...rest] = itemsOf(signedData);
  const signers = rest.at(-1);
  if (!version || !digests || !encapsulated || !signers || !isSet(signers)) return undefined;
  const certificates = rest.find(({ idBlock }) => idBlock.tagClass === 3 && idBlock.tagNumber === 0);
  const content = AsnParser.fromASN(encapsulated, EncapsulatedContentInfo);
  const single = content.eContent?.single?.buffer;
  if (content.eContent !== undefined && single === undefined) return undefined;
  return {
    contentType: content.eContentType,
    content: single && new Uint8Array(single),
    certificates: (certificates ? itemsOf(certificates) : [])
      .filter(({ idBlock }) => idBlock.tagClass === 1)
      .slice(0, maxCertificates)
      .map((one) => one.valueBeforeDecodeView),
    signers: itemsOf(signers).map(signerOf),
    length: offset,
  };
}

function signerOf(block: BaseBlock): CmsSigner {
  const typed = AsnParser.fromASN(block, SignerInfo);
  const [, identifier, , fourth] = itemsOf(block);
  const attributes =
    fourth?.idBlock.tagClass === 3 ? Uint8Array.from(fourth.valueBeforeDecodeView) : undefined;
  if (attributes !== undefined) attributes[0] = tags.set;
  const { issuerAndSerialNumber, subjectKeyIdentifier } = typed.sid;
  const { algorithm, parameters } = typed.signatureAlgorithm;
  return {
    issuerDer: issuerAndSerialNumber && itemsOf(identifier as BaseBlock)[0]?.valueBeforeDecodeView,
    serialHex: issuerAndSerialNumber && serialOf(new Uint8Array(issuerAndSerialNumber.serialNumber)),
    subjectKeyId: subjectKeyIdentifier && Buffer.from(subjectKeyIdentifier.buffer).toString('hex'),
    digestOid: typed.digestAlgorithm.algorithm,
    signatureOid: algorithm,
    signatureParameters: parameters ? new Uint8Array(parameters) : undefined,
    signature: new Uint8Array(typed.signature.buffer),
    signedAttributesDer: attributes,
    signed: attributes === undefined ? new Map() : readAttributes(attributes),
    unsigned: new Map(
      (typed.unsignedAttrs ?? [])
        .slice(0, maxAttributes)
        .map(({ attrType, attrValues }) => [attrType, attrValues.map((value) => new Uint8Array(value))]),
    ),
  };
}

/** Of signed attributes: strict DER (RFC 5652 §5.3), none twice, so that nobody else reads another value. */
function readAttributes(set: Uint8Array): CmsAttributes {
  const found = new Map<string, Uint8Array[]>();
  const outer = new DerReader(set);
  const all = outer.enter(tags.set);
  outer.end();
  while (!all.done) {
    const attribute = all.enter(tags.sequence);
    const type = readOid(attribute.read(tags.oid));
    const values = attribute.enter(tags.set);
    attribute.end();
    if (found.has(type) || found.size === maxAttributes) throw new DerError(`attribute ${type}`);
    const read: Uint8Array[] = [];
    while (!values.done) read.push(values.read().raw);
    found.set(type, read);
  }
  return found;
}

const itemsOf = (block: BaseBlock): BaseBlock[] => {
  const { value } = block.valueBlock as { value?: unknown };
  return Array.isArray(value) ? value : [];
};

const isSet = ({ idBlock }: BaseBlock): boolean => idBlock.tagClass === 1 && idBlock.tagNumber === 17;
const oidOf = (block: BaseBlock): string =>
  readOid(new DerReader(block.valueBeforeDecodeView).read(tags.oid));

/** Magnitude of a serial number, as `Certificate` spells it. */
const serialOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.length > 1 && bytes[0] === 0 ? bytes.subarray(1) : bytes).toString('hex');

/** The one signer, or undefined where there are none or several. */
export const onlySigner = ({ signers }: CmsSignedData): CmsSigner | undefined =>
  signers.length === 1 ? signers[0] : undefined;
