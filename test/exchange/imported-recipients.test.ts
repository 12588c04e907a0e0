/** What an imported message says of its recipients stays with the sender: its export has it again, nobody else learns it. */
import t from 'tap';
import type { EdxmlDocument } from '../../node/edxml/message.ts';
import { PREFIX, prefixRange } from '../../node/store/keys.ts';
import { edxmlFederation, exported, importedDocument, newDocument } from './edxml-files.ts';
import type { TestNode } from './federation.ts';

const BOTH: [string, string] = [
  '<edXML:DocumentId>000',
  '<edXML:To><edXML:OrganId>H91</edXML:OrganId><edXML:OrganName>Tỉnh Chín Mốt</edXML:OrganName>' +
    '<edXML:OrganAdd>Số 1, phố Riêng</edXML:OrganAdd><edXML:Fax>0291</edXML:Fax></edXML:To><edXML:DocumentId>000',
];

const toOf = async (node: TestNode, id: string) => ((await exported(node, id)).message as EdxmlDocument).to;

/** Every byte a node keeps, as text. */
async function everything({ store }: TestNode): Promise<string> {
  const parts: Buffer[] = [];
  for (const prefix of Object.values(PREFIX))
    for await (const { value } of store.range(prefixRange(prefix))) parts.push(Buffer.from(value));
  return Buffer.concat(parts).toString();
}

t.test(
  'the sender exports recipients as they were written; a recipient learns nothing of another',
  async (t) => {
    const federation = await edxmlFederation(t);
    const author = federation.node('H90');
    const { id } = await importedDocument(author, newDocument('118', BOTH));
    await federation.settled('H90', id);
    const written = [
      { organId: 'H91', organName: 'Tỉnh Chín Mốt', organAdd: 'Số 1, phố Riêng', fax: '0291' },
      {
        organId: '05.17.H92',
        organAdd: 'Thôn 3',
        email: 'xa@vidu.example.vn',
        telephone: '(84-297) 500 600',
      },
    ];
    t.match(await toOf(author, id), written);
    t.equal((await toOf(author, id)).length, 2);
    for (const [agency, own, others] of [
      ['H91', '000.00.00.H91', 'Thôn 3'],
      ['H92', '000.05.17.H92', 'phố Riêng'],
    ] as const) {
      const node = federation.node(agency);
      t.match(await toOf(node, id), [{ organId: own }]);
      t.equal((await toOf(node, id)).length, 1, 'its own alone');
      t.notMatch(await everything(node), others, `nothing of the other's is at ${agency}`);
    }
    t.match(await everything(author), 'phố Riêng', 'the search would find it');
    await author.reopen();
    t.match(await toOf(author, id), written, 'also after a restart');
  },
);

t.test(
  'who is added by a second message is as that one wrote it; other words for who has it change nothing',
  async (t) => {
    const federation = await edxmlFederation(t);
    const author = federation.node('H90');
    const { id } = await importedDocument(author, newDocument());
    const again = await importedDocument(author, newDocument('118', ['Thôn 3', 'Thôn 4']));
    t.match(again, { id, repeated: true });
    const to91: [string, string][] = [
      ['05.17.H92', '000.00.00.H91'],
      ['Thôn 3', 'Phố mới'],
    ];
    t.match(await importedDocument(author, newDocument('118', ...to91)), { id });
    t.match(await toOf(author, id), [
      { organId: '000.00.00.H91', organAdd: 'Phố mới' },
      { organId: '05.17.H92', organAdd: 'Thôn 3' },
    ]);
  },
);

t.test('what is too long for its field is refused by name before anything is stored', async (t) => {
  const federation = await edxmlFederation(t);
  const author = federation.node('H90');
  await t.rejects(importedDocument(author, newDocument('118', ['Thôn 3', 'x'.repeat(1001)])), {
    code: 'field-too-long',
    details: { field: 'To/OrganAdd', most: 1000 },
  });
  t.same((await author.exchange.list({ box: 'outbox' })).items, []);
});

t.test('a printed recipient of 200 characters is exported in parts and imported whole', async (t) => {
  const federation = await edxmlFederation(t);
  const author = federation.node('H90');
  const long = 'Ủy ban nhân dân các xã, phường, thị trấn trên địa bàn (để thực hiện); '
    .repeat(4)
    .slice(0, 199);
  const { id } = await author.exchange.submit(
    federation.submission({ to: ['H91'], printedRecipients: ['Như trên', `${long}x`, 'Lưu: VT'] }),
  );
  const { file } = await exported(author, id);
  const places = [...file.toString().matchAll(/<edXML:Place>([^<]*)</g)].map(
    (found) => [...found[1]!].length,
  );
  t.ok(places.every((length) => length <= 150));
  const { id: there } = await importedDocument(
    federation.node('H92'),
    Buffer.from(file.toString().replaceAll('H90', 'H92')),
  );
  t.same((await federation.node('H92').exchange.show(there)).printedRecipients, [
    'Như trên',
    `${long}x`,
    'Lưu: VT',
  ]);
});
