/**
 * Reads the X.509 extensions path validation decides on. A repeated extension is malformed (RFC 5280 §4.2); an
 * unknown critical one is reported, so that whoever validates can refuse it.
 */
import {
  DerError,
  DerReader,
  readBits,
  readBoolean,
  readOid,
  readSmall,
  readUnsignedHex,
  readWhole,
  tags,
} from './der.ts';
import { extensionOids } from './oids.ts';

/** keyUsage bits as RFC 5280 numbers them: bit n is `1 << n`. */
export const keyUsageBits = {
  digitalSignature: 1 << 0,
  nonRepudiation: 1 << 1,
  keyCertSign: 1 << 5,
  cRLSign: 1 << 6,
} as const;

export interface RawExtension {
  critical: boolean;
  value: Uint8Array;
}

export type RawExtensions = ReadonlyMap<string, RawExtension>;

/** Reads `Extensions` from the reader standing before its SEQUENCE. Throws DerError. */
export function readExtensions(reader: DerReader): RawExtensions {
  const found = new Map<string, RawExtension>();
  const list = reader.enter(tags.sequence);
  while (!list.done) {
    const extension = list.enter(tags.sequence);
    const oid = readOid(extension.read(tags.oid));
    const critical = extension.optional(tags.boolean);
    const value = extension.read(tags.octetString).content;
    extension.end();
    if (found.has(oid)) throw new DerError(`extension ${oid} twice`);
    found.set(oid, { critical: critical !== undefined && readBoolean(critical), value });
  }
  return found;
}

/** OIDs of critical extensions that are not in `understood`. */
export function unknownCritical(extensions: RawExtensions, understood: ReadonlySet<string>): string[] {
  return [...extensions]
    .filter(([oid, { critical }]) => critical && !understood.has(oid))
    .map(([oid]) => oid);
}

export interface AuthorityKeyIdentifier {
  keyId: string | undefined;
  serialHex: string | undefined;
}

function readAuthorityKey(value: Uint8Array): AuthorityKeyIdentifier {
  const reader = new DerReader(readWhole(value, tags.sequence).content);
  const keyId = reader.optional(0x80);
  reader.optional(0xa1);
  const serial = reader.optional(0x82);
  reader.end();
  return {
    keyId: keyId && Buffer.from(keyId.content).toString('hex'),
    serialHex: serial && readUnsignedHex(serial),
  };
}

export function authorityKeyOf(extensions: RawExtensions): AuthorityKeyIdentifier | undefined {
  const extension = extensions.get(extensionOids.authorityKeyIdentifier);
  return extension && readAuthorityKey(extension.value);
}

function readKeyUsage(value: Uint8Array): number {
  const { bytes } = readBits(readWhole(value, tags.bitString));
  if (bytes.length === 0 || bytes.length > 2) throw new DerError('keyUsage');
  let bits = 0;
  for (let i = 0; i < bytes.length * 8; i++) {
    if ((bytes[i >> 3] as number) & (0x80 >> (i & 7))) bits |= 1 << i;
  }
  return bits;
}

function readOids(value: Uint8Array): string[] {
  const reader = new DerReader(readWhole(value, tags.sequence).content);
  const oids: string[] = [];
  do oids.push(readOid(reader.read(tags.oid)));
  while (!reader.done);
  return oids;
}

/** The URIs among subjectAltName's general names; other kinds are skipped. */
function readUris(value: Uint8Array): string[] {
  const reader = new DerReader(readWhole(value, tags.sequence).content);
  const uris: string[] = [];
  do {
    const name = reader.read();
    if (name.tag === 0x86) uris.push(Buffer.from(name.content).toString('latin1'));
  } while (!reader.done);
  return uris;
}

/** What the extensions of a certificate say; undefined or empty where one is absent. */
export interface CertificateExtensions {
  basicConstraints: { critical: boolean; ca: boolean; pathLength: number | undefined } | undefined;
  keyUsage: number | undefined;
  extendedKeyUsage: readonly string[] | undefined;
  subjectKeyId: string | undefined;
  authorityKey: AuthorityKeyIdentifier | undefined;
  uris: readonly string[];
  hasNameConstraints: boolean;
  unknownCritical: readonly string[];
}

/** certificatePolicies is understood in RFC 5280's sense: any policy will do, so it never fails a path. */
const understood: ReadonlySet<string> = new Set([
  extensionOids.basicConstraints,
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
  extensionOids.subjectKeyIdentifier,
  extensionOids.authorityKeyIdentifier,
  extensionOids.subjectAltName,
  extensionOids.certificatePolicies,
]);

/** Interprets a certificate's extensions. Throws DerError. */
export function certificateExtensions(extensions: RawExtensions): CertificateExtensions {
  const value = <T>(oid: string, read: (value: Uint8Array) => T): T | undefined => {
    const extension = extensions.get(oid);
    return extension && read(extension.value);
  };
  const constraints = extensions.get(extensionOids.basicConstraints);
  return {
    basicConstraints: constraints && readBasicConstraints(constraints),
    keyUsage: value(extensionOids.keyUsage, readKeyUsage),
    extendedKeyUsage: value(extensionOids.extendedKeyUsage, readOids),
    subjectKeyId: value(extensionOids.subjectKeyIdentifier, (der) =>
      Buffer.from(readWhole(der, tags.octetString).content).toString('hex'),
    ),
    authorityKey: authorityKeyOf(extensions),
    uris: value(extensionOids.subjectAltName, readUris) ?? [],
    hasNameConstraints: extensions.has(extensionOids.nameConstraints),
    unknownCritical: unknownCritical(extensions, understood),
  };
}

function readBasicConstraints(extension: RawExtension): CertificateExtensions['basicConstraints'] {
  const reader = new DerReader(readWhole(extension.value, tags.sequence).content);
  const ca = reader.optional(tags.boolean);
  const pathLength = reader.optional(tags.integer);
  reader.end();
  return {
    critical: extension.critical,
    ca: ca !== undefined && readBoolean(ca),
    pathLength: pathLength && readSmall(pathLength),
  };
}
