/**
 * What the doors show of a node, as the command line's `--json` prints it: plain data, times as ISO 8601 with
 * offset, hashes in hex. WARNING: scripts depend on these names; fields are only ever added.
 * Produced by exchange/ and directory/, carried unchanged by gateway/ and cli/.
 */

import type { Recall, StatusCode } from './business-status.ts';
import type { Classification } from './classification.ts';
import type { DeliveryClocks, ItemClocks } from './clock-views.ts';
import type { LegalBasis, LegalEffect, PdfFileView } from './pdf-views.ts';
import type { StatusView } from './status-views.ts';
import type { TransportState } from './transport.ts';
import type { Urgency } from './urgency.ts';

/** One document to send, as a door hands it over: everything still to be validated. */
export interface Submission {
  /** Unit codes of either form. */
  to: string[];
  /** Issuing unit; the agency itself when absent. */
  from?: string;
  type: string;
  number: string;
  notation: string;
  subject: string;
  content?: string;
  /** yyyy-MM-dd; today in Viet Nam when absent. */
  date?: string;
  place?: string;
  signer?: { name?: string; position?: string; competence?: string };
  urgency?: Urgency;
  due?: string;
  /** The folder's declared one when absent. */
  classification?: Classification;
  circular?: boolean;
  /** Leave out recipients that have no node yet instead of refusing. */
  allowMissing?: boolean;
  printedRecipients?: string[];
  note?: string;
  /** "new" when absent, or what its relations make it. */
  kind?: BusinessKind;
  /** Documents it answers, replaces, updates, corrects or recalls. With one, `to` may be empty: those it concerns. */
  relations?: RelationInput[];
  imported?: import('./imported-metadata.ts').ImportedMetadata | undefined;
  attachments: SubmittedAttachment[];
  /** Which local system submits ("cli", "api" …) and its idempotency key. */
  system: string;
  key?: string;
}

export type BusinessKind = 'new' | 'recall' | 'update' | 'replace';
export type RelationKind = 'answers' | 'recalls' | 'updates' | 'replaces' | 'corrects';

/** A document named by its exchange id (or a unique beginning), or as an imported message names it. */
export interface RelationInput {
  kind: RelationKind;
  id?: string;
  organId?: string;
  legalId?: string;
  number?: string;
  notation?: string;
  date?: string;
  /** Recipients a replacement is for; all when absent. */
  units?: string[];
}

/** A document another one names, or that names it. `id` is null where it isn't here. */
export interface RelationView {
  kind: RelationKind;
  id: string | null;
  legalId: string | null;
  number: string | null;
  notation: string | null;
  units: string[];
}

/** One document of a conversation, oldest first. */
export interface ThreadItem {
  id: string;
  box: 'inbox' | 'outbox';
  from: string;
  number: string;
  notation: string;
  subject: string;
  date: string;
  storedAt: string;
  /** What it answers, of the same conversation. */
  answers: string | null;
}

/** A file already streamed into the store under a lease, or small bytes that come along. */
export type SubmittedAttachment = { name: string; mediaType?: string; description?: string } & (
  | { lease: string; sha256: string }
  | { bytes: Uint8Array }
);

/** A submission before its large files are handed over: each is named by its hash. Asked about, never stored. */
export type Proposal = Omit<Submission, 'attachments'> & { attachments: ProposedAttachment[] };

export interface ProposedAttachment {
  name: string;
  mediaType?: string;
  description?: string;
  /** Hex. */
  sha256: string;
  size: number;
}

/** A file of this machine that is read where it lies. */
export interface LocalFile {
  readonly size: number;
  /** Bytes read, fewer only at the end of the file. */
  read(into: Uint8Array, at: number): Promise<number>;
  /** Throws 'invalid-file' when it isn't what it was when it was opened. */
  requireUnchanged(): Promise<void>;
}

/** Answer to a streamed file: what it is, and the lease that keeps it until it is submitted (one hour). */
export interface StoredBlob {
  sha256: string;
  size: number;
  lease: string;
}

export interface DeliverySummary {
  /** Recipient unit. */
  to: string;
  state: TransportState;
}

export interface SubmitAnswer {
  id: string;
  documentHash: string;
  deliveries: DeliverySummary[];
  /** Recipients left out by `allowMissing`. */
  missing?: string[];
  /** True when this is an earlier submission's answer again. */
  repeated?: boolean;
}

export interface DocumentItem {
  id: string;
  legalId: string;
  /** "new", "recall", "update", "replace" */
  kind: string;
  /** Issuing unit. */
  from: string;
  fromName?: string;
  /** Recipient units: all of them for the sender, its own for a recipient. */
  to: string[];
  type: string;
  number: string;
  notation: string;
  subject: string;
  date: string;
  urgency: Urgency;
  /** Outgoing: the least advanced delivery's state; incoming: "delivered". */
  state: TransportState;
  /** Business status (01–16), of several recipients the one that wants attention first, or null. */
  status: StatusCode | null;
  attachments: number;
  storedAt: string;
  /** In lists of what waits or is overdue. */
  clocks?: ItemClocks;
}

export interface DeliveryView extends DeliverySummary {
  seat: string;
  /** The recipient is served here, and has it. */
  here: boolean;
  /** Exchange ids of the documents that replace it there. */
  supersededBy: string[];
  /** Updates of it that came there, and what the recipient says to them. */
  updates: { id: string; answer: '15' | '16' | null }[];
  /** When a reply of the recipient came here, or left there: the due date is met. */
  answeredAt: string | null;
  /** Business status (01–16) of the document at this unit, or null. */
  status: StatusCode | null;
  recall: Recall;
  clocks?: DeliveryClocks;
  attempts: number;
  nextAttemptAt: string | null;
  lastError: string | null;
  /** From the moment the submission was durable to the moment the receipt was, in milliseconds. */
  elapsedMs: number | null;
  receipt: { at: string; by: string } | null;
  refusal: { at: string; by: string; code: string; text: string; retry: 'never' | 'later' } | null;
}

export interface SignatureView {
  role: string;
  agency: string | null;
  serial: string | null;
  claimedAt: string;
  valid: boolean;
  reason: string | null;
}

export interface FileView extends PdfFileView {
  name: string;
  mediaType: string;
  size: number;
  sha256: string;
  /** The edXML message the document was imported from, which its sender let travel; absent on the document's own files. */
  role?: 'original-message';
}

export interface DocumentView extends DocumentItem {
  box: 'inbox' | 'outbox';
  /** Both, where it went from one unit of this node to another; `box` is the sender's then. */
  boxes: ('inbox' | 'outbox')[];
  documentHash: string;
  content: string | null;
  place: string | null;
  signer: { name: string; position: string; competence: string } | null;
  due: string | null;
  circular: boolean;
  printedRecipients: string[];
  deliveries: DeliveryView[];
  statuses: StatusView[];
  /** Codes of its issuer and units that are retired or merged by now, and what they became. */
  formerCodes: { code: string; name: string; into: string | null }[];
  /** What it names, and what names it. */
  relations: RelationView[];
  namedBy: RelationView[];
  /** The conversation it is part of, itself included; empty where it stands alone. */
  thread: ThreadItem[];
  files: FileView[];
  legalEffect: LegalEffect;
  /** What gives it its effect; null for information only. */
  legalBasis: LegalBasis | null;
  signatures: SignatureView[];
}

export interface Page<T> {
  items: T[];
  cursor: string | null;
  /** Of a search while more changes than its index can take in: what changed in these last seconds may be missing. */
  behindSeconds?: number;
}

export interface ListQuery {
  box: 'inbox' | 'outbox';
  from?: string;
  to?: string;
  state?: TransportState;
  status?: string;
  /** yyyy-MM-dd: stored on or after this day. */
  since?: string;
  /** yyyy-MM-dd: stored on or before this day. */
  until?: string;
  text?: string;
  waiting?: boolean;
  overdue?: boolean;
  limit?: number;
  cursor?: string;
}

export interface Verification {
  id: string;
  valid: boolean;
  checks: { what: string; ok: boolean; reason: string | null }[];
}

/** A file of the evidence of a document: signed bytes, covered bytes, signatures and certificates for OpenSSL. */
export interface EvidenceFile {
  name: string;
  bytes: Uint8Array;
}

/** One step of a document's deliveries, as it happens. */
export interface DeliveryUpdate {
  to: string;
  state: TransportState;
  at: string;
  lastError: string | null;
  elapsedMs: number | null;
  /**
   * Bytes of attachments the recipient is known to have, and of how many: what this node gave it, and all with its receipt;
   * 0 of 0 when all travelled along. Of a circular it has more than is known, from other recipients.
   */
  pulledBytes: number;
  totalBytes: number;
  /** Those that left this node for it. */
  givenBytes: number;
}
