/** What the known attacks on PDF signatures are made of, and plain damage: none of it counts, and each says why. */
import { createHash } from 'node:crypto';
import t from 'tap';
import { examined, judged, trusting } from './judged.ts';
import { OpenSslPki } from './openssl-pki.ts';
import { addRevision, addSignature, plainPdf, type SignatureOptions } from './signed-pdf.ts';

const pki = await OpenSslPki.open(t);
const ca = await pki.authority('CA');
const clerk = await pki.leaf(ca, 'Nguyễn Văn A', { key: 'ec' });
const sign = (data: Uint8Array) => pki.sign(data, clerk);
const trust = trusting([ca]);
const signed = (options: SignatureOptions = {}) => addSignature(plainPdf(), sign, options);
const good = await signed();

t.test('a changed byte anywhere in what is covered', async (t) => {
  t.match(await judged(good, trust), [{ valid: true }], 'the file itself holds');
  const gapStart = Buffer.from(good).indexOf('/Contents <') + 10;
  for (const at of [20, 300, gapStart - 5, good.length - 60, good.length - 3]) {
    const changed = Uint8Array.from(good);
    changed[at]! ^= 1;
    const found = await judged(changed, trust);
    t.same(
      found.map(({ valid }) => valid),
      [false],
      `at ${at}`,
    );
  }
  const changed = Uint8Array.from(good);
  changed[300]! ^= 1;
  t.match(await judged(changed, trust), [{ bytesMatch: false, problems: ['digest-differs'] }]);
});

t.test(
  'what is added after signing shows: as a revision, as bytes, and never as the whole file',
  async (t) => {
    t.match(await judged(addRevision(good), trust), [{ covers: 'changed-after', revision: 2, revisions: 3 }]);
    for (const tail of ['\n', '\0', '%%EOF', '1 0 obj << /Type /Catalog >> endobj', 'x'.repeat(3_000_000)]) {
      const longer = Buffer.concat([good, Buffer.from(tail)]);
      t.match(
        await judged(longer, trust),
        [{ covers: 'changed-after', bytesMatch: true }],
        `${tail.length} bytes`,
      );
    }
  },
);

t.test('a range other than the whole file without the signature’s own digits', async (t) => {
  const ranges: [string, SignatureOptions['byteRange'], string][] = [
    ['one range', ([a, b]) => [a!, b!], 'byte-range'],
    ['three numbers', ([a, b, c]) => [a!, b!, c!], 'byte-range'],
    ['three ranges', (right) => [...right, right[3]! - 1, 1], 'byte-range'],
    ['not from the beginning', ([, b, c, d]) => [1, b! - 1, c!, d!], 'byte-range'],
    ['nothing before', ([, , c, d]) => [0, 0, c!, d!], 'byte-range'],
    ['nothing after', ([a, b, c]) => [a!, b!, c!, 0], 'byte-range'],
    ['overlapping', ([a, b, , d]) => [a!, b!, b! - 1, d!], 'byte-range'],
    ['without a gap', ([a, b, , d]) => [a!, b!, b!, d!], 'byte-range'],
    ['negative', ([a, b, c, d]) => [a!, -b!, c!, d!], 'byte-range'],
    ['beyond the file', ([a, b, c, d]) => [a!, b!, c!, d! + 1], 'byte-range'],
    ['beyond all numbers', ([a, b, c]) => [a!, b!, c!, '999999999999999'], 'byte-range'],
    ['not numbers', ([a, b, c]) => [a!, b!, c!, 'null'], 'byte-range'],
    ['fractions', ([a, b, c, d]) => [a!, b!, c!, d! - 0.5], 'byte-range'],
    ['gap larger than the signature', ([a, b, c, d]) => [a!, b! - 1, c!, d!], 'gap'],
    ['gap larger at its end', ([a, b, c, d]) => [a!, b!, c! + 1, d! - 1], 'gap'],
    ['gap without the brackets', ([a, b, c, d]) => [a!, b! + 1, c! - 1, d! + 1], 'gap'],
    ['gap elsewhere', ([a, b, c, d]) => [a!, b! - 300, b!, c! - b! + d!], 'gap'],
    ['end in the middle of a revision', ([a, b, c, d]) => [a!, b!, c!, d! - 20], 'ends-inside'],
  ];
  for (const [what, byteRange, problem] of ranges) {
    const found = await judged(await signed({ byteRange }), trust);
    t.match(found, [{ valid: false, bytesMatch: false, covers: null, problems: [problem] }], what);
  }
});

t.test('signature wrapping: the second range moved away to make room for other objects', async (t) => {
  const text = Buffer.from(good).toString('latin1');
  const [, b, c, d] = /\/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]/.exec(text)!.slice(1).map(Number);
  const wrapped = ' >>\nendobj\n5 0 obj << /Type /Catalog /Pages 9 0 R >> endobj\n';
  // everything signed is still there and hashes to the same; between the two ranges stands what wasn't signed
  const range = `/ByteRange [0 ${b} ${c! + wrapped.length} ${d}]`;
  const moved = Buffer.concat([
    Buffer.from(text.slice(0, c), 'latin1'),
    Buffer.from(wrapped),
    Buffer.from(text.slice(c), 'latin1'),
  ]);
  moved.write(
    range.padEnd(/\/ByteRange \[[^\]]*\] */.exec(text)![0].length),
    text.indexOf('/ByteRange'),
    'latin1',
  );
  t.match(await judged(moved, trust), [{ valid: false, problems: ['gap'] }]);
});

t.test('forgery by leaving things out or saying them twice', async (t) => {
  const keys: [string, (text: string) => string, string][] = [
    [
      'no byte range',
      (text) => text.replace(/\/ByteRange \[[^\]]*\]/, (whole) => '/ByteRange null'.padEnd(whole.length)),
      'byte-range',
    ],
    [
      'an indirect byte range',
      (text) => text.replace(/\/ByteRange \[[^\]]*\]/, (whole) => '/ByteRange 4 0 R'.padEnd(whole.length)),
      'byte-range',
    ],
    [
      'a second byte range',
      (text) => text.replace(/\[([^\]]*)\] {18}/, '[$1]/ByteRange [0 1] '),
      'dictionary',
    ],
    ['a second contents', (text) => text.replace(/\[([^\]]*)\] {14}/, '[$1] /Contents <00>'), 'dictionary'],
    ['no dictionary', (text) => text.replace('<<', '[['), 'dictionary'],
    ['unknown kind', (text) => text.replace('ETSI.CAdES.detached', 'ETSI.CAdES.enclosed'), 'sub-filter'],
    ['old kind', (text) => text.replace('ETSI.CAdES.detached', 'adbe.x509.rsa_sha1 '), 'sub-filter'],
  ];
  for (const [what, alter, problem] of keys) {
    const found = await judged(await signed({ alter: padded(alter) }), trust);
    t.match(found.at(-1), { valid: false, bytesMatch: false, problems: [problem] }, what);
  }
  const contents: [string, NonNullable<SignatureOptions['contents']>, string][] = [
    ['no digits', (_, digits) => 'z'.repeat(digits), 'contents'],
    ['zeros', (_, digits) => '0'.repeat(digits), 'cms'],
    ['spaces among the digits', (der, digits) => ` ${hex(der)}`.padEnd(digits, '0'), 'contents'],
    [
      'something after the signature',
      (der, digits) => `${hex(der)}00`.padEnd(digits - 2, '0').concat('01'),
      'cms',
    ],
    ['a signature cut off', (der, digits) => hex(der).slice(0, -200).padEnd(digits, '0'), 'cms'],
    ['another file’s signature', () => '', 'digest-differs'],
  ];
  const other = await sign(Buffer.from('another file'));
  for (const [what, write, problem] of contents) {
    const write2: SignatureOptions['contents'] =
      problem === 'digest-differs' ? (_, digits) => hex(other).padEnd(digits, '0') : write;
    const found = await judged(await signed({ contents: write2 }), trust);
    t.match(found, [{ valid: false, bytesMatch: false, problems: [problem] }], what);
  }
});

t.test('a damaged CMS structure: whatever bit is turned, nothing holds that shouldn’t', async (t) => {
  const der = await sign(Buffer.from('x'));
  const from = Buffer.from(good).indexOf('/Contents <') + 11;
  const seen = new Set<string>();
  for (let i = 0; i < der.length; i += 3) {
    const changed = Buffer.from(good);
    const at = from + 2 * i;
    const byte = Number.parseInt(changed.toString('latin1', at, at + 2), 16) ^ (1 << (i % 8));
    changed.write(byte.toString(16).padStart(2, '0'), at, 'latin1');
    const [found] = await judged(changed, trust);
    for (const problem of found!.problems) seen.add(problem);
    // what isn't signed (version numbers, unused parameters) may change; the signer and the bytes are still the same
    if (found!.valid) t.equal(found!.signer?.serial, clerk.certificate.serial, `bit of byte ${i}`);
    else t.ok(found!.problems.length > 0 || found!.chain?.anchored === false, `byte ${i} says why`);
  }
  for (const problem of [
    'algorithm-unknown',
    'attributes-malformed',
    'certificate-missing',
    'cms',
    'digest-differs',
    'signature-invalid',
  ])
    t.ok(seen.has(problem), problem);
});

t.test('a signature over other attributes than RFC 5652 asks for', async (t) => {
  const options: [string, string[], string][] = [
    ['no signed attributes', ['-noattr', '-md', 'sha256'], 'attributes-missing'],
    ['no certificate', ['-cades', '-nocerts', '-md', 'sha256'], 'certificate-missing'],
    ['another type of content', ['-cades', '-md', 'sha256', '-econtent_type', '1.2.3.4'], 'sub-filter'],
    ['content carried along', ['-cades', '-nodetach', '-md', 'sha256'], 'sub-filter'],
    ['PAdES without the certificate’s hash', ['-md', 'sha256'], 'certificate-not-named'],
  ];
  for (const [what, args, problem] of options) {
    const pdf = await addSignature(plainPdf(), (data) => pki.sign(data, clerk, args), {
      contentsBytes: 60_000,
    });
    t.match(await judged(pdf, trust), [{ valid: false, problems: [problem] }], what);
  }
  // the same key under two certificates, and the one it didn't sign with shown
  const twin = await pki.leaf(ca, 'Người khác', { keyFile: clerk.keyFile });
  const shown = ['-cades', '-md', 'sha256', '-keyid', '-nocerts', '-certfile', twin.certificateFile];
  const swapped = await addSignature(plainPdf(), (data) => pki.sign(data, clerk, shown));
  t.match(
    await judged(swapped, trust),
    [{ valid: false, signer: { commonName: 'Người khác' }, problems: ['certificate-differs'] }],
    'another certificate of the same key',
  );
  const two = await pki.leaf(ca, 'Hai');
  const both = ['-cades', '-md', 'sha256', '-signer', two.certificateFile, '-inkey', two.keyFile];
  const pdf = await addSignature(plainPdf(), (data) => pki.sign(data, clerk, both));
  t.match(await judged(pdf, trust), [{ valid: false, problems: ['signers'] }], 'two signers in one');
});

t.test('an older form over SHA-1 is checked, and worth little', async (t) => {
  const sha1 = (data: Uint8Array) => createHash('sha1').update(data).digest();
  const carried = ['-nodetach', '-md', 'sha256'];
  const old = (of: (data: Uint8Array) => Uint8Array) =>
    addSignature(plainPdf(), (data) => pki.sign(of(data), clerk, carried), { subFilter: 'adbe.pkcs7.sha1' });
  t.match(await judged(await old(sha1), trust), [{ valid: false, bytesMatch: true, weak: ['SHA-1'] }]);
  const other = await old(() => sha1(Buffer.from('other')));
  t.match(await judged(other, trust), [{ valid: false, bytesMatch: false, problems: ['digest-differs'] }]);
});

t.test('many signatures are looked at from the last on, and it says so', async (t) => {
  const noise = Buffer.from('7 0 obj << /ByteRange [0 1 2 3] /Contents <00> >> endobj\n'.repeat(80));
  const pdf = Buffer.concat([good.subarray(0, 15), noise, good.subarray(15)]);
  const { signatures, hasMore } = await examined(pdf);
  t.equal(signatures.length, 50);
  t.equal(hasMore, true);
});

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Keeps the dictionary's length: spaces come from, or go to, the room after the byte range. */
function padded(alter: (text: string) => string): (text: string) => string {
  return (text) => {
    const changed = alter(text);
    if (changed === text) throw new Error('nothing altered');
    const less = text.length - changed.length;
    if (less >= 0) return changed.replace(' /Contents', `${' '.repeat(less)} /Contents`);
    return changed.replace(new RegExp(` {${-less}} /Contents <0`), ' /Contents <0');
  };
}
