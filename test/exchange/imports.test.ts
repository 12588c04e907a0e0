/** Importing edXML files: each kind of document and each status, the same rules as every submission, nothing left of what is refused. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { hex, parseHex } from '../../node/core/bytes.ts';
import type { EdxmlDocument } from '../../node/edxml/message.ts';
import { organKey } from '../../node/edxml/organ-id.ts';
import { viewOf } from '../../node/edxml/view.ts';
import { blobReferenceKey, blobReferenceWrites, isBlobReferenced } from '../../node/store/documents.ts';
import { checkParts } from '../../node/store/folder-check.ts';
import { PREFIX, prefixRange } from '../../node/store/keys.ts';
import { getOriginal, originalWrites } from '../../node/store/originals.ts';
import { fixture, has, inChunks, joined, taken, xmllint } from '../edxml/reading.ts';
import {
  edited,
  edxmlFederation,
  exported,
  imported,
  importedDocument,
  joinedOriginal,
  LEGAL_ID,
  newDocument,
} from './edxml-files.ts';
import type { TestFederation, TestNode } from './federation.ts';

/** Files of the blob store, whatever they are called. */
async function filesOf(node: TestNode): Promise<string[]> {
  const entries = await readdir(join(node.dir, 'blobs'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function rowsOf(node: TestNode, prefix: number): Promise<number> {
  let rows = 0;
  for await (const _ of node.store.range(prefixRange(prefix))) rows++;
  return rows;
}

/** Nothing of an import is left: no file, no lease, no document. */
async function isUntouched(
  t: Pick<typeof import('tap').default, 'same' | 'equal'>,
  node: TestNode,
): Promise<void> {
  t.same(await filesOf(node), [], 'no file');
  t.equal(await rowsOf(node, PREFIX.blobLease), 0, 'no lease');
  t.same((await node.exchange.list({ box: 'outbox' })).items, [], 'no document');
}

/** Texts that don't matter: which form a code has, an empty element or none. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([, of]) => of !== '' && of !== undefined)
    .map(([name, of]) => [
      name,
      name === 'organId'
        ? organKey(of as string)
        : name === 'organIdList'
          ? (of as string[]).map(organKey)
          : comparable(of),
    ]);
  return Object.fromEntries(entries);
}

/** A message but for what the directory says of its recipients. */
const fieldsOf = ({ to, ...rest }: EdxmlDocument) =>
  comparable({ ...rest, to: to.map(({ organId }) => ({ organId })) });

async function delivered(federation: TestFederation, id: string) {
  return federation.settled('H90', id);
}

t.test('a document is submitted with every field, delivered, and its file kept byte for byte', async (t) => {
  const federation = await edxmlFederation(t);
  const [author, receiver] = [federation.node('H90'), federation.node('H92')];
  const file = fixture('document-new.edxml');
  const answer = await importedDocument(author, file);
  t.match(answer, {
    kind: 'new',
    deliveries: [{ to: 'H92.17.05', state: 'queued' }],
    hasSignature: true,
    notHere: [],
    recalls: [],
  });
  const view = await delivered(federation, answer.id);
  t.match(view, {
    legalId: '000.00.00.H90,2019/02/30,118/KH-SLT',
    urgency: 'khan',
    due: '2019-04-30',
    date: '2019-03-12',
    signer: { name: 'Tran Van Thu' },
  });
  t.ok((await joinedOriginal(author, answer.id)).equals(file), 'the same bytes');
  await t.rejects(joinedOriginal(receiver, answer.id), { code: 'not-found' }, 'only where it was imported');

  const before = await taken(file);
  for (const node of [author, receiver]) {
    const after = await exported(node, answer.id);
    t.same(
      fieldsOf(after.message as EdxmlDocument),
      fieldsOf(before.message as EdxmlDocument),
      node.who.seat,
    );
    t.same(
      after.attachments.map(({ contentId, attachmentName, description }) => [
        contentId,
        attachmentName,
        description,
      ]),
      before.attachments.map(({ contentId, attachmentName, description }) => [
        contentId,
        attachmentName,
        description,
      ]),
    );
    t.same(after.files, before.files, 'the same bytes');
    if (has('xmllint')) xmllint(after.file);
  }
});

for (const name of ['document-new', 'document-recall', 'document-replace', 'document-update'])
  t.test(`${name}: what one node exports another takes without losing a field`, async (t) => {
    const federation = await edxmlFederation(t);
    const file = fixture(`${name}.edxml`);
    const before = await taken(file);
    const { id } = await importedDocument(federation.node('H90'), file);
    await delivered(federation, id);
    const first = await exported(federation.node('H90'), id);
    const message = before.message as EdxmlDocument;
    const own = fieldsOf(first.message as EdxmlDocument) as Record<string, unknown>;
    t.match(own, fieldsOf(message), 'every field that was there');
    t.same(comparable((first.message as EdxmlDocument).to), comparable(message.to), 'recipients as written');
    t.same(first.files, before.files);
    for (const { organId } of message.to) {
      const { agency } = federation.authority.directory.require().service(organId) as { agency: string };
      const theirs = await exported(federation.node(agency), id);
      const view = viewOf(message, { of: 'recipient', own: [organId], circular: false });
      t.match(fieldsOf(theirs.message as EdxmlDocument), fieldsOf(view), `seen by ${organId}`);
      t.equal((theirs.message as EdxmlDocument).to.length, 1, 'and no other recipient');
    }
    // the exported file says the same again, at a node that never saw the first
    const other = await edxmlFederation(t);
    const again = await importedDocument(other.node('H90'), first.file);
    const second = await exported(other.node('H90'), again.id);
    t.same(fieldsOf(second.message as EdxmlDocument), own);
    t.same(second.files, before.files);
  });

t.test(
  'the same file twice gives the earlier answer, also in other chunks and after more was sent',
  async (t) => {
    const federation = await edxmlFederation(t);
    const author = federation.node('H90');
    const first = await importedDocument(author, newDocument());
    const files = await filesOf(author);
    const second = await importedDocument(author, inChunks(newDocument(), 17));
    t.match(second, { id: first.id, repeated: true });
    t.same(await filesOf(author), files, 'and nothing more on disk');
    t.equal(await rowsOf(author, PREFIX.blobLease), 0);
    await t.rejects(importedDocument(author, newDocument('118', ['năm 2019', 'năm 2020'])), {
      code: 'number-used',
      details: { id: first.id },
    });
    const keyed = await importedDocument(author, newDocument('119'), { key: 'k' });
    t.match(await importedDocument(author, newDocument('119'), { key: 'k' }), {
      id: keyed.id,
      repeated: true,
    });
    await t.rejects(importedDocument(author, newDocument('120'), { key: 'k' }), { code: 'key-reused' });
  },
);

t.test('what is refused leaves nothing behind', async (t) => {
  const federation = await edxmlFederation(t);
  const author = federation.node('H90');
  const large = Buffer.from('x'.repeat(300_000)).toString('base64');
  const withLarge = edited('document-replace.edxml', [
    '<AttachmentEncoded>',
    `<AttachmentEncoded><Attachment><AttachmentName>l.txt</AttachmentName><edXML:ContentTransferEncoded xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016">${large}</edXML:ContentTransferEncoded></Attachment>`,
  ]);
  const cases: [string, Buffer, string][] = [
    ['cut off', withLarge.subarray(0, withLarge.length - 40), 'edxml-malformed'],
    [
      'another agency’s',
      Buffer.from(withLarge.toString().replaceAll('000.00.00.H90', '000.00.00.H91')),
      'unknown-sender-unit',
    ],
    [
      'a stranger',
      Buffer.from(withLarge.toString().replaceAll('05.17.H92', '05.18.H92')),
      'unknown-recipient',
    ],
    [
      'a secret by its subject',
      Buffer.from(withLarge.toString().replace('<edXML:Subject>', '<edXML:Subject>[Mật] ')),
      'secrecy-marking',
    ],
    [
      'a secret by its type',
      Buffer.from(withLarge.toString().replace('<edXML:TypeName>', '<edXML:TypeName>Tuyệt mật ')),
      'secrecy-marking',
    ],
    [
      'a kind nobody knows',
      Buffer.from(withLarge.toString().replace('DocType>3<', 'DocType>9<')),
      'edxml-value',
    ],
    [
      'a text too long',
      Buffer.from(withLarge.toString().replace('<edXML:Email>', `<edXML:Email>${'m'.repeat(500)}`)),
      'field-too-long',
    ],
  ];
  for (const [what, file, code] of cases) {
    await t.rejects(imported(author, file), { code }, what);
    await isUntouched(t, author);
  }
  await t.rejects(imported(author, withLarge, { classification: 'mat' }), { code: 'classified' });
  await t.rejects(author.exchange.importEdxml(inChunks(withLarge), { system: 'test' }), {
    code: 'classification-missing',
  });
  await isUntouched(t, author);
  const stop = new AbortController();
  const stopped = (async function* () {
    yield withLarge.subarray(0, 200_000);
    stop.abort(new Error('gone'));
    yield withLarge.subarray(200_000);
  })();
  await t.rejects(imported(author, stopped, { signal: stop.signal }), { message: 'gone' });
  await isUntouched(t, author);
  t.equal((await importedDocument(author, withLarge)).kind, 'replace', 'the same file is right by itself');
});

t.test('a fault says line and byte', async (t) => {
  const federation = await edxmlFederation(t);
  const broken = edited('document-new.edxml', ['</edXML:Subject>', '</edXML:Content>']);
  await t.rejects(imported(federation.node('H90'), broken), {
    code: 'edxml-malformed',
    details: { line: 40, byte: Number },
  });
});

t.test('a recall is delivered, and the documents it names are recalled from its recipients', async (t) => {
  const federation = await edxmlFederation(t);
  const author = federation.node('H90');
  const { id } = await importedDocument(author, newDocument());
  await delivered(federation, id);
  await federation.node('H92').exchange.say(id, { code: '03' });
  // it may bear the number and the DocumentId of what it recalls
  const recall = edited('document-recall.edxml', ['2019/02/30,118/', '2019/03/12,118/']);
  const answer = await importedDocument(author, recall);
  t.match(answer, {
    kind: 'recall',
    deliveries: [{ to: 'H91' }, { to: 'H92.17.05' }],
    recalls: [{ id, answers: [{ to: 'H92.17.05', outcome: 'requested' }] }],
  });
  await federation.until('the recipient is asked', async () => {
    const { statuses } = await federation.node('H92').exchange.show(id);
    return statuses.find(({ code, reason }) => code === '13' && reason === 'Thu hồi do sai thẩm quyền');
  });
  t.match(await importedDocument(author, recall), {
    id: answer.id,
    repeated: true,
    recalls: [{ id, answers: [{ outcome: 'repeated' }] }],
  });
  const { statuses } = await author.exchange.show(id);
  t.equal(statuses.filter(({ code }) => code === '13').length, 1, 'asked once');
});

t.test('a recall whose import ended after its own commit is completed by a second import', async (t) => {
  const federation = await edxmlFederation(t);
  const author = federation.node('H90');
  const { id } = await importedDocument(author, newDocument());
  await delivered(federation, id);
  await federation.node('H92').exchange.say(id, { code: '03' });
  const recall = edited('document-recall.edxml', ['2019/02/30,118/', '2019/03/12,118/']);
  author.store.killAt = (_, { audit = [] }) =>
    audit.some(({ event }) => event === 'document.queued') ? 'after' : undefined;
  void imported(author, recall).catch(() => {});
  await federation.until('it has died', () => !author.isUp);
  await author.reopen();
  t.same(
    (await author.exchange.show(id)).statuses.filter(({ code }) => code === '13'),
    [],
    'nothing recalled yet',
  );
  const answer = await importedDocument(author, recall);
  t.match(answer, { repeated: true, recalls: [{ id, answers: [{ outcome: 'requested' }] }] });
  t.ok((await joinedOriginal(author, answer.id)).equals(recall), 'and its file was kept with the first');
});

t.test('an import that ends before its commit leaves nothing once the node is back', async (t) => {
  const federation = await edxmlFederation(t);
  const author = federation.node('H90');
  author.store.killAt = (_, { audit = [] }) =>
    audit.some(({ event }) => event === 'document.queued') ? 'before' : undefined;
  void imported(author, newDocument()).catch(() => {});
  await federation.until('it has died', () => !author.isUp);
  t.not((await filesOf(author)).length, 0, 'the file was there already');
  await author.reopen();
  await author.blobs.collect({ isReferenced: async () => false });
  await isUntouched(t, author);
  t.equal((await importedDocument(author, newDocument())).repeated, undefined);
});

t.test(
  'an update goes to its recipients; the document it names gets recipients and loses some',
  async (t) => {
    const federation = await edxmlFederation(t);
    const author = federation.node('H90');
    const { id } = await importedDocument(author, newDocument('117', ['05.17.H92', '000.00.00.H91']));
    await delivered(federation, id);
    await federation.node('H91').exchange.say(id, { code: '03' });
    const update = edited('document-update.edxml', ['2019/02/30,117/', '2019/03/12,117/']);
    const answer = await importedDocument(author, update);
    t.match(answer, {
      kind: 'update',
      recalls: [{ id, answers: [{ to: 'H91', outcome: 'requested' }] }],
      additions: [{ id, deliveries: [{ to: 'H92.17.05', state: 'queued' }] }],
    });
    await delivered(federation, id);
    t.match(await federation.node('H92').exchange.show(id), { number: '117' });
    await delivered(federation, answer.id);
    const seen = await federation.until('the update is at H91', () =>
      federation.node('H91').exchange.show(answer.id),
    );
    t.match(seen.relations, [{ kind: 'updates', id }]);
    const again = await importedDocument(author, update);
    t.match(again, { repeated: true, additions: [{ deliveries: [{ state: 'delivered' }] }] });
    t.equal((await author.exchange.show(id)).deliveries.length, 2);

    const own = edited('document-update.edxml', ['>05.17.H92<', '>000.00.00.H90<']);
    await t.rejects(imported(author, own), { code: 'own-recipient' });
    t.equal((await author.exchange.list({ box: 'outbox' })).items.length, 2, 'and it was not sent');
  },
);

t.test('a replacement names what it replaces and for whom; an update may come without a file', async (t) => {
  const federation = await edxmlFederation(t);
  const author = federation.node('H90');
  const old = newDocument('9', ['2019/03/12', '2019/01/05'], ['05.17.H92', '000.00.00.H91']);
  const { id } = await importedDocument(author, old);
  await delivered(federation, id);
  const answer = await importedDocument(
    author,
    edited('document-replace.edxml', ['                <edXML:OrganId>05.17.H92</edXML:OrganId>\n', '']),
  );
  t.match(answer, { kind: 'replace', notHere: ['000.00.00.H90,2019/01/07,11/KH-SLT'] });
  await delivered(federation, answer.id);
  const there = await federation.node('H91').exchange.show(id);
  t.match(there.deliveries, [{ to: 'H91', supersededBy: [answer.id] }]);

  const text = fixture('document-update.edxml').toString().replaceAll('118', '121');
  const bare = text
    .replace(/<AttachmentEncoded>[\s\S]*<\/AttachmentEncoded>/, '')
    .replace(/<edXML:Reference>[\s\S]*<\/edXML:Reference>/, '');
  const update = await importedDocument(author, Buffer.from(bare));
  t.equal((await author.exchange.show(update.id)).files.length, 0);
  await delivered(federation, update.id);
  await t.rejects(
    imported(author, Buffer.from(bare.replace('DocType>2<', 'DocType>0<').replaceAll('121', '122'))),
    {
      code: 'file-missing',
    },
  );
});

t.test('a reply names what it answers, by the DocumentId', async (t) => {
  const federation = await edxmlFederation(t);
  const { id } = await importedDocument(
    federation.node('H90'),
    newDocument('118', ['05.17.H92', '000.00.00.H91']),
  );
  await delivered(federation, id);
  const reply = edited(
    'document-new.edxml',
    ['000.00.00.H90', '000.00.00.H91'],
    ['05.17.H92', '000.00.00.H90'],
    [
      '<edXML:SteeringType>',
      `<edXML:ResponseFor><edXML:OrganId>000.00.00.H90</edXML:OrganId><edXML:Code>118/KH-SLT</edXML:Code><edXML:DocumentId>${LEGAL_ID}</edXML:DocumentId><edXML:PromulgationDate>2019/03/12</edXML:PromulgationDate></edXML:ResponseFor><edXML:SteeringType>`,
    ],
  );
  const answer = await importedDocument(federation.node('H91'), reply);
  await federation.settled('H91', answer.id);
  const answered = await federation.node('H90').exchange.show(id);
  t.match(answered, { namedBy: [{ kind: 'answers', id: answer.id }], thread: [{ id }, { id: answer.id }] });
});

t.test('statuses are said about the received document, with who, why and when they say it', async (t) => {
  const federation = await edxmlFederation(t);
  const [author, receiver] = [federation.node('H90'), federation.node('H91')];
  const { id } = await importedDocument(author, newDocument('118', ['05.17.H92', '000.00.00.H91']));
  await delivered(federation, id);
  t.match(await imported(receiver, fixture('status-01.edxml')), {
    kind: 'status',
    code: '01',
    id,
    status: '01',
  });
  t.match(await imported(receiver, fixture('status-01.edxml')), { repeated: true });
  t.match(await imported(receiver, fixture('status-03.edxml')), { code: '03', arrivalNumber: 1 });
  t.match(await imported(receiver, fixture('status-older.edxml')), { code: '03', repeated: true });
  t.match(await imported(author, fixture('status-13.edxml')), {
    kind: 'status',
    code: '13',
    id,
    answers: [{ to: 'H91', outcome: 'requested' }],
  });
  await federation.until('asked', async () =>
    (await receiver.exchange.show(id)).statuses.find(({ code }) => code === '13'),
  );
  t.match(await imported(receiver, fixture('status-15.edxml')), { code: '15', recall: 'agreed' });
  await federation.until('both know', async () =>
    (await author.exchange.show(id)).statuses.some(({ code }) => code === '15'),
  );
  for (const node of [author, receiver]) {
    for (const [code, name] of [
      ['01', 'status-01'],
      ['03', 'status-03'],
      ['13', 'status-13'],
      ['15', 'status-15'],
    ] as const) {
      const { message, file } = await exported(node, id, { status: true, code });
      const { from, ...rest } = message;
      const { from: as, ...said } = (await taken(fixture(`${name}.edxml`))).message;
      t.same(comparable(rest), comparable(said), `${name} from ${node.who.seat}`);
      t.equal(organKey(from.organId), organKey(as.organId));
      if (has('xmllint')) xmllint(file);
    }
    const { message } = await exported(node, id, { status: true });
    t.match(message, { statusCode: '15' }, 'the newest by itself');
    await t.rejects(exported(node, id, { status: true, code: '06' }), { code: 'not-found' });
  }
});

t.test('a status that can’t be said is refused and says why', async (t) => {
  const federation = await edxmlFederation(t);
  const [author, receiver] = [federation.node('H90'), federation.node('H91')];
  await t.rejects(imported(receiver, fixture('status-03.edxml')), {
    code: 'not-found',
    details: { id: LEGAL_ID },
  });
  const { id } = await importedDocument(author, newDocument('118', ['05.17.H92', '000.00.00.H91']));
  await delivered(federation, id);
  await t.rejects(imported(author, fixture('status-03.edxml')), { code: 'unknown-sender-unit' });
  await t.rejects(imported(receiver, edited('status-03.edxml', ['Code>03<', 'Code>07<'])), {
    code: 'edxml-value',
  });
  await t.rejects(imported(receiver, edited('status-13.edxml', ['000.00.00.H90', '000.00.00.H91'])), {
    code: 'not-found',
  });
  const other = edited('status-03.edxml', ['<edXML:OrganId>000.00.00.H90<', '<edXML:OrganId>000.00.00.H92<']);
  await t.rejects(imported(receiver, other), { code: 'not-found' }, 'of another author');
  t.same((await receiver.exchange.show(id)).statuses, []);
  const long = `Lý do: ${'rất dài '.repeat(80)}`.trim();
  const refused = edited(
    'status-03.edxml',
    ['Code>03<', 'Code>02<'],
    ['Văn thư: Đã tiếp nhận, vào sổ văn bản đến', long],
  );
  t.match(await imported(receiver, refused), { code: '02' });
  const { message } = await exported(receiver, id, { status: true });
  t.match(message, { statusCode: '02', description: long }, 'a reason longer than the field is kept whole');
});

t.test('an answer to an update, where no recall waits, names the update', async (t) => {
  const federation = await edxmlFederation(t);
  const [author, receiver] = [federation.node('H90'), federation.node('H91')];
  const { id } = await importedDocument(author, newDocument('118', ['05.17.H92', '000.00.00.H91']));
  await delivered(federation, id);
  await receiver.exchange.say(id, { code: '03' });
  const update = edited(
    'document-update.edxml',
    ['2019/02/30,118/', '2019/05/05,118/'],
    ['2019/02/30,117/', '2019/03/12,118/'],
    ['<edXML:ReceiverType>0<', '<edXML:ReceiverType>1<'],
  );
  const { id: updating } = await importedDocument(author, update);
  await delivered(federation, updating);
  t.match(await imported(receiver, fixture('status-15.edxml')), { code: '15', recall: 'none' });
  await federation.until('the author knows', async () =>
    (await author.exchange.show(id)).deliveries.some(({ updates }) => updates[0]?.answer === '15'),
  );
});

t.test('the imported message travels only where the folder says so', async (t) => {
  const federation = await edxmlFederation(t, { H90: { edxmlOriginalTravels: true } });
  const [author, receiver] = [federation.node('H90'), federation.node('H92')];
  const file = newDocument();
  const { id } = await importedDocument(author, file);
  await delivered(federation, id);
  for (const node of [author, receiver]) {
    const { files } = await node.exchange.show(id);
    t.match(files, [
      { role: undefined },
      {
        name: '118-KH-SLT.original.edxml',
        mediaType: 'application/edxml+xml',
        role: 'original-message',
        size: file.length,
      },
    ]);
    t.equal(files.length, 2);
    t.ok((await joined((await node.exchange.attachment(id, 1)).stream)).equals(file), 'as an attachment');
    t.ok((await joinedOriginal(node, id)).equals(file), node.who.seat);
    t.equal((await exported(node, id)).attachments.length, 1, 'an export doesn’t hold it');
  }
  t.match(await importedDocument(author, file), { id, repeated: true });
});

t.test('texts no field can hold come back as they stood', async (t) => {
  const federation = await edxmlFederation(t);
  const odd = newDocument(
    '118',
    ['Priority>1<', 'Priority>9<'],
    ['DueDate>2019/04/30<', 'DueDate>cuối tháng 4<'],
    ['PageAmount>4<', 'PageAmount>04 trang<'],
    ['PromulgationDate>2019/03/12<', 'PromulgationDate>2019/02/30<'],
    ['<edXML:TypeName>Kế hoạch</edXML:TypeName>', ''],
    ['<edXML:BussinessDocType>', '<edXML:DocumentId>số cũ</edXML:DocumentId><edXML:BussinessDocType>'],
  );
  const { id } = await importedDocument(federation.node('H90'), odd);
  t.match(await federation.node('H90').exchange.show(id), {
    date: '2019-03-12',
    urgency: 'thuong',
    due: null,
  });
  const { message } = await exported(federation.node('H90'), id);
  t.same(fieldsOf(message as EdxmlDocument), fieldsOf((await taken(odd)).message as EdxmlDocument));
});

t.test('an older message whose file was sent beside it is refused, naming the file', async (t) => {
  const federation = await edxmlFederation(t);
  await t.rejects(imported(federation.node('H90'), fixture('document-soap.edxml')), {
    code: 'file-missing',
    details: { file: 'kế hoạch.txt' },
  });
  await isUntouched(t, federation.node('H90'));
});

t.test('a check of the folder holds each kept message against its row and its file', async (t) => {
  const federation = await edxmlFederation(t);
  const node = federation.node('H90');
  const file = newDocument();
  const { documentHash } = await importedDocument(node, file);
  const documentId = parseHex(documentHash)!;
  const { sha256 } = (await getOriginal(node.store, documentId))!;
  const { audit, blobs } = node;
  // the engine's own check is another's; here it finds nothing
  const store = Object.assign(node.store, { check: async () => ({ state: 'ok' as const, problems: [] }) });
  const problems = async () => (await checkParts({ store, audit, blobs })).problems;
  t.same(await problems(), []);
  await store.commit({ writes: originalWrites(documentId, { sha256, size: 1, importedAtMs: 1 }) });
  t.same(
    await problems(),
    [{ kind: 'blob-damaged', where: hex(sha256) }],
    'another length than the row says',
  );
  const size = file.length;
  await store.commit({ writes: originalWrites(documentId, { sha256, size, importedAtMs: 1 }) });
  await store.commit({ writes: [{ del: blobReferenceKey(sha256, documentId) }] });
  t.same(await problems(), [{ kind: 'blob-missing', where: hex(sha256) }], 'nothing keeps it');
  await store.commit({ writes: blobReferenceWrites([sha256], documentId) });
  t.same(await problems(), []);
  await blobs.collect({ isReferenced: (of) => isBlobReferenced(node.store, of) });
  t.ok((await joinedOriginal(node, (await node.only('outbox')).id)).equals(file), 'the collector leaves it');
});

t.test(
  'an update recalls from the units it removes alone; what it can’t add stops it before it is sent',
  async (t) => {
    const federation = await edxmlFederation(t);
    const author = federation.node('H90');
    const both: [string, string] = [
      '<edXML:DocumentId>000',
      '<edXML:To><edXML:OrganId>000.00.00.H91</edXML:OrganId></edXML:To><edXML:DocumentId>000',
    ];
    const { id } = await importedDocument(author, newDocument('117', both));
    await delivered(federation, id);
    const named: [string, string] = ['2019/02/30,117/', '2019/03/12,117/'];
    const text = edited('document-update.edxml', named).toString();
    const at = text.lastIndexOf('05.17.H92');
    const own = Buffer.from(`${text.slice(0, at)}000.00.00.H90${text.slice(at + '05.17.H92'.length)}`);
    await t.rejects(imported(author, own), { code: 'own-recipient' });
    t.equal((await author.exchange.list({ box: 'outbox' })).items.length, 1, 'nothing more was sent');
    const update = await importedDocument(author, edited('document-update.edxml', named));
    t.match(update.recalls, [{ id, answers: [{ to: 'H91' }] }]);
    t.equal(update.recalls[0]!.answers.length, 1);
  },
);

t.test(
  'a second recall of what was not given back means the document again, not the first recall',
  async (t) => {
    const federation = await edxmlFederation(t);
    const [author, receiver] = [federation.node('H90'), federation.node('H92')];
    const { id } = await importedDocument(author, newDocument());
    await delivered(federation, id);
    await receiver.exchange.say(id, { code: '03' });
    const same: [string, string] = ['2019/02/30,118/', '2019/03/12,118/'];
    await importedDocument(author, edited('document-recall.edxml', same));
    await federation.until('asked', async () => (await receiver.exchange.show(id)).status === '13');
    await receiver.exchange.say(id, { code: '16', reason: 'Đã xử lý' });
    await federation.until('declined', async () =>
      (await author.exchange.show(id)).deliveries.some(({ recall }) => recall === 'declined'),
    );
    const again = edited('document-recall.edxml', same, ['do sai thẩm quyền', 'lần hai']);
    t.match(await importedDocument(author, again), {
      recalls: [{ id, answers: [{ outcome: 'requested' }] }],
    });
  },
);

t.test('a status that names no author is refused where several wrote under that DocumentId', async (t) => {
  const federation = await edxmlFederation(t);
  const [author, receiver] = [federation.node('H90'), federation.node('H91')];
  const { id } = await importedDocument(author, newDocument('118', ['05.17.H92', '000.00.00.H91']));
  await delivered(federation, id);
  // H92 copies the DocumentId of H90
  const copy = newDocument(
    '118',
    ['<edXML:OrganId>000.00.00.H90', '<edXML:OrganId>000.00.00.H92'],
    ['05.17.H92', '000.00.00.H91'],
  );
  const other = await importedDocument(federation.node('H92'), copy);
  await federation.settled('H92', other.id);
  const unnamed = edited('status-03.edxml', ['<edXML:OrganId>000.00.00.H90</edXML:OrganId>', '']);
  await t.rejects(imported(receiver, unnamed), { code: 'ambiguous' });
  t.match(await imported(receiver, fixture('status-03.edxml')), { id, code: '03' }, 'the one it names');
});
