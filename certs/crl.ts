/**
 * A parsed certificate revocation list: read once, strictly, from the exact bytes, then asked by serial number.
 * Own reader instead of the library's object tree, because a list may hold a hundred thousand entries. Only
 * complete lists of a CA's own certificates are understood: delta and partial lists carry a critical extension
 * and are reported so that path validation refuses them. Whether to believe a list is revocation.ts's verdict.
 */
import { BoundedCache } from './bounded-cache.ts';
import type { Certificate } from './certificate.ts';
import { DerError, DerReader, readSmall, readTimeMs, readUnsignedHex, readWhole, tags } from './der.ts';
import { readName } from './distinguished-name.ts';
import { CertsError } from './errors.ts';
import {
  type AuthorityKeyIdentifier,
  authorityKeyOf,
  readExtensions,
  unknownCritical,
} from './extensions.ts';
import { fingerprint } from './fingerprint.ts';
import { extensionOids, signatureAlgorithms } from './oids.ts';
import { fromPem } from './pem.ts';
import { readSigned, type SignedDer, verifySigned } from './signed-der.ts';

/** Some 200,000 entries: more than any CA of the field ever revoked. */
export const maxCrlBytes = 8 * 1024 * 1024;

/** RFC 5280 §5.3.1; the position is the code, an empty text is unused. */
export const revocationReasons = [
  'unspecified',
  'key-compromise',
  'ca-compromise',
  'affiliation-changed',
  'superseded',
  'cessation-of-operation',
  'certificate-hold',
  '',
  'remove-from-crl',
  'privilege-withdrawn',
  'aa-compromise',
] as const;
export type RevocationReason = Exclude<(typeof revocationReasons)[number], ''>;

export interface Revocation {
  revokedAtMs: number;
  /** When the key is known or suspected to have been lost; undefined if the list doesn't say. */
  invalidityMs: number | undefined;
  reason: RevocationReason;
}

const entryExtensions: ReadonlySet<string> = new Set([extensionOids.crlReason, extensionOids.invalidityDate]);
const listExtensions: ReadonlySet<string> = new Set([
  extensionOids.crlNumber,
  extensionOids.authorityKeyIdentifier,
]);

/** Lists of the federation's two CAs and of foreign ones; while one is replaced the old and the new. More are read again. */
const cache = new BoundedCache<Crl>(64);

export class Crl {
  /** The list as received (DER). */
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly issuerDer: Uint8Array;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  /** CRL number as hex, undefined if the list has none. */
  readonly number: string | undefined;
  readonly authorityKey: AuthorityKeyIdentifier | undefined;
  /** Critical extensions, of the list or an entry, that are not understood here. */
  readonly unknownCritical: readonly string[];
  readonly signed: SignedDer;
  readonly #entries = new Map<string, Revocation>();
  readonly #signers = new Set<string>();

  /** Throws DerError; callers outside use parseCrl or readCrl. */
  constructor(received: Uint8Array) {
    const bytes = Uint8Array.from(received);
    this.bytes = bytes;
    this.sha256 = fingerprint(bytes);
    this.signed = readSigned(bytes);
    const tbs = new DerReader(this.signed.tbs).enter(tags.sequence);
    if (readSmall(tbs.read(tags.integer)) !== 1) throw new DerError('not version 2');
    if (!Buffer.from(tbs.read(tags.sequence).raw).equals(this.signed.algorithm)) {
      throw new DerError('two signature algorithms');
    }
    this.issuerDer = tbs.read(tags.sequence).raw;
    readName(this.issuerDer);
    this.thisUpdateMs = readTimeMs(tbs.read());
    this.nextUpdateMs = readTimeMs(tbs.read());
    const unknown = new Set<string>();
    const revoked = tbs.optional(tags.sequence);
    if (revoked !== undefined) this.#readEntries(new DerReader(revoked.content), unknown);
    const wrapped = tbs.enter(0xa0);
    tbs.end();
    const extensions = readExtensions(wrapped);
    wrapped.end();
    for (const oid of unknownCritical(extensions, listExtensions)) unknown.add(oid);
    const number = extensions.get(extensionOids.crlNumber);
    this.number = number && readUnsignedHex(readWhole(number.value, tags.integer));
    this.authorityKey = authorityKeyOf(extensions);
    this.unknownCritical = [...unknown];
  }

  #readEntries(list: DerReader, unknown: Set<string>): void {
    while (!list.done) {
      const entry = list.enter(tags.sequence);
      const serial = readUnsignedHex(entry.read(tags.integer));
      const revocation: Revocation = {
        revokedAtMs: readTimeMs(entry.read()),
        invalidityMs: undefined,
        reason: 'unspecified',
      };
      if (!entry.done) {
        const extensions = readExtensions(entry);
        const code = extensions.get(extensionOids.crlReason);
        if (code) revocation.reason = readReason(code.value);
        const since = extensions.get(extensionOids.invalidityDate);
        if (since) revocation.invalidityMs = readTimeMs(readWhole(since.value, tags.generalizedTime));
        for (const oid of unknownCritical(extensions, entryExtensions)) unknown.add(oid);
      }
      entry.end();
      if (this.#entries.has(serial)) throw new DerError(`serial ${serial} twice`);
      this.#entries.set(serial, revocation);
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What the list says about a serial (lower-case hex, as Certificate.serial); undefined if nothing. */
  get(serial: string): Revocation | undefined {
    return this.#entries.get(serial);
  }

  entries(): IterableIterator<[serial: string, revocation: Revocation]> {
    return this.#entries.entries();
  }

  get signatureAlgorithm(): string | undefined {
    return signatureAlgorithms[this.signed.algorithmOid]?.name;
  }

  /** Whether `issuer`'s key made this list's signature; a yes is remembered. */
  isSignedBy(issuer: Certificate): boolean {
    if (this.#signers.has(issuer.sha256)) return true;
    const good = verifySigned(this.signed, issuer.publicKey);
    if (good && this.#signers.size < 4) this.#signers.add(issuer.sha256);
    return good;
  }
}

function readReason(value: Uint8Array): RevocationReason {
  const reason = revocationReasons[readSmall(readWhole(value, tags.enumerated))];
  if (!reason) throw new DerError('revocation reason');
  return reason;
}

/** Reads what someone sent; undefined if it is larger than 8 MiB or isn't a complete, dated CRL. Never throws. */
export function parseCrl(bytes: Uint8Array): Crl | undefined {
  if (bytes.length > maxCrlBytes) return undefined;
  const sha256 = fingerprint(bytes);
  const known = cache.get(sha256);
  if (known !== undefined) return known;
  try {
    const crl = new Crl(bytes);
    cache.set(sha256, crl);
    return crl;
  } catch {
    return undefined;
  }
}

/** Reads a CRL of our own, DER or PEM. Throws CertsError `malformed`. */
export function readCrl(source: Uint8Array | string): Crl {
  const crl = parseCrl(typeof source === 'string' ? fromPem(source, 'X509 CRL') : source);
  if (crl === undefined) throw new CertsError('malformed', 'Not a certificate revocation list');
  return crl;
}
