/** What a document is worth by law where its seal doesn't count: only signatures over all of its PDFs make up for that. */
import t from 'tap';
import type { Certificate } from '../../certs/certificate.ts';
import type { KeySigner } from '../../certs/keys.ts';
import { toPem } from '../../certs/pem.ts';
import type { Bytes } from '../../node/core/bytes.ts';
import { OpenSslPki } from '../pdf/openssl-pki.ts';
import { addRevision, addSignature, plainPdf } from '../pdf/signed-pdf.ts';
import { federationTrusting } from './foreign-trust.ts';

const HOUR_MS = 3_600_000;
const pki = await OpenSslPki.open(t);
const ca = await pki.authority('CA chuyên dùng Chính phủ');
const clerk = await pki.leaf(ca, 'Nguyễn Văn A', { key: 'ec' });
const signed = await addSignature(plainPdf(), (data) => pki.sign(data, clerk));

/** Signs with a seal of the federation, by the `openssl` command. */
async function sealedPdf(key: KeySigner, certificate: Certificate): Promise<Bytes> {
  const [certificateFile, keyFile] = await Promise.all([
    pki.file(toPem(certificate.bytes, 'CERTIFICATE')),
    pki.file(key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
  ]);
  const holder = { name: '', certificate, certificateFile, keyFile };
  return (await addSignature(plainPdf(), (data) => pki.sign(data, holder))) as Bytes;
}

t.test(
  'every PDF must be signed as a whole, by the issuer where the directory knows who signed',
  async (t) => {
    const federation = await federationTrusting(t, ca);
    const [g22, h40] = [federation.node('G22'), federation.node('H40')];
    // nothing is under way when the test ends
    federation.unreachable.add('H40');
    const own = await sealedPdf(g22.who.sealKey, g22.who.seal);
    const others = await sealedPdf(h40.who.sealKey, h40.who.seal);
    const twice = (pdf: Bytes) => addSignature(pdf, (data) => pki.sign(data, clerk), { field: 'Hai' });
    // its PDF is signed with the first, the documents with the second, which is lost
    await federation.authority.renew(g22.who, ['seal']);
    const cases: [string, Record<string, Bytes>, boolean][] = [
      ['a signed one', { 'a.pdf': signed }, true],
      [
        'two signed ones, and what isn’t a PDF',
        { 'a.pdf': signed, 'b.pdf': own, 'c.txt': Buffer.from('x') },
        true,
      ],
      ['one signed, one not', { 'a.pdf': signed, 'b.pdf': plainPdf() }, false],
      ['one signed, an unsigned one by another name', { 'a.pdf': signed, 'b.bin': plainPdf() }, false],
      ['one signed, one added to', { 'a.pdf': signed, 'b.pdf': addRevision(signed) }, false],
      ['one signed, one that only says it is a PDF', { 'a.pdf': signed, 'b.pdf': Buffer.from('PK') }, false],
      ['the issuer’s seal', { 'a.pdf': own }, true],
      ['the seal of another agency', { 'a.pdf': others }, false],
      ['one with the issuer’s seal, one with another’s', { 'a.pdf': own, 'b.pdf': others }, false],
      ['another agency’s seal, then someone’s signature', { 'a.pdf': (await twice(others)) as Bytes }, true],
      ['no PDF', { 'c.txt': Buffer.from('x') }, false],
    ];
    const ids: string[] = [];
    for (const [, files] of cases) {
      const attachments = Object.entries(files).map(([name, bytes]) => ({ name, bytes }));
      ids.push((await g22.exchange.submit(federation.submission({ attachments }))).id);
    }
    t.match(await g22.exchange.show(ids[7]!), { legalBasis: 'seal' });
    const since = federation.clock.nowMs() - HOUR_MS;
    await federation.authority.revoke(g22.who.seal, 'seal', g22.who, 'key-compromise', since);
    for (const [index, [what, , counts]] of cases.entries()) {
      const view = await g22.exchange.show(ids[index]!);
      t.equal(view.legalBasis, counts ? 'pdf-signature' : null, what);
      t.equal(view.legalEffect, counts ? 'replaces-paper' : 'information-only', what);
    }
    // each is still reported by itself
    t.match((await g22.exchange.show(ids[7]!)).files, [
      { pdfSignatures: [{ valid: true, covers: 'whole-file' }] },
    ]);
    t.match((await g22.exchange.show(ids[2]!)).files, [
      { pdfSignatures: [{ valid: true }] },
      { pdfSignatures: [] },
    ]);
  },
);
