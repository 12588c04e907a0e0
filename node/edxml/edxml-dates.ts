/**
 * Dates and times of edXML: text as it stood, with a value where it is a real date. `yyyy/MM/dd` and
 * `yyyy/MM/dd HH:mm:ss` in Viet Nam's time (UTC+7, no zone written) are what is written; other common forms are read.
 * An impossible date (2014/02/30 was observed) stays text: nothing is lost and nothing invented.
 */
import { isDay, isoTime, startOfDayMs } from '../core/dates.ts';

/** `day`: yyyy-MM-dd, absent where the text is no real date. */
export interface EdxmlDate {
  text: string;
  day?: string;
}

/** `ms`: the instant, absent where the text is no real time. */
export interface EdxmlTime {
  text: string;
  ms?: number;
}

const DATE = /^(\d{4})[/-](\d{1,2})[/-](\d{1,2})$/;
const DATE_DAY_FIRST = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$/;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?$/;

export function readDate(text: string): EdxmlDate {
  const day = dayIn(text.trim());
  return day === undefined ? { text } : { text, day };
}

export function readTime(text: string): EdxmlTime {
  const [date, clock = '00:00:00', ...more] = text.trim().split(/[T ]+/, 4);
  const day = dayIn(date!);
  const parts = CLOCK.exec(clock);
  if (day === undefined || parts === null || more.length > 0) return { text };
  const [hour, minute, second] = [Number(parts[1]), Number(parts[2]), Number(parts[3] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return { text };
  return { text, ms: startOfDayMs(day) + ((hour * 60 + minute) * 60 + second) * 1000 };
}

/** A date from a calendar day, yyyy-MM-dd. */
export const dateOf = (day: string): EdxmlDate => ({ text: day.replaceAll('-', '/'), day });

/** A time from an instant; whole seconds, as the format has them. */
export function timeOf(ms: number): EdxmlTime {
  const whole = Math.floor(ms / 1000) * 1000;
  return { text: isoTime(whole).slice(0, 19).replaceAll('-', '/').replace('T', ' '), ms: whole };
}

/** What the writer writes: the standard's form of a real date, else the text as it is. */
export const dateText = ({ text, day }: EdxmlDate): string => (day === undefined ? text : dateOf(day).text);
export const timeText = ({ text, ms }: EdxmlTime): string => (ms === undefined ? text : timeOf(ms).text);

function dayIn(text: string): string | undefined {
  const first = DATE.exec(text);
  const last = first === null ? DATE_DAY_FIRST.exec(text) : null;
  const [year, month, day] =
    first !== null ? [first[1], first[2], first[3]] : last !== null ? [last[3], last[2], last[1]] : [];
  if (year === undefined) return undefined;
  const written = `${year}-${month!.padStart(2, '0')}-${day!.padStart(2, '0')}`;
  return isDay(written) ? written : undefined;
}
