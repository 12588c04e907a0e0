/**
 * Damaged and invented bytes: the parsers and the validator answer, they never throw and never accept. The seed
 * is printed, so that a failure can be run again with FUZZ_SEED.
 */
import t from 'tap';
import { parseCertificate } from '../../certs/certificate.ts';
import { parseCrl } from '../../certs/crl.ts';
import { parseFingerprint } from '../../certs/fingerprint.ts';
import { validatePath } from '../../certs/path.ts';
import { checkRequest, createRequest } from '../../certs/request.ts';
import { parseSerial } from '../../certs/serial.ts';
import { Federation, nowMs } from './pki.ts';

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
t.comment(`FUZZ_SEED=${seed}`);
let state = seed >>> 0 || 1;
/** xorshift32 */
function below(limit: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

const federation = await Federation.create();
const { root, issuing } = federation;
const { certificate: leaf, signer } = await federation.leaf('node');
const request = await createRequest(signer, 'x');
const crl = await Federation.list(issuing, [
  { serial: '0102', revokedAtMs: nowMs, reason: 'key-compromise', invalidityMs: nowMs },
  { serial: '0103', revokedAtMs: nowMs, reason: 'unspecified' },
]);

function validate(leafBytes: Uint8Array, crlBytes: Uint8Array, middle = issuing.certificate.bytes) {
  return validatePath({
    leaf: leafBytes,
    intermediates: [middle],
    anchors: [root.certificate],
    crls: [federation.rootCrl, crlBytes],
    role: 'node',
    atMs: nowMs,
  });
}

function damage(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let i = 1 + below(3); i > 0; i--) {
    const at = below(copy.length);
    copy[at] = (copy[at] as number) ^ (1 << below(8));
  }
  return below(4) === 0 ? copy.subarray(0, below(copy.length)) : copy;
}

t.test('every truncation is malformed', async (t) => {
  t.equal(validate(leaf.bytes, crl.bytes).ok, true);
  let odd = 0;
  for (let length = 0; length < leaf.bytes.length; length++) {
    const verdict = validate(leaf.bytes.subarray(0, length), crl.bytes);
    if (verdict.ok || verdict.reason !== 'malformed') odd++;
  }
  for (let length = 0; length < crl.bytes.length; length++) {
    const verdict = validate(leaf.bytes, crl.bytes.subarray(0, length));
    if (verdict.ok || verdict.reason !== 'crl-malformed') odd++;
  }
  for (let length = 0; length < request.length; length++) {
    const verdict = checkRequest(request.subarray(0, length), 'node');
    if (verdict.ok || verdict.reason !== 'malformed') odd++;
  }
  t.equal(odd, 0);
});

t.test('no flipped bit is accepted and none throws', async (t) => {
  const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
  let accepted = 0;
  for (let i = 0; i < 1500; i++) {
    for (const verdict of [
      validate(damage(leaf.bytes), crl.bytes),
      validate(leaf.bytes, damage(crl.bytes)),
      validate(leaf.bytes, crl.bytes, damage(issuing.certificate.bytes)),
    ]) {
      if (verdict.ok && !same(verdict.leaf.bytes, leaf.bytes)) accepted++;
    }
    const damaged = damage(request);
    if (!same(damaged, request) && checkRequest(damaged, 'node').ok) accepted++;
  }
  t.equal(accepted, 0);
});

t.test('a damaged list or CA never validates', async (t) => {
  let accepted = 0;
  for (let i = 0; i < 500; i++) {
    const list = damage(crl.bytes);
    if (Buffer.compare(list, crl.bytes) !== 0 && validate(leaf.bytes, list).ok) accepted++;
    const middle = damage(issuing.certificate.bytes);
    if (Buffer.compare(middle, issuing.certificate.bytes) !== 0 && validate(leaf.bytes, crl.bytes, middle).ok)
      accepted++;
  }
  t.equal(accepted, 0);
});

t.test('invented bytes, deep nesting and huge lengths are no certificate', async (t) => {
  for (let i = 0; i < 500; i++) {
    const bytes = Uint8Array.from({ length: below(300) }, () => below(256));
    t.equal(parseCertificate(bytes) ?? parseCrl(bytes), undefined);
  }
  const nested = new Uint8Array(8192).fill(0x30);
  t.equal(parseCertificate(nested), undefined);
  t.equal(parseCertificate(Buffer.from('3084ffffffff', 'hex')), undefined);
  t.equal(parseCertificate(Buffer.from('3080', 'hex')), undefined);
  t.equal(parseCrl(new Uint8Array(1024 * 1024).fill(0x30)), undefined);
});

t.test('one certificate has one encoding', async (t) => {
  const longer = Buffer.concat([Buffer.from('308300', 'hex'), leaf.bytes.subarray(2)]);
  t.equal(parseCertificate(longer), undefined, 'a length with a leading zero');
  const list = Buffer.concat([Buffer.from('308300', 'hex'), crl.bytes.subarray(2)]);
  t.equal(parseCrl(list), undefined);
});

t.test('fingerprints are read in every form people write them', async (t) => {
  const hex = leaf.sha256;
  const colons = (hex.match(/../g) as string[]).join(':').toUpperCase();
  for (const text of [
    hex,
    hex.toUpperCase(),
    colons,
    ` ${colons}\n`,
    `sha256 Fingerprint=${colons}`,
    `SHA256:${hex}`,
  ]) {
    t.equal(parseFingerprint(text), hex, text);
  }
  for (const text of ['', hex.slice(1), `${hex}0`, `g${hex.slice(1)}`, 'x'.repeat(1000)]) {
    t.equal(parseFingerprint(text), undefined, text);
  }
});

t.test('serials are read as OpenSSL and browsers print them', async (t) => {
  const { serial } = leaf;
  const colons = (serial.match(/../g) as string[]).join(':').toUpperCase();
  for (const text of [
    serial,
    colons,
    `serial=${serial.toUpperCase()}`,
    `0x${serial}`,
    ` ${serial} `,
    `00${serial}`,
  ]) {
    t.equal(parseSerial(text), serial, text);
  }
  t.equal(parseSerial('1ab'), '01ab');
  t.equal(parseSerial('0'), '00');
  for (const text of ['', 'H40', 'g1', '1'.repeat(41)]) t.equal(parseSerial(text), undefined, text);
});
