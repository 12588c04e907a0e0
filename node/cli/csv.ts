/**
 * CSV that a spreadsheet opens right: UTF-8 with its mark, CRLF, every cell quoted, semicolons between them (the list
 * separator where the comma is the decimal sign, as in Viet Nam). RFC 4180 but for the separator.
 */
export const CSV_START = '\ufeff';
const SEPARATOR = ';';

/** What a spreadsheet would take for a formula, or for what leads into one. */
const FORMULA = /^[\s\p{Cc}]*[=+\-@\uff1d\uff0b\uff0d\uff20]/u;

export const csvRow = (cells: readonly string[]): string => `${cells.map(cellOf).join(SEPARATOR)}\r\n`;

/** Texts come from other agencies: one that begins as a formula does is led by an apostrophe, so that it stays a text. */
function cellOf(text: string): string {
  const plain = text.normalize('NFC').replace(/\r\n?/g, '\n');
  const defused = FORMULA.test(plain) ? `'${plain}` : plain;
  return `"${defused.replaceAll('"', '""')}"`;
}
