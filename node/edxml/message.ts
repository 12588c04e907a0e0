/**
 * What an edXML file says (QCVN 102:2016/BTTTT), as plain values: every element of the two messages, a document and a
 * status, under its own name in lower camel case (the double s of "bussiness" is the standard's). Texts are kept
 * as they stood; what is optional there is optional here; a list that is missing is empty. Schema: schema.ts.
 */
import type { EdxmlDate, EdxmlTime } from './edxml-dates.ts';

export interface EdxmlParty {
  /** "000.00.00.G22" or "G22"; empty where a read message has none. */
  organId: string;
  organizationInCharge?: string;
  organName?: string;
  organAdd?: string;
  email?: string;
  telephone?: string;
  fax?: string;
  website?: string;
}

export interface EdxmlResponseFor {
  organId?: string;
  /** "7816/VPCP-TTĐT". */
  code?: string;
  documentId?: string;
  promulgationDate?: EdxmlDate;
}

export interface EdxmlStaff {
  department?: string;
  staff?: string;
  email?: string;
  mobile?: string;
}

export interface EdxmlOtherInfo {
  /** Urgency, "0" to "4". */
  priority?: string;
  sphereOfPromulgation?: string;
  typerNotation?: string;
  promulgationAmount?: string;
  pageAmount?: string;
  direction?: string;
  appendixes: string[];
}

export interface EdxmlReceiverChange {
  organId?: string;
  /** "0" removed, "1" added. */
  receiverType?: string;
}

export interface EdxmlReplacement {
  documentId?: string;
  /** Receivers it is for; empty means all. */
  organIdList: string[];
}

export interface EdxmlBussiness {
  /** The document that an update changes. */
  documentId?: string;
  /** "0" new, "1" recall, "2" update, "3" replace. */
  bussinessDocType?: string;
  bussinessDocReason?: string;
  /** "1": paper follows. */
  paper?: string;
  bussinessDocumentInfo?: {
    documentInfo?: string;
    documentReceiver?: string;
    receiverList: EdxmlReceiverChange[];
  };
  replacementInfoList: EdxmlReplacement[];
  staffInfo?: EdxmlStaff;
}

export interface EdxmlDocument {
  kind: 'document';
  from: EdxmlParty;
  to: EdxmlParty[];
  /** "<OrganId>,<yyyy/MM/dd>,<number>/<notation>", verbatim: it may disagree with the rest and hold an impossible date. */
  documentId?: string;
  code?: { codeNumber?: string; codeNotation?: string };
  promulgationInfo?: { place?: string; promulgationDate?: EdxmlDate };
  /** The name decides; codes conflict between vendors. */
  documentType?: { type?: string; typeDetail?: string; typeName?: string };
  subject?: string;
  content?: string;
  signerInfo?: { competence?: string; position?: string; fullName?: string };
  dueDate?: EdxmlDate;
  otherInfo?: EdxmlOtherInfo;
  /** Documents this one answers, or recalls. */
  responseFor: EdxmlResponseFor[];
  steeringType?: string;
  /** Printed recipients (Nơi nhận). */
  toPlaces: string[];
  /** One for each hop. */
  traceHeaders: { organId?: string; timestamp?: EdxmlTime }[];
  bussiness?: EdxmlBussiness;
}

export interface EdxmlStatus {
  kind: 'status';
  from: EdxmlParty;
  responseFor: EdxmlResponseFor[];
  staffInfo?: EdxmlStaff;
  /** "01" to "16" (table in domain terms: core/messages, "status.…"). */
  statusCode?: string;
  description?: string;
  timestamp?: EdxmlTime;
}

export type EdxmlMessage = EdxmlDocument | EdxmlStatus;

/** What manifest and attachment say of a file. Texts verbatim. */
export interface EdxmlAttachmentInfo {
  /** "cid:209". */
  contentId?: string;
  attachmentName?: string;
  description?: string;
  contentType?: string;
}
