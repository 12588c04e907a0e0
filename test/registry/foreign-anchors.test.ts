/** Foreign CAs: what may be listed, how their lists are kept, and what stops what their certificates sealed. */
import t from 'tap';
import { readCertificate } from '../../certs/certificate.ts';
import { parseCrl, readCrl } from '../../certs/crl.ts';
import { generateKey } from '../../certs/keys.ts';
import { Name } from '../../certs/x509-library.ts';
import { crlKey, REGISTRY_GROUP } from '../../node/directory/entries.ts';
import { OpenSsl } from '../certs/openssl.ts';
import { caDraft, forge, forgeCrl } from '../certs/pki.ts';
import { DAY_MS, ForeignCa } from '../helpers/foreign-ca.ts';
import { memoryRegistry, TestClock } from './federation.ts';
import { ask, enrolled, fileOf, granted, listed, sha256Of } from './foreign-federation.ts';

const adding = (
  registry: Awaited<ReturnType<typeof memoryRegistry>>,
  certificates: Uint8Array,
  fingerprint: string,
) => registry.service.addAnchor({ certificates, fingerprint });

t.test('only a sound CA that its fingerprint names is listed, and none that looks like ours', async (t) => {
  const registry = await memoryRegistry();
  const nowMs = registry.clock.nowMs();
  const root = await ForeignCa.root(t, { nowMs });
  const { version } = registry.directory.require();
  const refused = async (what: Promise<unknown>, code: string, reason?: string) => {
    await t.rejects(
      what,
      { code, ...(reason === undefined ? {} : { details: { reason } }) },
      `${code} ${reason ?? ''}`,
    );
    t.equal(registry.directory.require().version, version);
  };
  const file = await fileOf(root);
  const { sha256 } = await root.certificate();
  await refused(adding(registry, file, 'ab'.repeat(32)), 'does-not-verify');
  await refused(adding(registry, file, 'not one'), 'usage');
  await refused(adding(registry, new Uint8Array(100), sha256), 'certificate-refused', 'malformed');
  const leaf = await root.leaf();
  await refused(
    adding(registry, await fileOf(leaf), leaf.certificate.sha256),
    'certificate-refused',
    'not-a-ca',
  );
  for (const { certificate } of [{ certificate: registry.keys.root }, registry.keys.issuing])
    await refused(
      adding(registry, certificate.bytes, certificate.sha256),
      'certificate-refused',
      'federation-name',
    );
  const name = registry.keys.issuing.certificate.subjectAttributes.find(({ type }) => type === 'CN')!.value;
  const weak = await ForeignCa.root(t, { nowMs, key: 'rsa-1024', name });
  await refused(
    adding(registry, await fileOf(weak), (await weak.certificate()).sha256),
    'certificate-refused',
    'weak-key',
  );
  const old = await ForeignCa.root(t, { nowMs: nowMs - 400 * DAY_MS });
  await refused(adding(registry, await fileOf(old), (await old.certificate()).sha256), 'certificate-expired');
  const stranger = await (await ForeignCa.root(t, { nowMs, name: 'CA khác' })).below();
  await refused(listed(registry, root, [stranger]), 'certificate-refused', 'unknown-anchor');
  const limited = await root.below('CA giới hạn', {
    extensions: ['nameConstraints=critical,permitted;DNS:vn'],
  });
  await refused(listed(registry, root, [limited]), 'certificate-refused', 'name-constraints');

  const below = await root.below();
  const item = await registry.service.addAnchor({
    certificates: Buffer.concat([file, await fileOf(below)]),
    fingerprint: `sha256 Fingerprint=${sha256.toUpperCase().match(/../g)!.join(':')}`,
    name: 'CA Chính phủ',
    crls: [await root.list(), await below.list()],
  });
  t.match(item, {
    fingerprint: sha256,
    name: 'CA Chính phủ',
    subject: 'CN=CA Gốc ngoài',
    state: 'valid',
    intermediates: [{ subject: 'CN=CA cấp dưới ngoài' }],
    lists: [
      { issuer: sha256, state: 'valid', revoked: 0 },
      { issuer: (await below.certificate()).sha256, state: 'valid' },
    ],
    seals: [],
  });
  t.same(await registry.service.anchors(), [item]);
  const after = registry.directory.require().version;
  await registry.service.addAnchor({
    certificates: file,
    intermediates: [await fileOf(below)],
    fingerprint: sha256,
  });
  t.equal(registry.directory.require().version, after, 'the same again makes no version');
});

t.test('eight foreign CAs are enough, and of each its own CAs below are found', async (t) => {
  const registry = await memoryRegistry();
  const nowMs = registry.clock.nowMs();
  const key = 'ec-256';
  for (let n = 0; n < 8; n++) {
    const root = await ForeignCa.root(t, { nowMs, name: `CA ${n}`, key });
    await listed(registry, root, [
      await root.below(undefined, { key }),
      await root.below(undefined, { key }),
    ]);
  }
  const ninth = await ForeignCa.root(t, { nowMs, name: 'CA thứ chín', key });
  const below = await ninth.below();
  await t.rejects(listed(registry, ninth, [below]), {
    code: 'certificate-refused',
    details: { reason: 'too-many' },
  });
  await registry.service.removeAnchor((await registry.service.anchors())[0]!.fingerprint);
  await listed(registry, ninth, [below]);
  const h40 = await enrolled(registry, 'H40');
  const leaf = await below.leaf();
  await granted(registry, h40, 'H40', leaf);
  t.equal(registry.directory.require().sealFault(sha256Of(leaf), 'H40', nowMs), undefined);
});

t.test("a list must be the CA's, whole, in force and newer than the one held", async (t) => {
  const registry = await memoryRegistry();
  const nowMs = registry.clock.nowMs();
  const [root, other] = [await ForeignCa.root(t, { nowMs }), await ForeignCa.root(t, { nowMs })];
  const below = await root.below();
  const { sha256 } = await root.certificate();
  const first = await root.list();
  await listed(registry, root, [], [first]);
  const refused = async (list: Uint8Array, reason: string) => {
    const { version } = registry.directory.require();
    await t.rejects(
      registry.service.refreshAnchor(sha256, list),
      { code: 'certificate-refused', details: { reason } },
      reason,
    );
    t.equal(registry.directory.require().version, version);
  };
  await refused(new Uint8Array(9), 'crl-malformed');
  await refused(await other.list(), 'crl-issuer');
  await refused(await below.list(), 'crl-issuer');
  await refused(await root.list({ fromMs: nowMs + DAY_MS }), 'crl-not-yet-valid');
  await refused(await root.list({ fromMs: nowMs - 2 * DAY_MS, days: 1 }), 'crl-expired');
  await refused(await root.list({ fromMs: nowMs - DAY_MS }), 'crl-older');
  const bent = Buffer.from(readCrl(first.toString('latin1')).bytes);
  bent[bent.length - 1]! ^= 1;
  await refused(bent, 'crl-issuer');
  await t.rejects(registry.service.refreshAnchor('ab'.repeat(32), first), { code: 'not-found' });

  const { version } = registry.directory.require();
  await registry.service.refreshAnchor(sha256, first);
  t.equal(registry.directory.require().version, version, 'the very list that is held: nothing');
  registry.clock.advance(DAY_MS);
  const der = readCrl((await root.list({ fromMs: nowMs + DAY_MS })).toString('latin1')).bytes;
  const item = await registry.service.refreshAnchor(sha256, der);
  t.equal(item.lists.length, 1);
  t.ok(parseCrl(registry.directory.require().crls.at(-1)!), 'in DER too');
  // the CA below is known by a seal it certified; its list comes under the anchor's name
  const h40 = await enrolled(registry, 'H40');
  await granted(registry, h40, 'H40', await below.leaf(), [below]);
  t.equal((await registry.service.refreshAnchor(sha256, await below.list())).lists.length, 2);
});

t.test('what its CA revokes is refused from the next version on, OpenSSL agrees', async (t) => {
  const registry = await memoryRegistry({ clock: new TestClock(Date.now()) });
  const { clock } = registry;
  const nowMs = clock.nowMs();
  // `openssl ca` dates a revocation by its own clock
  const [before, after] = [nowMs - DAY_MS / 2, nowMs + DAY_MS];
  const h40 = await enrolled(registry, 'H40');
  const root = await ForeignCa.root(t, { nowMs });
  const below = await root.below();
  const [leaf, twin] = [await below.leaf(), await below.leaf()];
  const { sha256 } = await root.certificate();
  await listed(registry, root, [below], [await root.list({ days: 300 }), await below.list({ days: 300 })]);
  for (const one of [leaf, twin]) await granted(registry, h40, 'H40', one, [below]);
  const fault = (of = leaf, atMs = clock.nowMs()) =>
    registry.directory.require().sealFault(sha256Of(of), 'H40', atMs);
  const past = (of: typeof leaf, knownMs: number) =>
    registry.directory.require().pastFault(sha256Of(of), { knownMs, claimedMs: knownMs }, clock.nowMs());
  const openssl = await OpenSsl.open();
  t.teardown(() => openssl.close());
  const agrees = async (of: typeof leaf, crls: readonly Uint8Array[]) => {
    const { bytes } = of.certificate;
    const [intermediate, anchor] = [await below.certificate(), await root.certificate()];
    return openssl.verify({
      leaf: bytes,
      intermediates: [intermediate.bytes],
      anchors: [anchor.bytes],
      crls: crls.map((pem) => readCrl(Buffer.from(pem).toString('latin1')).bytes),
      atMs: clock.nowMs(),
    });
  };
  t.equal(fault(), undefined);
  const { ok, text } = await agrees(leaf, [await root.list(), await below.list()]);
  t.ok(ok, text);

  clock.advance(10 * DAY_MS);
  await below.revoke(leaf, 'keyCompromise');
  const list = await below.list({ fromMs: clock.nowMs(), days: 300 });
  await registry.service.refreshAnchor(sha256, list);
  t.equal(fault(), 'certificate-revoked');
  t.equal(fault(twin), undefined, 'and no other');
  t.notOk((await agrees(leaf, [await root.list({ days: 300 }), list])).ok);
  t.equal(past(leaf, before), undefined, 'what was stored before stands');
  t.equal(past(leaf, after), 'certificate-revoked', 'and nothing after');

  // the CA below is revoked by the one above
  await root.revoke(below);
  clock.advance(DAY_MS);
  await registry.service.refreshAnchor(sha256, await root.list({ fromMs: clock.nowMs(), days: 300 }));
  t.equal(fault(twin), 'certificate-revoked', 'with all it certified');
  t.equal(past(twin, before), undefined);
});

t.test('a list that ran out stops what is new, not what was', async (t) => {
  const registry = await memoryRegistry();
  const { clock } = registry;
  const nowMs = clock.nowMs();
  const h40 = await enrolled(registry, 'H40');
  const root = await ForeignCa.root(t, { nowMs });
  const leaf = await root.leaf();
  const { sha256 } = await root.certificate();
  await listed(registry, root, [], [await root.list({ days: 7 })]);
  await granted(registry, h40, 'H40', leaf);
  const now = () => registry.directory.require();
  const sixDays = nowMs + 6 * DAY_MS;
  clock.advance(8 * DAY_MS);
  await registry.service.refresh();
  t.equal(now().sealFault(sha256Of(leaf), 'H40', clock.nowMs()), 'directory-expired');
  t.equal(
    now().pastFault(sha256Of(leaf), { knownMs: sixDays, claimedMs: sixDays }, clock.nowMs()),
    undefined,
  );
  t.match((await registry.service.anchors())[0]!.lists, [{ state: 'expired' }]);
  await ask(registry, h40, 'H40', await root.leaf());
  await registry.service.refreshAnchor(sha256, await root.list({ fromMs: clock.nowMs() }));
  t.equal(now().sealFault(sha256Of(leaf), 'H40', clock.nowMs()), undefined, 'until a newer one came');
});

t.test('a CA that ran out stops its seals', async (t) => {
  const registry = await memoryRegistry();
  const { clock } = registry;
  const nowMs = clock.nowMs();
  const h40 = await enrolled(registry, 'H40');
  const root = await ForeignCa.root(t, { nowMs });
  await listed(registry, root);
  // longer than its CA, as careless CAs do
  const leaf = await root.leaf({ untilMs: nowMs + 500 * DAY_MS });
  await granted(registry, h40, 'H40', leaf);
  clock.advance(364 * DAY_MS);
  await registry.service.refresh();
  t.equal(registry.directory.require().sealFault(sha256Of(leaf), 'H40', clock.nowMs()), undefined);
  clock.advance(2 * DAY_MS);
  await registry.service.refresh();
  t.equal(
    registry.directory.require().sealFault(sha256Of(leaf), 'H40', clock.nowMs()),
    'certificate-expired',
  );
  const asked = { knownMs: nowMs, claimedMs: nowMs };
  t.equal(registry.directory.require().pastFault(sha256Of(leaf), asked, clock.nowMs()), undefined);
  t.match(await registry.service.anchors(), [{ state: 'expired' }]);
});

t.test(
  'a CA off the list: nothing new, and the old can still be verified, revocations included',
  async (t) => {
    const registry = await memoryRegistry({ clock: new TestClock(Date.now()) });
    const { clock } = registry;
    const nowMs = clock.nowMs();
    const h40 = await enrolled(registry, 'H40');
    const root = await ForeignCa.root(t, { nowMs });
    const below = await root.below();
    const [leaf, revoked] = [await below.leaf(), await below.leaf()];
    const { sha256 } = await root.certificate();
    await listed(registry, root, [], [await root.list()]);
    for (const one of [leaf, revoked]) await granted(registry, h40, 'H40', one, [below]);
    await below.revoke(revoked);
    clock.advance(DAY_MS);
    await registry.service.refreshAnchor(sha256, await below.list({ fromMs: clock.nowMs() }));
    const answer = await registry.service.removeAnchor(sha256);
    t.match(answer, { fingerprint: sha256, seals: 2 });
    const now = () => registry.directory.require();
    t.same(await registry.service.anchors(), []);
    t.equal(now().sealFault(sha256Of(leaf), 'H40', clock.nowMs()), 'seal-scope');
    const verdict = now().verdict(leaf.certificate, 'foreign-seal', clock.nowMs());
    t.match(verdict, { ok: false, reason: 'unknown-anchor' });
    clock.advance(100 * DAY_MS);
    const past = (of: typeof leaf, knownMs: number) =>
      now().pastFault(sha256Of(of), { knownMs, claimedMs: knownMs }, clock.nowMs());
    t.equal(past(leaf, nowMs), undefined, 'a hundred days later, its lists long over');
    t.equal(past(revoked, nowMs + DAY_MS), 'certificate-revoked');
    t.equal(now().chainOf(sha256Of(leaf)).length, 2, 'evidence keeps the chain');
    await t.rejects(registry.service.removeAnchor(sha256), { code: 'not-found' });
    await ask(registry, h40, 'H40', leaf, { above: [below] });
    await t.rejects(registry.service.grantSeal('H40', leaf.certificate.sha256), {
      code: 'certificate-refused',
      details: { reason: 'unknown-anchor' },
    });
  },
);

t.test('a foreign CA certifies no node, service or directory, and no seal without a grant', async (t) => {
  const registry = await memoryRegistry();
  const nowMs = registry.clock.nowMs();
  await enrolled(registry, 'H51');
  const root = await ForeignCa.root(t, { nowMs });
  await listed(registry, root);
  const now = registry.directory.require();
  const issued = now.certificatesOf('H51');
  for (const role of ['node', 'service', 'seal', 'directory'] as const) {
    // subject, extended key usage and agency of a certificate of ours, copied
    const ours =
      role === 'directory'
        ? registry.keys.directory.certificate
        : issued.find((one) => one.role === role)!.certificate;
    const usage = ours.extensions.extendedKeyUsage![0]!;
    const forged = await root.leaf({
      subject: ours.subjectAttributes.find(({ type }) => type === 'CN')!.value,
      extensions: [
        `extendedKeyUsage=critical,${usage}`,
        'subjectAltName=URI:urn:lienthong:agency:H51,URI:urn:lienthong:seat:H51',
      ],
    });
    t.equal(forged.certificate.role, role, 'it says it is one');
    t.match(now.verdict(forged.certificate, role, nowMs), { ok: false, reason: 'unknown-anchor' }, role);
    t.equal(now.sealFault(sha256Of(forged), 'H51', nowMs), 'unknown-certificate', 'nor a seal by its name');
    t.equal(now.serviceFault(sha256Of(forged), 'H51', nowMs), 'unknown-certificate');
  }
});

t.test("a subject that is another agency's gives nothing but what the admin grants", async (t) => {
  const registry = await memoryRegistry();
  const nowMs = registry.clock.nowMs();
  const h40 = await enrolled(registry, 'H40');
  await enrolled(registry, 'H51');
  const root = await ForeignCa.root(t, { nowMs });
  await listed(registry, root);
  const leaf = await root.leaf({
    subject: 'UBND tỉnh Sóc Trăng',
    extensions: ['subjectAltName=URI:urn:lienthong:agency:H51'],
  });
  await granted(registry, h40, 'H40', leaf);
  const now = registry.directory.require();
  t.equal(now.sealFault(sha256Of(leaf), 'H51', nowMs), 'seal-scope');
  t.equal(now.sealFault(sha256Of(leaf), 'H40', nowMs), undefined);
  t.equal(now.certificate(sha256Of(leaf))?.agency, 'H40');
});

t.test("a foreign CA's list that bears the name of ours revokes nothing of ours", async (t) => {
  const registry = await memoryRegistry();
  const nowMs = registry.clock.nowMs();
  const { peerId } = await enrolled(registry, 'H40');
  const ours = registry.keys.issuing.certificate;
  const victims = registry.directory.require().certificatesOf('H40');
  const serials = victims.map(({ serial }) => serial);
  const forged = await namesakeOf(ours, serials, nowMs);
  t.equal(Buffer.compare(forged.crl.issuerDer, ours.subjectDer), 0, 'the same name');
  await t.rejects(
    registry.service.addAnchor({ certificates: forged.issuer.bytes, fingerprint: forged.issuer.sha256 }),
    { code: 'certificate-refused', details: { reason: 'federation-name' } },
    'the registry refuses it',
  );
  // and were it listed by a registry that doesn't look, nodes see whose list it is
  const issuerSha256 = new Uint8Array(Buffer.from(forged.issuer.sha256, 'hex'));
  await registry.publisher.publish(() => ({
    entries: [
      { group: REGISTRY_GROUP, key: crlKey(issuerSha256), crl: { issuerSha256, crl: forged.crl.bytes } },
    ],
  }));
  const now = registry.directory.require();
  t.equal(now.crls.length, 3);
  for (const { certificate, role } of victims) {
    t.ok(forged.crl.get(certificate.serial), 'it names it');
    t.notOk(now.isRevoked(certificate), role);
  }
  t.match(now.nodeMayConnect(peerId, nowMs), { ok: true });
});

/** A CA with the very name of ours, and its list of these serials. */
async function namesakeOf(ours: { subjectDer: Uint8Array }, serials: readonly string[], nowMs: number) {
  const key = await generateKey('ecdsa-p256');
  const draft = caDraft('', key, undefined, 0);
  draft.subject = new Name(Uint8Array.from(ours.subjectDer));
  draft.issuer = draft.subject;
  draft.notBeforeMs = nowMs - DAY_MS;
  draft.notAfterMs = nowMs + 365 * DAY_MS;
  const issuer = readCertificate(await forge(draft));
  const entries = serials.map((serialNumber) => ({ serialNumber, revocationDate: new Date(nowMs - DAY_MS) }));
  const times = { thisUpdateMs: nowMs - 60_000, nextUpdateMs: nowMs + DAY_MS };
  return { issuer, crl: readCrl(await forgeCrl({ issuer, key, entries, ...times })) };
}
