/** Whatever the bytes: every answer is a report in time, and nothing altered is valid for the whole file. */
import fc from 'fast-check';
import t from 'tap';
import { parseSignedData } from '../../certs/cms.ts';
import { examinePdf } from '../../node/pdf/pdf-examination.ts';
import { WorkBudget } from '../../node/pdf/work-budget.ts';
import { examined, judged, trusting } from './judged.ts';
import { OpenSslPki } from './openssl-pki.ts';
import { addSignature, plainPdf } from './signed-pdf.ts';

const pki = await OpenSslPki.open(t);
const ca = await pki.authority('CA');
const clerk = await pki.leaf(ca, 'A', { key: 'ec' });
const sign = (data: Uint8Array) => pki.sign(data, clerk);
const one = await addSignature(plainPdf(), sign, { contentsBytes: 2048 });
const two = await addSignature(one, sign, { field: 'Hai', contentsBytes: 2048 });
const trust = trusting([ca]);

type Change = { at: number; kind: number; byte: number; from: number; length: number };
const change = fc.record({
  at: fc.nat(),
  kind: fc.nat(5),
  byte: fc.nat(255),
  from: fc.nat(),
  length: fc.nat(400),
});

function changed(pdf: Uint8Array, { at, kind, byte, from, length }: Change): Uint8Array {
  const place = at % pdf.length;
  const source = from % pdf.length;
  const copied = pdf.subarray(source, source + length);
  const parts: Uint8Array[][] = [
    [pdf.subarray(0, place), Uint8Array.of(byte), pdf.subarray(place + 1)],
    [pdf.subarray(0, place), pdf.subarray(place + length)],
    [pdf.subarray(0, place), copied, pdf.subarray(place)],
    [pdf.subarray(0, place), copied, pdf.subarray(place + copied.length)],
    [pdf.subarray(0, place)],
    [pdf.subarray(0, place), Uint8Array.of(byte), pdf.subarray(place)],
  ];
  return new Uint8Array(Buffer.concat(parts[kind]!));
}

t.test('thousands of altered files are reported, and no altered file is valid as a whole', async (t) => {
  const asDigits = (pdf: Uint8Array) => Buffer.from(pdf).toString('latin1').toLowerCase();
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(one, two),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      async (pdf, changes) => {
        const altered = changes.reduce(changed, pdf);
        const found = await judged(altered, trust);
        seen += found.length;
        const whole = found.filter(({ valid, covers }) => valid && covers === 'whole-file');
        // a prefix that ends with an earlier revision is that revision, as it was signed; digits have two cases
        const isOriginal = [one, two].some((original) => asDigits(original) === asDigits(altered));
        return whole.length === 0 || isOriginal || onlyUnsignedPartsDiffer(altered);
      },
    ),
    { numRuns: 2500, seed: 20261124 },
  );
  t.ok(seen > 2500, `${seen} signatures were reported`);
});

/** Version numbers and the like in the CMS structure are signed by nobody; all else of the file must be the original. */
function onlyUnsignedPartsDiffer(altered: Uint8Array): boolean {
  return [one, two].some((original) => {
    if (original.length !== altered.length) return false;
    const text = Buffer.from(original).toString('latin1');
    const start = text.lastIndexOf('/Contents <') + '/Contents <'.length;
    const end = text.indexOf('>', start);
    return original.every((byte, i) => byte === altered[i] || (i >= start && i < end));
  });
}

t.test('hostile CMS structures cost what their bytes cost', async (t) => {
  const nested = Buffer.concat([Buffer.from('30800680'.repeat(100_000), 'hex')]);
  const flat = Buffer.alloc(1024 * 1024, Buffer.from('0500', 'hex'));
  const inside = Buffer.concat([Buffer.from('3083100000', 'hex'), flat.subarray(0, 1024 * 1024 - 8)]);
  for (const bytes of [nested, flat, inside, Buffer.alloc(0), Buffer.alloc(2 * 1024 * 1024, 0x30)]) {
    const start = performance.now();
    t.equal(parseSignedData(bytes), undefined);
    t.ok(performance.now() - start < 2000);
  }
});

t.test('hostile PDFs: deep, long and repeated structures end soon', async (t) => {
  const around = (inner: string) =>
    Buffer.from(`%PDF-1.7\n1 0 obj\n${inner}\nendobj\nstartxref\n9\n%%EOF\n`, 'latin1');
  const hostile = [
    `${'<< /A '.repeat(100_000)}/ByteRange [0 1 2 3]`,
    `<< /ByteRange [0 1 2 3] /Contents <${'0'.repeat(5_000_000)}> >>`,
    `${'[ '.repeat(200_000)}/ByteRange [0 1 2 3]`,
    `${'( '.repeat(60_000)}/ByteRange [0 1 2 3]`,
    `${'1 0 obj '.repeat(60_000)}<< /ByteRange [0 10 20 30] >>`,
    '<< /ByteRange [0 10 20 30] /Contents <00> >> '.repeat(50_000),
    `<< /ByteRange [0 ${'9'.repeat(15)} ${'9'.repeat(15)} 1] /Contents <00> >>`,
    `${'% 1 0 obj '.repeat(3000)}\n[ ${'1 '.repeat(15_000)} /ByteRange [0 1 2 3]`,
    '/FT /Sig '.repeat(200_000),
    'startxref\n1\n%%EOF\n'.repeat(100_000),
    `${'%'.repeat(70_000)}\n/ByteRange [0 1 2 3]`,
  ];
  for (const [index, inner] of hostile.entries()) {
    const start = performance.now();
    const { signatures } = await examined(around(inner));
    t.ok(signatures.every(({ bytesMatch }) => !bytesMatch));
    t.ok(performance.now() - start < 5000, `${index}: ${Math.round(performance.now() - start)} ms`);
  }
});

t.test('an error of the disk is thrown, nothing else is', async (t) => {
  const read = async (offset: number, length: number) => {
    if (offset > 0) throw new Error('disk');
    return one.subarray(offset, offset + length);
  };
  await t.rejects(examinePdf({ size: one.length, read }, new WorkBudget()), { message: 'disk' });
});
