/**
 * A seal that a government's own CA certified, from listing that CA to taking it off the list again, with real processes
 * and only the command line; every certificate and list is made by OpenSSL.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation } from '../helpers/federation.ts';
import { ForeignCa } from '../helpers/foreign-ca.ts';

const run = promisify(execFile);

t.setTimeout(120_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40'], autoSeal: false });
const { registry } = federation;
const [sender, reader] = ['G22', 'H40'].map((code) => federation.agency(code)) as [Agency, Agency];
await federation.inStep();

const root = await ForeignCa.root(t, { name: 'CA chuyên dùng Chính phủ' });
const below = await root.below('CA chuyên dùng 2');
const anchor = (await root.certificate()).sha256;
const [rsa, ec] = [
  await below.leaf({ key: 'rsa-2048', subject: 'Văn phòng Chính phủ' }),
  await below.leaf({ key: 'ec-384', subject: 'Văn phòng Chính phủ (2)' }),
];
const listFile = async (of: ForeignCa, name: string): Promise<string> => {
  const file = path.join(federation.dir, name);
  await writeFile(file, await of.list());
  return file;
};
const chainFile = async (leaf: typeof rsa): Promise<string> => {
  const file = path.join(federation.dir, `${leaf.certificate.sha256.slice(0, 8)}.pem`);
  await writeFile(
    file,
    `${await readFile(leaf.certificateFile, 'utf8')}${await readFile(below.certificateFile, 'utf8')}`,
  );
  return file;
};
const codeOf = (sending: Promise<unknown>): Promise<string> =>
  sending.then(
    () => 'queued',
    ({ code }) => code,
  );

t.test('the CA is listed by its fingerprint', async (t) => {
  const add = ['registry', 'anchor', 'add', root.certificateFile];
  const unasked = await registry.cli(...add);
  t.match({ exit: unasked.exit, code: unasked.error?.code }, { exit: 2, code: 'usage' }, 'nobody agreed');
  const wrong = await registry.cli(...add, '--fingerprint', 'ab'.repeat(32));
  t.match({ exit: wrong.exit, code: wrong.error?.code }, { exit: 7, code: 'does-not-verify' });
  const printed = await root.openssl.run(
    'x509',
    '-in',
    root.certificateFile,
    '-noout',
    '-fingerprint',
    '-sha256',
  );
  const added = await registry.cli(
    ...add,
    ...[
      '--fingerprint',
      printed.text.trim(),
      '--name',
      'CA Chính phủ',
      '--intermediate',
      below.certificateFile,
    ],
    ...['--crl', await listFile(root, 'root.crl'), await listFile(below, 'below.crl')],
  );
  t.equal(added.exit, 0, added.stderr);
  const { value } = await registry.cli('registry', 'anchor', 'list');
  t.match(value, [
    { fingerprint: anchor, name: 'CA Chính phủ', lists: [{ state: 'valid' }, { state: 'valid' }] },
  ]);
});

t.test('the running node takes certificate and key, and asks', async (t) => {
  t.equal(await codeOf(sender.send({ to: ['H40'], number: 1 })), 'seal-not-granted');
  const mixed = await sender.cli('node', 'seal', 'use', await chainFile(rsa), '--key', ec.keyFile);
  t.match({ exit: mixed.exit, code: mixed.error?.code }, { exit: 3, code: 'certificate-refused' });
  const used = await sender.cli('node', 'seal', 'use', await chainFile(rsa), '--key', rsa.keyFile);
  t.equal(used.exit, 0, used.stderr);
  t.match(used.value, {
    fingerprint: rsa.certificate.sha256,
    subject: 'CN=Văn phòng Chính phủ',
    granted: false,
  });
  const keys = path.join(sender.dir, 'keys');
  const names = (await readdir(keys)).filter((name) => name.startsWith('seal-'));
  t.equal(names.length, 1);
  t.equal((await stat(path.join(keys, names[0]!))).mode & 0o777, 0o600, 'for its owner alone');
  t.equal(await codeOf(sender.send({ to: ['H40'], number: 1 })), 'seal-not-granted', 'asking gives nothing');
  const { sealRequests } = await (await registry.client()).status();
  t.match(
    sealRequests.find(({ fingerprint }) => fingerprint === rsa.certificate.sha256),
    { agency: 'G22', certificate: { issuer: 'CN=CA chuyên dùng 2', fault: null } },
  );
});

let first = '';
t.test('granted, it seals; the recipient takes it, verifies it, and so does OpenSSL alone', async (t) => {
  const elsewhere = await registry.cli(
    'registry',
    'grant-seal',
    'G22',
    rsa.certificate.sha256,
    '--scope',
    'H40',
  );
  t.match({ exit: elsewhere.exit, code: elsewhere.error?.code }, { exit: 3, code: 'seal-scope' });
  const granted = await registry.cli('registry', 'grant-seal', 'G22', rsa.certificate.sha256);
  t.equal(granted.exit, 0, granted.stderr);
  t.match(granted.value, { unit: 'G22', subtree: true, serial: rsa.certificate.serial });
  await federation.inStep();
  const again = await sender.cli('node', 'seal', 'use', await chainFile(rsa), '--key', rsa.keyFile);
  t.match(
    { exit: again.exit, value: again.value },
    { exit: 0, value: { granted: true } },
    'asked again: it counts',
  );
  const sent = await sender.send({ to: ['H40'], number: 1 });
  first = sent.id;
  await sender.delivered(first);
  for (const agency of [sender, reader]) {
    const verified = await agency.cli('verify', first);
    t.equal(verified.exit, 0, `${agency.name}: ${verified.stderr}`);
    const { signatures } = await agency.show(first);
    t.match(
      signatures.find(({ role }) => role === 'seal'),
      { agency: 'G22', serial: rsa.certificate.serial, valid: true },
    );
    const out = path.join(federation.dir, `evidence-${agency.name}`);
    await agency.cli('fetch', first, '--evidence', '--out', out);
    const folder = path.join(out, `evidence-${first}`);
    const { stdout } = await run('sh', [path.join(folder, 'verify.sh')], { env: { PATH: process.env.PATH } });
    const names = await readdir(folder);
    t.equal(stdout.match(/Verified OK/g)?.length, names.filter((name) => name.endsWith('.sig')).length);
    const seal = `seal-G22-${rsa.certificate.sha256.slice(0, 16)}`;
    const chain = await readFile(path.join(folder, `${seal}.chain.pem`), 'utf8');
    t.equal(chain.match(/BEGIN CERTIFICATE/g)?.length, 2, 'the CA below and its root');
    // and without any of our files but the certificate: the government's root as everybody has it
    const { ok, text } = await root.openssl.run(
      ...['verify', '-x509_strict', '-CAfile', root.certificateFile, '-untrusted', below.certificateFile],
      path.join(folder, `${seal}.pem`),
    );
    t.ok(ok, text);
  }
});

t.test('it is there again after a restart, and a stopped node can ask for another', async (t) => {
  await sender.stop();
  const used = await sender.cli('node', 'seal', 'use', await chainFile(ec), '--key', ec.keyFile);
  t.equal(used.exit, 0, used.stderr);
  await sender.start();
  await sender.delivered((await sender.send({ to: ['H40'], number: 2 })).id);
  const granted = await registry.cli('registry', 'grant-seal', 'G22', ec.certificate.sha256);
  t.equal(granted.exit, 0, granted.stderr);
  await federation.inStep();
  const third = await sender.send({ to: ['H40'], number: 3 });
  await sender.delivered(third.id);
  const { signatures } = await reader.show(third.id);
  t.match(
    signatures,
    [{ role: 'seal', serial: ec.certificate.serial, valid: true }],
    'the one granted last seals',
  );
});

t.test('what its CA revokes stops at once; the other one seals on; the old stays verified', async (t) => {
  await below.revoke(ec, 'superseded');
  const refreshed = await registry.cli(
    'registry',
    'anchor',
    'crl',
    anchor,
    await listFile(below, 'newer.crl'),
  );
  t.equal(refreshed.exit, 0, refreshed.stderr);
  const stale = await registry.cli(
    'registry',
    'anchor',
    'crl',
    anchor,
    path.join(federation.dir, 'below.crl'),
  );
  t.match({ exit: stale.exit, code: stale.error?.code }, { exit: 3, code: 'certificate-refused' });
  await federation.inStep();
  const fourth = await sender.send({ to: ['H40'], number: 4 });
  await sender.delivered(fourth.id);
  t.match((await reader.show(fourth.id)).signatures, [{ role: 'seal', serial: rsa.certificate.serial }]);
  await below.revoke(rsa, 'superseded');
  await registry.cli('registry', 'anchor', 'crl', anchor, await listFile(below, 'newest.crl'));
  await federation.inStep();
  t.equal(await codeOf(sender.send({ to: ['H40'], number: 5 })), 'certificate-revoked');
  for (const agency of [sender, reader]) t.equal((await agency.verify(first)).valid, true, agency.name);
});

t.test('the CA off the list: nothing new, and what was stored is verified as before', async (t) => {
  const fresh = await below.leaf({ subject: 'Con dấu mới' });
  t.equal((await sender.cli('node', 'seal', 'use', await chainFile(fresh), '--key', fresh.keyFile)).exit, 0);
  await registry.cli('registry', 'grant-seal', 'G22', fresh.certificate.sha256);
  await federation.inStep();
  const sixth = await sender.send({ to: ['H40'], number: 6 });
  await sender.delivered(sixth.id);
  const removed = await registry.cli('registry', 'anchor', 'remove', anchor);
  t.equal(removed.exit, 0, removed.stderr);
  t.match(removed.value, { seals: 3 });
  await federation.inStep();
  t.equal(await codeOf(sender.send({ to: ['H40'], number: 7 })), 'seal-scope');
  for (const agency of [sender, reader])
    for (const id of [first, sixth.id])
      t.equal((await agency.verify(id)).valid, true, `${agency.name} ${id}`);
  const out = path.join(federation.dir, 'evidence-later');
  await reader.cli('fetch', sixth.id, '--evidence', '--out', out);
  await run('sh', [path.join(out, `evidence-${sixth.id}`, 'verify.sh')], { env: { PATH: process.env.PATH } });
  await eventually(
    'the registry lists none',
    async () => (await (await registry.client()).anchors()).length === 0,
  );
});
