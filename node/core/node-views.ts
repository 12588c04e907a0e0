/**
 * What the doors show of a node itself and of the directory it holds, as plain data. As core/views.
 * WARNING: scripts depend on these names; fields are only ever added.
 */
import type { CalendarView, ClockCounts } from './clock-views.ts';
import type { LogFindings, RecoveryView } from './log-views.ts';

export interface CertificateSummary {
  role: string;
  serial: string;
  notAfter: string;
  /**
   * "valid", "expired", "revoked", "replaced" (the same key has a newer one), "not-granted"; of another CA's seal also
   * "withdrawn" (the registry ended it) and "list-ended" (its CA's revocation list is over)
   */
  state?: string;
  /** Of a seal that another CA certified. */
  foreign?: {
    /** SHA-256 of the certificate, hex. */
    fingerprint: string;
    subject: string;
    issuer: string;
  };
}

export interface QueueSummary {
  seat: string;
  agency: string;
  /** To units of this very node. */
  own: boolean;
  waiting: number;
  oldestAt: string | null;
  nextAttemptAt: string | null;
  lastError: string | null;
}

export type SealCustody =
  | { custody: 'file' }
  | {
      custody: 'token';
      module: string;
      label: string;
      /** A `seal-…` code with what it is about; null when the seal could sign now. */
      fault: { code: string; reason: string } | null;
    };

export interface NodeStatus {
  agency: string;
  agencyName: string;
  peerId: string;
  listening: string[];
  version: string;
  uptimeSeconds: number;
  directory: {
    epoch: number;
    version: number;
    freshUntil: string;
    validUntil: string;
    /** "fresh", "stale" (works, warns), "expired" (fails closed), "fork", "revoked" (this node's certificate) */
    state: string;
  };
  certificates: CertificateSummary[];
  /** Of the seal key, hex: what the registry's admin compares before granting it. */
  sealFingerprint: string;
  /** Where the seal key is, and why it can't sign now. */
  seal: SealCustody;
  queues: QueueSummary[];
  peers: { connected: number; registry: boolean };
  disk: { freeBytes: number };
  /** "ok" or "read-only" with its problems in words. */
  store: { state: 'ok' | 'read-only'; problems: string[] };
  counts: { inbox: number; outbox: number; waiting: number };
  /** This node's own audit log; a later epoch than the first one is a loss that was accepted. */
  log: { epoch: number; size: number };
  /** What a node that lost data takes back from its peers; null for one that lost nothing. */
  recovery: RecoveryView | null;
  /** What this node witnessed of other seats' audit logs. */
  witness: LogFindings;
  /** The search index; null on a node without one. */
  search: SearchView | null;
  /** Agencies that ask more of this node than their limits, and in what. */
  limited?: LimitedView[];
  /** Null while the search index isn't ready. */
  clocks?: ClockCounts | null;
  calendar?: CalendarView;
}

export interface LimitedView {
  agency: string;
  /** Name of the limit, as `quota` in config.json has it. */
  limit: string;
  most: number;
  /** Times it was put off since. */
  refused: number;
  since: string;
  /** When the day is over; null where it is a matter of seconds. */
  until: string | null;
}

export interface CheckReport {
  ok: boolean;
  /** Of a file: what documents call it, and whether it was fetched again from a peer, so that it is whole now. */
  problems: { kind: string; where: string; files?: string[]; mended?: boolean }[];
  checked: { rows: number; blobs: number; auditLeaves: number };
}

export interface DirectoryItem {
  code: string;
  legacyCode: string | null;
  name: string;
  /** "active", "retired", "merged" */
  state: string;
  mergedInto?: string;
  /** Number of seats: 0 means no node yet. */
  seats: number;
}

export interface DirectoryDetail extends DirectoryItem {
  kind: string;
  provisional: boolean;
  seatList: { seat: string; peerIds: string[]; addresses: string[] }[];
  units: { code: string; name: string; seat: string; state: string }[];
  certificates: CertificateSummary[];
}

export interface SearchView {
  /** "unavailable" says why; it is tried again. Only "ready" answers searches for words. */
  state: 'starting' | 'building' | 'ready' | 'unavailable';
  /** Documents in the index. */
  documents: number;
  /** Of how many, while it is built. */
  total: number | null;
  reason: string | null;
}

/** A foreign CA that is listed for seals. */
export interface AnchorItem {
  /** SHA-256 of the certificate, hex. */
  fingerprint: string;
  name: string;
  subject: string;
  notAfter: string;
  /** "valid", "expired". */
  state: string;
  intermediates: { fingerprint: string; subject: string; notAfter: string }[];
  /** The lists held, of it and of those below it; one that is "expired" stops every seal below its issuer. */
  lists: { issuer: string; from: string; until: string; state: string; revoked: number }[];
  /** Seals that count by it. */
  seals: { agency: string; unit: string; subtree: boolean; fingerprint: string; subject: string }[];
}
