/** Seals that another CA certified: asked for, granted for a scope, withdrawn; what the directory then says of them. */
import t from 'tap';
import { OpenSsl } from '../certs/openssl.ts';
import { DAY_MS, ForeignCa } from '../helpers/foreign-ca.ts';
import { FEW_AGENCIES, memoryRegistry, newKey } from './federation.ts';
import { ask, enrolled, granted, listed, sha256Of } from './foreign-federation.ts';

const WITH_UNITS = {
  ...FEW_AGENCIES,
  units: [
    { code: 'H40.02', name: 'Sở Tư pháp', parent: 'H40' },
    { code: 'H40.02.01', name: 'Phòng Hộ tịch', parent: 'H40.02' },
    { code: 'H51.02', name: 'Sở Tư pháp Sóc Trăng', parent: 'H51' },
  ],
};

for (const key of ['ec-256', 'ec-384', 'rsa-2048'] as const)
  t.test(
    `a seal with a key of ${key} counts from its grant on, and OpenSSL agrees with the path`,
    async (t) => {
      const registry = await memoryRegistry({ autoSeal: false });
      const nowMs = registry.clock.nowMs();
      const h40 = await enrolled(registry, 'H40');
      const root = await ForeignCa.root(t, { nowMs });
      const below = await root.below();
      await listed(registry, root);
      const leaf = await below.leaf({ key });
      const before = registry.directory.require().version;
      await ask(registry, h40, 'H40', leaf, { above: [below] });
      await ask(registry, h40, 'H40', leaf, { above: [below] });
      const now = registry.directory.require();
      t.equal(now.version, before, 'asking makes no version');
      t.equal(now.certificate(sha256Of(leaf)), undefined, 'and gives nothing');
      t.match(
        (await registry.service.status()).sealRequests.filter(({ certificate }) => certificate !== undefined),
        [
          {
            agency: 'H40',
            fingerprint: leaf.certificate.sha256,
            certificate: { subject: 'CN=Con dấu ngoài', issuer: 'CN=CA cấp dưới ngoài', fault: null },
          },
        ],
      );
      const answer = await registry.service.grantSeal('H40', leaf.certificate.sha256.toUpperCase());
      t.match(answer, { agency: 'H40', serial: leaf.certificate.serial, unit: 'H40', subtree: true });
      const after = registry.directory.require();
      t.equal(after.version, before + 1);
      t.equal(after.sealFault(sha256Of(leaf), 'H40', nowMs), undefined);
      t.equal(after.sealedBy(sha256Of(leaf)), 'H40');
      t.equal(after.certificate(sha256Of(leaf))?.pathRole, 'foreign-seal');
      t.equal((await registry.service.status()).sealRequests.length, 1, 'its own seal still waits');

      const chain = after.chainOf(sha256Of(leaf));
      t.same(
        chain.map((der) => Buffer.from(der).toString('hex')),
        [await below.certificate(), await root.certificate()].map(({ bytes }) =>
          Buffer.from(bytes).toString('hex'),
        ),
        'the evidence has the whole chain',
      );
      const openssl = await OpenSsl.open();
      t.teardown(() => openssl.close());
      const { ok, text } = await openssl.run(
        ...['verify', '-x509_strict', '-attime', `${Math.floor(nowMs / 1000)}`],
        ...['-CAfile', root.certificateFile, '-untrusted', below.certificateFile, leaf.certificateFile],
      );
      t.ok(ok, text);
    },
  );

t.test('what is granted counts for its unit and no other', async (t) => {
  const registry = await memoryRegistry({ list: WITH_UNITS, autoSeal: false });
  const nowMs = registry.clock.nowMs();
  const h40 = await enrolled(registry, 'H40');
  const root = await ForeignCa.root(t, { nowMs });
  await listed(registry, root);
  const faults = (leaf: Parameters<typeof sha256Of>[0]) => {
    const units = ['H40', 'H40.02', 'H40.02.01', 'H51', 'H51.02'];
    return units.map(
      (unit) => registry.directory.require().sealFault(sha256Of(leaf), unit, nowMs) ?? 'counts',
    );
  };
  const [subtree, alone, whole] = [await root.leaf(), await root.leaf(), await root.leaf()];
  await granted(registry, h40, 'H40', subtree, [], { unit: 'H40.02' });
  t.same(faults(subtree), ['seal-scope', 'counts', 'counts', 'seal-scope', 'seal-scope']);
  await granted(registry, h40, 'H40', alone, [], { unit: 'H40.02', unitOnly: true });
  t.same(faults(alone), ['seal-scope', 'counts', 'seal-scope', 'seal-scope', 'seal-scope']);
  await ask(registry, h40, 'H40', whole);
  const { sha256 } = whole.certificate;
  const { version } = registry.directory.require();
  const grant = (unit: string, code = 'H40') => registry.service.grantSeal(code, sha256, { unit });
  await t.rejects(grant('H51.02'), { code: 'seal-scope' }, "another agency's unit");
  await t.rejects(grant('H51'), { code: 'seal-scope' }, 'another agency');
  await t.rejects(grant('H40.99'), { code: 'not-found' }, 'no unit');
  await t.rejects(grant('H51', 'H51'), { code: 'not-found' }, 'nobody asked for H51');
  t.equal(registry.directory.require().version, version, 'and nothing changed');
  await registry.service.grantSeal('H40', sha256);
  t.same(faults(whole), ['counts', 'counts', 'counts', 'seal-scope', 'seal-scope']);
});

t.test('a request that lacks one thing is refused', async (t) => {
  const registry = await memoryRegistry();
  const nowMs = registry.clock.nowMs();
  const h40 = await enrolled(registry, 'H40');
  const root = await ForeignCa.root(t, { nowMs });
  const leaf = await root.leaf();
  const asking = async (
    code: string,
    reason: string | undefined,
    leaf: Awaited<ReturnType<ForeignCa['leaf']>>,
    wish = {},
  ) =>
    t.rejects(
      ask(registry, h40, 'H40', leaf, wish),
      { code, ...(reason === undefined ? {} : { details: { reason } }) },
      `${code} ${reason ?? ''}`,
    );
  await asking('request-invalid', 'other-key', leaf, { signer: await newKey('ecdsa-p256') });
  await asking('request-invalid', 'malformed', leaf, { chain: [leaf.certificate.bytes, new Uint8Array(8)] });
  await asking('invite-invalid', 'other-agency', leaf, { agency: 'H51' });
  await asking('certificate-expired', undefined, await root.leaf({ untilMs: nowMs - 1000 }));
  await asking('certificate-refused', 'not-yet-valid', await root.leaf({ fromMs: nowMs + DAY_MS }));
  await asking('certificate-refused', 'key-usage', await root.leaf({ keyUsage: 'keyEncipherment' }));
  await asking('certificate-refused', 'key-usage', await root.leaf({ keyUsage: '' }));
  const ca = await root.below();
  const asLeaf = {
    certificate: await ca.certificate(),
    certificateFile: ca.certificateFile,
    keyFile: ca.certificateFile.replace('ca.pem', 'ca.key'),
  };
  await asking('certificate-refused', 'not-a-leaf', asLeaf);
  const ed = await root.leaf({ key: 'ed25519' });
  await asking('request-invalid', 'key-type', ed);
  t.equal((await registry.service.status()).sealRequests.length, 0, 'nothing waits');
});

t.test('a grant is refused where the chain breaks a rule, and nothing is listed', async (t) => {
  const registry = await memoryRegistry();
  const { clock } = registry;
  const nowMs = clock.nowMs();
  const [h40, h51] = [await enrolled(registry, 'H40'), await enrolled(registry, 'H51')];
  const [root, other] = [
    await ForeignCa.root(t, { nowMs }),
    await ForeignCa.root(t, { nowMs, name: 'CA khác' }),
  ];
  const below = await root.below();
  await listed(registry, root);
  const refused = async (
    code: string,
    reason: string | undefined,
    leaf: Awaited<ReturnType<ForeignCa['leaf']>>,
    above: ForeignCa[],
  ) => {
    await ask(registry, h40, 'H40', leaf, { above });
    const { version } = registry.directory.require();
    await t.rejects(
      registry.service.grantSeal('H40', leaf.certificate.sha256),
      { code, ...(reason === undefined ? {} : { details: { reason } }) },
      `${code} ${reason ?? ''}`,
    );
    t.equal(registry.directory.require().version, version);
    t.equal(registry.directory.require().certificate(sha256Of(leaf)), undefined);
  };
  await refused('certificate-refused', 'unknown-anchor', await other.leaf(), []);
  await refused('certificate-refused', 'unknown-anchor', await other.leaf(), [other]);
  await refused('certificate-refused', 'unknown-anchor', await below.leaf(), []);
  const ended = await root.below('CA đã hết hạn', { untilMs: nowMs - 1000 });
  await refused('certificate-expired', undefined, await ended.leaf(), [ended]);
  const revoked = await below.leaf();
  await below.revoke(revoked);
  await listed(registry, root, [below], [await below.list()]);
  await refused('certificate-revoked', undefined, revoked, [below]);
  const named = await root.below('CA giới hạn', {
    extensions: ['nameConstraints=critical,permitted;DNS:vn'],
  });
  await refused('certificate-refused', 'name-constraints', await named.leaf(), [named]);

  const leaf = await below.leaf();
  await granted(registry, h40, 'H40', leaf, [below]);
  await ask(registry, h51, 'H51', leaf, { above: [below] });
  await t.rejects(
    registry.service.grantSeal('H51', leaf.certificate.sha256),
    { code: 'certificate-refused', details: { reason: 'listed-elsewhere', agency: 'H40' } },
    "one certificate isn't two agencies' seal",
  );
  t.equal(registry.directory.require().certificate(sha256Of(leaf))?.agency, 'H40');
});

t.test('withdrawn, it ends with that version, and can be granted anew', async (t) => {
  const registry = await memoryRegistry();
  const nowMs = registry.clock.nowMs();
  const h40 = await enrolled(registry, 'H40');
  const root = await ForeignCa.root(t, { nowMs });
  await listed(registry, root);
  const leaf = await root.leaf();
  const { sha256, serial } = leaf.certificate;
  const fault = () => registry.directory.require().sealFault(sha256Of(leaf), 'H40', nowMs);
  const past = () =>
    registry.directory
      .require()
      .pastFault(sha256Of(leaf), { knownMs: nowMs, claimedMs: nowMs }, nowMs + DAY_MS);
  for (const target of [sha256, serial.toUpperCase(), 'H40']) {
    await granted(registry, h40, 'H40', leaf);
    t.equal(fault(), undefined);
    const { revoked } = await registry.service.revoke(target, { reason: 'privilege-withdrawn' });
    t.ok(
      revoked.some((one) => one.serial === serial && one.role === 'seal' && one.agency === 'H40'),
      target,
    );
    t.equal(fault(), 'seal-scope');
    t.equal(past(), undefined, 'what it sealed before stands');
    if (target === 'H40') break;
    const { version } = registry.directory.require();
    t.same(
      await registry.service.revoke(sha256, { reason: 'superseded' }),
      { revoked: [], version },
      'again: nothing',
    );
  }
  const [h40Item] = (await registry.service.list({ certificates: true })).filter(
    ({ code }) => code === 'H40',
  );
  t.match(
    h40Item!.certificates!.filter(({ fingerprint }) => fingerprint !== undefined),
    [{ serial, role: 'seal', state: 'withdrawn', fingerprint: sha256 }],
  );
});
