/**
 * Every certificate the registry ever issued, by serial, with what became of it. The revocation list is made from
 * these rows alone; a row is written in the commit that publishes what it says.
 */
import { type Certificate, parseCertificate } from '../../certs/certificate.ts';
import type { RevocationReason } from '../../certs/crl.ts';
import { fingerprint } from '../../certs/fingerprint.ts';
import type { LeafRole } from '../../certs/profiles.ts';
import type { RevokedCertificate } from '../../certs/revocation-list.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Reader, Write } from '../store/key-value.ts';
import { key, PREFIX, prefixRange } from '../store/keys.ts';
import { decodeRow, encodeRow, fromBase64, toBase64 } from './json-row.ts';

/** WARNING: persisted. */
export interface IssuedRow {
  serial: string;
  role: LeafRole;
  agency: string;
  seat: string | undefined;
  /** Base64 of the DER. */
  certificate: string;
  /** Base64 of the request it was issued for: renewing needs no new one. */
  request: string;
  issuedAtMs: number;
  notAfterMs: number;
  revoked?: { atMs: number; sinceMs?: number; reason: RevocationReason };
}

const keyOf = (serial: string): Bytes => key(PREFIX.issuedCertificate, serial);

export function issuedRow(
  certificate: Certificate,
  of: { role: LeafRole; agency: string; seat?: string; request: Bytes; nowMs: number },
): IssuedRow {
  return {
    serial: certificate.serial,
    role: of.role,
    agency: of.agency,
    seat: of.seat,
    certificate: toBase64(certificate.bytes),
    request: toBase64(of.request),
    issuedAtMs: of.nowMs,
    notAfterMs: certificate.notAfterMs,
  };
}

export const issuedWrite = (row: IssuedRow): Write => ({ put: keyOf(row.serial), value: encodeRow(row) });

export async function getIssued(reader: Reader, serial: string): Promise<IssuedRow | undefined> {
  const value = await reader.get(keyOf(serial));
  return value && decodeRow<IssuedRow>(value, `certificate ${serial}`);
}

/** All of them, by serial. */
export async function allIssued(reader: Reader): Promise<IssuedRow[]> {
  const rows: IssuedRow[] = [];
  for await (const { value } of reader.range(prefixRange(PREFIX.issuedCertificate))) {
    rows.push(decodeRow<IssuedRow>(value, 'issued certificate'));
  }
  return rows;
}

/** What a revocation list says of these rows. */
export function revokedOf(rows: Iterable<IssuedRow>): RevokedCertificate[] {
  const found: RevokedCertificate[] = [];
  for (const { serial, revoked } of rows) {
    if (revoked === undefined) continue;
    const { atMs, sinceMs, reason } = revoked;
    found.push({
      serial,
      revokedAtMs: atMs,
      reason,
      ...(sinceMs === undefined ? {} : { invalidityMs: sinceMs }),
    });
  }
  return found;
}

export const derOf = (row: IssuedRow): Bytes => fromBase64(row.certificate);
export const requestOf = (row: IssuedRow): Bytes => fromBase64(row.request);

/** SHA-256 of the key a row's certificate is for, hex; the serial where it can't be read. */
export function keyIdOf(row: IssuedRow): string {
  const certificate = parseCertificate(derOf(row));
  return certificate === undefined ? row.serial : fingerprint(certificate.spki);
}
