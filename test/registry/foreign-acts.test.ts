/** What an admin does a second time, or with too little said, about CAs of others and their seals. */
import t from 'tap';
import { readCertificate } from '../../certs/certificate.ts';
import { decodeRow } from '../../node/registry/json-row.ts';
import { PREFIX, prefixRange } from '../../node/store/keys.ts';
import { DAY_MS, ForeignCa } from '../helpers/foreign-ca.ts';
import { memoryRegistry } from './federation.ts';
import { ask, enrolled, fileOf, granted, listed, sha256Of } from './foreign-federation.ts';

t.test('a CA added again keeps its name, its day and the CAs below it where none is given', async (t) => {
  const registry = await memoryRegistry();
  const { clock } = registry;
  const nowMs = clock.nowMs();
  const root = await ForeignCa.root(t, { nowMs });
  const [below, another] = [await root.below(), await root.below('CA khác cấp dưới')];
  const { sha256: fingerprint } = await root.certificate();
  const certificates = await fileOf(root);
  const intermediates = [await fileOf(below)];
  const first = await registry.service.addAnchor({ certificates, intermediates, fingerprint, name: 'CA CP' });
  clock.advance(DAY_MS);
  const crls = [await root.list({ fromMs: clock.nowMs() }), await below.list({ fromMs: clock.nowMs() })];
  const again = await registry.service.addAnchor({ certificates, fingerprint, crls });
  t.same(again, { ...first, lists: again.lists });
  t.equal(again.lists.length, 2, "the list of a CA below that wasn't given again, too");
  t.match(await storedAnchors(registry), [{ fingerprint, name: 'CA CP', addedAtMs: nowMs }]);
  await registry.service.addAnchor({ certificates, fingerprint, name: 'CA Chính phủ' });
  t.match(await storedAnchors(registry), [{ name: 'CA Chính phủ', addedAtMs: nowMs }]);
  const h40 = await enrolled(registry, 'H40');
  const leaf = await below.leaf();
  await granted(registry, h40, 'H40', leaf);
  t.equal(registry.directory.require().sealFault(sha256Of(leaf), 'H40', clock.nowMs()), undefined);

  const other = await registry.service.addAnchor({
    certificates,
    intermediates: [await fileOf(another)],
    fingerprint,
  });
  t.ok(
    other.intermediates.some(({ subject }) => subject === 'CN=CA khác cấp dưới'),
    'what is given replaces',
  );
  await registry.service.removeAnchor(fingerprint);
  t.match(await registry.service.addAnchor({ certificates, fingerprint }), {
    name: 'CN=CA Gốc ngoài',
    intermediates: [],
  });
});

async function storedAnchors({ store }: Awaited<ReturnType<typeof memoryRegistry>>): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { value } of store.range(prefixRange(PREFIX.registryState, 'anchor')))
    rows.push(decodeRow(value, 'anchor'));
  return rows;
}

t.test('wishes nobody grants make room: those that ended first, then the oldest', async (t) => {
  const registry = await memoryRegistry();
  const { clock } = registry;
  const nowMs = clock.nowMs();
  const [h40, h51] = [await enrolled(registry, 'H40'), await enrolled(registry, 'H51')];
  const root = await ForeignCa.root(t, { nowMs, key: 'ec-256' });
  await listed(registry, root);
  const waiting = async () =>
    (await registry.service.status()).sealRequests
      .filter(({ agency }) => agency === 'H40')
      .map(({ fingerprint }) => fingerprint)
      .sort();
  const wish = async (untilMs?: number) => {
    const leaf = await root.leaf(untilMs === undefined ? {} : { untilMs });
    await ask(registry, h40, 'H40', leaf);
    clock.advance(1000);
    return leaf.certificate.sha256;
  };
  await ask(registry, h51, 'H51', await root.leaf());
  const [first, second] = [await wish(), await wish()];
  const ending = [await wish(nowMs + DAY_MS), await wish(nowMs + DAY_MS)];
  const rest = [];
  for (let n = 0; n < 12; n++) rest.push(await wish());
  t.same(await waiting(), [first, second, ...ending, ...rest].sort());
  const newest = await wish();
  t.same(await waiting(), [second, ...ending, ...rest, newest].sort(), 'the oldest of sixteen went');
  clock.advance(2 * DAY_MS);
  const later = [await wish(), await wish(), await wish()];
  t.same(await waiting(), [...rest, newest, ...later].sort(), 'those that ended first, then the oldest');
  t.equal((await registry.service.status()).sealRequests.length, 17, "and none of another agency's");
  t.match(await registry.service.grantSeal('H40', later[2]!), { agency: 'H40' });
  await t.rejects(registry.service.grantSeal('H40', first), { code: 'not-found' });
});

t.test('nobody here can say since when the key of a foreign seal was lost', async (t) => {
  const registry = await memoryRegistry({ autoSeal: true });
  const { clock } = registry;
  const h40 = await enrolled(registry, 'H40');
  const root = await ForeignCa.root(t, { nowMs: clock.nowMs() });
  await listed(registry, root);
  const leaf = await root.leaf();
  await granted(registry, h40, 'H40', leaf);
  clock.advance(DAY_MS);
  const { sha256, serial } = leaf.certificate;
  const options = { reason: 'key-compromise', sinceMs: clock.nowMs() - 1000 };
  const { version } = registry.directory.require();
  for (const target of [sha256, serial])
    await t.rejects(registry.service.revoke(target, options), { code: 'usage', details: { what: 'since' } });
  t.equal(registry.directory.require().version, version, 'nothing changed');
  const { revoked } = await registry.service.revoke('H40', options);
  t.same(
    revoked.map(({ role }) => role).sort(),
    ['node', 'seal', 'seal', 'service'],
    'with its own ones it ends as well',
  );
  t.equal(registry.directory.require().sealFault(sha256Of(leaf), 'H40', clock.nowMs()), 'seal-scope');
});

t.test('a serial that two CAs gave names neither', async (t) => {
  const registry = await memoryRegistry();
  const nowMs = registry.clock.nowMs();
  const seats = { H40: await enrolled(registry, 'H40'), H51: await enrolled(registry, 'H51') };
  const roots = [
    await ForeignCa.root(t, { nowMs, name: 'CA một' }),
    await ForeignCa.root(t, { nowMs, name: 'CA hai' }),
  ];
  for (const root of roots) await listed(registry, root);
  const leaves = [await roots[0]!.leaf(), await roots[1]!.leaf()];
  const [mine, theirs] = leaves.map(({ certificate }) => readCertificate(certificate.bytes));
  t.equal(mine!.serial, theirs!.serial);
  await granted(registry, seats.H40, 'H40', leaves[0]!);
  await granted(registry, seats.H51, 'H51', leaves[1]!);
  const { version } = registry.directory.require();
  await t.rejects(registry.service.revoke(mine!.serial, { reason: 'superseded' }), {
    code: 'ambiguous',
    details: { candidates: [mine!.sha256, theirs!.sha256] },
  });
  t.equal(registry.directory.require().version, version);
  const { revoked } = await registry.service.revoke(mine!.sha256, { reason: 'superseded' });
  t.match(revoked, [{ agency: 'H40' }]);
  t.equal(revoked.length, 1);
  t.equal(registry.directory.require().sealFault(sha256Of(leaves[1]!), 'H51', nowMs), undefined);
});
