/** Seals of other CAs in a node's folder, and which seal a node signs with. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { certificateSummary } from '../../node/directory/directory-views.ts';
import { foreignSealsOf, keepForeignSeal } from '../../node/directory/foreign-seals.ts';
import { OwnKeys } from '../../node/directory/own-keys.ts';
import { DAY_MS, ForeignCa, type ForeignLeaf } from '../helpers/foreign-ca.ts';
import { FEW_AGENCIES, memoryRegistry } from '../registry/federation.ts';
import { enrolled, granted, listed, sha256Of, signerOf } from '../registry/foreign-federation.ts';

async function nodeFolder(t: { teardown(act: () => unknown): void }): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'lienthong-seals-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  for (const name of ['keys', 'certificates']) await mkdir(join(dir, name));
  const identity = { agency: 'H40', seat: 'H40', peerId: 'x', federationId: 'ab' };
  await writeFile(join(dir, 'identity.json'), JSON.stringify(identity));
  return dir;
}

const filesOf = async (leaf: ForeignLeaf, above: readonly ForeignCa[] = []) => ({
  chain: Buffer.concat(
    await Promise.all([leaf, ...above].map(({ certificateFile }) => readFile(certificateFile))),
  ),
  key: await readFile(leaf.keyFile),
});

t.test('what fits is kept for its owner alone, once, and found again', async (t) => {
  const dir = await nodeFolder(t);
  const root = await ForeignCa.root(t);
  const below = await root.below();
  for (const key of ['ec-256', 'ec-384', 'rsa-2048'] as const) {
    const leaf = await below.leaf({ key });
    const files = await filesOf(leaf, [below]);
    for (let again = 0; again < 2; again++) await keepForeignSeal(dir, files, Date.now());
    const name = `seal-${leaf.certificate.sha256.slice(0, 16)}`;
    t.equal((await stat(join(dir, 'keys', `${name}.key`))).mode & 0o777, 0o600, key);
    const found = (await foreignSealsOf(dir)).find(
      ({ certificate }) => certificate.sha256 === leaf.certificate.sha256,
    );
    t.equal(found?.chain.length, 2);
    const signature = await found!.signer.sign(Buffer.from('lời'));
    const [data, value] = [await root.openssl.file(Buffer.from('lời')), await root.openssl.file(signature)];
    const pub = await root.openssl.run('x509', '-in', leaf.certificateFile, '-noout', '-pubkey');
    const pubFile = await root.openssl.file(Buffer.from(pub.text));
    const { ok, text } = await root.openssl.run(
      'dgst',
      '-sha256',
      '-verify',
      pubFile,
      '-signature',
      value,
      data,
    );
    t.ok(ok, text);
  }
  t.equal((await foreignSealsOf(dir)).length, 3);
  t.equal((await readdir(join(dir, 'keys'))).length, 3, 'no temporary file is left');
});

t.test('what does not fit is refused, and nothing is kept', async (t) => {
  const dir = await nodeFolder(t);
  const root = await ForeignCa.root(t);
  const leaf = await root.leaf();
  const good = await filesOf(leaf);
  const nowMs = Date.now();
  const refused = async (files: { chain: Uint8Array; key: Uint8Array }, code: string, reason?: string) => {
    await t.rejects(
      keepForeignSeal(dir, files, nowMs),
      { code, ...(reason === undefined ? {} : { details: { reason } }) },
      `${code} ${reason ?? ''}`,
    );
    t.same(await readdir(join(dir, 'keys')), []);
  };
  const other = await filesOf(await root.leaf());
  await refused({ chain: good.chain, key: other.key }, 'certificate-refused', 'other-key');
  await refused({ chain: Buffer.from('x'), key: good.key }, 'certificate-refused', 'malformed');
  await refused({ chain: good.chain, key: Buffer.from('x') }, 'invalid-file', 'not-a-key');
  await refused(await filesOf(await root.leaf({ untilMs: nowMs - DAY_MS / 2 })), 'certificate-expired');
  await refused(
    await filesOf(await root.leaf({ keyUsage: 'keyAgreement' })),
    'certificate-refused',
    'key-usage',
  );
  await refused(await filesOf(await root.leaf({ key: 'ed25519' })), 'certificate-refused', 'key-type');
  await refused(await filesOf(await root.leaf({ key: 'ec-521' })), 'invalid-file', 'not-a-key');
  await refused(await filesOf(await root.leaf({ key: 'rsa-1024' })), 'invalid-file', 'not-a-key');
  await refused(await filesOf(leaf, [root, root, root, root]), 'certificate-refused', 'too-many');
  const encrypted = join(root.folder, 'encrypted.key');
  await root.openssl.run('pkey', '-in', leaf.keyFile, '-aes256', '-passout', 'pass:1', '-out', encrypted);
  await refused({ chain: good.chain, key: await readFile(encrypted) }, 'invalid-file', 'not-a-key');
  await rm(join(dir, 'identity.json'));
  await refused(good, 'not-initialised');
});

t.test('a key that others may read, or that is gone, is named', async (t) => {
  const dir = await nodeFolder(t);
  const leaf = await (await ForeignCa.root(t)).leaf();
  await keepForeignSeal(dir, await filesOf(leaf), Date.now());
  const key = join(dir, 'keys', `seal-${leaf.certificate.sha256.slice(0, 16)}.key`);
  await chmod(key, 0o644);
  await t.rejects(foreignSealsOf(dir), { code: 'folder-damaged' });
  await rm(key);
  await t.rejects(foreignSealsOf(dir), { code: 'folder-damaged' });
});

t.test('the seal for a unit: granted last, in scope, not revoked; else the own one', async (t) => {
  const units = [{ code: 'H40.02', name: 'Sở Tư pháp', parent: 'H40' }];
  const registry = await memoryRegistry({ list: { ...FEW_AGENCIES, units } });
  const nowMs = registry.clock.nowMs();
  const h40 = await enrolled(registry, 'H40');
  const root = await ForeignCa.root(t, { nowMs });
  await listed(registry, root);
  const [whole, bureau] = [await root.leaf(), await root.leaf({ key: 'rsa-2048' })];
  const own = new OwnKeys({
    seat: 'H40',
    agency: 'H40',
    serviceKey: h40.service,
    sealKey: h40.seal,
    directory: () => registry.directory.require(),
    clock: registry.clock,
  });
  const sealing = (unit?: string) => Buffer.from(own.seal(unit)!.certificateSha256).toString('hex');
  const mine = sealing();
  own.useForeign([
    { certificateSha256: sha256Of(whole), signer: await signerOf(whole) },
    { certificateSha256: sha256Of(bureau), signer: await signerOf(bureau) },
  ]);
  t.equal(sealing(), mine, 'not granted yet');
  await granted(registry, h40, 'H40', bureau, [], { unit: 'H40.02' });
  t.same([sealing(), sealing('H40.02')], [mine, bureau.certificate.sha256]);
  await granted(registry, h40, 'H40', whole);
  t.same([sealing(), sealing('H40.02')], [whole.certificate.sha256, whole.certificate.sha256]);
  t.equal(own.seal(), own.seal('H40.02'), 'one identity, so that statements share a batch');
  await registry.service.revoke(whole.certificate.sha256, { reason: 'superseded' });
  t.same([sealing(), sealing('H40.02')], [mine, bureau.certificate.sha256]);
  await root.revoke(bureau);
  await registry.service.refreshAnchor((await root.certificate()).sha256, await root.list());
  t.same([sealing(), sealing('H40.02')], [mine, mine]);
});

t.test("one that ended, or whose CA's list did, holds up nothing while another counts", async (t) => {
  const registry = await memoryRegistry();
  const { clock } = registry;
  const nowMs = clock.nowMs();
  const h40 = await enrolled(registry, 'H40');
  const [short, lapsing] = [
    await ForeignCa.root(t, { nowMs, name: 'CA một' }),
    await ForeignCa.root(t, { nowMs, name: 'CA hai' }),
  ];
  await listed(registry, short);
  await listed(registry, lapsing, [], [await lapsing.list({ days: 10 })]);
  const [ending, other] = [await short.leaf({ untilMs: nowMs + 5 * DAY_MS }), await lapsing.leaf()];
  const own = new OwnKeys({
    seat: 'H40',
    agency: 'H40',
    serviceKey: h40.service,
    sealKey: h40.seal,
    directory: () => registry.directory.require(),
    clock,
  });
  const sealing = () => Buffer.from(own.seal()!.certificateSha256).toString('hex');
  const mine = sealing();
  await granted(registry, h40, 'H40', other);
  await granted(registry, h40, 'H40', ending);
  own.useForeign(
    await Promise.all(
      [ending, other].map(async (leaf) => ({
        certificateSha256: sha256Of(leaf),
        signer: await signerOf(leaf),
      })),
    ),
  );
  t.equal(sealing(), ending.certificate.sha256);
  const states = () => {
    const now = registry.directory.require();
    return [ending, other].map((leaf) => {
      const { foreign, state } = certificateSummary(now, now.certificate(sha256Of(leaf))!, clock.nowMs());
      return [foreign?.fingerprint === leaf.certificate.sha256, state];
    });
  };
  const endsSoon = async () =>
    (await registry.service.list({ certificates: true }))
      .flatMap(({ certificates = [] }) => certificates)
      .filter(({ fingerprint }) => fingerprint !== undefined)
      .filter((one) => one.endsSoon)
      .map(({ fingerprint }) => fingerprint);
  t.same(states(), [
    [true, 'valid'],
    [true, 'valid'],
  ]);
  t.same(await endsSoon(), [ending.certificate.sha256]);
  clock.advance(6 * DAY_MS);
  t.equal(sealing(), other.certificate.sha256, 'it ran out');
  clock.advance(5 * DAY_MS);
  await registry.service.refresh();
  t.equal(sealing(), mine, "the list of the other's CA ran out, too");
  t.same(states(), [
    [true, 'expired'],
    [true, 'list-ended'],
  ]);
  t.same(await endsSoon(), [], 'over is not soon');
  const { sha256 } = await lapsing.certificate();
  await registry.service.refreshAnchor(sha256, await lapsing.list({ fromMs: clock.nowMs() }));
  t.equal(sealing(), other.certificate.sha256, 'until the next one came');
  await registry.service.revoke(ending.certificate.sha256, { reason: 'superseded' });
  t.same(states(), [
    [true, 'withdrawn'],
    [true, 'valid'],
  ]);
  clock.advance(1000 * DAY_MS);
  t.equal(
    sealing(),
    other.certificate.sha256,
    'where none counts, the first in scope, to tell what is wrong',
  );
});
