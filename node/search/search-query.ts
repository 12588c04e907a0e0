/**
 * What a person types, as an expression of the index's own language: all words must occur, in any order; "quoted
 * words" and words joined by punctuation (274/QĐ-TTg) in this order; word* and the last word typed also as the
 * beginning of a word. Only letters and digits of the text reach the expression, each word in quotation marks, so
 * nothing typed is ever an operator. Pure.
 */
import { LienthongError } from '../core/errors.ts';
import { wordsOf } from './words.ts';

/** Characters of a query: a whole subject. */
export const MAX_TEXT = 500;
/** Words of a query: each one more narrows less and costs as much. */
export const MAX_WORDS = 32;
/** A beginning of one letter says nothing; as a whole word it does (number 1). */
const SHORTEST_BEGINNING = 2;

interface Term {
  words: string[];
  isBeginning: boolean;
}

/** Undefined where the text is blank. Throws 'usage' for one that is too long or holds no word. */
export function parseText(text: string): string | undefined {
  if (text.trim() === '') return undefined;
  if (text.length > MAX_TEXT)
    throw new LienthongError('usage', { field: 'text', reason: 'too long', most: MAX_TEXT });
  const terms = termsOf(text.normalize('NFC'));
  const count = terms.reduce((sum, { words }) => sum + words.length, 0);
  if (count === 0) throw new LienthongError('usage', { field: 'text', reason: 'no words' });
  if (count > MAX_WORDS)
    throw new LienthongError('usage', { field: 'text', reason: 'too many words', most: MAX_WORDS });
  return terms.map(expressionOf).join(' AND ');
}

function termsOf(text: string): Term[] {
  const terms: Term[] = [];
  const pieces = [...text.matchAll(/["“”]([^"“”]*)(?:["“”]|$)|[^\s"“”]+/gu)];
  for (const [index, piece] of pieces.entries()) {
    const quoted = piece[1];
    const words = wordsOf(quoted ?? piece[0]);
    if (words.length === 0) continue;
    const isTyping = index === pieces.length - 1 && !/\s$/u.test(text);
    const isBeginning = quoted === undefined && (piece[0].endsWith('*') || isTyping);
    terms.push({ words, isBeginning: isBeginning && [...words.at(-1)!].length >= SHORTEST_BEGINNING });
  }
  return terms;
}

const expressionOf = ({ words, isBeginning }: Term): string =>
  `"${words.join(' ')}"${isBeginning ? ' *' : ''}`;

/** An expression that all of these must fulfil; facets as `words.facet` gives them. */
export const allOf = (text: string | undefined, facets: readonly string[]): string =>
  [...(text === undefined ? [] : [text]), ...facets.map((one) => `"${one}"`)].join(' AND ');
