/** Whom to believe, and at which time: anchors, ends of certificates, revocations, weak algorithms, false claims. */
import t from 'tap';
import { signatureValue, withTimeStamp } from './cms-splice.ts';
import { judged, trusting } from './judged.ts';
import { AUTHORITY_OF_TIME, type Holder, OpenSslPki } from './openssl-pki.ts';
import { addSignature, plainPdf } from './signed-pdf.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const now = Date.now();
const pki = await OpenSslPki.open(t);
const ca = await pki.authority('CA');
const tsa = await pki.leaf(ca, 'Dấu thời gian', { extensions: AUTHORITY_OF_TIME });
const signedBy = (signer: Holder, options?: readonly string[]) =>
  addSignature(plainPdf(), (data) => pki.sign(data, signer, options));
const stampedBy = (signer: Holder) =>
  addSignature(plainPdf(), async (data) => {
    const cms = await pki.sign(data, signer);
    return withTimeStamp(cms, await pki.timeStamp(signatureValue(cms), tsa));
  });

t.test('a signer of a CA nobody lists is reported, and doesn’t count', async (t) => {
  const pdf = await signedBy(await pki.leaf(ca, 'A'));
  const other = await pki.authority('CA khác');
  for (const anchors of [[], [other]]) {
    t.match(await judged(pdf, trusting(anchors)), [
      {
        valid: false,
        bytesMatch: true,
        problems: [],
        signer: { commonName: 'A' },
        chain: { anchored: false, anchor: null, reason: 'unknown-anchor' },
      },
    ]);
  }
});

t.test('a certificate of the same name and another key isn’t the anchor', async (t) => {
  const elsewhere = await OpenSslPki.open(t);
  const twin = await elsewhere.authority('CA');
  const pdf = await addSignature(plainPdf(), async (data) =>
    elsewhere.sign(data, await elsewhere.leaf(twin, 'Giả mạo')),
  );
  t.match(await judged(pdf, trusting([ca])), [{ valid: false, chain: { anchored: false } }]);
});

t.test('a certificate that may not sign, or is a CA, doesn’t count', async (t) => {
  const encrypts = await pki.leaf(ca, 'Mã hóa', {
    extensions: 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyEncipherment',
  });
  t.match(await judged(await signedBy(encrypts), trusting([ca])), [
    { valid: false, chain: { reason: 'key-usage' } },
  ]);
  const authority = await pki.subordinate(ca, 'CA ký văn bản');
  t.match(await judged(await signedBy(authority), trusting([ca])), [
    { valid: false, chain: { reason: 'not-a-leaf' } },
  ]);
});

t.test('ended before it signed: expired; ended since: it counted when it signed', async (t) => {
  const ended = await signedBy(await pki.leaf(ca, 'Hết hạn', { toMs: now - HOUR_MS }));
  t.match(await judged(ended, trusting([ca])), [
    { valid: false, bytesMatch: true, chain: { reason: 'expired', basis: 'stored' } },
  ]);
  const short = await signedBy(await pki.leaf(ca, 'Ngắn hạn', { toMs: now + HOUR_MS }));
  const years = { storedMs: now, nowMs: now + 3 * 365 * DAY_MS };
  t.match(await judged(short, trusting([ca]), years), [{ valid: true, chain: { basis: 'stored' } }]);
  const late = { storedMs: now + 30 * DAY_MS, nowMs: now + 30 * DAY_MS };
  t.match(await judged(short, trusting([ca]), late), [{ valid: true, chain: { basis: 'claimed' } }]);
  const early = await signedBy(await pki.leaf(ca, 'Chưa đến', { fromMs: now + 2 * HOUR_MS }));
  t.match(await judged(early, trusting([ca])), [{ valid: false, chain: { reason: 'not-yet-valid' } }]);
});

t.test(
  'a listed revocation counts from its date, unless a time stamp proves the signature is older',
  async (t) => {
    const other = await pki.authority('CA có danh sách');
    const clerk = await pki.leaf(other, 'Lộ khóa', { toMs: now + 5 * HOUR_MS });
    const pdf = await signedBy(clerk);
    const stamped = await stampedBy(clerk);
    const clean = await pki.revocationList(other);
    const after = { storedMs: now + 2 * HOUR_MS, nowMs: now + 2 * HOUR_MS };
    t.match(
      await judged(pdf, trusting([other], [clean]), after),
      [{ valid: true, chain: { revocation: 'checked' } }],
      'not on the list',
    );
    const list = await pki.revocationList(other, [clerk], now + HOUR_MS);
    const trust = trusting([other, ca], [list]);
    t.match(await judged(pdf, trust, after), [
      { valid: false, bytesMatch: true, chain: { anchored: false, reason: 'revoked', basis: 'stored' } },
    ]);
    t.match(
      await judged(pdf, trust, { storedMs: now, nowMs: now + 2 * HOUR_MS }),
      [{ valid: true }],
      'stored before',
    );
    t.match(await judged(stamped, trust, after), [{ valid: true, chain: { basis: 'timestamp' } }]);
    const ended = { storedMs: now + 6 * HOUR_MS, nowMs: now + 6 * HOUR_MS };
    t.match(
      await judged(pdf, trust, ended),
      [{ valid: false, chain: { reason: 'revoked', basis: 'claimed' } }],
      'a claim of an earlier time doesn’t help one that is revoked and has ended',
    );
    t.match(
      await judged(stamped, trust, ended),
      [{ valid: true, chain: { basis: 'timestamp' } }],
      'a proof does',
    );
  },
);

t.test('weak algorithms are named, and make nothing valid', async (t) => {
  const clerk = await pki.leaf(ca, 'A');
  const small = await pki.leaf(ca, 'Khóa ngắn', { key: 'rsa:1024' });
  const old = { subFilter: 'adbe.pkcs7.detached' };
  const named = await signedBy(clerk, ['-cades', '-md', 'sha1']);
  t.match(
    await judged(named, trusting([ca])),
    [{ valid: false, bytesMatch: true, problems: [], weak: ['SHA-1'] }],
    'SHA-1, and the certificate named by it',
  );
  const cases: [string, Holder, string, string[]][] = [
    ['SHA-1', clerk, 'sha1', ['SHA-1']],
    ['MD5', clerk, 'md5', ['MD5']],
    ['a short key', small, 'sha256', ['RSA of 1024 bits']],
    ['both', small, 'sha1', ['RSA of 1024 bits', 'SHA-1']],
  ];
  for (const [what, signer, digest, weak] of cases) {
    const pdf = await addSignature(plainPdf(), (data) => pki.sign(data, signer, ['-md', digest]), old);
    t.match(
      await judged(pdf, trusting([ca])),
      [{ valid: false, bytesMatch: true, problems: [], weak }],
      what,
    );
  }
});

t.test('a time later than this node stored the bytes is a false claim', async (t) => {
  const pdf = await signedBy(await pki.leaf(ca, 'A', { fromMs: now - 10 * DAY_MS }));
  const early = { storedMs: now - 2 * DAY_MS, nowMs: now };
  t.match(await judged(pdf, trusting([ca]), early), [{ valid: false, problems: ['claimed-later'] }]);
  const zone = { storedMs: now - 14 * HOUR_MS, nowMs: now };
  t.match(await judged(pdf, trusting([ca]), zone), [{ valid: true }], 'a clock without its zone is none');
});

t.test('who isn’t a time stamping authority proves no time', async (t) => {
  const clerk = await pki.leaf(ca, 'A');
  const both = await pki.leaf(ca, 'Cả hai', {
    extensions: `${AUTHORITY_OF_TIME},emailProtection`.replace('critical,timeStamping', 'timeStamping'),
  });
  const made = await pki
    .timeStamp(Buffer.from('x'), both)
    .then(() => 'made')
    .catch(() => 'refused by OpenSSL');
  t.equal(made, 'refused by OpenSSL', 'it wouldn’t make one');
  const pdf = await addSignature(plainPdf(), async (data) => {
    const cms = await pki.sign(data, clerk);
    // a signature of an ordinary signer in the place of a token
    return withTimeStamp(cms, await pki.sign(signatureValue(cms), clerk));
  });
  t.match(await judged(pdf, trusting([ca])), [
    {
      valid: true,
      chain: { basis: 'stored' },
      timestamp: { valid: false, at: null, problems: ['digest-differs', 'malformed', 'not-an-authority'] },
    },
  ]);
});
