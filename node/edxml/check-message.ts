/**
 * What the format requires of a message before it is written: recipients, OrganIds, subject, kind and what each kind
 * needs, known statuses, longest texts. Throws the first fault, from the one table. Called by write-edxml.ts; an
 * importer may call it too.
 */
import { LienthongError } from '../core/errors.ts';
import { EDXML_LIMITS } from './limits.ts';
import type { EdxmlDocument, EdxmlMessage, EdxmlStatus } from './message.ts';
import { organKey } from './organ-id.ts';
import { DOCUMENT_FIELDS, type Field, STATUS_FIELDS, TRACE_FIELDS } from './schema.ts';

/** BussinessDocType of QCVN 102:2016. */
export const DOC_TYPES = { new: '0', recall: '1', update: '2', replace: '3' } as const;
export const STATUS_CODES = ['01', '02', '03', '04', '05', '06', '13', '15', '16'] as const;
/** Refusal and request of recall need a reason. */
const NEED_DESCRIPTION = ['02', '13'];

export function checkMessage(message: EdxmlMessage): void {
  if (message.kind === 'status') checkStatus(message);
  else checkDocument(message);
}

function checkDocument(document: EdxmlDocument): void {
  const { from, to, subject, bussiness, traceHeaders } = document;
  required('From/OrganId', from.organId);
  if (to.length === 0) throw new LienthongError('no-recipient');
  const seen = new Set<string>();
  for (const { organId } of to) {
    required('To/OrganId', organId);
    const key = organKey(organId);
    if (seen.has(key)) throw new LienthongError('duplicate-recipient', { code: organId });
    seen.add(key);
  }
  required('Subject', subject);
  required('TraceHeader/OrganId', traceHeaders[0]?.organId);
  allowed('BussinessDocType', bussiness?.bussinessDocType, Object.values(DOC_TYPES));
  const { bussinessDocType, documentId, replacementInfoList } = bussiness!;
  if (bussinessDocType === DOC_TYPES.recall) {
    required('ResponseFor/DocumentId', document.responseFor[0]?.documentId);
  }
  if (bussinessDocType === DOC_TYPES.update) required('Bussiness/DocumentId', documentId);
  // may be none: the view of a recipient who had none of the replaced documents
  for (const replaced of replacementInfoList) required('ReplacementInfo/DocumentId', replaced.documentId);
  checkLengths(document, DOCUMENT_FIELDS);
  checkLengths(document, TRACE_FIELDS);
}

function checkStatus(status: EdxmlStatus): void {
  required('From/OrganId', status.from.organId);
  required('ResponseFor/OrganId', status.responseFor[0]?.organId);
  required('ResponseFor/DocumentId', status.responseFor[0]?.documentId);
  allowed('StatusCode', status.statusCode, STATUS_CODES);
  if (NEED_DESCRIPTION.includes(status.statusCode!)) required('Description', status.description);
  required('Timestamp', status.timestamp?.text);
  checkLengths(status, STATUS_FIELDS);
}

/** Longest texts, in characters as people count them; none longer than what a reader takes. */
export function checkLengths(value: object, fields: readonly Field[]): void {
  for (const field of fields) {
    const held = (value as Record<string, unknown>)[field.key];
    for (const item of Array.isArray(held) ? held : [held]) {
      if (item === undefined) continue;
      if (field.holds === 'fields') checkLengths(item as object, field.fields);
      else checkLength(field, typeof item === 'string' ? item : (item as { text: string }).text);
    }
  }
}

/** A line of a list that is too long for one element is written in several (long-lines.ts). */
function checkLength({ name, most, within }: Field, text: string): void {
  const { textLength } = EDXML_LIMITS;
  if (text.length > textLength) {
    throw new LienthongError('field-too-long', { field: name, length: text.length, most: textLength });
  }
  if (most === undefined || within !== undefined || text.length <= most) return;
  const length = [...text].length;
  if (length > most) throw new LienthongError('field-too-long', { field: name, length, most });
}

function required(field: string, text: string | undefined): void {
  if (text === undefined || text.trim() === '') throw new LienthongError('field-missing', { field });
}

function allowed(field: string, text: string | undefined, values: readonly string[]): void {
  required(field, text);
  if (values.includes(text!)) return;
  throw new LienthongError('edxml-value', { field, value: text!.slice(0, 60), allowed: values });
}
