/**
 * What an imported edXML message (QCVN 102:2016) says beyond a submission's own fields: kept under the standard's meanings
 * in the document's signed content (of recipients beside it), so that an export gives it back. Texts as they stood. Made by
 * exchange/edxml-submission.ts, merged by exchange/imported-fields.ts.
 */

export interface ImportedParty {
  legacyCode?: string | undefined;
  name?: string | undefined;
  inCharge?: string | undefined;
  address?: string | undefined;
  email?: string | undefined;
  telephone?: string | undefined;
  fax?: string | undefined;
  website?: string | undefined;
}

export interface ImportedBusiness {
  reason?: string | undefined;
  paper?: string | undefined;
  documentInfo?: string | undefined;
  documentReceiver?: string | undefined;
  receivers?: { organId: string; change: 'removed' | 'added' }[];
  staff?: {
    department?: string | undefined;
    name?: string | undefined;
    email?: string | undefined;
    mobile?: string | undefined;
  };
}

export interface ImportedMetadata {
  /** DocumentId, verbatim: what ResponseFor of other messages matches. Composed from the fields when absent. */
  legalId?: string | undefined;
  issuer?: ImportedParty;
  type?: { code?: string | undefined; detail?: string | undefined };
  fileCode?: string | undefined;
  fileOrdinal?: number | undefined;
  language?: string | undefined;
  pages?: number | undefined;
  copies?: number | undefined;
  sphere?: string | undefined;
  typerNotation?: string | undefined;
  direction?: string | undefined;
  appendixes?: string[];
  steeringType?: string | undefined;
  business?: ImportedBusiness;
  hops?: { organId: string; timestamp: string }[];
  /** Texts that the typed fields can't hold, by their elements' path ("OtherInfo/PageAmount"): an export writes these. */
  verbatim?: { path: string; text: string }[];
  /** Recipients as written, by position in `to`. They stay here: no part of the document, nor of what makes submissions the same. */
  recipients?: ImportedParty[];
  /** Of the submission's attachments, by position. */
  attachments?: { contentId?: string | undefined; isOriginal?: boolean }[];
  /** The message itself, streamed into the store: kept with the document. No part of what makes submissions the same. */
  original?: { lease: string; sha256: string };
}
