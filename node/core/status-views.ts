/**
 * What the doors show and take of a document's life: statuses, answers and recalls, as plain data. As core/views.
 * WARNING: scripts depend on these names; fields are only ever added.
 */
import type { Recall, StatusCode } from './business-status.ts';
import type { TransportState } from './transport.ts';

/** What a clerk or the local system says about a document received: one of the receiver's statuses. */
export interface StatusAct {
  code: StatusCode;
  /** The unit whose copy is meant; not needed where only one unit here received it. */
  unit?: string;
  /** Needed with 02 and 16. */
  reason?: string;
  note?: string;
  staff?: { name?: string; department?: string; email?: string; mobile?: string };
  /** With 15, 16: exchange id of the update document that is answered; the recall that waits when absent. */
  answers?: string;
}

export interface StatusAnswer {
  id: string;
  unit: string;
  /** What a list shows: null while nothing has been said. */
  status: StatusCode | null;
  recall: Recall;
  /** Of the incoming register (R10), once 03 has been said. */
  arrivalNumber: number | null;
  arrivalYear: number | null;
  /** True when it was so already: nothing was written. */
  repeated: boolean;
}

/** What became of a recall at one recipient. */
export interface RecallAnswer {
  to: string;
  /**
   * "cancelled": nothing had left, it is settled; "requested": the recipient is asked; "waiting": asked as soon as the
   * outcome of the delivery is known; "repeated": asked before; "settled": refused or recalled there already; "declined":
   * asked for this reason before, and the answer was no (16); "finished": too late, it is handled there.
   */
  outcome: 'cancelled' | 'requested' | 'waiting' | 'repeated' | 'settled' | 'declined' | 'finished';
}

/** One thing said about a document at a unit, after its receipt: an entry of one of the two chains. */
export interface StatusView {
  code: StatusCode;
  /** When its signer says it happened. */
  at: string;
  /** Agency that signed it. */
  by: string;
  unit: string;
  side: 'sender' | 'receiver';
  /** Counts from 1 in its chain; `missing` entries between it and the one before aren't here. */
  sequence: number;
  missing: number;
  reason: string | null;
  /** Why the node said it by itself: "nobody-has-taken-it", "after-06", "after-02"; null for what a person said. */
  reasonCode: string | null;
  note: string | null;
  staff: { name: string; department: string; email: string; mobile: string } | null;
  /** The recall (its place in the sender's chain) or the document it answers. */
  answers: string | null;
  arrivalNumber: number | null;
  arrivalYear: number | null;
  /** How far it is on its way, of what this node said; null for what came here. */
  state: TransportState | null;
  lastError: string | null;
  valid: boolean;
  fault: string | null;
}
