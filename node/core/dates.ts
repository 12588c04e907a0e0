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

const TIMED_DUE = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d)\+07:00$/;

/** A due date as a dispatch carries it: "2026-05-04", or "2026-05-04T10:30+07:00". Undefined for anything else. */
export function parseDueMs(due: string): { atMs: number; isTimed: boolean } | undefined {
  if (isDay(due)) return { atMs: startOfDayMs(due), isTimed: false };
  const day = TIMED_DUE.exec(due)?.[1];
  return day !== undefined && isDay(day) ? { atMs: Date.parse(due), isTimed: true } : undefined;
}

/** As a person or a system writes it, a day or a day and a time in Viet Nam; in the dispatch's form. Throws `invalid-date`. */
export function parseDue(text: string): string {
  const timed = /^(\S+?)[T ](\d{1,2}):(\d{2})(?::00)?(?:\+07:00)?$/.exec(text.trim());
  if (timed === null) return parseDay(text);
  const due = `${parseDay(timed[1]!)}T${timed[2]!.padStart(2, '0')}:${timed[3]}+07:00`;
  if (parseDueMs(due) === undefined) throw new LienthongError('invalid-date', { date: text.slice(0, 40) });
  return due;
}

/** The calendar day in Viet Nam of an instant. */
export const dayOf = (ms: number): string => new Date(ms + OFFSET_MS).toISOString().slice(0, 10);

/** Start of a day in Viet Nam, as an instant. */
export const startOfDayMs = (day: string): number => Date.parse(`${day}T00:00:00Z`) - OFFSET_MS;

/** ISO 8601 with the offset of Viet Nam: "2019-03-12T09:00:00.000+07:00". */
export const isoTime = (ms: number): string => `${new Date(ms + OFFSET_MS).toISOString().slice(0, -1)}+07:00`;
