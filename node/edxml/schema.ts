/**
 * The elements of edXML in their written order, once for reader and writer: name, what it holds, how long it may be
 * written. The key of a value is its element's name in lower camel case; a list in an element of its own has that
 * element's key. WARNING: the order is the one real messages show, and what strict readers expect.
 */
import { FIELD_LIMITS } from '../core/field-limits.ts';

export interface Field {
  /** Local name of the element. */
  readonly name: string;
  /** Property of the value. */
  readonly key: string;
  readonly holds: 'text' | 'date' | 'time' | 'fields' | 'base64';
  /** Longest text that is written, in characters; any length is read. */
  readonly most?: number;
  readonly many?: true;
  /** Name of an element that only holds the list. */
  readonly within?: string;
  /** What `holds: 'fields'` holds. */
  readonly fields: readonly Field[];
}

const keyOf = (name: string): string => name[0]!.toLowerCase() + name.slice(1);
const text = (name: string, most?: number): Field => ({
  name,
  key: keyOf(name),
  holds: 'text',
  fields: [],
  ...(most !== undefined && { most }),
});
const date = (name: string): Field => ({ ...text(name), holds: 'date' });
const time = (name: string): Field => ({ ...text(name), holds: 'time' });
const group = (name: string, ...fields: Field[]): Field => ({ ...text(name), holds: 'fields', fields });
const many = (field: Field, key = field.key): Field => ({ ...field, key, many: true });
const list = (within: string, field: Field): Field => ({ ...field, key: keyOf(within), many: true, within });

/** QCVN 102:2016: Place of ToPlaces, Appendix. */
const MAX_PLACE = 150;
const MAX_APPENDIX = 250;

const PARTY = [
  'OrganId',
  'OrganizationInCharge',
  'OrganName',
  'OrganAdd',
  'Email',
  'Telephone',
  'Fax',
  'Website',
];
const party = (name: string) => group(name, ...PARTY.map((field) => text(field)));
const STAFF = group('StaffInfo', text('Department'), text('Staff'), text('Email'), text('Mobile'));
const RESPONSE_FOR = [text('OrganId'), text('Code'), text('DocumentId'), date('PromulgationDate')];

/** MessageHeader of a document. */
export const DOCUMENT_FIELDS: readonly Field[] = [
  party('From'),
  many(party('To')),
  text('DocumentId'),
  group('Code', text('CodeNumber'), text('CodeNotation')),
  group('PromulgationInfo', text('Place'), date('PromulgationDate')),
  group('DocumentType', text('Type'), text('TypeDetail'), text('TypeName')),
  text('Subject', FIELD_LIMITS.subject),
  text('Content', FIELD_LIMITS.content),
  group('SignerInfo', text('Competence'), text('Position'), text('FullName')),
  date('DueDate'),
  group(
    'OtherInfo',
    text('Priority'),
    text('SphereOfPromulgation'),
    text('TyperNotation'),
    text('PromulgationAmount'),
    text('PageAmount'),
    text('Direction'),
    list('Appendixes', text('Appendix', MAX_APPENDIX)),
  ),
  many(group('ResponseFor', ...RESPONSE_FOR)),
  text('SteeringType'),
  list('ToPlaces', text('Place', MAX_PLACE)),
];

/** MessageHeader of a status. */
export const STATUS_FIELDS: readonly Field[] = [
  party('From'),
  many(group('ResponseFor', RESPONSE_FOR[0]!, RESPONSE_FOR[1]!, RESPONSE_FOR[3]!, RESPONSE_FOR[2]!)),
  STAFF,
  text('StatusCode'),
  text('Description'),
  time('Timestamp'),
];

/** TraceHeaderList. */
export const TRACE_FIELDS: readonly Field[] = [
  many(group('TraceHeader', text('OrganId'), time('Timestamp')), 'traceHeaders'),
  group(
    'Bussiness',
    text('DocumentId'),
    text('BussinessDocType'),
    text('BussinessDocReason'),
    text('Paper'),
    group(
      'BussinessDocumentInfo',
      text('DocumentInfo'),
      text('DocumentReceiver'),
      list('ReceiverList', group('Receiver', text('OrganId'), text('ReceiverType'))),
    ),
    list(
      'ReplacementInfoList',
      group('ReplacementInfo', text('DocumentId'), list('OrganIdList', text('OrganId'))),
    ),
    STAFF,
  ),
];

const INFO = [
  text('ContentId'),
  text('ContentType'),
  text('Description'),
  text('AttachmentName', FIELD_LIMITS.attachmentName),
];
/** A line of the manifest. */
export const REFERENCE_FIELDS: readonly Field[] = INFO;
/** An attachment before its Base64. */
export const ATTACHMENT_FIELDS: readonly Field[] = [INFO[0]!, INFO[3]!, INFO[2]!, INFO[1]!];

export const ENCODED = 'ContentTransferEncoded';
const onlyNew = (fields: readonly Field[]) =>
  fields.filter(({ name }) => !DOCUMENT_FIELDS.some((field) => field.name === name));
const HEADER = [
  group('MessageHeader', ...DOCUMENT_FIELDS, ...onlyNew(STATUS_FIELDS)),
  // older systems
  group('Status', ...STATUS_FIELDS),
  group('TraceHeaderList', ...TRACE_FIELDS),
];
const ENVELOPE = [
  group('edXMLHeader', ...HEADER),
  group('edXMLBody', group('edXMLManifest', many(group('Reference', ...REFERENCE_FIELDS), 'references'))),
  group('Status', ...STATUS_FIELDS),
];

/** Everything a reader knows, from the root's children down. */
export const READ_FIELDS: readonly Field[] = [
  group('edXMLEnvelope', ...ENVELOPE),
  list('AttachmentEncoded', group('Attachment', ...ATTACHMENT_FIELDS, { ...text(ENCODED), holds: 'base64' })),
  group('Status', ...STATUS_FIELDS),
];
