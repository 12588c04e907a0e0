/**
 * The registers of incoming and outgoing documents (Decree 30/2020, Appendix IV) as plain data. As core/views.
 * WARNING: scripts depend on these names; fields are only ever added.
 */
import type { Recall, StatusCode } from './business-status.ts';

export interface RegisterQuery {
  box: 'inbox' | 'outbox';
  /** Calendar year in Viet Nam; the present one when absent. */
  year?: number;
  /** Incoming: the unit that received (or whose register it is, where each unit has its own). Outgoing: that issued. */
  unit?: string;
  limit?: number;
  cursor?: string;
}

export interface RegisterPage {
  box: 'inbox' | 'outbox';
  year: number;
  /** Whose register: the agency, or the unit that was named. */
  unit: string;
  items: RegisterRow[];
  /** A page may be empty and have one: what it looked at belongs to other years. */
  cursor: string | null;
}

export interface RegisterRow {
  /** Exchange id; null where the document itself is lost (its number stays). */
  id: string | null;
  /** Incoming: number (R10) and day of arrival, yyyy-MM-dd. */
  arrivalNumber: number | null;
  arrivedOn: string | null;
  /** Issuing unit. */
  from: string;
  fromName: string;
  number: string;
  notation: string;
  date: string;
  type: string;
  subject: string;
  signer: string | null;
  /** Incoming: the unit that received; outgoing: all recipients. */
  to: { code: string; name: string }[];
  /** Incoming: whom it was assigned to last. */
  staff: { name: string; department: string } | null;
  /** Incoming: what was noted when it was accepted; outgoing: the document's own note. */
  note: string | null;
  status: StatusCode | null;
  recall: Recall;
}
