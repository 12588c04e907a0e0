/**
 * Seals asked for and not yet granted: one row per agency and key, until an admin confirms the key's fingerprint.
 */
import type { Bytes } from '../core/bytes.ts';
import type { Reader, Write } from '../store/key-value.ts';
import { key, PREFIX, prefixRange } from '../store/keys.ts';
import { decodeRow, encodeRow } from './json-row.ts';

/** WARNING: persisted. */
export interface SealRequestRow {
  agency: string;
  seat: string;
  /** SHA-256, hex: of the key's SubjectPublicKeyInfo, or of the certificate another CA gave it. */
  fingerprint: string;
  /** Base64 of the request. */
  request: string;
  /** Another CA's certificate of the key and those above it, Base64 of DER; absent for a seal to be issued here. */
  chain?: string[];
  askedAtMs: number;
}

const keyOf = (agency: string, fingerprint: string): Bytes => key(PREFIX.sealRequest, agency, fingerprint);

export const sealRequestWrite = (row: SealRequestRow): Write => ({
  put: keyOf(row.agency, row.fingerprint),
  value: encodeRow(row),
});

export const sealRequestDone = (row: SealRequestRow): Write => ({ del: keyOf(row.agency, row.fingerprint) });

/** Of one agency, or of all. */
export async function sealRequests(reader: Reader, agency?: string): Promise<SealRequestRow[]> {
  const range =
    agency === undefined ? prefixRange(PREFIX.sealRequest) : prefixRange(PREFIX.sealRequest, agency);
  const rows: SealRequestRow[] = [];
  for await (const { value } of reader.range(range))
    rows.push(decodeRow<SealRequestRow>(value, 'seal request'));
  return rows;
}
