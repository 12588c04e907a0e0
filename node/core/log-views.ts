/** What a node says of audit logs: its own recovery after a loss, and what it witnessed of others'. Plain data for the doors. */

export interface RecoveryView {
  /** Seats that haven't given back everything yet. */
  waiting: string[];
  recovered: number;
  /** Deliveries that can't be taken back, or not whole. */
  failed: number;
  /** Whether submissions are held back until the used numbers are known. */
  holding: boolean;
}

export interface LogFindings {
  /** Two signed statements of one seat that contradict each other; both are kept. */
  rewritten: {
    seat: string;
    agency: string;
    reason: string;
    first: LogPoint;
    second: LogPoint;
    at: string;
  }[];
  /** Seats that lost data: their log went on in a later epoch. */
  gaps: {
    seat: string;
    agency: string;
    epoch: number;
    /** The largest head seen before. */
    before: LogPoint;
    /** What that seat says it goes on after; null until it has said so. */
    after: LogPoint | null;
    at: string;
  }[];
}

export interface LogPoint {
  epoch: number;
  size: number;
}

/** `node recover`: what is missing, and what was done about it. */
export interface RecoveryReport {
  problems: { kind: string; where: string }[];
  /** The last head of the audit log that is here. */
  held: LogPoint;
  /** The largest a peer showed, where it is larger. */
  shown: LogPoint | null;
  /** The new epoch; null while the loss isn't accepted, or when nothing is missing. */
  epoch: number | null;
}
