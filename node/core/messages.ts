/**
 * The one message table: what clerks and administrators read, Vietnamese first, English second. Every error code has
 * a text here that says what is wrong and what to do next; a test holds that. Texts by topic are in messages/.
 *
 * In a text `{name}` is a value (`{a|b}`: the first there is) and `[ … {name} … ]` a part left out whole when a value
 * in it is missing. Outside square brackets every value must be given. Pure; used by gateway/, cli/ and the roots.
 */
import { bytesText } from './byte-text.ts';
import type { ErrorDetails, LienthongError } from './errors.ts';
import { CLOCK_TEXTS } from './messages/clocks.ts';
import { COMMAND_TEXTS } from './messages/commands.ts';
import { EDXML_TEXTS } from './messages/edxml.ts';
import { EDXML_REASON_TEXTS } from './messages/edxml-reasons.ts';
import { ERROR_TEXTS } from './messages/errors.ts';
import { EVENT_TEXTS } from './messages/events.ts';
import { EXAMPLE_TEXTS } from './messages/examples.ts';
import { FILE_TEXTS } from './messages/files.ts';
import { FOREIGN_SEAL_TEXTS } from './messages/foreign-seals.ts';
import { LABEL_TEXTS } from './messages/labels.ts';
import { LIFE_TEXTS } from './messages/life.ts';
import { LIMIT_TEXTS } from './messages/limits.ts';
import { OUTPUT_TEXTS } from './messages/output.ts';
import { PDF_TEXTS } from './messages/pdf.ts';

export const LANGUAGES = ['vi', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];
export type Text = Readonly<Record<Language, string>>;
export type Values = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined | null>
>;

export const MESSAGES = {
  ...LABEL_TEXTS,
  ...OUTPUT_TEXTS,
  ...COMMAND_TEXTS,
  ...EXAMPLE_TEXTS,
  ...FILE_TEXTS,
  ...FOREIGN_SEAL_TEXTS,
  ...LIFE_TEXTS,
  ...LIMIT_TEXTS,
  ...PDF_TEXTS,
  ...CLOCK_TEXTS,
  ...EDXML_REASON_TEXTS,
  ...EDXML_TEXTS,
} satisfies Record<string, Text>;
export type MessageKey = keyof typeof MESSAGES;

const VALUE = /\{([a-zA-Z0-9|]+)\}/g;
const OPTIONAL = /\[([^[\]]*\{[a-zA-Z0-9|]+\}[^[\]]*)\]/g;

export const isLanguage = (text: string): text is Language => (LANGUAGES as readonly string[]).includes(text);

export function isMessageKey(text: string): text is MessageKey {
  return Object.hasOwn(MESSAGES, text);
}

/** A text of the table with its values. Throws RangeError when a value outside `[ ]` is missing: a programmer's error. */
export const message = (language: Language, key: MessageKey, values: Values = {}): string =>
  fill(MESSAGES[key][language], values).text;

/** The sentence for an error, and on a second line the details the sentence doesn't name. */
export function errorText(language: Language, error: Pick<LienthongError, 'code' | 'details'>): string {
  const { what, reason } = error.details;
  const word = (topic: string, name: unknown) => {
    const key = `${topic}.${name}`;
    return isMessageKey(key) ? message(language, key) : undefined;
  };
  const values: Values = {
    ...error.details,
    ...(what !== undefined && { what: word('what', what) ?? what }),
    ...(reason !== undefined && { reason: word('reason', reason) ?? reason }),
    look: word('look', what ?? 'document'),
    ...(SIZED.has(error.code) && amountsOf(error.details, language)),
  };
  const { text, used } = fill(ERROR_TEXTS[error.code][language], values);
  return withRest(language, text, error.details, used);
}

/** Errors whose numbers are bytes, and what these are called. */
const SIZED = new Set(['file-too-large', 'oversize']);
const BYTES = ['bytes', 'size', 'maxBytes', 'limit', 'most'];

function amountsOf(details: ErrorDetails, language: Language): Values {
  const amounts = BYTES.map((name) => [name, details[name]] as const);
  return Object.fromEntries(
    amounts.flatMap(([name, value]) =>
      typeof value === 'number' ? [[name, bytesText(value, language)]] : [],
    ),
  );
}

/** A line for the operator about something that happened; an event without a text is shown as it is. */
export function eventText(language: Language, event: string, details: ErrorDetails): string {
  const known: Text | undefined = Object.hasOwn(EVENT_TEXTS, event)
    ? EVENT_TEXTS[event as keyof typeof EVENT_TEXTS]
    : undefined;
  const { text, used } = fill(known?.[language] ?? event, details);
  const rest = Object.entries(details).filter(([name]) => !used.has(name));
  return rest.length === 0
    ? text
    : `${text} (${rest.map(([name, value]) => `${name}: ${shown(value)}`).join(', ')})`;
}

function withRest(
  language: Language,
  text: string,
  details: ErrorDetails,
  used: ReadonlySet<string>,
): string {
  const rest = Object.entries(details).filter(([name]) => !used.has(name));
  if (rest.length === 0) return text;
  const heading = MESSAGES['label.details'][language];
  return `${text}\n${heading}: ${rest.map(([name, value]) => `${name} = ${shown(value)}`).join('; ')}`;
}

/** Fills a text in; answers which values it named. */
export function fill(template: string, values: Values): { text: string; used: Set<string> } {
  const used = new Set<string>();
  const filledBy = (names: string): string | undefined => {
    for (const name of names.split('|')) {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined || value === null || value === '') continue;
      used.add(name);
      return shown(value);
    }
    return undefined;
  };
  const without = template.replace(OPTIONAL, (_, part: string) => {
    const names = [...part.matchAll(VALUE)].map((match) => match[1]!);
    return names.every((name) => filledBy(name) !== undefined) ? part : '';
  });
  const text = without.replace(VALUE, (_, names: string) => {
    const value = filledBy(names);
    if (value === undefined) throw new RangeError(`no value for {${names}} in "${template}"`);
    return value;
  });
  return { text, used };
}

function shown(value: NonNullable<Values[string]>): string {
  const text = Array.isArray(value) ? value.join(', ') : String(value);
  return text.normalize('NFC').replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ');
}
