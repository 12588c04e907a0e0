/**
 * Dates of documents: calendar days in Viet Nam (UTC+7, no daylight saving), as yyyy-MM-dd. Instants stay in
 * milliseconds; people read them with their offset.
 */
import { LienthongError } from './errors.ts';

const OFFSET_MS = 7 * 3600 * 1000;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

export function isDay(text: string): boolean {
  const parts = DAY.exec(text);
  if (parts === null) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 1945 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** Also takes 12/03/2019 as clerks write it. Throws `invalid-date`. */
export function parseDay(text: string): string {
  const written = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text.trim());
  const day = written
    ? `${written[3]}-${written[2]!.padStart(2, '0')}-${written[1]!.padStart(2, '0')}`
    : text.trim();
  if (!isDay(day)) throw new LienthongError('invalid-date', { date: text.slice(0, 40) });
  return day;
}

/** The calendar day in Viet Nam of an instant. */
export const dayOf = (ms: number): string => new Date(ms + OFFSET_MS).toISOString().slice(0, 10);

/** Start of a day in Viet Nam, as an instant. */
export const startOfDayMs = (day: string): number => Date.parse(`${day}T00:00:00Z`) - OFFSET_MS;

/** ISO 8601 with the offset of Viet Nam: "2019-03-12T09:00:00.000+07:00". */
export const isoTime = (ms: number): string => `${new Date(ms + OFFSET_MS).toISOString().slice(0, -1)}+07:00`;
