/** Messages of every kind with any text XML can hold, as fast-check arbitraries. */
import fc from 'fast-check';
import { DOC_TYPES, STATUS_CODES } from '../../node/edxml/check-message.ts';
import { dateOf, timeOf } from '../../node/edxml/edxml-dates.ts';
import type { EdxmlDocument, EdxmlParty, EdxmlStatus } from '../../node/edxml/message.ts';
import type { OutgoingAttachment } from '../../node/edxml/write-edxml.ts';

const MARKED = ['&amp;', ']]>', '<![CDATA[', '-->', '\r\n', ' \t', '"', 'Đ', '\u{10ffff}', '{}', '__proto__'];
/** What XML 1.0 holds: the rest is replaced on writing. */
const holdable = (text: string) => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
export const anyText = fc
  .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom(...MARKED)), { maxLength: 6 })
  .map((parts) => holdable(parts.join('')));
/** Of a list: also longer than one element may be. */
const anyLine = fc.oneof(
  anyText,
  fc
    .tuple(anyText, fc.integer({ min: 1, max: 150 }), anyText)
    .map(([start, times, end]) => `${start}${'Đ ỏ'.repeat(times)}${end}`),
);
const filled = anyText.map((text) => `x${text}`);
const day = fc
  .date({ min: new Date('1945-01-01'), max: new Date('2999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const anyDate = fc.oneof(
  day.map(dateOf),
  fc.constantFrom('2014/02/30', '', 'hôm qua').map((text) => ({ text })),
);
const anyTime = fc.oneof(
  fc.integer({ min: Date.parse('1945-01-02'), max: Date.parse('2999-12-31') }).map(timeOf),
  fc.constantFrom('2014/02/30 00:00:00', '24h').map((text) => ({ text })),
);

/** Some of the fields, any of them missing. */
const some = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [], noNullPrototype: true }) as unknown as fc.Arbitrary<T>;
const listOf = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 });

const party = fc
  .record(
    {
      organId: filled,
      organizationInCharge: anyText,
      organName: anyText,
      organAdd: anyText,
      email: anyText,
      telephone: anyText,
      fax: anyText,
      website: anyText,
    },
    { requiredKeys: ['organId'], noNullPrototype: true },
  )
  .map((value): EdxmlParty => value);
const staffInfo = some({ department: anyText, staff: anyText, email: anyText, mobile: anyText });
const responseFor = some({ organId: anyText, code: anyText, documentId: anyText, promulgationDate: anyDate });

const bussiness = fc.record(
  {
    documentId: filled,
    bussinessDocType: fc.constantFrom(...Object.values(DOC_TYPES)),
    bussinessDocReason: anyText,
    paper: anyText,
    bussinessDocumentInfo: fc.record(
      {
        documentInfo: anyText,
        documentReceiver: anyText,
        receiverList: listOf(some({ organId: anyText, receiverType: fc.constantFrom('0', '1') })),
      },
      { requiredKeys: ['receiverList'], noNullPrototype: true },
    ),
    replacementInfoList: fc.array(
      fc.record({ documentId: filled, organIdList: listOf(filled) }, { noNullPrototype: true }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
    staffInfo,
  },
  { requiredKeys: ['documentId', 'bussinessDocType', 'replacementInfoList'], noNullPrototype: true },
);

export const anyDocument: fc.Arbitrary<EdxmlDocument> = fc
  .record(
    {
      kind: fc.constant('document' as const),
      from: party,
      to: fc.uniqueArray(party, {
        minLength: 1,
        maxLength: 4,
        selector: ({ organId }) => organId.trim().toUpperCase(),
      }),
      documentId: anyText,
      code: some({ codeNumber: anyText, codeNotation: anyText }),
      promulgationInfo: some({ place: anyText, promulgationDate: anyDate }),
      documentType: some({ type: anyText, typeDetail: anyText, typeName: anyText }),
      subject: filled,
      content: anyText,
      signerInfo: some({ competence: anyText, position: anyText, fullName: anyText }),
      dueDate: anyDate,
      otherInfo: fc.record(
        {
          priority: anyText,
          sphereOfPromulgation: anyText,
          typerNotation: anyText,
          promulgationAmount: anyText,
          pageAmount: anyText,
          direction: anyText,
          appendixes: listOf(anyLine),
        },
        { requiredKeys: ['appendixes'], noNullPrototype: true },
      ),
      responseFor: fc
        .tuple(responseFor, listOf(responseFor))
        .chain(([first, rest]) => filled.map((documentId) => [{ ...first, documentId }, ...rest])),
      steeringType: anyText,
      toPlaces: listOf(anyLine),
      traceHeaders: fc.array(fc.record({ organId: filled, timestamp: anyTime }, { noNullPrototype: true }), {
        minLength: 1,
        maxLength: 3,
      }),
      bussiness,
    },
    {
      requiredKeys: ['kind', 'from', 'to', 'subject', 'responseFor', 'toPlaces', 'traceHeaders', 'bussiness'],
      noNullPrototype: true,
    },
  )
  .map((value) => value as EdxmlDocument);

export const anyStatus: fc.Arbitrary<EdxmlStatus> = fc
  .record(
    {
      kind: fc.constant('status' as const),
      from: party,
      responseFor: fc
        .tuple(responseFor, filled, filled)
        .map(([one, organId, documentId]) => [{ ...one, organId, documentId }]),
      staffInfo,
      statusCode: fc.constantFrom(...STATUS_CODES),
      description: filled,
      timestamp: anyTime,
    },
    { noNullPrototype: true },
  )
  .map((value) => value as EdxmlStatus);

export interface WithBytes extends OutgoingAttachment {
  content: Buffer;
}

/** Names and contents that look like ZIP archives are among them. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(Buffer.from('PK\x03\x04'), Buffer.from('UEsDBA=='), Buffer.alloc(100_000, 7)),
);
const fileName = fc.oneof(
  fc.constantFrom(
    'a.zip',
    'kế hoạch.docx',
    'mimetype',
    '[Content_Types].xml',
    'x.edxml',
    'thư/mục.pdf',
    '..',
  ),
  filled,
);

export const anyAttachments: fc.Arbitrary<WithBytes[]> = fc.uniqueArray(
  fc
    .record(
      {
        contentId: fc.uuid().map((id) => `cid:${id}`),
        attachmentName: fileName,
        description: filled,
        mediaType: fc.constantFrom(
          'text/plain',
          'application/pdf',
          'application/zip',
          'application/x-zip-compressed',
        ),
        form: fc.constantFrom('zip' as const, 'raw' as const),
        content,
      },
      { requiredKeys: ['contentId', 'attachmentName', 'mediaType', 'content'], noNullPrototype: true },
    )
    .map((value) => ({ ...value, open: () => pieces(value.content) })),
  { maxLength: 3, selector: ({ contentId }) => contentId },
);

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}
