/**
 * PEM (RFC 7468): the text form of certificates, requests and CRLs for files people carry and OpenSSL reads.
 */
export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST' | 'X509 CRL' | 'PUBLIC KEY';

const pemLine = 64;

/** PEM text (RFC 7468) of DER bytes. */
export function toPem(der: Uint8Array, label: PemLabel): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(new RegExp(`.{1,${pemLine}}`, 'g')) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** Every block of that label, in order: a file may hold a chain. */
export function allFromPem(text: string, label: PemLabel): Uint8Array[] {
  const blocks = text.matchAll(
    new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]*)-----END ${label}-----`, 'g'),
  );
  return [...blocks].map(([, body]) => new Uint8Array(Buffer.from(body ?? '', 'base64')));
}

/** The first block of that label in PEM text; empty bytes if there is none. */
export function fromPem(text: string, label: PemLabel): Uint8Array {
  const block = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]*)-----END ${label}-----`).exec(text);
  return new Uint8Array(Buffer.from(block?.[1] ?? '', 'base64'));
}
