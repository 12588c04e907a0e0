/** Bytes as people read them. */
import type { Language } from './messages.ts';

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** "12 B", "1,5 MB" (vi), "1.5 MB" (en): units of 1,024. */
export function bytesText(bytes: number, language: Language): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1);
  return `${language === 'vi' ? digits.replace('.', ',') : digits} ${UNITS[unit]}`;
}
