/** What `show` says of signed PDFs, on both sides, and what a document is worth by law (R2). */
import t from 'tap';
import { type Bytes, sha256 } from '../../node/core/bytes.ts';
import { ANCHOR_USE, anchorKey, crlKey, REGISTRY_GROUP } from '../../node/directory/entries.ts';
import { held } from '../../node/exchange/library.ts';
import { PdfReports } from '../../node/exchange/pdf-reports.ts';
import { Trust } from '../../node/exchange/trust.ts';
import type { BlobReader } from '../../node/store/blob-reader.ts';
import { getByExchangeId, getDocument } from '../../node/store/documents.ts';
import { OpenSslPki } from '../pdf/openssl-pki.ts';
import { addRevision, addSignature, plainPdf } from '../pdf/signed-pdf.ts';
import { TestFederation, type TestNode } from './federation.ts';

const HOUR_MS = 3_600_000;
const pki = await OpenSslPki.open(t);
const ca = await pki.authority('CA chuyên dùng Chính phủ');
const clerk = await pki.leaf(ca, 'Nguyễn Văn A');
const sign = (data: Uint8Array) => pki.sign(data, clerk);
const signed = await addSignature(plainPdf(), sign);
const large = await addSignature(plainPdf('Phu luc', 3_000_000), sign);

/** Two agencies at the time of now, and a foreign CA listed in their directory. */
async function federationOfNow(t: Parameters<typeof TestFederation.create>[0]): Promise<TestFederation> {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  federation.clock.advance(Date.now() - federation.clock.nowMs() + 60_000);
  const anchor = { certificate: ca.certificate.bytes, use: ANCHOR_USE.seal, intermediates: [] };
  const key = anchorKey(sha256(ca.certificate.bytes));
  await federation.authority.publish({ entries: [{ group: REGISTRY_GROUP, key, anchor }] });
  return federation;
}

async function* pieces(bytes: Bytes): AsyncGenerator<Bytes> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

const upload = async ({ exchange }: TestNode, name: string, bytes: Bytes) => {
  const { lease, sha256: sum } = await exchange.storeBlob(pieces(bytes));
  return { name, lease, sha256: sum };
};

t.test('signatures of small and large PDFs are reported to the sender and to the recipient', async (t) => {
  const federation = await federationOfNow(t);
  const g22 = federation.node('G22');
  const { id } = await g22.exchange.submit(
    federation.submission({
      attachments: [
        { name: 'quyet-dinh.pdf', bytes: signed },
        await upload(g22, 'phu-luc.bin', large),
        { name: 'them.PDF', bytes: addRevision(signed) },
        { name: 'chua-ky.pdf', bytes: plainPdf() },
        { name: 'gia.pdf', bytes: Buffer.from('PK') },
        { name: 'ghi-chu.txt', bytes: Buffer.from('x') },
      ],
    }),
  );
  await federation.until('delivered', async () => (await g22.only('outbox')).state === 'delivered');
  for (const node of [g22, federation.node('H40')]) {
    const view = await node.exchange.show(id);
    t.match(view, { legalEffect: 'replaces-paper', legalBasis: 'seal' });
    const anchor = 'CN=CA chuyên dùng Chính phủ, O=Ban Cơ yếu, C=VN';
    const valid = { valid: true, signer: { commonName: 'Nguyễn Văn A' }, chain: { anchored: true, anchor } };
    t.match(view.files, [
      { pdfSignatures: [{ ...valid, covers: 'whole-file' }], pdfNote: null },
      { name: 'phu-luc.bin', pdfSignatures: [{ ...valid, covers: 'whole-file' }], pdfNote: null },
      { pdfSignatures: [{ ...valid, covers: 'changed-after', revision: 2, revisions: 3 }], pdfNote: null },
      { pdfSignatures: [], pdfNote: null },
      { pdfSignatures: null, pdfNote: 'not-a-pdf' },
      { pdfSignatures: null, pdfNote: null },
    ]);
    t.same(Object.keys(view.files[5]!), ['name', 'mediaType', 'size', 'sha256', 'pdfSignatures', 'pdfNote']);
  }
});

t.test(
  'the seal gives a document its effect, else a whole signed PDF does, else it is for information only',
  async (t) => {
    const federation = await federationOfNow(t);
    const g22 = federation.node('G22');
    // nothing is under way when the test ends
    federation.unreachable.add('H40');
    const stranger = await pki.leaf(await pki.authority('CA lạ'), 'Người lạ');
    const unlisted = await addSignature(plainPdf(), (data) => pki.sign(data, stranger));
    const send = async (name: string, bytes: Bytes) =>
      (await g22.exchange.submit(federation.submission({ attachments: [{ name, bytes }] }))).id;
    const documents: [string, string, string | null][] = [
      [await send('ky.pdf', signed), 'replaces-paper', 'pdf-signature'],
      [await send('them.pdf', addRevision(signed)), 'information-only', null],
      [await send('la.pdf', unlisted), 'information-only', null],
      [await send('chua-ky.pdf', plainPdf()), 'information-only', null],
      [await send('x.txt', Buffer.from('x')), 'information-only', null],
    ];
    for (const [id] of documents)
      t.match(await g22.exchange.show(id), { legalEffect: 'replaces-paper', legalBasis: 'seal' });
    // the key of the seal was lost before any of them was stored
    const since = federation.clock.nowMs() - HOUR_MS;
    await federation.authority.revoke(g22.who.seal, 'seal', g22.who, 'key-compromise', since);
    for (const [id, legalEffect, legalBasis] of documents)
      t.match(await g22.exchange.show(id), { legalEffect, legalBasis });
  },
);

t.test('a file is read once for any number of questions; who is believed is asked each time', async (t) => {
  const federation = await federationOfNow(t);
  const g22 = federation.node('G22');
  const attachments = [await upload(g22, 'phu-luc.pdf', large)];
  const { id } = await g22.exchange.submit(federation.submission({ attachments }));
  await federation.until(
    'delivered',
    async () => (await g22.exchange.list({ box: 'outbox', state: 'delivered' })).items[0],
  );
  let bytesRead = 0;
  watchReads(g22, (bytes) => {
    bytesRead += bytes.length;
    return bytes;
  });
  const views = await Promise.all([1, 2, 3].map(() => g22.exchange.show(id)));
  t.ok(views.every(({ files }) => files[0]!.pdfSignatures![0]!.valid));
  const once = bytesRead;
  t.ok(once < 2.5 * large.length, `${once} bytes read`);
  await g22.exchange.show(id);
  t.equal(bytesRead, once, 'nothing more');
  const list = await pki.revocationList(ca, [clerk], federation.clock.nowMs() - HOUR_MS);
  const issuerSha256 = sha256(ca.certificate.bytes);
  await federation.authority.publish({
    entries: [{ group: REGISTRY_GROUP, key: crlKey(issuerSha256), crl: { issuerSha256, crl: list } }],
  });
  const [file] = (await g22.exchange.show(id)).files;
  t.match(file!.pdfSignatures, [
    { valid: false, bytesMatch: true, chain: { reason: 'revoked', revocation: 'checked' } },
  ]);
  t.equal(bytesRead, once);
});

t.test('a damaged or missing file is said to be unreadable, and is not remembered', async (t) => {
  const federation = await federationOfNow(t);
  const g22 = federation.node('G22');
  // nothing is under way when the test ends
  federation.unreachable.add('H40');
  const attachments = [await upload(g22, 'phu-luc.pdf', large)];
  const { id } = await g22.exchange.submit(federation.submission({ attachments }));
  let damaged = true;
  watchReads(g22, (bytes) => {
    if (damaged && bytes.length > 100_000) bytes[50_000]! ^= 1;
    return bytes;
  });
  const note = async () => (await g22.exchange.show(id)).files[0]!.pdfNote;
  t.equal(await note(), 'unreadable');
  damaged = false;
  t.equal(await note(), null);
});

t.test('one answer reads so much; the next one goes on', async (t) => {
  const federation = await federationOfNow(t);
  const g22 = federation.node('G22');
  // nothing is under way when the test ends
  federation.unreachable.add('H40');
  const other = await addSignature(plainPdf('Phu luc 2', 3_000_000), sign);
  const attachments = [await upload(g22, '1.pdf', large), await upload(g22, '2.pdf', other)];
  const { id } = await g22.exchange.submit(federation.submission({ attachments }));
  const directory = () => federation.authority.directory.require();
  const { store, blobs } = g22;
  const { clock } = federation;
  const reports = new PdfReports({
    store,
    blobs,
    directory,
    clock,
    trust: new Trust(directory),
    mostBytes: 5_000_000,
  });
  const document = held((await getDocument(store, (await getByExchangeId(store, id))!))!);
  const notes = async () => (await reports.of(document)).files.map(({ pdfNote }) => pdfNote);
  t.same(await notes(), [null, 'later']);
  t.same(await notes(), [null, null]);
});

/** What is read of large files passes through `see`. */
function watchReads({ blobs }: TestNode, see: (bytes: Bytes) => Bytes): void {
  const open = blobs.open.bind(blobs);
  blobs.open = async (sum) => {
    const reader = await open(sum);
    if (reader === undefined) return undefined;
    const read = async (offset: number, length: number) => see(await reader.read(offset, length));
    return { size: reader.size, read, close: () => reader.close() } as unknown as BlobReader;
  };
}
