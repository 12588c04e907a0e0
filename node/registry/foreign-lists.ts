/**
 * Revocation lists of foreign CAs: what may go into the directory. A list counts only when one of the given CAs signed
 * it, is complete, in force, and newer than the one held, so that nobody can bring back what was before a revocation.
 */
import type { Certificate } from '../../certs/certificate.ts';
import { type Crl, readCrl } from '../../certs/crl.ts';
import { keyUsageBits } from '../../certs/extensions.ts';
import { type Bytes, equalBytes, parseHex } from '../core/bytes.ts';
import { isoTime } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import { crlKey, REGISTRY_GROUP } from '../directory/entries.ts';
import { type Act, crlEntry } from './publisher.ts';

/** What an entry of the directory holds (directory.proto): some 20,000 revocations. */
export const MAX_LIST_BYTES = 786_432;

export interface ForeignList {
  issuer: Certificate;
  crl: Crl;
}

/** Reads a list, DER or PEM, of one of these CAs. 'certificate-refused' with the reason, 'file-too-large'. */
export function readForeignList(file: Bytes, issuers: readonly Certificate[], nowMs: number): ForeignList {
  const crl = parsed(file);
  if (crl.bytes.byteLength > MAX_LIST_BYTES)
    throw new LienthongError('file-too-large', { bytes: crl.bytes.byteLength, maxBytes: MAX_LIST_BYTES });
  const issuer = issuers.find((one) => equalBytes(one.subjectDer, crl.issuerDer) && crl.isSignedBy(one));
  if (issuer === undefined) throw refused('crl-issuer');
  if (((issuer.extensions.keyUsage ?? 0) & keyUsageBits.cRLSign) === 0) throw refused('crl-key-usage');
  if (crl.unknownCritical.length > 0) throw refused('crl-unsupported', { extensions: crl.unknownCritical });
  if (crl.authorityKey?.keyId !== undefined && crl.authorityKey.keyId !== issuer.extensions.subjectKeyId)
    throw refused('crl-issuer');
  if (crl.thisUpdateMs > nowMs) throw refused('crl-not-yet-valid', { from: isoTime(crl.thisUpdateMs) });
  if (crl.nextUpdateMs <= nowMs) throw refused('crl-expired', { until: isoTime(crl.nextUpdateMs) });
  return { issuer, crl };
}

/** The list's entry; empty for the very list that is held. 'certificate-refused' when what is held isn't older. */
export function listEntries(current: Directory, { issuer, crl }: ForeignList): Act['entries'] {
  const held = heldList(current, issuer);
  if (held?.sha256 === crl.sha256) return [];
  if (held !== undefined && !isNewer(crl, held))
    throw refused('crl-older', { held: isoTime(held.thisUpdateMs), given: isoTime(crl.thisUpdateMs) });
  return [crlEntry(parseHex(issuer.sha256)!, crl.bytes)];
}

/** The list of a CA the directory carries. */
export function heldList(current: Directory, issuer: Certificate): Crl | undefined {
  const entry = current.groups.get(REGISTRY_GROUP)?.crls.get(crlKey(parseHex(issuer.sha256)!));
  return entry && readCrl(entry.crl);
}

/** By their numbers (RFC 5280 §5.2.3), for two may be of one second; never back in time. Without numbers by time alone. */
function isNewer(crl: Crl, held: Crl): boolean {
  if (crl.number === undefined || held.number === undefined) return crl.thisUpdateMs > held.thisUpdateMs;
  return crl.thisUpdateMs >= held.thisUpdateMs && numberOf(crl.number) > numberOf(held.number);
}

const numberOf = (hexDigits: string): bigint => BigInt(`0x${hexDigits || '0'}`);

function parsed(file: Bytes): Crl {
  const text = Buffer.from(file).toString('latin1');
  try {
    return readCrl(text.includes('-----BEGIN X509 CRL-----') ? text : file);
  } catch (cause) {
    throw refused('crl-malformed', {}, cause);
  }
}

const refused = (
  reason: string,
  details: Record<string, string | readonly string[]> = {},
  cause?: unknown,
): LienthongError => new LienthongError('certificate-refused', { reason, ...details }, { cause });
