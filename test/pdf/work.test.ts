/** Hostile PDFs cost what the budget says and no more, in stretches that leave the event loop to others. */
import t from 'tap';
import { toPem } from '../../certs/pem.ts';
import { examinePdf } from '../../node/pdf/pdf-examination.ts';
import { COST, MOST_WORK, REST_AFTER, WorkBudget, WorkSpent } from '../../node/pdf/work-budget.ts';
import { examined, judged, trusting } from './judged.ts';
import { OpenSslPki } from './openssl-pki.ts';
import { addSignature, plainPdf } from './signed-pdf.ts';

const MIB = 1024 * 1024;
const pki = await OpenSslPki.open(t);
const ca = await pki.authority('CA');
const clerk = await pki.leaf(ca, 'A', { key: 'ec' });
const sign = (data: Uint8Array) => pki.sign(data, clerk);

/** Examined within a budget: what is found, bytes read, and how often others had the event loop. */
async function counted(pdf: Uint8Array, work: WorkBudget) {
  let [bytesRead, turns, isOver] = [0, 0, false];
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const read = async (offset: number, length: number) => {
    bytesRead += length;
    return pdf.subarray(offset, offset + length);
  };
  const found = await examinePdf({ size: pdf.length, read }, work);
  isOver = true;
  return { found, bytesRead, turns };
}

/** Signs anew again and again with one CMS structure: sound in form, over other bytes. */
async function signedTimes(times: number, pictureBytes: number): Promise<Uint8Array> {
  let pdf = plainPdf('x', pictureBytes);
  const cms = await sign(pdf);
  for (let i = 1; i < times; i++)
    pdf = await addSignature(pdf, async () => cms, { field: `S${i}`, contentsBytes: 2048 });
  return addSignature(pdf, sign, { field: 'last', contentsBytes: 2048 });
}

t.test('hashing for many signatures ends with the budget, the newest first', async (t) => {
  const pdf = await signedTimes(6, 8 * MIB);
  const each = COST.signature + 2 * MIB + pdf.length;
  const [whole, short] = [new WorkBudget(), new WorkBudget(COST.scanned * pdf.length + 3 * each)];
  const all = await counted(pdf, whole);
  t.ok(all.found.signatures.every(({ problems }) => !problems.includes('too-much')));
  t.ok(all.bytesRead > 7 * 8 * MIB, `${all.bytesRead} bytes read`);
  t.ok(whole.spent > 6 * each - 12 * MIB && whole.spent < MOST_WORK, `${whole.spent}`);
  const some = await counted(pdf, short);
  t.ok(some.bytesRead < 4.5 * pdf.length, `${some.bytesRead} bytes read`);
  const cut = some.found.signatures.map(({ problems }) => problems.includes('too-much'));
  t.same(cut, [true, true, true, false, false, false]);
  t.equal(some.found.signatures.at(-1)?.bytesMatch, true);
});

t.test('objects in one endless comment are gone over as far as the budget lets, with rests', async (t) => {
  const marks = Array.from({ length: 50 }, (_, i) => {
    const gap = 5000;
    return `/ByteRange [0 ${gap} ${gap + 2 * MIB - i} 1] `;
  });
  const text = `%PDF-1.7\n${' 1 0 obj%'.repeat(8)}${marks.join('')}`.padEnd(2.2 * MIB, ' ');
  const pdf = Buffer.from(text, 'latin1');
  const work = new WorkBudget(1024 * MIB);
  const { found, bytesRead, turns } = await counted(pdf, work);
  t.equal(found.signatures.length, 50);
  t.same(found.signatures.at(-1)?.problems, ['dictionary']);
  t.same(found.signatures.at(0)?.problems, ['too-much']);
  const tries = work.spent / (COST.parsed * 2 * MIB);
  t.ok(tries < 20, `${tries} of 400 tries`);
  t.ok(bytesRead < 15 * pdf.length, `${bytesRead} bytes read`);
  t.ok(turns >= tries - 1, `${turns} turns`);
});

t.test('marks without end are counted, with rests; the file is still read once', async (t) => {
  for (const mark of ['%%EOF', ' %%EOF', '/FT', '/FT ', '/Encrypt', '/ByteRange', '/ByteRange ']) {
    const pdf = Buffer.alloc(2 * MIB, mark);
    pdf.write('%PDF-1.7\n', 'latin1');
    const work = new WorkBudget(COST.scanned * pdf.length + 100_000 * COST.mark);
    const { found, bytesRead, turns } = await counted(pdf, work);
    const isMany = pdf.length / mark.length > 100_000;
    t.ok(found.hasMore, mark);
    t.ok(found.signatures.every(({ problems }) => problems.includes('too-much')));
    const around = 60 * 130 * 1024;
    t.ok(bytesRead <= pdf.length + around, `${mark}: ${bytesRead} bytes read`);
    t.ok(isMany && turns >= Math.floor((100_000 * COST.mark) / REST_AFTER), `${mark}: ${turns} turns`);
  }
});

t.test('structures of many elements are read as far as the budget lets', async (t) => {
  const bytes = await sign(plainPdf());
  // what stands after the structure is refused only once it was read
  const digits = (der: Uint8Array, most: number) =>
    Buffer.from(der)
      .toString('hex')
      .padEnd(most - 2, 'a5')
      .padEnd(most, '0');
  let pdf = plainPdf();
  for (let i = 0; i < 8; i++)
    pdf = await addSignature(pdf, async () => bytes, {
      field: `S${i}`,
      contentsBytes: 20_000,
      contents: digits,
    });
  const each = COST.signature + COST.cms * 20_000 + 4 * MIB;
  const work = new WorkBudget(3 * each);
  const { found } = await counted(pdf, work);
  const tooMuch = found.signatures.map(({ problems }) => problems.join());
  t.same(tooMuch, [...Array(5).fill('too-much'), 'cms', 'cms', 'cms']);
});

t.test('what another budget could do isn’t reported as too much', async (t) => {
  const pdf = await addSignature(plainPdf(), sign);
  const work = new WorkBudget(3 * COST.signature);
  t.match((await examined(pdf, work)).signatures, [{ bytesMatch: true }]);
  t.match((await examined(pdf, work)).signatures, [{ bytesMatch: true }]);
  await t.rejects(examined(pdf, work), { message: new WorkSpent().message });
});

t.test('of certificates that came along only CAs are kept, and not more than so many bytes', async (t) => {
  const comment = `nsComment=${'z'.repeat(7000)}`;
  const leaf = 'basicConstraints=critical,CA:FALSE\n';
  const authority = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n';
  const { keyFile } = clerk;
  // what stands in one nobody chains to needn't be signed
  const along = async (extensions: string) => {
    const made = await pki.leaf(ca, 'Kèm', { keyFile, extensions: `${extensions}${comment}` });
    const der = made.certificate.bytes;
    const place = Buffer.from(der).indexOf('zzzz');
    const all = Array.from({ length: 20 }, (_, i) => der.with(place, 0x61 + i));
    return pki.file(all.map((one) => toPem(one, 'CERTIFICATE')).join(''));
  };
  const signedWith = async (certificates: string) =>
    addSignature(
      plainPdf(),
      (data) => pki.sign(data, clerk, ['-cades', '-md', 'sha256', '-certfile', certificates]),
      { contentsBytes: 152 * 1024 },
    );
  const trust = trusting([ca]);
  const idle = await signedWith(await along(leaf));
  t.match(await judged(idle, trust), [{ valid: true, problems: [] }]);
  t.same((await examined(idle)).signatures[0]?.embedded, []);
  const many = await signedWith(await along(authority));
  const view = { valid: false, bytesMatch: false, signer: null, problems: ['too-much'] };
  t.match(await judged(many, trust), [view]);
  const after = await addSignature(many, sign, { field: 'Sau' });
  t.match(await judged(after, trust), [view, { valid: true }]);
});
