/** Reasons a node names by code, as people read them: the first sentence of the code's text; other words stay. */
import { isErrorCode } from '../core/errors.ts';
import { errorText, isMessageKey, type Language, message } from '../core/messages.ts';

export function faultText(language: Language, reason: string): string {
  const code = reason.split(/[\s:(]/, 1)[0]!;
  if (!isErrorCode(code)) return reason;
  const rest = reason.slice(code.length).trim();
  const sentence = errorText(language, { code, details: {} }).split(/(?<=[.;:])\s/, 1)[0]!;
  return `${sentence.replace(/[.;:]$/, '')}${rest === '' ? '' : ` ${rest}`}`;
}

/** A word of a fixed set ("seal", "fresh") in the reader's language; unknown ones stay as they are. */
export function wordText(language: Language, topic: string, word: string): string {
  const key = `${topic}.${word}`;
  return isMessageKey(key) ? message(language, key) : word;
}
