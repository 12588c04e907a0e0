/** Texts a person gives: normalised, trimmed, within their limits (core/field-limits). Throw LienthongError. */
import { LienthongError } from '../core/errors.ts';
import { FIELD_LIMITS, type LimitedField } from '../core/field-limits.ts';

export function required(field: LimitedField, value: string | undefined): string {
  const text = limited(field, value ?? '');
  if (text === '') throw new LienthongError('field-missing', { field });
  return text;
}

export const optional = (field: LimitedField, value: string | undefined): string | undefined =>
  value === undefined ? undefined : limited(field, value);

export function limited(field: LimitedField, value: string): string {
  const text = value.normalize('NFC').trim();
  const length = [...text].length;
  if (length > FIELD_LIMITS[field])
    throw new LienthongError('field-too-long', { field, length, most: FIELD_LIMITS[field] });
  if (/\p{Cc}/u.test(text.replace(/[\n\t]/g, '')))
    throw new LienthongError('usage', { field, value: 'control character' });
  return text;
}
