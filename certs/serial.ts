/**
 * Serial numbers as people type them: what OpenSSL and browsers print, with or without colons, spaces or `serial=`.
 */

/** Reads a serial into Certificate.serial's form (lower-case hex, even length); undefined if it is none. */
export function parseSerial(text: string): string | undefined {
  if (text.length > 128) return undefined;
  const digits = text
    .trim()
    .replace(/^(serial=|0x)/i, '')
    .replace(/[\s:-]/g, '')
    .toLowerCase();
  if (!/^[0-9a-f]{1,40}$/.test(digits)) return undefined;
  const short = digits.replace(/^0+(?=.)/, '');
  return short.length % 2 ? `0${short}` : short;
}
