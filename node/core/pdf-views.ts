/**
 * What the doors show of the signatures inside a PDF attachment, and of what a document is worth by law: plain data,
 * part of `DocumentView`. WARNING: scripts depend on these names; fields are only ever added.
 */

/** Decision 28/2018: a signed document sent through the system replaces paper, an unsigned one is for information only. */
export type LegalEffect = 'replaces-paper' | 'information-only';
/** What gives a document its effect: the agency's seal on it, or a good signature inside each of its PDFs. */
export type LegalBasis = 'seal' | 'pdf-signature';

/** Why a signature inside a PDF doesn't hold, whoever made it. */
export type PdfProblem =
  /** No well-formed signature dictionary stands around the byte range. */
  | 'dictionary'
  /** See node/pdf/byte-range.ts. */
  | 'byte-range'
  | 'gap'
  | 'contents'
  | 'ends-inside'
  /** Not a CMS signature, too large, or something stands after it. */
  | 'cms'
  /** A form of signature that isn't checked here. */
  | 'sub-filter'
  /** It takes more work, or more certificates, than one file may. */
  | 'too-much'
  /** See certs/cms-signature.ts. */
  | 'signers'
  | 'certificate-missing'
  | 'certificate-differs'
  | 'certificate-not-named'
  | 'algorithm-unknown'
  | 'attributes-missing'
  | 'attributes-malformed'
  | 'digest-differs'
  | 'signature-invalid'
  /** Of time stamps; see certs/timestamp-token.ts. */
  | 'malformed'
  | 'other-bytes'
  | 'not-an-authority'
  /** It claims to be made later than now. */
  | 'claimed-later';

export interface PdfChainView {
  /** Whether the certificate chains to an anchor the directory lists, and counted at `checkedAt`. */
  anchored: boolean;
  /** The anchor's subject. */
  anchor: string | null;
  /** Why it doesn't: a path validation reason ("unknown-anchor", "expired", "revoked" …) or "directory-expired". */
  reason: string | null;
  checkedAt: string;
  /** Where that time is from: a time stamp that holds, the signer's claim, or when this node stored the document. */
  basis: 'timestamp' | 'claimed' | 'stored';
  /** Whether a listed revocation list was asked. None is fetched. */
  revocation: 'checked' | 'no-list';
}

export interface PdfTimeStampView {
  at: string | null;
  /** The authority's subject. */
  by: string | null;
  /** Made for these bytes, with a sound algorithm, by a certificate that chains to a listed anchor. */
  valid: boolean;
  problems: PdfProblem[];
  weak: string[];
  chain: PdfChainView | null;
}

export interface PdfSignatureView {
  /** "timestamp": a document time stamp (ETSI.RFC3161), no one's signature. */
  kind: 'signature' | 'timestamp';
  /** Name of its form field, where that stands in plain sight. */
  field: string | null;
  signer: { commonName: string | null; organization: string | null; subject: string; serial: string } | null;
  /** The signer's claim. */
  claimedAt: string | null;
  timestamp: PdfTimeStampView | null;
  /** "changed-after": something was added to the file after this signature; it covers `revision` of `revisions`. */
  covers: 'whole-file' | 'changed-after' | null;
  revision: number | null;
  revisions: number | null;
  /** The covered bytes are what was signed, and the shown certificate's key signed them. */
  bytesMatch: boolean;
  digestAlgorithm: string | null;
  keyAlgorithm: string | null;
  /** Weak algorithms in it ("SHA-1", "RSA of 1024 bits"). */
  weak: string[];
  chain: PdfChainView | null;
  subFilter: string | null;
  reason: string | null;
  location: string | null;
  problems: PdfProblem[];
  /** All of the above is right for what it covers: bytes match, nothing weak, anchored, no problem. */
  valid: boolean;
}

/** Why there is nothing, or not everything, to say of an attachment's signatures. */
export type PdfNote =
  /** Named as a PDF, but it isn't one. */
  | 'not-a-pdf'
  /** Others took the work of one answer, or too many questions wait: ask again. */
  | 'later'
  /** More signatures than are looked at. */
  | 'more'
  /** The attachment can't be read from this node's store. */
  | 'unreadable';

export interface PdfFileView {
  /** In the order of the file; null for what isn't a PDF, or wasn't looked at. */
  pdfSignatures: PdfSignatureView[] | null;
  pdfNote: PdfNote | null;
}
