/**
 * What we issue: roots, CAs, leaves and requests, each read back by `openssl` with every extension where the
 * profile puts it; and what issuing refuses.
 */
import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { createIssuingCa, createRoot, issueLeaf } from '../../certs/authority.ts';
import { Certificate } from '../../certs/certificate.ts';
import { groupFingerprint, parseFingerprint } from '../../certs/fingerprint.ts';
import { type KeyAlgorithm, type KeySigner, keyAlgorithms } from '../../certs/keys.ts';
import { roleUsages } from '../../certs/oids.ts';
import { validatePath } from '../../certs/path.ts';
import { allowsKey, backdateMs, type LeafRole, leafRoles, profiles } from '../../certs/profiles.ts';
import { checkRequest, createRequest } from '../../certs/request.ts';
import type { Signer } from '../../certs/signer.ts';
import {
  type Extension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '../../certs/x509-library.ts';
import { OpenSsl } from './openssl.ts';
import { caDraft, dayMs, Federation, forge, leafKeys, newSigner, nowMs } from './pki.ts';

const openssl = await OpenSsl.open();
const federation = await Federation.create();
const { root, issuing } = federation;
const name = 'Văn phòng Chính phủ';
const signers = new Map<KeyAlgorithm, KeySigner>();
for (const algorithm of keyAlgorithms) signers.set(algorithm, await newSigner(algorithm));
const signer = (algorithm: KeyAlgorithm) => signers.get(algorithm) as KeySigner;
t.teardown(() => openssl.close());

async function text(certificate: Certificate): Promise<string> {
  const file = await openssl.file(certificate.bytes, 'CERTIFICATE');
  return (await openssl.run('x509', '-in', file, '-noout', '-text', '-nameopt', 'utf8,sep_comma_plus')).text;
}

async function verifies(t: Test, leaf: Certificate, chain: Certificate[], crls: Uint8Array[]): Promise<void> {
  const [anchor, ...intermediates] = [...chain].reverse() as [Certificate, ...Certificate[]];
  const answer = await openssl.verify({
    leaf: leaf.bytes,
    intermediates: intermediates.map(({ bytes }) => bytes),
    anchors: [anchor.bytes],
    crls,
    atMs: nowMs,
  });
  t.ok(answer.ok, answer.text);
}

const bothCrls = [federation.rootCrl.bytes, federation.issuingCrl.bytes];

t.test('the root and the issuing CA are what their profiles say', async (t) => {
  const top = await text(root.certificate);
  t.match(top, /Subject: C=VN,O=Trục thử nghiệm,CN=Root CA Trục thử nghiệm/);
  t.match(top, /Basic Constraints: critical\s+CA:TRUE, pathlen:1\n/);
  t.match(top, /Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
  const mid = await text(issuing.certificate);
  t.match(mid, /Issuer: C=VN,O=Trục thử nghiệm,CN=Root CA Trục thử nghiệm/);
  t.match(mid, /Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/);
  t.notMatch(mid, /Extended Key Usage/);
  t.equal(root.certificate.notAfterMs, nowMs + 20 * 365 * dayMs);
  t.equal(issuing.certificate.notAfterMs, nowMs + 10 * 365 * dayMs);
  t.equal(issuing.certificate.extensions.authorityKey?.keyId, root.certificate.extensions.subjectKeyId);
  await verifies(t, issuing.certificate, [root.certificate], [federation.rootCrl.bytes]);
});

for (const role of leafRoles) {
  for (const algorithm of keyAlgorithms.filter((one) => allowsKey(profiles[role], factsOf(one)))) {
    t.test(`a ${role} certificate with ${algorithm}`, async (t) => {
      const { certificate } = await federation.leaf(role, signer(algorithm));
      await verifies(t, certificate, [issuing.certificate, root.certificate], bothCrls);
      const shown = await text(certificate);
      t.match(
        shown,
        `Subject: C=VN,O=${name},organizationIdentifier=G22,OU=G22,CN=${profiles[role].label} G22`,
      );
      t.match(
        shown,
        new RegExp(`Extended Key Usage: critical\\s+${roleUsages[role].replaceAll('.', '\\.')}\\n`),
      );
      t.match(shown, /Basic Constraints: critical\s+CA:FALSE\n/);
      const usage = role === 'seal' ? 'Digital Signature, Non Repudiation' : 'Digital Signature';
      t.match(shown, new RegExp(`Key Usage: critical\\s+${usage}\\n`));
      t.match(shown, /URI:urn:lienthong:agency:G22, URI:urn:lienthong:seat:G22/);
      t.match(certificate, { role, agency: 'G22', seat: 'G22', notBeforeMs: nowMs - backdateMs });
      t.match(certificate.subject, name);
      if (role === 'node') t.match(shown, `URI:urn:lienthong:peer:${certificate.peerId}`);
      t.equal(certificate.peerId?.startsWith('12D3KooW'), role === 'node' ? true : undefined);
      const file = await openssl.file(certificate.bytes, 'CERTIFICATE');
      const facts = await openssl.run('x509', '-in', file, '-noout', '-serial', '-fingerprint', '-sha256');
      t.equal(/serial=(.*)/.exec(facts.text)?.[1]?.toLowerCase(), certificate.serial);
      const print = facts.text.split('\n')[1] ?? '';
      t.equal(parseFingerprint(print), certificate.sha256, print);
      t.equal(parseFingerprint(groupFingerprint(certificate.sha256)), certificate.sha256);
    });
  }
}

function factsOf(algorithm: KeyAlgorithm): { family: string; bits: number } {
  const [family = '', size = ''] = algorithm.split('-');
  return { family, bits: Number(size.replace('p', '')) };
}

t.test('the PeerId of a node certificate is libp2p’s own', async (t) => {
  const { privateKeyFromRaw } = await import('@libp2p/crypto/keys');
  const { peerIdFromPrivateKey } = await import('@libp2p/peer-id');
  const { ed25519Seed } = await import('../../certs/keys.ts');
  const { ed25519RawFromSpki } = await import('../../certs/peer-id.ts');
  const key = signer('ed25519');
  const raw = Buffer.concat([
    ed25519Seed(key.privateKey),
    ed25519RawFromSpki(key.publicKeySpki) as Uint8Array,
  ]);
  const { certificate } = await federation.leaf('node', key);
  t.equal(certificate.peerId, peerIdFromPrivateKey(privateKeyFromRaw(raw)).toString());
});

t.test('requests of every algorithm verify, here and in OpenSSL', async (t) => {
  const roles: Record<string, LeafRole> = { ed25519: 'node', 'ecdsa-p256': 'service' };
  for (const algorithm of keyAlgorithms) {
    const request = await createRequest(signer(algorithm), 'Sở Nội vụ');
    const verdict = checkRequest(request, roles[algorithm] ?? 'seal');
    t.equal(verdict.ok, true, algorithm);
    const file = await openssl.file(request, 'CERTIFICATE REQUEST');
    t.match((await openssl.run('req', '-in', file, '-noout', '-verify')).text, /verify OK/);
  }
});

t.test('a request made by OpenSSL is taken, its subject and extensions are not', async (t) => {
  const key = `${openssl.folder}/by-openssl.key`;
  const out = `${openssl.folder}/by-openssl.der`;
  const made = await openssl.run(
    ...['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-subj', '/CN=Bộ Nội vụ/O=evil'],
    ...['-addext', 'subjectAltName=URI:urn:lienthong:agency:H40', '-addext', 'basicConstraints=CA:TRUE'],
    ...['-addext', `extendedKeyUsage=${roleUsages.directory}`, '-outform', 'DER', '-out', out, '-utf8'],
  );
  t.ok(made.ok, made.text);
  const request = await readFile(out);
  const subject = { name, agency: 'G22' };
  const seal = await issueLeaf({ issuer: issuing, request, role: 'seal', subject, nowMs });
  t.match(seal, { role: 'seal', agency: 'G22', seat: undefined, isCa: false });
  t.notMatch(await text(seal), /evil|H40|CA:TRUE/);
  const file = await openssl.file(seal.bytes, 'CERTIFICATE');
  const pub = (await openssl.run('x509', '-in', file, '-noout', '-pubkey')).text;
  t.equal((await openssl.run('pkey', '-in', key, '-pubout')).text, pub);
});

t.test('a request without proof, of another key or form is refused', async (t) => {
  const request = await createRequest(signer('ecdsa-p256'), 'x');
  const reason = (bytes: Uint8Array, role: LeafRole = 'service') => {
    const verdict = checkRequest(bytes, role);
    return verdict.ok ? 'ok' : verdict.reason;
  };
  t.equal(reason(request), 'ok');
  const forged = Buffer.from(request);
  forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
  t.equal(reason(forged), 'bad-signature');
  const swapped = Buffer.from(request);
  const own = Buffer.from(signer('ecdsa-p256').publicKeySpki);
  swapped.set((await newSigner('ecdsa-p256')).publicKeySpki, swapped.indexOf(own));
  t.equal(reason(swapped), 'bad-signature', 'someone else’s public key');
  t.equal(reason(request, 'node'), 'key-type');
  t.equal(reason(await createRequest(signer('rsa-2048'), 'x')), 'key-type');
  t.equal(reason(await createRequest(signer('ed25519'), 'x'), 'seal'), 'key-type');
  t.equal(reason(request.subarray(1)), 'malformed');
  t.equal(reason(Buffer.concat([request, Buffer.of(0)])), 'malformed');
  t.equal(reason(new Uint8Array(9000)), 'too-large');
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const keys = {
    privateKey: weak.privateKey.toCryptoKey(algorithm, true, ['sign']),
    publicKey: weak.publicKey.toCryptoKey(algorithm, true, ['verify']),
  };
  const extensions: Extension[] = [
    new SubjectAlternativeNameExtension([{ type: 'dns', value: 'x.vn' }], false),
  ];
  const small = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: algorithm,
    extensions,
  });
  t.equal(reason(new Uint8Array(small.rawData), 'seal'), 'weak-key');
  await t.rejects(
    issueLeaf({
      issuer: issuing,
      request: forged,
      role: 'service',
      subject: { name, agency: 'G22', seat: 'G22' },
      nowMs,
    }),
    { code: 'request-refused', reason: 'bad-signature' },
  );
});

t.test('issuing refuses what a profile does not allow', async (t) => {
  const request = await createRequest(signer('ecdsa-p256'), 'x');
  const subject = { name, agency: 'G22', seat: 'G22' };
  const given = { issuer: issuing, request, role: 'service' as const, subject, nowMs };
  await t.rejects(issueLeaf({ ...given, subject: { name } }), { code: 'subject-refused' });
  await t.rejects(issueLeaf({ ...given, subject: { ...subject, agency: 'G22:H40' } }), {
    code: 'subject-refused',
  });
  await t.rejects(issueLeaf({ ...given, subject: { ...subject, seat: '' } }), { code: 'subject-refused' });
  const service = await federation.leaf('service');
  await t.rejects(issueLeaf({ ...given, issuer: service }), { code: 'issuer-refused' });
  await t.rejects(issueLeaf({ ...given, issuer: { ...issuing, signer: root.signer } }), {
    code: 'issuer-refused',
  });
  await t.rejects(issueLeaf({ ...given, nowMs: issuing.certificate.notAfterMs }), { code: 'issuer-refused' });
  await t.rejects(createRoot({ signer: signer('ed25519'), name, nowMs }), { code: 'key-unsupported' });
  await t.rejects(createRoot({ signer: signer('rsa-2048'), name, nowMs }), { code: 'key-unsupported' });
  const below = { root: issuing, signer: signer('ecdsa-p256'), name, nowMs };
  await t.rejects(createIssuingCa(below), { code: 'issuer-refused' });
});

t.test('a CA that may only sign certificates makes no list', async (t) => {
  const key = signer('ecdsa-p256');
  const bytes = await forge({ ...caDraft('Half a CA', key.privateKey, undefined, 0), keyUsage: 1 << 5 });
  const half = { certificate: new Certificate(bytes), signer: key };
  await t.rejects(Federation.list(half), { code: 'issuer-refused' });
});

t.test('a leaf never outlives its CA', async (t) => {
  const lateMs = issuing.certificate.notAfterMs - 30 * dayMs;
  const leaf = await issueLeaf({
    issuer: issuing,
    request: await createRequest(signer('ecdsa-p256'), 'x'),
    role: 'directory',
    subject: { name: 'Trục' },
    nowMs: lateMs,
  });
  t.equal(leaf.notAfterMs, issuing.certificate.notAfterMs);
});

t.test('dates beyond 2049 and names beyond 64 characters are written as X.509 wants them', async (t) => {
  const long = 'Ủy ban Trung ương Mặt trận Tổ quốc Việt Nam và các tổ chức thành viên của Mặt trận';
  const lateMs = Date.UTC(2048, 0, 1);
  const key = signer('rsa-3072');
  const top = await createRoot({ signer: key, name: long, nowMs: lateMs });
  t.equal(top.notAfterMs, lateMs + 20 * 365 * dayMs);
  const shown = await text(top);
  t.match(shown, /Not After : Dec 27 00:00:00 2067 GMT/);
  const organization = top.subjectAttributes.find(({ type }) => type === 'O')?.value ?? '';
  t.equal([...organization].length, 64);
  t.match(shown, `O=${organization}`);
});

t.test('a key in a token, which answers later, issues just as well', async (t) => {
  const inner = signer('ecdsa-p384');
  const token: Signer = {
    algorithm: inner.algorithm,
    publicKeySpki: inner.publicKeySpki,
    sign: async (data) => inner.sign(data),
  };
  const top = await createRoot({ signer: token, name, nowMs });
  const mid = await createIssuingCa({
    root: { certificate: top, signer: token },
    signer: signer('rsa-4096'),
    name,
    nowMs,
  });
  t.equal(validatePath({ leaf: mid, anchors: [top], atMs: nowMs }).ok, false, 'a CA is no leaf');
  await verifies(t, mid, [top], [(await Federation.list({ certificate: top, signer: token })).bytes]);
});

t.test('a hundred serials are positive, long and all different', async (t) => {
  const key = signer(leafKeys.service);
  const serials = new Set<string>();
  for (let i = 0; i < 100; i++) serials.add((await federation.leaf('service', key)).certificate.serial);
  t.equal(serials.size, 100);
  for (const serial of serials) t.match(serial, /^01[0-9a-f]{30}$/);
});
