/**
 * What the doors show of the law's clocks (R3, R4, due dates), as plain data. As core/views.
 * WARNING: scripts depend on these names; fields are only ever added.
 */
import type { TransportState } from './transport.ts';

/** One clock. `state`: "open" still running, "kept", "breached" (it may still be open), "closed" nobody waits any more. */
export interface ClockView {
  /** The last moment in time. */
  until: string;
  state: 'open' | 'kept' | 'breached' | 'closed';
  /** When it was done; null while it isn't. */
  at: string | null;
  /** By how long it is or was late; 0 where it isn't. */
  lateMs: number;
}

export interface DueClockView extends ClockView {
  /** As the sender wrote it: yyyy-MM-dd, or with a time. */
  due: string;
  /** What ended it: "reply", "finished", "refused", "recalled", "replaced"; null while it is open. */
  by: DueEnd | null;
  /** Working days it is or was late. */
  lateWorkingDays: number;
}

export type DueEnd = 'reply' | 'finished' | 'refused' | 'recalled' | 'replaced';

/** The clocks of one delivery; null where there is none. */
export interface DeliveryClocks {
  /** R3: sent on the day it is signed, at the latest the next working day's morning. Of documents sent. */
  sendBy: ClockView | null;
  /** R4: the receiver confirms receipt on the same day. From the delivery on. */
  confirmBy: ClockView | null;
  due: DueClockView | null;
  /** When the receiver says it was taken, and when that was known here. */
  takenAt: string | null;
  takenKnownAt: string | null;
  waiting: WaitingView | null;
}

/** Sent or arrived, and nobody has taken it. */
export interface WaitingView {
  unit: string;
  /** Since it arrived; since it was queued where it hasn't. */
  since: string;
  workingDays: number;
  state: TransportState;
}

export interface OverdueView {
  unit: string;
  due: string;
  until: string;
  lateWorkingDays: number;
}

/** What a list of what is waiting or overdue shows of a document beside the rest. */
export interface ItemClocks {
  waiting: WaitingView[];
  overdue: OverdueView[];
}

/** Of `node status`. Deliveries, but for `sent`, which counts documents. */
export interface ClockCounts {
  overdue: { inbox: number; outbox: number };
  waiting: { inbox: number; outbox: number };
  /** Breaches of the last `days` days: documents sent late (R3); receipt confirmed late or not yet, here and by others (R4). */
  breaches: { days: number; sent: number; confirmedHere: number; confirmedByOthers: number };
}

/** Which years the calendar of working days doesn't know, of those near now. */
export interface CalendarView {
  unknownYears: number[];
  /** Reckoned, not announced when this version was made. */
  provisionalYears: number[];
}
