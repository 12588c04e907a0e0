/** What is read of messages in the shape of real ones, and what the reader puts up with. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import type { EdxmlDocument, EdxmlStatus } from '../../node/edxml/message.ts';
import { ROOT } from '../repository/source-tree.ts';
import { attachment, document, FIXTURES, fixture, taken } from './reading.ts';

/** The attachment's text of our fixtures. */
const PLAN = Buffer.from('Điều 1. Phê duyệt kế hoạch kiểm tra công tác lưu trữ năm 2019.\r\n'.repeat(40));

t.test('a document is read with every field, its attachment out of ZIP and Base64', async (t) => {
  const { message, attachments, files, unknown, hasSignature, bytes } = await taken(
    fixture('document-new.edxml'),
  );
  t.match(message, {
    kind: 'document',
    from: { organId: '000.00.00.H90', organName: 'Sở Lưu trữ tỉnh Mẫu', fax: '0299100201' },
    to: [{ organId: '05.17.H92', telephone: '(84-297) 500 600', fax: '', website: 'www.vidu.example.vn' }],
    code: { codeNumber: '118', codeNotation: 'KH-SLT' },
    promulgationInfo: { place: 'Mẫu', promulgationDate: { text: '2019/03/12', day: '2019-03-12' } },
    documentType: { type: '2', typeDetail: '0', typeName: 'Kế hoạch' },
    subject: 'Kế hoạch kiểm tra công tác lưu trữ năm 2019',
    signerInfo: { competence: 'KT. GIAM DOC', position: 'Pho giam doc', fullName: 'Tran Van Thu' },
    dueDate: { day: '2019-04-30' },
    otherInfo: {
      priority: '1',
      pageAmount: '4',
      direction: 'false',
      appendixes: ['Danh sách đơn vị được kiểm tra'],
    },
    steeringType: '1',
    toPlaces: ['Nhu tren', 'Luu: VT'],
    responseFor: [],
    traceHeaders: [{ organId: '000.00.00.H90', timestamp: { ms: Date.parse('2019-03-12T09:15:00+07:00') } }],
    bussiness: {
      bussinessDocType: '0',
      paper: '0',
      staffInfo: { staff: 'Lê Thị Văn Thư', mobile: '84900000000' },
    },
  });
  t.strictSame(unknown, []);
  t.equal(hasSignature, true);
  t.equal(bytes, fixture('document-new.edxml').length);
  t.match(attachments, [
    {
      form: 'zip',
      fileName: '118_KH-SLT_kế hoạch.doc',
      innerName: /\.edxml$/,
      size: PLAN.length,
      contentId: 'cid:31',
    },
  ]);
  t.same(files, [PLAN]);
});

t.test('a DocumentId with an impossible date, at odds with the rest, is kept verbatim', async (t) => {
  const { documentId } = (await taken(fixture('document-new.edxml'))).message as EdxmlDocument;
  t.equal(documentId, '000.00.00.H90,2019/02/30,118/KH-SLT');
});

t.test('recall, update and replacement say what they are about', async (t) => {
  const recall = (await taken(fixture('document-recall.edxml'))).message as EdxmlDocument;
  t.match(recall.responseFor, [
    { code: '118/KH-SLT', documentId: /118\/KH-SLT$/, promulgationDate: { day: '2019-03-12' } },
  ]);
  t.equal(recall.bussiness?.bussinessDocType, '1');
  const update = (await taken(fixture('document-update.edxml'))).message as EdxmlDocument;
  t.match(update.bussiness, {
    bussinessDocType: '2',
    documentId: '000.00.00.H90,2019/02/30,117/KH-SLT',
    bussinessDocumentInfo: {
      documentInfo: '1',
      documentReceiver: '1',
      receiverList: [
        { organId: '000.00.00.H91', receiverType: '0' },
        { organId: '05.17.H92', receiverType: '1' },
      ],
    },
  });
  const replacement = (await taken(fixture('document-replace.edxml'))).message as EdxmlDocument;
  t.strictSame(replacement.bussiness?.replacementInfoList, [
    { documentId: '000.00.00.H90,2019/01/05,9/KH-SLT', organIdList: ['000.00.00.H91', '05.17.H92'] },
    { documentId: '000.00.00.H90,2019/01/07,11/KH-SLT', organIdList: ['000.00.00.H91'] },
  ]);
});

t.test('Base64 with line breaks and real media types is read as it is', async (t) => {
  const { attachments, files } = await taken(fixture('document-replace.edxml'));
  t.match(attachments, [
    { form: 'raw', mediaType: 'text/plain', fileName: 'kế hoạch.txt' },
    { form: 'raw', mediaType: 'application/pdf', fileName: 'phụ lục.pdf' },
  ]);
  t.same(files, [PLAN, Buffer.from('%PDF-1.4 phu luc')]);
});

t.test('statuses are read, in the older element too', async (t) => {
  for (const [name, code] of Object.entries({
    '01': '01',
    '03': '03',
    '13': '13',
    '15': '15',
    older: '03',
  })) {
    const { message, unknown } = await taken(fixture(`status-${name}.edxml`));
    t.match(message, {
      kind: 'status',
      statusCode: code,
      responseFor: [{ code: '118/KH-SLT', promulgationDate: { day: '2019-03-12' }, documentId: /118/ }],
      timestamp: { text: '2019/03/12 10:20:30', ms: Date.parse('2019-03-12T10:20:30+07:00') },
      staffInfo: { mobile: '84900000001' },
    });
    t.strictSame(unknown, []);
  }
});

t.test('the older SOAP form is read', async (t) => {
  const { message, withoutAttachment } = await taken(fixture('document-soap.edxml'));
  t.match(message, {
    kind: 'document',
    subject: 'Kế hoạch kiểm tra',
    code: { codeNumber: '118' },
    to: [{ organId: '000.00.00.H91' }],
  });
  t.match((message as EdxmlDocument).traceHeaders, [{ timestamp: { text: '2013/05/04 08:00:00' } }]);
  t.match(withoutAttachment, [{ attachmentName: 'kế hoạch.txt' }], 'whose file travelled beside it');
});

t.test('chunks of any size give the same', async (t) => {
  for (const name of readdirSync(FIXTURES)) {
    const whole = await taken(fixture(name));
    for (const chunk of [1, 2, 3, 7, 1000])
      t.same(await taken(fixture(name), { chunk }), whole, `${name} by ${chunk}`);
  }
});

t.test('prefix, order, comments, CDATA, BOM and unknown elements lose nothing', async (t) => {
  const ns = 'http://www.mic.gov.vn/TBT/QCVN_102_2016';
  const { message, unknown, files, attachments } =
    await taken(`\ufeff<?xml version='1.0'?><!-- trước --><?x y?>
<q:edXML xmlns:q="${ns}" xmlns:v="urn:vendor">
 <q:AttachmentEncoded><q:Attachment><q:ContentTransferEncoded><!--a-->QU<![CDATA[JD]]>&#13;
<?b?>RA=&#x3D;</q:ContentTransferEncoded><q:AttachmentName>sau.txt</q:AttachmentName></q:Attachment></q:AttachmentEncoded>
 <q:edXMLEnvelope><q:edXMLHeader>
  <q:TraceHeaderList><q:Bussiness><q:BussinessDocType>0</q:BussinessDocType></q:Bussiness></q:TraceHeaderList>
  <q:MessageHeader stray="1"><q:Subject>A <![CDATA[& <b>]]><!-- giữa --> &amp; &#x110;</q:Subject>
   <q:To><q:OrganId>H91</q:OrganId></q:To><v:Mat>không</v:Mat><q:Subject>Lần hai</q:Subject>
   lạc <q:Moi><q:Con>sâu</q:Con></q:Moi><q:DueDate>2014/02/30</q:DueDate></q:MessageHeader>
 </q:edXMLHeader></q:edXMLEnvelope></q:edXML>\r\n`);
  t.match(message, {
    kind: 'document',
    subject: 'A & <b> & Đ',
    from: { organId: '' },
    to: [{ organId: 'H91' }],
    dueDate: { text: '2014/02/30', day: undefined },
    bussiness: { bussinessDocType: '0' },
  });
  const at = 'edXMLEnvelope/edXMLHeader/MessageHeader';
  t.strictSame(
    unknown.map(({ path, text }) => [path, text.trim()]),
    [
      [`${at}/Mat`, 'không'],
      [`${at}/Subject`, 'Lần hai'],
      [`${at}/Moi/Con`, 'sâu'],
      [`${at}#text`, 'lạc'],
    ],
  );
  t.same(files, [Buffer.from('ABCD')]);
  t.match(
    attachments,
    [{ form: 'raw', fileName: 'tep-dinh-kem', mediaType: undefined }],
    'its name came too late',
  );
});

t.test('an undeclared edXML prefix and another namespace at the root are forgiven', async (t) => {
  for (const root of [
    '',
    ' xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016/"',
    ' xmlns:edXML="urn:khac" xmlns="urn:khac"',
  ]) {
    const { message } = await taken(
      `<edXML${root}><edXML:edXMLEnvelope><edXML:edXMLHeader><edXML:MessageHeader><edXML:Subject>S</edXML:Subject>` +
        '</edXML:MessageHeader></edXML:edXMLHeader></edXML:edXMLEnvelope></edXML>',
    );
    t.match(message, { subject: 'S' }, root);
  }
});

t.test(
  'an attachment finds its line of the manifest by content id however written, else by its place',
  async (t) => {
    const line = (id: string, name: string) =>
      `<edXML:Reference><edXML:ContentId>${id}</edXML:ContentId><edXML:AttachmentName>${name}</edXML:AttachmentName></edXML:Reference>`;
    const bare = (id: string) =>
      `<Attachment><ContentId>${id}</ContentId><edXML:ContentTransferEncoded>QQ==</edXML:ContentTransferEncoded></Attachment>`;
    const read = await taken(
      document({
        references: line('cid:1', 'một') + line('&lt;2&gt;', 'hai') + line('x', 'ba') + line('cid:9', 'chín'),
        attachments: bare('2') + bare('&lt;cid:1&gt;') + bare('khác'),
      }),
    );
    t.same(
      read.attachments.map(({ fileName }) => fileName),
      ['hai', 'một', 'ba'],
    );
    t.match(read.withoutAttachment, [{ attachmentName: 'chín' }]);
  },
);

t.test('a sink that stops early ends neither its attachment nor the others', async (t) => {
  const { readEdxml } = await import('../../node/edxml/read-edxml.ts');
  const { inChunks } = await import('./reading.ts');
  const file = document({ attachments: attachment('QUJDREVGR0g=') + attachment('SUpL', { id: '2' }) });
  const seen: number[] = [];
  const read = await readEdxml(inChunks(Buffer.from(file), 5), {
    async attachment(_, bytes) {
      for await (const piece of bytes) {
        seen.push(piece.length);
        break;
      }
    },
  });
  t.equal(seen.length, 2);
  t.same(
    read.attachments.map(({ size }) => size),
    [8, 3],
  );
});

t.test('what a sink throws ends the reading', async (t) => {
  const { readEdxml } = await import('../../node/edxml/read-edxml.ts');
  const { inChunks } = await import('./reading.ts');
  let closed = false;
  async function* chunks() {
    try {
      yield* inChunks(Buffer.from(document({ attachments: attachment('QUJD') })), 9);
    } finally {
      closed = true;
    }
  }
  const failing = { attachment: () => Promise.reject(new Error('đĩa đầy')) };
  await t.rejects(readEdxml(chunks(), failing), { message: 'đĩa đầy' });
  t.ok(closed, 'and closes the file');
});

const SAMPLES = path.join(ROOT, '..', 'shared', 'samples', 'edxml');
t.test(
  'real messages are read',
  { skip: existsSync(SAMPLES) ? false : 'no real messages beside the project' },
  async (t) => {
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    for (const name of readdirSync(SAMPLES).filter((file) => file.endsWith('.edxml'))) {
      const { message, unknown, files } = await taken(readFileSync(path.join(SAMPLES, name)));
      t.strictSame(unknown, [], name);
      t.equal(message.kind, name.startsWith('status') ? 'status' : 'document');
      if (message.kind === 'status')
        t.equal((message as EdxmlStatus).statusCode, /status_(\d\d)/.exec(name)![1]);
      // as unzip takes it out
      else t.same(files.map(hash), ['8385739ec4a4ed36d71eabcaead629641ffc5ffff3d487ff5c34d2f821c9f36e']);
    }
  },
);
