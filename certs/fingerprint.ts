/**
 * SHA-256 fingerprints, as machines write them (64 hex digits) and as people read them aloud: 16 groups of four.
 * An admin compares these by phone, so reading accepts any case, spaces, colons and hyphens, and nothing else.
 */
import { createHash } from 'node:crypto';

/** SHA-256 of `bytes` as 64 lower-case hex digits. */
export function fingerprint(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** `ab12…` → `AB12 CD34 …`: 16 groups of four upper-case digits. */
export function groupFingerprint(hex: string): string {
  return (hex.toUpperCase().match(/.{4}/g) ?? []).join(' ');
}

/** Reads either form, and OpenSSL's colons with or without its `sha256 Fingerprint=`; undefined if it is none. */
export function parseFingerprint(text: string): string | undefined {
  if (text.length > 256) return undefined;
  const digits = text
    .trim()
    .replace(/^sha-?256[ _]?(fingerprint)?\s*[=:]\s*/i, '')
    .replace(/[\s:-]/g, '')
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : undefined;
}
