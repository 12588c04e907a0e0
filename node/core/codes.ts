/**
 * Agency and unit codes in their two forms (Decision 20/2020: "H37.02.02", most general first; QCVN 102:2016:
 * "000.02.02.H37", most specific first). Branded: only the parsers here make one. The directory's table converts
 * first; `fromLegacy` is the rule for plain cases.
 */
import { LienthongError } from './errors.ts';

declare const brand: unique symbol;
/** A code of the first level, such as "G22": owns a node. */
export type AgencyCode = string & { readonly [brand]: 'agency' };
/** Any addressable code; an agency code is one too. */
export type UnitCode = string & { readonly [brand]: 'agency' | 'unit' };

/** 35 characters were observed as the longest (Decision 20/2020 directories). */
const MAX_CODE = 35;
const AGENCY = /^[A-Z][A-Z0-9]{1,9}$/;
const UNIT = /^[A-Z][A-Z0-9]{1,9}(\.[A-Z0-9]{1,10})*$/;
const LEGACY = /^(?:[0-9A-Z]{2,3}\.){2,3}[A-Z][A-Z0-9]{1,9}$/;

export const isAgencyCode = (text: string): text is AgencyCode => AGENCY.test(text);
export const isUnitCode = (text: string): text is UnitCode => text.length <= MAX_CODE && UNIT.test(text);
export const isLegacyCode = (text: string): boolean => LEGACY.test(text) && !UNIT.test(text);

/** Throws `invalid-code`. Case and surrounding blanks are forgiven. */
export function parseAgencyCode(text: string): AgencyCode {
  const code = text.trim().toUpperCase();
  if (!isAgencyCode(code)) throw new LienthongError('invalid-code', { code: text.slice(0, 60) });
  return code;
}

/** A unit code of either form, as the new one where the rule alone can tell. Throws `invalid-code`. */
export function parseUnitCode(text: string): UnitCode {
  const code = text.trim().toUpperCase();
  if (isUnitCode(code)) return code;
  const converted = fromLegacy(code);
  if (converted === undefined) throw new LienthongError('invalid-code', { code: text.slice(0, 60) });
  return converted;
}

/** "000.18.29.H51" → "H51.29.18"; "000.00.00.G22" → "G22"; undefined when the text isn't an old code. */
export function fromLegacy(text: string): UnitCode | undefined {
  if (!isLegacyCode(text)) return undefined;
  const code = text
    .split('.')
    .reverse()
    .filter((group) => !/^0+$/.test(group))
    .join('.');
  return isUnitCode(code) ? code : undefined;
}

/** "G22" → "000.00.00.G22", "H51.29.18" → "000.18.29.H51"; undefined for codes the old form can't give back. */
export function toLegacy(code: UnitCode): string | undefined {
  const [agency, ...below] = code.split('.');
  if (below.length > 3 || below.some((group) => group.length > 3)) return undefined;
  const groups = [...below].reverse();
  while (groups.length < 3) groups.unshift('00');
  const legacy = [groups[0]!.padStart(3, '0'), ...groups.slice(1), agency].join('.');
  return fromLegacy(legacy) === code ? legacy : undefined;
}

/** The first-level code a unit code begins with. Not who serves it: the directory says that. */
export const agencyPart = (code: UnitCode): AgencyCode => code.split('.', 1)[0]! as AgencyCode;

/** "H37.02.02" → "H37.02" → "H37" → undefined. */
export function parentOf(code: UnitCode): UnitCode | undefined {
  const at = code.lastIndexOf('.');
  return at < 0 ? undefined : (code.slice(0, at) as UnitCode);
}

/** Whether `code` is `ancestor` or lies below it by its text. */
export const isWithin = (code: string, ancestor: string): boolean =>
  code === ancestor || code.startsWith(`${ancestor}.`);
