/** The file of an imported status is kept byte for byte with the entry it became: where it was imported, and nowhere else. */
import t from 'tap';
import { RECEIVER_SIDE as RECEIVER, SENDER_SIDE as SENDER } from '../../node/core/business-status.ts';
import { hex, parseHex } from '../../node/core/bytes.ts';
import { isBlobReferenced } from '../../node/store/documents.ts';
import { checkParts } from '../../node/store/folder-check.ts';
import { PREFIX, prefixRange } from '../../node/store/keys.ts';
import { getStatusOriginal, statusOriginalWrites } from '../../node/store/originals.ts';
import { fixture, joined } from '../edxml/reading.ts';
import { edited, edxmlFederation, imported, importedDocument, newDocument } from './edxml-files.ts';
import type { TestFederation, TestNode } from './federation.ts';

t.setTimeout(120_000);

async function sent(t: Parameters<typeof edxmlFederation>[0]) {
  const federation = await edxmlFederation(t);
  const [author, receiver] = [federation.node('H90'), federation.node('H91')];
  const { id, documentHash } = await importedDocument(
    author,
    newDocument('118', ['05.17.H92', '000.00.00.H91']),
  );
  await federation.settled('H90', id);
  return { federation, author, receiver, id, documentId: parseHex(documentHash)! };
}

const original = async ({ exchange }: TestNode, id: string, code: string): Promise<Buffer> =>
  joined((await exchange.exportEdxml(id, { original: true, status: true, code })).stream);

async function leases({ store }: TestNode): Promise<number> {
  let rows = 0;
  for await (const _ of store.range(prefixRange(PREFIX.blobLease))) rows++;
  return rows;
}

const collect = (node: TestNode) =>
  node.blobs.collect({ isReferenced: (of) => isBlobReferenced(node.store, of) });

const asked = (federation: TestFederation, { exchange }: TestNode, id: string) =>
  federation.until('asked', async () => (await exchange.show(id)).statuses.find(({ code }) => code === '13'));

t.test(
  'each code has its file, at the end that imported it alone; the collector and a check leave it',
  async (t) => {
    const { federation, author, receiver, id } = await sent(t);
    await imported(receiver, fixture('status-01.edxml'));
    await imported(receiver, fixture('status-03.edxml'));
    await imported(author, fixture('status-13.edxml'));
    await asked(federation, receiver, id);
    await imported(receiver, fixture('status-15.edxml'));
    await federation.until('both know', async () =>
      (await author.exchange.show(id)).statuses.some(({ code }) => code === '15'),
    );
    for (const node of [author, receiver]) {
      await collect(node);
      t.equal(await leases(node), 0, 'no lease is left');
    }
    for (const code of ['01', '03', '13', '15']) {
      const [here, there] = code === '13' ? [author, receiver] : [receiver, author];
      const bytes = fixture(`status-${code}.edxml`);
      t.ok((await original(here, id, code)).equals(bytes), `${code}: the same bytes`);
      await t.rejects(original(there, id, code), { code: 'not-found', details: { what: 'original' } }, code);
    }
    const newest = await receiver.exchange.exportEdxml(id, { original: true, status: true });
    t.ok((await joined(newest.stream)).equals(fixture('status-15.edxml')), 'the newest by itself');
    t.equal(newest.name, '118-KH-SLT.H91.15.edxml');
  },
);

t.test(
  'the first file stays; one that says what was said by hand is kept with that; a refused one goes',
  async (t) => {
    const { receiver, id } = await sent(t);
    await receiver.exchange.say(id, { code: '03' });
    await t.rejects(original(receiver, id, '03'), { code: 'not-found' });
    const first = fixture('status-03.edxml');
    t.match(await imported(receiver, first), { code: '03', repeated: true });
    t.match(await imported(receiver, fixture('status-older.edxml')), { code: '03', repeated: true });
    t.ok((await original(receiver, id, '03')).equals(first));
    t.match(await imported(receiver, fixture('status-01.edxml')), { code: '01', repeated: true });
    await t.rejects(original(receiver, id, '01'), { code: 'not-found' }, 'nothing was said');
    const late = edited('status-03.edxml', ['Code>03<', 'Code>02<']);
    await t.rejects(imported(receiver, late), { code: 'status-not-allowed' });
    const names: string[] = [];
    for await (const { key } of receiver.store.range(prefixRange(PREFIX.blobReference))) names.push(hex(key));
    await collect(receiver);
    t.equal(await leases(receiver), 0);
    t.equal(names.length, 1, 'one file is kept');
  },
);

t.test('a recall of several units keeps the file with each', async (t) => {
  const federation = await edxmlFederation(t);
  const author = federation.node('H90');
  const both: [string, string] = [
    '<edXML:DocumentId>000',
    '<edXML:To><edXML:OrganId>000.00.00.H91</edXML:OrganId></edXML:To><edXML:DocumentId>000',
  ];
  const { id } = await importedDocument(author, newDocument('118', both));
  await federation.settled('H90', id);
  const text = fixture('status-13.edxml').toString();
  const at = text.indexOf('000.00.00.H91', text.indexOf('ResponseFor'));
  const all = Buffer.from(`${text.slice(0, at)}000.00.00.H90${text.slice(at + 13)}`);
  const answer = await imported(author, all);
  t.match(answer, { answers: [{ to: 'H91' }, { to: 'H92.17.05' }] });
  for (const unit of ['H91', 'H92.17.05']) {
    const { stream } = await author.exchange.exportEdxml(id, {
      original: true,
      status: true,
      unit,
      code: '13',
    });
    t.ok((await joined(stream)).equals(all), unit);
  }
});

for (const fate of ['before', 'after'] as const)
  t.test(
    `killed ${fate} any commit of a status’s import, and imported again, its file is kept once`,
    async (t) => {
      for (let at = 1; ; at++) {
        const { federation, receiver, id, documentId } = await sent(t);
        const { store } = receiver;
        store.commits = 0;
        store.killAt = (commit) => (commit === at ? fate : undefined);
        let isDone = false;
        const file = fixture('status-03.edxml');
        void imported(receiver, file).then(() => {
          isDone = true;
        });
        await federation.until('it died or ended', () => !receiver.isUp || (isDone && store.commits < at));
        store.killAt = undefined;
        const wasKilled = !receiver.isUp;
        if (wasKilled) await receiver.reopen();
        const isSaid = (await receiver.exchange.show(id)).deliveries[0]!.status === '03';
        const kept = await getStatusOriginal(
          receiver.store,
          { documentId, unit: 'H91' },
          { side: RECEIVER, sequence: 1 },
        );
        t.equal(kept !== undefined, isSaid, `${fate} commit ${at}: entry and file, or neither`);
        await imported(receiver, file);
        await collect(receiver);
        t.equal(await leases(receiver), 0);
        t.ok((await original(receiver, id, '03')).equals(file));
        const { statuses } = await receiver.exchange.show(id);
        t.equal(statuses.filter(({ code }) => code === '03').length, 1, 'said once');
        if (!wasKilled) {
          t.ok(at > 2, `${at - 1} commits`);
          return;
        }
      }
    },
  );

t.test('a check of the folder holds the file of a status against its row', async (t) => {
  const { author, documentId } = await sent(t);
  await imported(author, fixture('status-13.edxml'));
  const { audit, blobs } = author;
  const store = Object.assign(author.store, { check: async () => ({ state: 'ok' as const, problems: [] }) });
  t.same((await checkParts({ store, audit, blobs })).problems, []);
  const of = { documentId, unit: 'H91' };
  const place = { side: SENDER, sequence: 1 };
  const { sha256 } = (await getStatusOriginal(store, of, place))!;
  await store.commit({ writes: statusOriginalWrites(of, place, { sha256, size: 1, importedAtMs: 1 }) });
  t.same((await checkParts({ store, audit, blobs })).problems, [
    { kind: 'blob-damaged', where: hex(sha256) },
  ]);
});
