/**
 * Revocation: every way a list can fail, refused by us and by `openssl verify -crl_check_all`; and the one thing
 * OpenSSL can't do, comparing the revocation with the moment a signature was made.
 */
import t, { type Test } from 'tap';
import { createIssuingCa, createRoot, issueLeaf } from '../../certs/authority.ts';
import type { Certificate } from '../../certs/certificate.ts';
import { type Crl, parseCrl, type RevocationReason } from '../../certs/crl.ts';
import type { KeySigner } from '../../certs/keys.ts';
import { type PathInput, validatePath } from '../../certs/path.ts';
import { createRequest } from '../../certs/request.ts';
import { createCrl, issuableReasons } from '../../certs/revocation-list.ts';
import { Extension } from '../../certs/x509-library.ts';
import { OpenSsl } from './openssl.ts';
import { dayMs, Federation, forgeCrl, newSigner, nowMs } from './pki.ts';

const openssl = await OpenSsl.open();
const federation = await Federation.create();
const { root, issuing, rootCrl, issuingCrl } = federation;
const leaf = (await federation.leaf('service')).certificate;
const forgeIssuing = { issuer: issuing.certificate, key: (issuing.signer as KeySigner).privateKey };
const revokedAtMs = nowMs - 10 * dayMs;
const invalidityMs = nowMs - 20 * dayMs;

function list(
  certificate: Certificate,
  reason: RevocationReason,
  sinceMs?: number,
  atMs = nowMs,
  days = 30,
): Promise<Crl> {
  const revoked = [{ serial: certificate.serial, revokedAtMs, reason, invalidityMs: sinceMs }];
  return Federation.list(certificate === leaf ? issuing : root, revoked, atMs, days);
}

function validate(crls: readonly (Crl | Uint8Array)[], change: Partial<PathInput> = {}) {
  return validatePath({
    leaf,
    intermediates: [issuing.certificate],
    anchors: [root.certificate],
    crls,
    role: 'service',
    atMs: nowMs,
    ...change,
  });
}

/** Run at the end: tap closes a test that waits for a list between two subtests. */
const cases: [name: string, run: (t: Test) => Promise<void>][] = [];

function check(name: string, reason: string, crls: readonly Uint8Array[], says: RegExp | undefined): void {
  cases.push([
    name,
    async (t) => {
      const verdict = validate(crls);
      t.equal(verdict.ok ? 'ok' : verdict.reason, reason, verdict.ok ? 'accepted' : verdict.detail);
      const answer = await openssl.verify({
        leaf: leaf.bytes,
        intermediates: [issuing.certificate.bytes],
        anchors: [root.certificate.bytes],
        crls,
        atMs: nowMs,
      });
      t.equal(answer.ok, says === undefined, answer.text);
      if (says) t.match(answer.text, says);
    },
  ]);
}

const rootList = rootCrl.bytes;
const issuingList = issuingCrl.bytes;
const forged = await forgeCrl(forgeIssuing);
check('current lists of both CAs', 'ok', [rootList, issuingList], undefined);
check('a forged list that breaks nothing', 'ok', [rootList, forged], undefined);
check('no lists', 'crl-missing', [], /unable to get certificate CRL/);
check('no list for the leaf', 'crl-missing', [rootList], /unable to get certificate CRL/);
check('no list for the CA', 'crl-missing', [issuingList], /unable to get certificate CRL/);
for (const reason of issuableReasons) {
  check(
    `a leaf revoked: ${reason}`,
    'revoked',
    [rootList, (await list(leaf, reason)).bytes],
    /certificate revoked/,
  );
}
const revokedCa = await list(issuing.certificate, 'ca-compromise', invalidityMs);
check('a revoked CA', 'revoked', [revokedCa.bytes, issuingList], /certificate revoked/);
const run = await forgeCrl({ ...forgeIssuing, nextUpdateMs: nowMs - 1000 });
const ending = await forgeCrl({ ...forgeIssuing, nextUpdateMs: nowMs });
const renamed = await forgeCrl({ ...forgeIssuing, issuerDer: leaf.subjectDer });
check(
  'a list under another name',
  'crl-missing',
  [rootList, renamed],
  /unable to get certificate CRL|Different CRL scope/,
);
check('a list that runs out this second', 'crl-expired', [rootList, ending], /CRL has expired/);
check('a list that ran out', 'crl-expired', [rootList, run], /CRL has expired/);
const early = await forgeCrl({ ...forgeIssuing, thisUpdateMs: nowMs + 1000 });
check('a list from the future', 'crl-not-yet-valid', [rootList, early], /CRL is not yet valid/);
const alien = await forgeCrl({ ...forgeIssuing, key: (await newSigner('ecdsa-p256')).privateKey });
check('a list signed by another key', 'crl-bad-signature', [rootList, alien], /CRL signature failure/);
const named = await forgeCrl({
  ...forgeIssuing,
  extra: [new Extension('2.25.1234567', true, Uint8Array.of(5, 0))],
});
check(
  'a list with an unknown critical extension',
  'crl-unsupported',
  [rootList, named],
  /critical CRL extension/,
);
/** IssuingDistributionPoint { onlyContainsUserCerts TRUE }: a partial list. */
const partial = await forgeCrl({
  ...forgeIssuing,
  extra: [new Extension('2.5.29.28', true, Buffer.from('30038101ff', 'hex'))],
});
cases.push([
  'a partial list (OpenSSL understands this kind, we refuse what we do not)',
  async (t) => {
    const verdict = validate([rootList, partial]);
    t.match(verdict, { ok: false, reason: 'crl-unsupported' });
  },
]);
const sha1 = await forgeCrl({ ...forgeIssuing, hash: 'SHA-1' });
cases.push([
  'a list signed with SHA-1 (OpenSSL has no strength rule for lists)',
  async (t) => {
    t.match(validate([rootList, sha1]), { ok: false, reason: 'crl-weak-signature' });
  },
]);
cases.push([
  'what is no list is malformed',
  async (t) => {
    const reason = (bytes: Uint8Array) => {
      const verdict = validate([rootList, bytes]);
      return verdict.ok || verdict.reason;
    };
    t.equal(reason(new Uint8Array()), 'crl-malformed');
    t.equal(reason(leaf.bytes), 'crl-malformed');
    t.equal(reason(issuingList.subarray(1)), 'crl-malformed');
    t.equal(reason(Buffer.concat([issuingList, Buffer.of(0)])), 'crl-malformed');
    t.equal(reason(new Uint8Array(8 * 1024 * 1024 + 1)), 'crl-malformed');
    const filler = new Extension('2.25.7', false, new Uint8Array(8 * 1024 * 1024));
    t.equal(
      reason(await forgeCrl({ ...forgeIssuing, extra: [filler] })),
      'crl-malformed',
      'a sound list over 8 MiB',
    );
    const twice = [{ serialNumber: '77', revocationDate: new Date(nowMs) }];
    const once = await forgeCrl({
      ...forgeIssuing,
      entries: [...twice, { ...twice[0], serialNumber: '78' }] as never,
    });
    const doubled = Buffer.from(once);
    doubled[doubled.indexOf(Buffer.from('020178', 'hex')) + 2] = 0x77;
    t.equal(reason(doubled), 'crl-malformed', 'one serial twice');
  },
]);
const newer = await list(leaf, 'superseded', undefined);
const older = await forgeCrl({ ...forgeIssuing, thisUpdateMs: nowMs - 5 * dayMs });
cases.push([
  'the newest of several lists counts, whatever the order',
  async (t) => {
    t.match(validate([rootList, older, newer]), { reason: 'revoked' });
    t.match(validate([rootList, newer, older]), { reason: 'revoked' });
  },
]);
cases.push([
  'a scope that asks for less needs fewer lists',
  async (t) => {
    t.equal(validate([issuingList], { crlScope: 'leaf' }).ok, true);
    t.equal(validate([], { crlScope: 'none' }).ok, true);
    t.equal(validate([rootList], { crlScope: 'leaf' }).ok, false);
  },
]);

const before = { revocation: 'at', nowMs } as const;
const wasHeld = nowMs - 15 * dayMs;
cases.push([
  'a revocation is compared with the moment asked about',
  async (t) => {
    const old = await oldChain();
    const ask = (crl: Crl, atMs: number, more: Partial<PathInput> = {}) =>
      validatePath({ ...old.input, crls: [old.rootCrl, crl], atMs, ...before, ...more });
    const replaced = await old.list('superseded');
    const stolen = await old.list('key-compromise', invalidityMs);
    const stolenSome = await old.list('key-compromise');
    const moved = await old.list('superseded', invalidityMs);

    const stands = ask(replaced, wasHeld);
    t.match(stands, { ok: true, laterRevocations: [{ revokedAtMs, reason: 'superseded' }] });
    t.match(ask(replaced, revokedAtMs - 1), { ok: true });
    t.match(ask(replaced, revokedAtMs), {
      ok: false,
      reason: 'revoked',
      revokedAtMs,
      revocationReason: 'superseded',
    });
    t.match(ask(moved, wasHeld), { ok: true }, 'the invalidity date counts after a compromise only');
    t.match(ask(stolen, wasHeld), { ok: false, reason: 'revoked', invalidityMs, revokedAtMs });
    t.match(ask(stolen, invalidityMs), { ok: false, reason: 'revoked' });
    t.match(ask(stolen, invalidityMs - 1), { ok: true });
    t.match(ask(stolenSome, wasHeld), { ok: true }, 'without one, the revocation date');
    t.match(ask(replaced, wasHeld, { revocation: 'now' }), { ok: false, reason: 'revoked' });

    const years = nowMs + 900 * dayMs;
    t.match(
      ask(replaced, wasHeld, { nowMs: years, crlScope: 'leaf' }),
      { ok: true },
      'a later list answers for ever',
    );
    t.match(ask(await old.list('superseded', undefined, wasHeld - dayMs, 1), wasHeld, { crlScope: 'leaf' }), {
      ok: false,
      reason: 'crl-expired',
    });
    const other = await Federation.list(old.issuing, []);
    const asked = { nowMs: years, crlScope: 'leaf' } as const;
    t.match(ask(other, wasHeld, { ...asked, revocation: 'now' }), { ok: false, reason: 'crl-expired' });
    t.match(ask(other, wasHeld, asked), { ok: true });
    const between = { nowMs: nowMs - dayMs, crlScope: 'leaf' } as const;
    t.match(ask(other, wasHeld, between), { ok: true }, 'also one that came after what is asked by');
    t.match(ask(stolen, wasHeld, between), { reason: 'revoked' }, 'with all it says');
    t.match(ask(other, wasHeld, { ...between, revocation: 'now' }), { reason: 'crl-not-yet-valid' });
    t.match(ask(other, wasHeld, { ...between, nowMs: wasHeld - dayMs }), { reason: 'crl-not-yet-valid' });
    t.match(ask(replaced, nowMs + 40 * dayMs, { nowMs: nowMs + 40 * dayMs }), { reason: 'revoked' });
  },
]);

/** The same federation, but begun 100 days ago. */
async function oldChain() {
  const begun = nowMs - 100 * dayMs;
  const name = 'Trục cũ';
  const [a, b, c] = await Promise.all([
    newSigner('rsa-3072'),
    newSigner('ecdsa-p384'),
    newSigner('ecdsa-p256'),
  ]);
  const top = { certificate: await createRoot({ signer: a, name, nowMs: begun }), signer: a };
  const mid = { certificate: await createIssuingCa({ root: top, signer: b, name, nowMs: begun }), signer: b };
  const end = await issueLeaf({
    issuer: mid,
    request: await createRequest(c, 'x'),
    role: 'service',
    subject: { name: 'Nam Định', agency: 'H40', seat: 'H40' },
    nowMs: begun,
  });
  return {
    input: {
      leaf: end,
      intermediates: [mid.certificate],
      anchors: [top.certificate],
      role: 'service' as const,
    },
    issuing: mid,
    rootCrl: await createCrl({
      issuer: top,
      revoked: [],
      number: 1,
      nowMs,
      nextUpdateMs: nowMs + 365 * dayMs,
    }),
    list: (reason: RevocationReason, sinceMs?: number, atMs = nowMs, days = 30) =>
      Federation.list(mid, [{ serial: end.serial, revokedAtMs, reason, invalidityMs: sinceMs }], atMs, days),
  };
}

t.teardown(() => openssl.close());
for (const [name, test] of cases) t.test(name, test);

t.test('3,000 entries with reasons and dates are read and found', async (t) => {
  const revoked = Array.from({ length: 3000 }, (_, i) => ({
    serial: `01${(i + 1).toString(16).padStart(30, '0')}`,
    revokedAtMs: nowMs - i * 1000,
    reason: issuableReasons[i % issuableReasons.length] as RevocationReason,
    invalidityMs: i % 2 ? nowMs - i * 2000 : undefined,
  }));
  const crl = await createCrl({ issuer: issuing, revoked, number: 3000, nowMs, nextUpdateMs: nowMs + dayMs });
  t.equal(crl.size, 3000);
  t.equal(crl.number, '0bb8');
  for (const { serial, ...facts } of revoked) t.match(crl.get(serial), facts);
  t.equal(crl.get('01'), undefined);
  t.equal(parseCrl(crl.bytes), crl, 'remembered');
  const file = await openssl.file(crl.bytes, 'X509 CRL');
  const ca = await openssl.file(issuing.certificate.bytes, 'CERTIFICATE');
  t.match((await openssl.run('crl', '-in', file, '-noout', '-CAfile', ca)).text, /verify OK/);
  const { text } = await openssl.run('crl', '-in', file, '-noout', '-text');
  t.equal(text.match(/Serial Number:/g)?.length, 3000);
  t.equal(text.match(/Key Compromise/g)?.length, revoked.filter((r) => r.reason === 'key-compromise').length);
  t.equal(text.match(/Invalidity Date/g)?.length, 1500);
  t.match(text, /Last Update: Jan 15 02:55:00 2026 GMT/);
});

t.test('only a CA makes lists, with its own key', async (t) => {
  const service = await federation.leaf('service');
  const input = { revoked: [], number: 1, nowMs, nextUpdateMs: nowMs + dayMs };
  await t.rejects(createCrl({ ...input, issuer: service }), { code: 'issuer-refused' });
  const mixed = { certificate: issuing.certificate, signer: root.signer };
  await t.rejects(createCrl({ ...input, issuer: mixed }), { code: 'issuer-refused' });
});
