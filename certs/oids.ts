/**
 * Object identifiers this product reads and writes. Extended key usages of its own lie under the UUID arc of
 * ITU-T X.667 (2.25.<uuid as integer>), made once for lienthong: c542b946-19a6-46d3-892f-fc715a0c5f3d.
 *
 * WARNING: persisted. These numbers are in every certificate ever issued; they are never changed or reused.
 */
export const lienthongArc = '2.25.262204364561977918542456918282395737917';

/** Extended key usage per leaf role: `<arc>.1.<n>`; `.1` stands for certificate roles. */
export const roleUsages = {
  node: `${lienthongArc}.1.1`,
  service: `${lienthongArc}.1.2`,
  seal: `${lienthongArc}.1.3`,
  directory: `${lienthongArc}.1.4`,
} as const;

/** RFC 5280 §4.2.1.12: a CA that allows this allows every usage. */
export const anyExtendedKeyUsage = '2.5.29.37.0';

/** RFC 5280 certificate, CRL and CRL entry extensions. */
export const extensionOids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  crlReason: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** Short names of the name attributes shown to people (RFC 4514, X.520); others appear as dotted numbers. */
export const attributeNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** Signature algorithms accepted on certificates, requests and CRLs: the digest and the key family of each. */
export const signatureAlgorithms: Readonly<
  Record<
    string,
    { name: string; digest: 'sha256' | 'sha384' | 'sha512' | null; family: 'ecdsa' | 'rsa' | 'ed25519' }
  >
> = {
  '1.2.840.10045.4.3.2': { name: 'ecdsa-sha256', digest: 'sha256', family: 'ecdsa' },
  '1.2.840.10045.4.3.3': { name: 'ecdsa-sha384', digest: 'sha384', family: 'ecdsa' },
  '1.2.840.10045.4.3.4': { name: 'ecdsa-sha512', digest: 'sha512', family: 'ecdsa' },
  '1.2.840.113549.1.1.11': { name: 'rsa-sha256', digest: 'sha256', family: 'rsa' },
  '1.2.840.113549.1.1.12': { name: 'rsa-sha384', digest: 'sha384', family: 'rsa' },
  '1.2.840.113549.1.1.13': { name: 'rsa-sha512', digest: 'sha512', family: 'rsa' },
  '1.3.101.112': { name: 'ed25519', digest: null, family: 'ed25519' },
};
