/** What `show` says of signed PDFs, on both sides, and what a document is worth by law (R2). */
import t from 'tap';
import { toPem } from '../../certs/pem.ts';
import { type Bytes, sha256 } from '../../node/core/bytes.ts';
import { crlKey, REGISTRY_GROUP } from '../../node/directory/entries.ts';
import { held } from '../../node/exchange/library.ts';
import { PdfReports } from '../../node/exchange/pdf-reports.ts';
import { Trust } from '../../node/exchange/trust.ts';
import { COST } from '../../node/pdf/work-budget.ts';
import type { BlobReader } from '../../node/store/blob-reader.ts';
import { getByExchangeId, getDocument } from '../../node/store/documents.ts';
import { OpenSslPki } from '../pdf/openssl-pki.ts';
import { addRevision, addSignature, plainPdf } from '../pdf/signed-pdf.ts';
import type { TestFederation, TestNode } from './federation.ts';
import { federationTrusting } from './foreign-trust.ts';

const HOUR_MS = 3_600_000;
const pki = await OpenSslPki.open(t);
const ca = await pki.authority('CA chuyên dùng Chính phủ');
const clerk = await pki.leaf(ca, 'Nguyễn Văn A');
const sign = (data: Uint8Array) => pki.sign(data, clerk);
const signed = await addSignature(plainPdf(), sign);
const large = await addSignature(plainPdf('Phu luc', 3_000_000), sign);

const federationOfNow = (t: Parameters<typeof federationTrusting>[0]) => federationTrusting(t, ca);

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
  const { store } = g22;
  const reports = reportsOf(federation, g22, 20_000_000 + COST.signature);
  const document = held((await getDocument(store, (await getByExchangeId(store, id))!))!);
  const notes = async () => (await reports.of(document)).files.map(({ pdfNote }) => pdfNote);
  t.same(await notes(), [null, 'later']);
  t.same(await notes(), [null, null]);
});

t.test('hashing for all files of an answer is bounded together; later answers finish it', async (t) => {
  const federation = await federationOfNow(t);
  const g22 = federation.node('G22');
  // nothing is under way when the test ends
  federation.unreachable.add('H40');
  const files = await Promise.all([1, 2, 3, 4].map((i) => signedTwice(`Tep ${i}`)));
  const attachments = await Promise.all(files.map((bytes, i) => upload(g22, `${i}.pdf`, bytes)));
  const { id } = await g22.exchange.submit(federation.submission({ attachments }));
  let bytesRead = 0;
  watchReads(g22, (bytes) => {
    bytesRead += bytes.length;
    return bytes;
  });
  const { length } = files[0]!;
  // one file, and another's first pass
  const reports = reportsOf(federation, g22, 2 * COST.scanned * length + 2 * COST.signature + 5 * length);
  const document = held((await getDocument(g22.store, (await getByExchangeId(g22.store, id))!))!);
  const notes = async () => (await reports.of(document)).files.map(({ pdfNote }) => pdfNote);
  for (let done = 1; done <= 4; done++) {
    bytesRead = 0;
    const expected = files.map((_, i) => (i < done ? null : 'later'));
    t.same(await notes(), expected);
    t.ok(bytesRead < 5 * length, `${bytesRead} bytes read`);
  }
  bytesRead = 0;
  t.same(await notes(), [null, null, null, null]);
  t.equal(bytesRead, 0);
});

t.test('a file with many certificates is examined once, too', async (t) => {
  const federation = await federationOfNow(t);
  const g22 = federation.node('G22');
  // nothing is under way when the test ends
  federation.unreachable.add('H40');
  const extensions = `basicConstraints=critical,CA:FALSE\nnsComment=${'z'.repeat(7000)}`;
  const der = (await pki.leaf(ca, 'Kèm', { keyFile: clerk.keyFile, extensions })).certificate.bytes;
  const place = Buffer.from(der).indexOf('zzzz');
  const along = Array.from({ length: 15 }, (_, i) => toPem(der.with(place, 0x61 + i), 'CERTIFICATE'));
  const file = await pki.file(along.join(''));
  const options = ['-cades', '-md', 'sha256', '-certfile', file];
  const bytes = await addSignature(plainPdf(), (data) => pki.sign(data, clerk, options), {
    contentsBytes: 128 * 1024,
  });
  const attachments = [await upload(g22, 'nhieu.pdf', bytes)];
  const { id } = await g22.exchange.submit(federation.submission({ attachments }));
  let bytesRead = 0;
  watchReads(g22, (read) => {
    bytesRead += read.length;
    return read;
  });
  t.match((await g22.exchange.show(id)).files, [{ pdfSignatures: [{ valid: true }] }]);
  t.ok(bytesRead > 0);
  const once = bytesRead;
  t.match((await g22.exchange.show(id)).files, [{ pdfSignatures: [{ valid: true }] }]);
  t.equal(bytesRead, once);
});

t.test('two files are examined at once, some wait, others are told to ask later', async (t) => {
  const federation = await federationOfNow(t);
  const g22 = federation.node('G22');
  // nothing is under way when the test ends
  federation.unreachable.add('H40');
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) {
    const attachments = [await upload(g22, 'x.pdf', plainPdf(`Tep ${i}`, 200_000))];
    ids.push((await g22.exchange.submit(federation.submission({ attachments }))).id);
  }
  const gate = Promise.withResolvers<void>();
  let [active, most] = [0, 0];
  const { blobs } = g22;
  const open = blobs.open.bind(blobs);
  blobs.open = async (sum) => {
    const reader = (await open(sum))!;
    let isExamined = false;
    const read = async (offset: number, length: number) => {
      if (length > 5 && !isExamined) {
        isExamined = true;
        most = Math.max(most, ++active);
        await gate.promise;
      }
      return reader.read(offset, length);
    };
    const close = async () => {
      if (isExamined) active--;
      await reader.close();
    };
    return { size: reader.size, read, close } as unknown as BlobReader;
  };
  let told = 0;
  const shown = ids.map(async (id) => {
    const note = (await g22.exchange.show(id)).files[0]!.pdfNote;
    if (note === 'later' && ++told === 2) gate.resolve();
    return note;
  });
  const notes = await Promise.all(shown);
  t.equal(notes.filter((note) => note === null).length, 18);
  t.equal(notes.filter((note) => note === 'later').length, 2);
  t.equal(most, 2);
  const again = await Promise.all(ids.map(async (id) => (await g22.exchange.show(id)).files[0]!.pdfNote));
  t.ok(again.every((note) => note === null));
});

/** Of 3 MB, with a signature over an earlier revision and one over the whole. */
async function signedTwice(text: string): Promise<Bytes> {
  return addSignature(await addSignature(plainPdf(text, 3_000_000), sign), sign, { field: 'Hai' });
}

function reportsOf({ authority, clock }: TestFederation, { store, blobs }: TestNode, mostWork: number) {
  const directory = () => authority.directory.require();
  return new PdfReports({ store, blobs, directory, clock, trust: new Trust(directory), mostWork });
}

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
