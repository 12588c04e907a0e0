/**
 * The clocks the law sets for a document at one recipient: R3 sent in time, R4 receipt confirmed in time, and the
 * sender's due date. A pure function of what is known and of the calendar; each choice the law leaves open is named
 * here once. Times are milliseconds.
 *
 *   signed ──(R3)──▶ sent ──▶ arrived ──(R4)──▶ taken ──▶ … ──▶ reply or finished ──(due)──▶
 */
import { dayOf, parseDueMs } from './dates.ts';
import { endOfDayMs, endOfMorningMs, endOfOfficeMs, type WorkingCalendar } from './working-days.ts';

/**
 * R4 says "the same day" and not what that is of a document that comes at night or on a day off. Chosen: what comes
 * after office hours counts as come on the next working day, and the day ends with the calendar's day.
 */
const AFTER_HOURS_COUNT_AS_NEXT_DAY = true;

export interface Known {
  /** Day it was signed: the document's date. */
  signedDay: string;
  /** Handed to the node that sends it, durable there: from then on nothing but the network is in the way. */
  sentMs?: number | undefined;
  isUrgent: boolean;
  /** As in the dispatch; empty where there is none. What can't be read has no clock. */
  due: string;
  /** Stored at the receiver, by its receipt. */
  arrivedMs?: number | undefined;
  /** The receiver's own claim. */
  takenMs?: number | undefined;
  finishedMs?: number | undefined;
  refusedMs?: number | undefined;
  recalledMs?: number | undefined;
  repliedMs?: number | undefined;
  replacedMs?: number | undefined;
}

export interface Clock {
  /** The last moment in time. */
  untilMs: number;
  state: 'open' | 'kept' | 'breached' | 'closed';
  atMs: number | undefined;
  lateMs: number;
}

export interface DueClock extends Clock {
  by: 'reply' | 'finished' | 'refused' | 'recalled' | 'replaced' | undefined;
  lateWorkingDays: number;
}

export interface LawClocks {
  sendBy: Clock | undefined;
  confirmBy: Clock | undefined;
  due: DueClock | undefined;
}

export function lawClocks(known: Known, calendar: WorkingCalendar, nowMs: number): LawClocks {
  const { sentMs, arrivedMs, takenMs, refusedMs, recalledMs, signedDay } = known;
  return {
    sendBy:
      sentMs === undefined
        ? undefined
        : ran(sendDeadlineMs(signedDay, known.isUrgent, calendar), sentMs, undefined, nowMs),
    confirmBy:
      arrivedMs === undefined
        ? undefined
        : ran(confirmDeadlineMs(arrivedMs, calendar), earliest(takenMs, refusedMs), recalledMs, nowMs),
    due: dueClock(known, calendar, nowMs),
  };
}

/**
 * R3 (Decision 28/2018, Decree 30/2020 art. 18(1)): on the day it is signed, at the latest the next working day's
 * morning. An urgent one goes at once: only the day it was signed is known, so it is late once that day is over.
 */
export const sendDeadlineMs = (signedDay: string, isUrgent: boolean, calendar: WorkingCalendar): number =>
  isUrgent ? endOfDayMs(signedDay) : endOfMorningMs(calendar.nextWorkingDay(signedDay));

/** R4 (Decree 30/2020 art. 21(2)): see AFTER_HOURS_COUNT_AS_NEXT_DAY. */
export function confirmDeadlineMs(arrivedMs: number, calendar: WorkingCalendar): number {
  const day = dayOf(arrivedMs);
  const isLate = AFTER_HOURS_COUNT_AS_NEXT_DAY && arrivedMs > endOfOfficeMs(day);
  return endOfDayMs(isLate ? calendar.nextWorkingDay(day) : calendar.workingDayFrom(day));
}

/**
 * The end of the due day; where that is no working day, of the next one (Civil Code 2015 art. 148(5)). A time that is
 * given (hỏa tốc hẹn giờ) is that moment. Undefined for what is no due date.
 */
export function dueDeadlineMs(due: string, calendar: WorkingCalendar): number | undefined {
  const ms = due === '' ? undefined : parseDueMs(due);
  if (ms === undefined || ms.isTimed) return ms?.atMs;
  return endOfDayMs(calendar.workingDayFrom(due));
}

function dueClock(known: Known, calendar: WorkingCalendar, nowMs: number): DueClock | undefined {
  const untilMs = dueDeadlineMs(known.due, calendar);
  if (untilMs === undefined) return undefined;
  const ends = [
    ['reply', known.repliedMs],
    ['finished', known.finishedMs],
    ['refused', known.refusedMs],
    ['recalled', known.recalledMs],
    ['replaced', known.replacedMs],
  ] as const;
  const ended = ends.filter(([, ms]) => ms !== undefined).sort(([, a], [, b]) => a! - b!)[0];
  const by = ended?.[0];
  const isDone = by === 'reply' || by === 'finished';
  const clock = ran(untilMs, isDone ? ended![1] : undefined, isDone ? undefined : ended?.[1], nowMs);
  const endMs = clock.atMs ?? nowMs;
  const lateWorkingDays = clock.lateMs > 0 ? calendar.workingDaysBetween(dayOf(untilMs), dayOf(endMs)) : 0;
  return { ...clock, by, lateWorkingDays };
}

/** A clock that is stopped by what it waits for, or ends because nobody waits any more. */
function ran(
  untilMs: number,
  doneMs: number | undefined,
  closedMs: number | undefined,
  nowMs: number,
): Clock {
  if (doneMs === undefined && closedMs !== undefined)
    return { untilMs, state: 'closed', atMs: closedMs, lateMs: 0 };
  const lateMs = Math.max(0, (doneMs ?? nowMs) - untilMs);
  const state = lateMs > 0 ? 'breached' : doneMs === undefined ? 'open' : 'kept';
  return { untilMs, state, atMs: doneMs, lateMs };
}

function earliest(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
