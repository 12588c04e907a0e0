/** `registry anchor …`, `registry grant-seal --scope` and `node seal use` as words; what they do stands in test/registry. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { Roots } from '../../../node/cli/roots.ts';
import { LienthongError } from '../../../node/core/errors.ts';
import { openRegistryDoor } from '../../../node/gateway/http/door.ts';
import { run, runningNode, temporaryFolder } from '../../helpers/command-line.ts';
import { ForeignCa } from '../../helpers/foreign-ca.ts';
import { MemoryRegistry } from '../../helpers/memory-registry.ts';

async function registryWithDoor(t: { teardown(act: () => unknown): void }) {
  const dir = await temporaryFolder(t);
  const registry = new MemoryRegistry();
  const door = await openRegistryDoor(registry, { folder: dir });
  t.teardown(() => door.close());
  return { dir, registry };
}

t.test('a CA is listed when its fingerprint is said or agreed to, and not otherwise', async (t) => {
  const { dir, registry } = await registryWithDoor(t);
  const root = await ForeignCa.root(t, { key: 'ec-256' });
  const list = join(dir, 'list.crl');
  await writeFile(list, await root.list());
  const { sha256 } = await root.certificate();
  const argv = [
    'registry',
    'anchor',
    'add',
    root.certificateFile,
    '--crl',
    list,
    '--dir',
    dir,
    '--lang',
    'en',
  ];
  t.equal((await run(argv)).status, 2, 'nobody there to ask');
  t.equal((await run([...argv, '--json'], { ask: async () => 'yes' })).status, 2);
  const declined = await run(argv, { ask: async () => 'no' });
  t.equal(declined.status, 0);
  t.match(declined.out, /CN=CA Gốc ngoài[\s\S]*Nothing was changed/);
  t.same(registry.acts, []);
  const agreed = await run(argv, { ask: async () => 'yes' });
  t.equal(agreed.status, 0, agreed.err);
  t.match(agreed.out, sha256.toUpperCase().match(/.{4}/g)!.join(' '));
  const said = await run([...argv, '--fingerprint', sha256, '--name', 'CA ngoài', '--json']);
  t.match(JSON.parse(said.out), { fingerprint: sha256, name: 'CA ngoài' });
  const file = await readFile(root.certificateFile);
  for (const act of registry.acts as {
    anchor: { certificates: Uint8Array; crls: Uint8Array[]; fingerprint: string };
  }[]) {
    t.equal(act.anchor.fingerprint, sha256);
    t.equal(Buffer.compare(act.anchor.certificates, file), 0, 'the file as it is');
    t.equal(Buffer.compare(act.anchor.crls[0]!, await readFile(list)), 0);
  }
  t.equal((await run([...argv, '--fingerprint', 'xyz'])).status, 2);
  t.equal((await run(['registry', 'anchor', 'add', list, '--fingerprint', sha256, '--dir', dir])).status, 3);
  t.equal(
    (await run(['registry', 'anchor', 'add', join(dir, 'none'), '--fingerprint', sha256, '--dir', dir]))
      .status,
    2,
  );
  await writeFile(join(dir, 'large'), Buffer.alloc(70_000));
  t.equal((await run(['registry', 'anchor', 'add', join(dir, 'large'), '--dir', dir])).status, 3);

  const shown = await run(['registry', 'anchor', 'list', '--dir', dir, '--lang', 'en']);
  t.match(shown.out, /CA below it +CN=CA 2/);
  t.match(shown.out, /until 01\/05\/2026 08:00:00 \(expired\), 3 revoked/);
  t.match(shown.out, /H40: H40\.02 +CN=X/);
  t.match(
    (await run(['registry', 'list', '--dir', dir, '--lang', 'en'])).out,
    `! The revocation list of CA "CN=CA" lasts until 01/05/2026 08:00:00`,
    'who looks at the registry is told before it ends',
  );
  const newer = await run(['registry', 'anchor', 'crl', sha256, list, '--dir', dir, '--json']);
  t.match(JSON.parse(newer.out), { fingerprint: sha256 });
  t.equal((await run(['registry', 'anchor', 'crl', 'ab'.repeat(32), list, '--dir', dir])).status, 4);
  const spoken = sha256.toUpperCase().match(/.{4}/g)!;
  const removed = await run(['registry', 'anchor', 'remove', ...spoken, '--dir', dir, '--json']);
  t.same(JSON.parse(removed.out), { fingerprint: sha256, seals: 1, version: 5 });
  await run(['registry', 'anchor', 'remove', sha256, '--dir', dir]);
  t.equal((await run(['registry', 'anchor', 'remove', sha256, '--dir', dir])).status, 4);
  t.match((await run(['registry', 'anchor', 'list', '--dir', dir, '--lang', 'en'])).out, 'No foreign CA');
});

t.test('a seal is granted for a unit, and what asks shows whose it says it is', async (t) => {
  const { dir, registry } = await registryWithDoor(t);
  const fingerprint = 'cd'.repeat(32);
  await run(['registry', 'grant-seal', 'H40', fingerprint, '--scope', 'H40.02', '--unit-only', '--dir', dir]);
  await run(['registry', 'grant-seal', 'H40', fingerprint, '--dir', dir]);
  t.same(registry.acts, [
    { agency: 'H40', fingerprint, unit: 'H40.02', unitOnly: true },
    { agency: 'H40', fingerprint },
  ]);
  const certificate = {
    subject: 'CN=Con dấu',
    issuer: 'CN=CA ngoài',
    notAfter: '2027-01-01T00:00:00.000+07:00',
  };
  registry.sealRequests = [
    {
      ...registry.sealRequests[0]!,
      ...{ fingerprint, certificate: { ...certificate, fault: 'unknown-anchor' } },
    },
  ];
  const { out } = await run(['registry', 'list', '--dir', dir, '--lang', 'en']);
  t.match(out, "Another CA's certificate: CN=Con dấu; issued by CN=CA ngoài, until 01/01/2027");
  t.match(out, '! it leads to no CA that is listed');

  const at = '2026-06-01T08:00:00+07:00';
  const ending = { serial: '1f', role: 'seal', notAfter: at, state: 'valid', endsSoon: true, fingerprint };
  const agencies = {
    code: 'H40',
    name: 'UBND tỉnh Nam Định',
    state: 'active',
    seats: 1,
    certificates: [ending],
  };
  registry.list = async () => [agencies];
  const soon = (await run(['registry', 'list', '--certificates', '--dir', dir, '--lang', 'en'])).out;
  t.match(soon, `node seal use`);
  t.match(soon, `registry revoke ${fingerprint} --reason superseded`);
  t.notMatch(soon, 'registry renew', 'nobody here can make its next one');
});

t.test('certificate and key go into the folder first, then whoever has it asks', async (t) => {
  const { dir, node } = await runningNode(t);
  const [chain, key] = [join(dir, 'chain.pem'), join(dir, 'seal.key')];
  await writeFile(chain, 'chain');
  await writeFile(key, 'key');
  const done: unknown[] = [];
  const kept = {
    fingerprint: 'ab'.repeat(32),
    subject: 'CN=X',
    issuer: 'CN=CA',
    notAfter: '2027-01-01T00:00:00+07:00',
  };
  const roots: Partial<Roots> = {
    keepSeal: async (options) => {
      done.push({
        ...options,
        chain: Buffer.from(options.chain).toString(),
        key: Buffer.from(options.key).toString(),
      });
      return kept;
    },
    askForSeal: async (options) => {
      done.push(options);
      return { fingerprint: options.fingerprint, granted: true };
    },
  };
  const argv = ['node', 'seal', 'use', chain, '--key', key];
  const running = await run([...argv, '--dir', dir, '--json'], { roots });
  t.same(JSON.parse(running.out), { ...kept, granted: false });
  t.same(node.sealsAsked, [kept.fingerprint]);
  t.same(done, [{ dir, chain: 'chain', key: 'key' }]);
  const stopped = await temporaryFolder(t);
  const atRest = await run([...argv, '--dir', stopped, '--lang', 'en'], { roots });
  t.equal(atRest.status, 0, atRest.err);
  t.match(atRest.out, 'granted already');
  t.same(done.slice(1), [
    { dir: stopped, chain: 'chain', key: 'key' },
    { dir: stopped, fingerprint: kept.fingerprint },
  ]);
  t.equal((await run(['node', 'seal', 'use', chain, '--dir', dir], { roots })).status, 2, 'without a key');
  const refused: Partial<Roots> = {
    keepSeal: async () => {
      throw new LienthongError('certificate-refused', { reason: 'other-key' });
    },
  };
  const wrong = await run([...argv, '--dir', dir, '--lang', 'en'], { roots: refused });
  t.equal(wrong.status, 3);
  t.match(wrong.err, 'key and certificate are not a pair');
  t.equal(node.sealsAsked.length, 1);
});
