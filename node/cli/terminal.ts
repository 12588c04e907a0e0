/**
 * Text on a terminal: how wide it is, cut and wrapped without splitting a letter from its marks. Vietnamese arrives
 * composed (NFC) or decomposed (NFD); it is shown composed. Pure.
 */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
export type Style = keyof typeof CODES;

export const paint = (style: Style, text: string): string =>
  `\x1b[${CODES[style][0]}m${text}\x1b[${CODES[style][1]}m`;

const SEQUENCE = /\x1b\[[0-9;]*m/g;
const segmenter = new Intl.Segmenter('vi', { granularity: 'grapheme' });
/** East Asian wide and emoji take two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const INVISIBLE = /^[\p{M}\p{Cf}\p{Cc}]+$/u;

/** What may be shown: composed, no control characters (a subject can't move the cursor or colour the screen). */
export const printable = (text: string): string =>
  text.normalize('NFC').replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ');

/** Columns a text takes; colour sequences take none. */
export function width(text: string): number {
  let columns = 0;
  for (const { segment } of segmenter.segment(text.replace(SEQUENCE, ''))) columns += letterWidth(segment);
  return columns;
}

const letterWidth = (letter: string): number => (INVISIBLE.test(letter) ? 0 : WIDE.test(letter) ? 2 : 1);

/** At most `columns` wide, with "…" where something was left out. For text without colours. */
export function truncate(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  return `${take(text, Math.max(0, columns - 1)).trimEnd()}…`;
}

function take(text: string, columns: number): string {
  let taken = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += letterWidth(segment);
    if (used > columns) break;
    taken += segment;
  }
  return taken;
}

/** A word in pieces of at most `columns`, in one pass; a letter that is wider stands alone. */
function cut(word: string, columns: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const { segment } of segmenter.segment(word)) {
    const wide = letterWidth(segment);
    if (piece !== '' && used + wide > columns) {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += segment;
    used += wide;
  }
  return piece === '' ? pieces : [...pieces, piece];
}

/** Lines at most `columns` wide, broken at blanks; a longer word is cut. With `maxLines` the last one ends in "…". */
export function wrap(text: string, columns: number, maxLines = Number.POSITIVE_INFINITY): string[] {
  if (columns === Number.POSITIVE_INFINITY) return [text];
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of text.split(/ +/)) {
    const wide = width(word);
    if (line !== '' && used + 1 + wide <= columns) {
      line += ` ${word}`;
      used += 1 + wide;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = wide <= columns ? [word] : cut(word, columns);
    line = pieces.pop() ?? '';
    used = width(line);
    lines.push(...pieces);
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  if (lines.length <= maxLines) return lines;
  const kept = lines.slice(0, maxLines);
  const last = kept[maxLines - 1]!;
  const shorter = last.includes(' ') ? last.slice(0, last.lastIndexOf(' ')) : last;
  kept[maxLines - 1] = width(last) < columns ? `${last}…` : truncate(`${shorter}…`, columns);
  return kept;
}
