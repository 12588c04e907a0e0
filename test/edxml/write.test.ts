/** What is written: the layout of real messages, nothing the format doesn't allow, well-formed to other tools. */
import t from 'tap';
import { LienthongError } from '../../node/core/errors.ts';
import { errorText } from '../../node/core/messages.ts';
import { composeDocumentId, parseDocumentId } from '../../node/edxml/document-id.ts';
import { dateOf, readDate, readTime, timeOf } from '../../node/edxml/edxml-dates.ts';
import type { EdxmlDocument, EdxmlStatus } from '../../node/edxml/message.ts';
import { viewOf } from '../../node/edxml/view.ts';
import { type OutgoingAttachment, writeEdxml } from '../../node/edxml/write-edxml.ts';
import { document as documentText, fixture, has, joined, refusal, taken, xmllint } from './reading.ts';

const DOCUMENT: EdxmlDocument = {
  kind: 'document',
  from: { organId: '000.00.00.H90' },
  to: [{ organId: '000.00.00.H91', organName: 'Sở A' }],
  subject: 'Kế hoạch',
  responseFor: [],
  toPlaces: ['Như trên', 'Lưu: VT'],
  traceHeaders: [{ organId: '000.00.00.H90', timestamp: timeOf(Date.parse('2019-03-12T02:15:00.999Z')) }],
  promulgationInfo: { place: 'Mẫu', promulgationDate: dateOf('2019-03-12') },
  otherInfo: { priority: '1', appendixes: ['Phụ lục'] },
  bussiness: { bussinessDocType: '0', replacementInfoList: [] },
};
const STATUS: EdxmlStatus = {
  kind: 'status',
  from: { organId: '000.00.00.H91' },
  responseFor: [
    { organId: 'H90', code: '1/A', documentId: 'H90,2019/03/12,1/A', promulgationDate: dateOf('2019-03-12') },
  ],
  statusCode: '03',
  timestamp: timeOf(Date.parse('2019-03-12T10:20:30+07:00')),
};
const file = (bytes: string, more: Partial<OutgoingAttachment> = {}): OutgoingAttachment => ({
  contentId: 'cid:1',
  attachmentName: 'a.txt',
  mediaType: 'text/plain',
  form: 'raw',
  open: async function* () {
    yield Buffer.from(bytes);
  },
  ...more,
});
interface Refused {
  code: string;
  details?: Record<string, unknown>;
}
const text = async (...args: Parameters<typeof writeEdxml>) => (await joined(writeEdxml(...args))).toString();

t.test('a document has exactly the layout of real messages', async (t) => {
  t.equal(
    await text(DOCUMENT, [file('ABC', { description: 'mô tả' })]),
    `<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016">
  <edXML:edXMLEnvelope xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016">
    <edXML:edXMLHeader>
      <edXML:MessageHeader>
        <edXML:From>
          <edXML:OrganId>000.00.00.H90</edXML:OrganId>
        </edXML:From>
        <edXML:To>
          <edXML:OrganId>000.00.00.H91</edXML:OrganId>
          <edXML:OrganName>Sở A</edXML:OrganName>
        </edXML:To>
        <edXML:PromulgationInfo>
          <edXML:Place>Mẫu</edXML:Place>
          <edXML:PromulgationDate>2019/03/12</edXML:PromulgationDate>
        </edXML:PromulgationInfo>
        <edXML:Subject>Kế hoạch</edXML:Subject>
        <edXML:OtherInfo>
          <edXML:Priority>1</edXML:Priority>
          <edXML:Appendixes>
            <edXML:Appendix>Phụ lục</edXML:Appendix>
          </edXML:Appendixes>
        </edXML:OtherInfo>
        <edXML:ToPlaces>
          <edXML:Place>Như trên</edXML:Place>
          <edXML:Place>Lưu: VT</edXML:Place>
        </edXML:ToPlaces>
      </edXML:MessageHeader>
      <edXML:TraceHeaderList>
        <edXML:TraceHeader>
          <edXML:OrganId>000.00.00.H90</edXML:OrganId>
          <edXML:Timestamp>2019/03/12 09:15:00</edXML:Timestamp>
        </edXML:TraceHeader>
        <edXML:Bussiness>
          <edXML:BussinessDocType>0</edXML:BussinessDocType>
        </edXML:Bussiness>
      </edXML:TraceHeaderList>
    </edXML:edXMLHeader>
    <edXML:edXMLBody>
      <edXML:edXMLManifest version="1.0">
        <edXML:Reference>
          <edXML:ContentId>cid:1</edXML:ContentId>
          <edXML:ContentType>text/plain</edXML:ContentType>
          <edXML:Description>mô tả</edXML:Description>
          <edXML:AttachmentName>a.txt</edXML:AttachmentName>
        </edXML:Reference>
      </edXML:edXMLManifest>
    </edXML:edXMLBody>
  </edXML:edXMLEnvelope>
  <AttachmentEncoded>
    <Attachment>
      <ContentId>cid:1</ContentId>
      <AttachmentName>a.txt</AttachmentName>
      <Description>mô tả</Description>
      <ContentType>text/plain</ContentType>
      <edXML:ContentTransferEncoded xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016">QUJD</edXML:ContentTransferEncoded>
    </Attachment>
  </AttachmentEncoded>
</edXML>
`,
  );
});

t.test('a status is a MessageHeader alone', async (t) => {
  const written = await text(STATUS);
  t.match(
    written,
    /<edXML:Code>1\/A<\/edXML:Code>\s*<edXML:PromulgationDate>2019\/03\/12<.*\s*<edXML:DocumentId>/,
  );
  t.match(
    written,
    /<edXML:StatusCode>03<\/edXML:StatusCode>\s*<edXML:Timestamp>2019\/03\/12 10:20:30<\/edXML:Timestamp>/,
  );
  t.notMatch(written, /edXMLBody|AttachmentEncoded|TraceHeaderList/);
});

t.test('our fixtures come out element for element, but for the signature', async (t) => {
  for (const name of [
    'document-update.edxml',
    'document-replace.edxml',
    'document-recall.edxml',
    'status-13.edxml',
  ]) {
    const { message } = await taken(fixture(name));
    const elements = (xml: string) =>
      xml
        .replace(/<Signature>[\s\S]*<\/Signature>/, '')
        .replace(/<edXML:Reference>[\s\S]*?<\/edXML:Reference>|<Attachment>[\s\S]*?<\/Attachment>/g, '')
        .match(/<[^>]+>|[^<>\s][^<>]*/g)!
        .map((one) => one.trim())
        .filter((one) => !one.startsWith('<?'));
    const [written, real] = [elements(await text(message)), elements(fixture(name).toString())];
    // the parties and the staff of a status stand in the order of documents
    if (message.kind === 'status') t.same(written.sort(), real.sort(), name);
    else t.same(written, real, name);
  }
});

t.test(
  'a ZIP around each attachment is the default, as real messages have it; ZIP files always get one',
  async (t) => {
    const cases: [Partial<OutgoingAttachment>, string][] = [
      [{ form: undefined }, 'application/zip'],
      [{ form: 'zip' }, 'application/zip'],
      [{ form: 'raw' }, 'text/plain'],
      [{ form: 'raw', mediaType: 'application/x-zip-compressed' }, 'application/zip'],
    ];
    for (const [more, type] of cases) {
      const written = await text(DOCUMENT, [file('ABC', more)]);
      t.match(written, new RegExp(`<ContentType>${type}</ContentType>`));
      t.match(written, new RegExp(`<edXML:ContentType>${type}</edXML:ContentType>`));
      const { attachments, files } = await taken(written);
      t.match(attachments, [{ mediaType: more.mediaType ?? 'text/plain', fileName: 'a.txt' }]);
      t.same(files, [Buffer.from('ABC')]);
    }
    t.match(
      await text(DOCUMENT, [file('', { contentId: '7' })]),
      /<ContentId>cid:7<\/ContentId>/,
      'cid: is added',
    );
  },
);

t.test('what the format forbids is refused before a byte is written', async (t) => {
  const long = (length: number) => 'Đ'.repeat(length);
  const bussiness = DOCUMENT.bussiness!;
  const cases: [string, Partial<EdxmlDocument>, Refused, OutgoingAttachment[]?][] = [
    ['no recipient', { to: [] }, { code: 'no-recipient' }],
    [
      'a recipient twice',
      { to: [{ organId: 'H91' }, { organId: '000.00.00.H91' }] },
      { code: 'duplicate-recipient' },
    ],
    [
      'a recipient without code',
      { to: [{ organId: ' ' }] },
      { code: 'field-missing', details: { field: 'To/OrganId' } },
    ],
    ['no sender', { from: { organId: '' } }, { code: 'field-missing', details: { field: 'From/OrganId' } }],
    ['no subject', { subject: undefined }, { code: 'field-missing', details: { field: 'Subject' } }],
    ['no hop', { traceHeaders: [] }, { code: 'field-missing', details: { field: 'TraceHeader/OrganId' } }],
    ['no kind', { bussiness: undefined }, { code: 'field-missing', details: { field: 'BussinessDocType' } }],
    [
      'an unknown kind',
      { bussiness: { ...bussiness, bussinessDocType: '4' } },
      { code: 'edxml-value', details: { value: '4' } },
    ],
    [
      'a recall of nothing',
      { bussiness: { ...bussiness, bussinessDocType: '1' } },
      { code: 'field-missing', details: { field: 'ResponseFor/DocumentId' } },
    ],
    [
      'an update of nothing',
      { bussiness: { ...bussiness, bussinessDocType: '2' } },
      { code: 'field-missing', details: { field: 'Bussiness/DocumentId' } },
    ],
    [
      'a nameless replaced document',
      { bussiness: { ...bussiness, replacementInfoList: [{ organIdList: [] }] } },
      { code: 'field-missing' },
    ],
    [
      'a long subject',
      { subject: long(501) },
      { code: 'field-too-long', details: { field: 'Subject', length: 501, most: 500 } },
    ],
    [
      'a long content',
      { content: long(501) },
      { code: 'field-too-long', details: { field: 'Content', most: 500 } },
    ],
    [
      'a printed recipient that no reader takes',
      { toPlaces: [long(65_537)] },
      { code: 'field-too-long', details: { field: 'Place', most: 65_536 } },
    ],
    [
      'more than a reader takes',
      { documentId: long(65_537) },
      { code: 'field-too-long', details: { most: 65_536 } },
    ],
    [
      'a long file name',
      {},
      { code: 'field-too-long', details: { field: 'AttachmentName', most: 200 } },
      [file('', { attachmentName: long(201) })],
    ],
    ['a nameless file', {}, { code: 'field-missing' }, [file('', { attachmentName: '' })]],
    ['one content id for two', {}, { code: 'edxml-value' }, [file(''), file('')]],
    [
      'too many files',
      {},
      { code: 'edxml-too-large' },
      Array.from({ length: 201 }, (_, at) => file('', { contentId: `cid:${at}` })),
    ],
  ];
  for (const [what, change, error, attachments] of cases) {
    t.throws(() => writeEdxml({ ...DOCUMENT, ...change }, attachments), error, what);
  }
  const fits = {
    subject: '\u{1f4dc}'.repeat(500),
    toPlaces: [long(150)],
    otherInfo: { appendixes: [long(250)] },
  };
  t.equal(
    ((await taken(await text({ ...DOCUMENT, ...fits }))).message as EdxmlDocument).subject,
    fits.subject,
  );
  const statuses: [string, Partial<EdxmlStatus>, Refused][] = [
    ['an unknown status', { statusCode: '07' }, { code: 'edxml-value', details: { field: 'StatusCode' } }],
    [
      'a refusal without reason',
      { statusCode: '02' },
      { code: 'field-missing', details: { field: 'Description' } },
    ],
    ['a recall without reason', { statusCode: '13', description: ' ' }, { code: 'field-missing' }],
    [
      'about nothing',
      { responseFor: [] },
      { code: 'field-missing', details: { field: 'ResponseFor/OrganId' } },
    ],
    ['without time', { timestamp: undefined }, { code: 'field-missing', details: { field: 'Timestamp' } }],
  ];
  for (const [what, change, error] of statuses)
    t.throws(() => writeEdxml({ ...STATUS, ...change }), error, what);
  const sentence = errorText(
    'vi',
    new LienthongError('edxml-value', { field: 'StatusCode', value: '07', allowed: ['01'] }),
  );
  t.match(sentence, /StatusCode = “07”; chọn một trong: 01\. Sửa lại/);
});

t.test('lines longer than their element may be are written in parts, and are one text again', async (t) => {
  const words = 'Ủy ban nhân dân các xã, phường, thị trấn trên địa bàn (để thực hiện); '
    .repeat(4)
    .slice(0, 200);
  const toPlaces = ['Như trên', words, 'Đ'.repeat(200), '\u{1f4dc}'.repeat(151), 'x'.repeat(150), 'Lưu: VT'];
  const appendixes = ['y'.repeat(251), 'z'];
  const message = { ...DOCUMENT, toPlaces, otherInfo: { ...DOCUMENT.otherInfo, appendixes } };
  const written = await joined(writeEdxml(message));
  if (has('xmllint')) xmllint(written);
  const parts = [...written.toString().matchAll(/<edXML:Place>([^<]{20,})<\/edXML:Place>/g)].map(
    (found) => found[1]!,
  );
  t.same(
    parts.map((part) => [...part].length),
    [parts[0]!.length, 200 - parts[0]!.length, 150, 50, 150, 150],
  );
  t.match(parts[0], / $/, 'between words where there are any');
  for (const chunk of [1, 7, 65_536]) {
    const read = await taken(written, { chunk });
    t.same(read.message, message);
    t.same(read.unknown, []);
  }
});

t.test('only the one instruction, right before a line of the same list, joins two', async (t) => {
  const places = async (inner: string) => {
    const header = `<edXML:ToPlaces>${inner}</edXML:ToPlaces>`;
    return ((await taken(documentText({ header }))).message as EdxmlDocument).toPlaces;
  };
  const [a, b] = ['<edXML:Place>a</edXML:Place>', '<edXML:Place>b</edXML:Place>'];
  const mark = '<?lienthong continued?>';
  t.same(await places(`${a}\n${mark}\n${b}`), ['ab']);
  t.same(await places(`${mark}${a}${b}`), ['a', 'b'], 'there is nothing to go on with');
  t.same(await places(`${a}<?other continued?>${b}<?lienthong?>${b}`), ['a', 'b', 'b']);
  t.same(await places(`${a}${mark}<!-- x -->${b}`), ['ab'], 'a comment is nothing');
  t.same(await places(`${a}${mark}<edXML:Other/>${b}`), ['a', 'b'], 'something else came in between');
  const outside = documentText({
    header: `<edXML:ToPlaces>${a}${mark}</edXML:ToPlaces><edXML:Content>c</edXML:Content>`,
  });
  t.match((await taken(outside)).message, { toPlaces: ['a'], content: 'c' });
  const long = `<edXML:Place>${'x'.repeat(40_000)}</edXML:Place>`;
  t.match(await refusal(documentText({ header: `<edXML:ToPlaces>${long}${mark}${long}</edXML:ToPlaces>` })), {
    code: 'edxml-too-large',
    details: { field: 'Place' },
  });
});

t.test('what XML can’t hold becomes U+FFFD, the rest comes back as it was', async (t) => {
  const subject = 'a\u0000b\u000bc\ud800d\uffffe\u001f';
  const written = await joined(writeEdxml({ ...DOCUMENT, subject }));
  const { message } = await taken(written);
  t.equal((message as EdxmlDocument).subject, 'a\ufffdb\ufffdc\ufffdd\ufffde\ufffd');
  if (has('xmllint')) xmllint(written);
});

t.test('an attachment that fails ends the file with its error', async (t) => {
  const failing = file('', {
    open: async function* () {
      yield Buffer.from('ABC');
      throw new LienthongError('blob-unavailable');
    },
  });
  for (const form of ['raw', 'zip'] as const) {
    await t.rejects(joined(writeEdxml(DOCUMENT, [{ ...failing, form }])), { code: 'blob-unavailable' }, form);
  }
});

t.test('dates are read as people write them and written one way', async (t) => {
  for (const text of ['2019/03/12', '2019-03-12', '12/03/2019', ' 2019/3/12 ', '12-3-2019']) {
    t.strictSame(readDate(text), { text, day: '2019-03-12' });
  }
  for (const text of ['2014/02/30', '', '2019', '2019/13/01', '20190312', '2019/03/12x', '0001/01/01']) {
    t.strictSame(readDate(text), { text });
  }
  const ms = Date.parse('2019-03-12T09:15:30+07:00');
  for (const text of ['2019/03/12 09:15:30', '2019-03-12T09:15:30', '12/03/2019  9:15:30.123']) {
    t.strictSame(readTime(text), { text, ms });
  }
  t.strictSame(readTime('2019/03/12'), { text: '2019/03/12', ms: Date.parse('2019-03-12T00:00:00+07:00') });
  for (const text of [
    '2014/02/30 00:00:00',
    '2019/03/12 24:00:00',
    '2019/03/12 09:60:00',
    '2019/03/12 09:15:30 Z',
    '',
  ]) {
    t.strictSame(readTime(text), { text });
  }
  t.strictSame(timeOf(ms + 999), { text: '2019/03/12 09:15:30', ms });
});

t.test('a DocumentId is composed and taken apart', async (t) => {
  const id = composeDocumentId('000.00.00.H90', '2019-03-12', { codeNumber: '118', codeNotation: 'KH-SLT' });
  t.equal(id, '000.00.00.H90,2019/03/12,118/KH-SLT');
  t.match(parseDocumentId(id), {
    organId: '000.00.00.H90',
    date: { day: '2019-03-12' },
    codeNumber: '118',
    codeNotation: 'KH-SLT',
  });
  t.match(parseDocumentId('H90,2014/02/30,1/A/B,C'), {
    date: { text: '2014/02/30', day: undefined },
    codeNotation: 'A/B,C',
  });
  t.match(parseDocumentId(composeDocumentId('H90', '2019-03-12', { codeNumber: '5' })), {
    codeNumber: '5',
    codeNotation: '',
  });
  for (const text of ['', 'H90', 'H90,2019/03/12', 'a-uuid']) t.equal(parseDocumentId(text), undefined);
});

t.test('a recipient’s view names it alone, in either form of its code', async (t) => {
  const document: EdxmlDocument = {
    ...DOCUMENT,
    to: [{ organId: '000.00.00.H91' }, { organId: 'H92' }, { organId: '05.17.H92' }],
    bussiness: {
      bussinessDocType: '3',
      bussinessDocumentInfo: {
        receiverList: [
          { organId: 'H91', receiverType: '1' },
          { organId: 'H93', receiverType: '0' },
        ],
      },
      replacementInfoList: [
        { documentId: 'a', organIdList: ['H91', 'H93'] },
        { documentId: 'b', organIdList: [] },
        { documentId: 'c', organIdList: ['H93'] },
      ],
    },
  };
  const view = viewOf(document, { of: 'recipient', own: ['H91', 'H92.17.05'], circular: false });
  t.same(
    view.to.map(({ organId }) => organId),
    ['000.00.00.H91', '05.17.H92'],
  );
  t.same(view.bussiness?.bussinessDocumentInfo?.receiverList, [{ organId: 'H91', receiverType: '1' }]);
  t.same(view.bussiness?.replacementInfoList, [
    { documentId: 'a', organIdList: ['H91'] },
    { documentId: 'b', organIdList: [] },
  ]);
  t.same(view.toPlaces, document.toPlaces, 'what is printed on it stays');
  t.same(viewOf(document, { of: 'recipient', own: ['H91'], circular: true }), document);
});
