/** Signatures that hold, made by OpenSSL: what is reported of them, and that `pdfsig` (poppler) agrees. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import t from 'tap';
import { signatureValue, withIndefiniteLengths, withTimeStamp } from './cms-splice.ts';
import { judged, trusting } from './judged.ts';
import { AUTHORITY_OF_TIME, type Holder, OpenSslPki } from './openssl-pki.ts';
import { addRevision, addSignature, plainPdf } from './signed-pdf.ts';

const run = promisify(execFile);
const pki = await OpenSslPki.open(t);
const ca = await pki.authority('CA chuyên dùng');
const clerk = await pki.leaf(ca, 'Nguyễn Văn A');
const tsa = await pki.leaf(ca, 'Dấu thời gian', { extensions: AUTHORITY_OF_TIME });
const by =
  (signer: Holder, ...options: string[]) =>
  (data: Uint8Array) =>
    pki.sign(data, signer, options.length > 0 ? options : undefined);

const hasPdfsig = await run('pdfsig', ['-v']).then(
  () => true,
  () => false,
);

/** What poppler says of each signature: whether it is valid, and whether it covers the whole file. */
async function poppler(pdf: Uint8Array): Promise<{ valid: boolean; whole: boolean }[]> {
  const path = pki.newPath();
  await writeFile(path, pdf);
  const { stdout } = await run('pdfsig', ['-nocert', path]).catch((error) => error);
  return stdout
    .split(/^Signature #\d+:$/m)
    .slice(1)
    .map((text: string) => ({
      valid: text.includes('Signature is Valid.'),
      whole: text.includes('Total document signed') && !text.includes('Not total'),
    }));
}

t.test('signer, claimed time, coverage and anchor of a signature with RSA', async (t) => {
  const pdf = await addSignature(plainPdf(), by(clerk), {
    field: 'Chu ky 1',
    entries: `/M (D:20200101000000+07'00') /Reason (Ban h\\340nh) /Location <FEFF004800E0> /Name (x)`,
  });
  const [found, ...others] = await judged(pdf, trusting([ca]));
  t.same(others, []);
  t.match(found, {
    kind: 'signature',
    field: 'Chu ky 1',
    signer: { commonName: 'Nguyễn Văn A', organization: 'Văn phòng Chính phủ' },
    covers: 'whole-file',
    revision: 2,
    revisions: 2,
    bytesMatch: true,
    digestAlgorithm: 'SHA-256',
    keyAlgorithm: 'RSA 2048, SHA-256',
    weak: [],
    chain: { anchored: true, anchor: 'CN=CA chuyên dùng, O=Ban Cơ yếu, C=VN', basis: 'stored' },
    subFilter: 'ETSI.CAdES.detached',
    reason: 'Ban hành',
    location: 'Hà',
    timestamp: null,
    problems: [],
    valid: true,
  });
  t.match(found?.chain, { revocation: 'no-list' }, 'and nobody was asked about revocation');
  const claimed = Date.parse(found?.claimedAt ?? '');
  t.ok(Math.abs(claimed - Date.now()) < 60_000, 'the signed time counts, not /M');
  if (hasPdfsig) t.same(await poppler(pdf), [{ valid: true, whole: true }]);
  else t.comment('pdfsig is not installed');
});

t.test('ECDSA, RSASSA-PSS, SHA-512, a key identifier, extra certificates, older formats', async (t) => {
  const below = await pki.subordinate(ca, 'CA cấp hai');
  const elliptic = await pki.leaf(below, 'Trần Thị B', { key: 'ec' });
  const extra = await pki.file(Buffer.from(`${await pem(ca)}${await pem(below)}`));
  const cases: [string, Holder, string[], string, string][] = [
    [
      'ECDSA',
      elliptic,
      ['-cades', '-md', 'sha256', '-certfile', extra],
      'ETSI.CAdES.detached',
      'ECDSA 256, SHA-256',
    ],
    [
      'SHA-384',
      elliptic,
      ['-cades', '-md', 'sha384', '-certfile', extra],
      'ETSI.CAdES.detached',
      'ECDSA 256, SHA-384',
    ],
    [
      'PSS',
      clerk,
      ['-cades', '-md', 'sha256', '-keyopt', 'rsa_padding_mode:pss'],
      'ETSI.CAdES.detached',
      'RSA-PSS 2048, SHA-256',
    ],
    ['SHA-512', clerk, ['-md', 'sha512'], 'adbe.pkcs7.detached', 'RSA 2048, SHA-512'],
    ['key identifier', clerk, ['-md', 'sha256', '-keyid'], 'adbe.pkcs7.detached', 'RSA 2048, SHA-256'],
  ];
  for (const [name, signer, options, subFilter, keyAlgorithm] of cases) {
    const pdf = await addSignature(plainPdf(), by(signer, ...options), { subFilter });
    const [found] = await judged(pdf, trusting([ca]));
    t.match(
      found,
      { valid: true, problems: [], keyAlgorithm, subFilter, signer: { commonName: signer.name } },
      name,
    );
  }
  const alone = await addSignature(plainPdf(), by(elliptic));
  t.match(
    (await judged(alone, trusting([ca])))[0],
    { valid: false, bytesMatch: true, chain: { anchored: false, reason: 'unknown-anchor' } },
    'without the certificate between there is no chain',
  );
  t.match((await judged(alone, trusting([below])))[0], { valid: true }, 'unless that one is listed');
});

t.test('BER outside, as Java programs write it, is read', async (t) => {
  const pdf = await addSignature(plainPdf(), async (data) =>
    withIndefiniteLengths(await pki.sign(data, clerk)),
  );
  t.match((await judged(pdf, trusting([ca])))[0], { valid: true, problems: [] });
});

t.test(
  'two signatures in two revisions: the first shows what was added, the second covers all',
  async (t) => {
    const first = await addSignature(plainPdf(), by(clerk));
    const second = await addSignature(first, by(await pki.leaf(ca, 'Lê Văn C', { key: 'ec' })), {
      field: 'Con dau',
    });
    const found = await judged(second, trusting([ca]));
    t.match(found, [
      {
        field: 'Signature1',
        covers: 'changed-after',
        revision: 2,
        revisions: 3,
        bytesMatch: true,
        valid: true,
      },
      { field: 'Con dau', covers: 'whole-file', revision: 3, revisions: 3, bytesMatch: true, valid: true },
    ]);
    const third = await judged(addRevision(second), trusting([ca]));
    t.match(
      third.map(({ covers, revision, revisions }) => [covers, revision, revisions]),
      [
        ['changed-after', 2, 4],
        ['changed-after', 3, 4],
      ],
    );
    if (hasPdfsig)
      t.same(await poppler(second), [
        { valid: true, whole: false },
        { valid: true, whole: true },
      ]);
  },
);

t.test(
  'a time stamp over the signature proves the time; a document time stamp is no signature',
  async (t) => {
    const stamped = await addSignature(plainPdf(), async (data) => {
      const cms = await pki.sign(data, clerk);
      return withTimeStamp(cms, await pki.timeStamp(signatureValue(cms), tsa));
    });
    const storedMs = Date.now() + 3_600_000;
    const [found] = await judged(stamped, trusting([ca]), { storedMs, nowMs: storedMs });
    t.match(found, {
      valid: true,
      timestamp: { valid: true, problems: [], by: 'CN=Dấu thời gian, O=Văn phòng Chính phủ, C=VN' },
      chain: { basis: 'timestamp', checkedAt: found?.timestamp?.at },
    });
    t.ok(Math.abs(Date.parse(found?.timestamp?.at ?? '') - Date.now()) < 60_000);

    const elsewhere = await pki.authority('CA lạ');
    const stranger = await pki.leaf(elsewhere, 'Dấu lạ', { extensions: AUTHORITY_OF_TIME });
    const faults: [string, (cms: Uint8Array) => Promise<Uint8Array>, object][] = [
      [
        'of other bytes',
        () => pki.timeStamp(Buffer.from('other'), tsa),
        { problems: ['other-bytes'], chain: { anchored: true } },
      ],
      [
        'of an authority nobody lists',
        (cms) => pki.timeStamp(signatureValue(cms), stranger),
        { problems: [], chain: { anchored: false, reason: 'unknown-anchor' } },
      ],
      [
        'by weak SHA-1',
        (cms) => pki.timeStamp(signatureValue(cms), tsa, 'sha1'),
        { problems: [], weak: ['SHA-1'] },
      ],
      ['no time stamp at all', (cms) => Promise.resolve(cms), { at: null }],
    ];
    for (const [what, token, expected] of faults) {
      const pdf = await addSignature(plainPdf(), async (data) => {
        const cms = await pki.sign(data, clerk);
        return withTimeStamp(cms, await token(cms));
      });
      const [one] = await judged(pdf, trusting([ca]));
      t.match(
        one,
        { valid: true, timestamp: { valid: false, ...expected }, chain: { basis: 'stored' } },
        what,
      );
    }

    const document = await addSignature(plainPdf(), (data) => pki.timeStamp(data, tsa), {
      subFilter: 'ETSI.RFC3161',
    });
    t.match((await judged(document, trusting([ca])))[0], {
      kind: 'timestamp',
      valid: true,
      covers: 'whole-file',
      timestamp: { valid: true },
    });
  },
);

t.test('whatever stands across two pieces of the file is found once', async (t) => {
  const piece = 1024 * 1024;
  const place = async (word: string) => {
    const pdf = await addSignature(plainPdf('x', 1_000_000), async () => new Uint8Array(1));
    return Buffer.from(pdf).indexOf(word) - 1_000_000;
  };
  for (const word of ['/ByteRange', '%%EOF', '/FT /Sig']) {
    const before = await place(word);
    for (const delta of [-300, -256, -200, -128, -127, -9, -4, -1, 0, 1, 127, 128, 129, 256]) {
      const picture = plainPdf('x', piece + delta - before);
      const pdf = await addSignature(picture, by(clerk));
      const at = Buffer.from(pdf).indexOf(word);
      const found = await judged(pdf, trusting([ca]));
      const all = { valid: true, field: 'Signature1', covers: 'whole-file', revision: 2, revisions: 2 };
      t.match(found, [all], `${word} at ${at - piece}`);
      t.equal(found.length, 1);
    }
  }
});

t.test('an unsigned PDF has no signatures, and other files are no PDF', async (t) => {
  t.same(await judged(plainPdf(), trusting([ca])), []);
  t.same(await judged(Buffer.from('PK\x03\x04 /ByteRange [0 1 2 3]'), trusting([ca])), []);
  t.same(await judged(new Uint8Array(0), trusting([ca])), []);
});

async function pem({ certificateFile }: Holder): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(certificateFile, 'latin1');
}
