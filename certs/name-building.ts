/**
 * Builds the distinguished names of what we issue. Apart from reading, so that validation doesn't load the
 * library that only issuing needs.
 */
import type { NameAttribute } from './distinguished-name.ts';
import { Name } from './x509-library.ts';

/** RFC 5280 appendix A: upper bound of O, OU and CN, in characters. */
const maxNameCharacters = 64;

function fit(value: string): string {
  const characters = [...value.normalize('NFC').trim()];
  return characters.length <= maxNameCharacters
    ? characters.join('')
    : `${characters.slice(0, maxNameCharacters - 1).join('')}…`;
}

const oidOf: Readonly<Record<string, string>> = { organizationIdentifier: '2.5.4.97' };

/**
 * Builds a name for country VN in UTF-8 (NFC). Longer values than X.509 allows end in an ellipsis: the full name
 * is the directory's to tell.
 */
export function buildName(attributes: readonly NameAttribute[]): Name {
  return new Name([
    { C: [{ printableString: 'VN' }] },
    ...attributes.map(({ type, value }) => ({ [oidOf[type] ?? type]: [{ utf8String: fit(value) }] })),
  ]);
}
