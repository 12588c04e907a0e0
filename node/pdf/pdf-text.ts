/** Text and dates of PDF strings (ISO 32000-2 §7.9.2, §7.9.4), for people: bounded, and never trusted. */
const MOST_CHARACTERS = 200;

/** UTF-16 or UTF-8 by its mark, else the PDF's own encoding, of which Latin-1 is the part in use. */
export function pdfText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  const [first, second, third] = buffer;
  let text = buffer.toString('latin1');
  if (first === 0xfe && second === 0xff)
    text = buffer
      .subarray(2, buffer.length - (buffer.length % 2))
      .swap16()
      .toString('utf16le');
  else if (first === 0xef && second === 0xbb && third === 0xbf) text = buffer.subarray(3).toString('utf8');
  return [...text.normalize('NFC').toWellFormed()].slice(0, MOST_CHARACTERS).join('');
}

const DATE =
  /^D:(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:([Z+-])(?:(\d{2})'?(?:(\d{2})'?)?)?)?)?)?)?)?)?$/;

/** `D:20190312090000+07'00'`, an offset left out meaning UTC; Unix ms, undefined when it is no such date. */
export function pdfDateMs(text: string): number | undefined {
  const parts = DATE.exec(text.trim());
  if (parts === null) return undefined;
  const [year, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => (part === undefined ? undefined : Number(part)));
  const at = new Date(Date.UTC(year as number, month - 1, day, hour, minute, second));
  const isReal = at.getUTCMonth() === month - 1 && at.getUTCDate() === day && hour < 24 && minute < 60;
  if (!isReal) return undefined;
  const offset = (Number(parts[8] ?? 0) * 60 + Number(parts[9] ?? 0)) * 60_000;
  return at.getTime() - (parts[7] === '+' ? offset : parts[7] === '-' ? -offset : 0);
}
