/**
 * How text becomes what the index compares: words without diacritics, and facets for what is filtered by. Document and
 * query go through the same functions. Pure.
 * WARNING: persisted in the index; a change here is a new INDEX_VERSION (index-file.ts).
 */
import { foldText } from '../core/fold-text.ts';

/** Longer ones are cut, in documents and in queries alike; the longest word of a legal text has seven letters. */
export const MAX_WORD = 40;

/** "Số 274/QĐ-TTg" → ["so", "274", "qd", "ttg"]. */
export const wordsOf = (text: string): string[] =>
  (foldText(text).match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => word.slice(0, MAX_WORD));

/** Planes 4 to 13 of Unicode hold no characters, so no word of a text is ever one of these. */
const FACET_FIRST = 0x40000;
const FACETS = 0xe0000 - FACET_FIRST;

/** Stands between two fields, so that no phrase reaches from one into the next. */
export const FIELD_END = String.fromCodePoint(FACET_FIRST);

/**
 * A property a document is filtered by, as a word of one character: the index then intersects it like any word, and
 * keeps no beginnings of it. A hash: two of some thousand properties may share one, so what is found is compared again
 * with what the store holds.
 */
export function facet(kind: string, value: string): string {
  let hash = 0x811c9dc5; // FNV-1a
  for (const unit of Buffer.from(`${kind} ${value}`)) hash = Math.imul(hash ^ unit, 0x01000193) >>> 0;
  return String.fromCodePoint(FACET_FIRST + 1 + (hash % (FACETS - 1)));
}

/** "H37.02.02" → ["H37", "H37.02", "H37.02.02"]: a filter by a unit finds those below it. */
export const unitAndAbove = (code: string): string[] => {
  const parts = code.split('.');
  return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
};

/** A document as the index takes it in. */
export function indexedText(fields: readonly string[], facets: readonly string[]): string {
  const words = fields.map((field) => wordsOf(field).join(' ')).filter((field) => field !== '');
  return [...words.flatMap((field) => [field, FIELD_END]), ...new Set(facets)].join(' ');
}
