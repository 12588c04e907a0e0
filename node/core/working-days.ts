/**
 * Working days in Viet Nam: Monday to Friday without public holidays, and the days worked instead (ngày làm bù). Which
 * days these are is data: public-holidays.json, and the two lists of a node's config.json, which win. Pure; days are
 * yyyy-MM-dd in UTC+7, which has no daylight saving. Used by law-clocks.
 */
import type { CalendarView } from './clock-views.ts';
import { dayOf, isDay, startOfDayMs } from './dates.ts';
import provided from './public-holidays.json' with { type: 'json' };

const DAY_MS = 86_400_000;
/** The last day that is written with four digits of a year; nothing is reckoned past it. */
const LAST_DAY = '9999-12-31';
/** Days counted between two: 27 years, more than any document waits. */
const MOST_COUNTED = 10_000;

/**
 * End of a morning, in hours of the day. Decision 28/2018/QĐ-TTg says "the next working day's morning" and no hour: noon
 * is its last moment whatever an agency's office hours are.
 */
const END_OF_MORNING_HOURS = 12;
/** End of office hours: 17:00 at the latest in most agencies; no law of the state fixes one for all. */
const END_OF_OFFICE_HOURS = 17;
const HOUR_MS = 3_600_000;
/** The holidays of a year are announced about so long before it. */
const AHEAD_MS = 60 * DAY_MS;

/** As in config.json; both yyyy-MM-dd. */
export interface CalendarSettings {
  holidays: readonly string[];
  workingDays: readonly string[];
}

/** Exactly the two lists, each of real days, each optional. Throws TypeError. */
export function parseCalendarSettings(value: unknown): CalendarSettings {
  if (typeof value !== 'object' || value === null) throw new TypeError('calendar');
  const { holidays = [], workingDays = [], ...rest } = value as Record<string, unknown>;
  const areDays = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((day) => typeof day === 'string' && isDay(day));
  if (Object.keys(rest).length > 0 || !areDays(holidays) || !areDays(workingDays))
    throw new TypeError('calendar');
  if (holidays.some((day) => workingDays.includes(day))) throw new TypeError('calendar: a day is in both');
  return { holidays, workingDays };
}

interface YearData {
  provisional?: boolean;
  holidays: string[];
  workingDays: string[];
}

const YEARS: Record<string, YearData> = provided.years;
const EVERY_YEAR = new Set(provided.everyYear);

const NO_SETTINGS: CalendarSettings = { holidays: [], workingDays: [] };

export class WorkingCalendar {
  readonly #off: Set<string>;
  readonly #worked: Set<string>;
  readonly #settings: CalendarSettings;

  constructor(settings: CalendarSettings = NO_SETTINGS) {
    this.#settings = settings;
    const { holidays, workingDays } = settings;
    const years = Object.values(YEARS);
    this.#off = new Set([...years.flatMap((year) => year.holidays), ...holidays]);
    this.#worked = new Set([...years.flatMap((year) => year.workingDays), ...workingDays]);
    for (const day of workingDays) this.#off.delete(day);
    for (const day of holidays) this.#worked.delete(day);
  }

  isWorkingDay(day: string): boolean {
    if (this.#worked.has(day)) return true;
    if (this.#off.has(day) || EVERY_YEAR.has(day.slice(5))) return false;
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
    return weekday !== 0 && weekday !== 6;
  }

  /** The first working day after this one. */
  nextWorkingDay(day: string): string {
    let next = dayAfter(day);
    while (!this.isWorkingDay(next) && next !== LAST_DAY) next = dayAfter(next);
    return next;
  }

  /** The day itself where it is worked, else the next one that is. */
  workingDayFrom(day: string): string {
    return this.isWorkingDay(day) ? day : this.nextWorkingDay(day);
  }

  /** So many working days after; 0 is the day itself, whatever it is. */
  addWorkingDays(day: string, count: number): string {
    let result = day;
    for (let left = count; left > 0 && result !== LAST_DAY; left--) result = this.nextWorkingDay(result);
    return result;
  }

  /** Working days after `from`, up to `to` and with it; 0 where `to` isn't later. */
  workingDaysBetween(from: string, to: string): number {
    let count = 0;
    let passed = 0;
    for (let day = from; day < to && passed < MOST_COUNTED; passed++) {
      day = dayAfter(day);
      if (this.isWorkingDay(day)) count++;
    }
    return count;
  }

  /** Whether anyone has said which days of the year are off: "provisional" for what was only reckoned. */
  knowledgeOf(year: number): 'known' | 'provisional' | 'none' {
    if (this.#settings.holidays.some((day) => day.startsWith(`${year}-`))) return 'known';
    const data = YEARS[String(year)];
    if (data === undefined) return 'none';
    return data.provisional ? 'provisional' : 'known';
  }

  /** Names this calendar: two of one name answer alike. */
  get name(): string {
    return JSON.stringify([[...this.#off].sort(), [...this.#worked].sort(), provided.everyYear]);
  }
}

/** The years that a document of now may be due in: this one, and the next from two months before it. */
export function calendarView(calendar: WorkingCalendar, nowMs: number): CalendarView {
  const years = new Set([nowMs, nowMs + AHEAD_MS].map((ms) => Number(dayOf(ms).slice(0, 4))));
  const ofKind = (kind: ReturnType<WorkingCalendar['knowledgeOf']>) =>
    [...years].filter((year) => calendar.knowledgeOf(year) === kind);
  return { unknownYears: ofKind('none'), provisionalYears: ofKind('provisional') };
}

export const dayAfter = (day: string): string =>
  day >= LAST_DAY ? LAST_DAY : new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);

/** Instants of a day in Viet Nam; each end is the last moment that still counts. */
export const endOfMorningMs = (day: string): number => startOfDayMs(day) + END_OF_MORNING_HOURS * HOUR_MS;
export const endOfOfficeMs = (day: string): number => startOfDayMs(day) + END_OF_OFFICE_HOURS * HOUR_MS;
export const endOfDayMs = (day: string): number => startOfDayMs(day) + DAY_MS - 1;
