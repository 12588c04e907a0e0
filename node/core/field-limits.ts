/**
 * Longest values of a document's fields, in characters: Decree 30/2020 Appendix VI and QCVN 102:2016 as recalled by
 * practitioners. Data, so that a correction touches no rule. The wire's own byte limits stand in proto/document.proto
 * (four bytes for each character here).
 */
export const FIELD_LIMITS = {
  type: 100,
  number: 11,
  notation: 30,
  subject: 500,
  content: 500,
  place: 200,
  'signer.name': 50,
  'signer.position': 100,
  'signer.competence': 100,
  note: 500,
  reason: 500,
  'staff.name': 100,
  'staff.department': 200,
  'staff.email': 100,
  'staff.mobile': 50,
  printedRecipient: 200,
  attachmentName: 200,
  attachmentDescription: 250,
} as const;

export type LimitedField = keyof typeof FIELD_LIMITS;

/** Attachments of one document. WARNING: on the wire (Document.attachments max_items). */
export const MAX_ATTACHMENTS = 200;
/** Bytes of one attachment: 5 GiB. */
export const MAX_ATTACHMENT_BYTES = 5 * 1024 ** 3;
/** Recipients of one submission: every unit of a large ministry's circular. */
export const MAX_RECIPIENTS = 2000;
