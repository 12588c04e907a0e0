/**
 * What the doors take and show of edXML files, as plain data. As core/views.
 * WARNING: scripts depend on these names; fields are only ever added.
 */
import type { StatusCode } from './business-status.ts';
import type { Classification } from './classification.ts';
import type { RecallAnswer, StatusAnswer } from './status-views.ts';
import type { DeliverySummary, SubmitAnswer } from './views.ts';

export interface ImportOptions {
  /** Which local system imports ("cli", "api" …) and its idempotency key; without one the content is the key. */
  system: string;
  key?: string | undefined;
  /** The folder's declared one when absent. */
  classification?: Classification | undefined;
  /** Of an older message, which only names its attachments: those files, streamed in before, in the order it names them. */
  separate?: readonly { lease: string; sha256: string }[] | undefined;
  signal?: AbortSignal | undefined;
}

/** Separate files of one message: their leases go along in one line of a request. */
export const MOST_SEPARATE_FILES = 100;

/** Something a message names that a document of this node is changed by, and what became of it. */
export interface ImportedRecall {
  /** The recalled document. */
  id: string;
  answers: RecallAnswer[];
}

export interface ImportedAddition {
  /** The document that gets more recipients. */
  id: string;
  deliveries: DeliverySummary[];
}

/** What no field holds: it is in the kept message only. */
export interface ImportNotes {
  /** Elements QCVN 102 doesn't have, by path. */
  unknown: { path: string; text: string }[];
  unknownLeftOut: number;
  /** Lines of the manifest without an attachment. */
  withoutAttachment: string[];
  /** An XML signature is there; it was not checked. */
  hasSignature: boolean;
  /** Documents it names that this node doesn't hold, by DocumentId. */
  notHere: string[];
}

export type ImportAnswer = ImportNotes &
  (
    | (SubmitAnswer & {
        kind: 'new' | 'recall' | 'update' | 'replace';
        recalls: ImportedRecall[];
        additions: ImportedAddition[];
      })
    /** 01–06, 15, 16: said about a document received. */
    | (StatusAnswer & { kind: 'status'; code: StatusCode })
    /** 13. */
    | (ImportedRecall & { kind: 'status'; code: '13' })
  );

export interface ExportOptions {
  /** The message it was imported from, byte for byte; with `status`, that of the status. */
  original?: boolean | undefined;
  /** A status said about it instead: the newest, or the newest with `code`. */
  status?: boolean | undefined;
  /** A recipient unit of this node, for its copy instead of the sender's; with `status`, at which unit: not needed where there is only one. */
  unit?: string | undefined;
  code?: string | undefined;
}

/** An edXML file as it is written. */
export interface EdxmlExport {
  /** Proposed name of the file. */
  name: string;
  stream: AsyncIterable<Uint8Array>;
}
