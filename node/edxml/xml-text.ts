/**
 * Values as XML text by the schema: two blanks a level, every element of the envelope with its prefix. A character that
 * XML 1.0 can't hold (control characters, lone surrogates, U+FFFE, U+FFFF) becomes U+FFFD, visibly: a document that is
 * stored can always be exported. Used by write-edxml.ts.
 */
import { dateText, type EdxmlDate, type EdxmlTime, timeText } from './edxml-dates.ts';
import { CONTINUED_LINE, partsOf } from './long-lines.ts';
import type { Field } from './schema.ts';

const UNHOLDABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const MARKUP = /[&<>\r]/g;
const WRITTEN: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  // a reader would make it a line feed
  '\r': '&#13;',
};

export const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(UNHOLDABLE, '\ufffd')
    .replace(MARKUP, (character) => WRITTEN[character]!);

/** Lines for the values of `fields` in `value`, `level` deep; `prefix` with its colon. */
export function fieldLines(value: object, fields: readonly Field[], level: number, prefix: string): string {
  let lines = '';
  for (const field of fields) {
    const held = (value as Record<string, unknown>)[field.key];
    if (held === undefined) continue;
    const items = field.many === undefined ? [held] : (held as unknown[]);
    if (field.within === undefined) {
      for (const item of items) lines += line(item, field, level, prefix);
    } else if (items.length > 0) {
      const inner = items.map((item) => listed(item, field, level + 1, prefix)).join('');
      lines += element(field.within, inner, level, prefix);
    }
  }
  return lines;
}

/** A line of a list: where it is too long for one element, in several. */
function listed(item: unknown, field: Field, level: number, prefix: string): string {
  if (field.most === undefined) return line(item, field, level, prefix);
  const continued = `${'  '.repeat(level)}${CONTINUED_LINE}\n`;
  return partsOf((item as string).toWellFormed(), field.most)
    .map((part) => line(part, field, level, prefix))
    .join(continued);
}

function line(item: unknown, field: Field, level: number, prefix: string): string {
  if (field.holds === 'fields') {
    return element(field.name, fieldLines(item as object, field.fields, level + 1, prefix), level, prefix);
  }
  const text =
    field.holds === 'date'
      ? dateText(item as EdxmlDate)
      : field.holds === 'time'
        ? timeText(item as EdxmlTime)
        : (item as string);
  return `${'  '.repeat(level)}<${prefix}${field.name}>${escaped(text)}</${prefix}${field.name}>\n`;
}

const element = (name: string, inner: string, level: number, prefix: string): string => {
  const indent = '  '.repeat(level);
  return `${indent}<${prefix}${name}>\n${inner}${indent}</${prefix}${name}>\n`;
};
