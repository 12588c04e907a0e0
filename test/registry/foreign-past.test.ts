/** What a seal of another CA was at a past moment, by lists that ended and came at different times. */
import t from 'tap';
import { DAY_MS, ForeignCa } from '../helpers/foreign-ca.ts';
import { memoryRegistry, TestClock } from './federation.ts';
import { enrolled, granted, listed, sha256Of } from './foreign-federation.ts';

t.test('one list ended, another came after: what was stored before both still counts', async (t) => {
  const registry = await memoryRegistry({ clock: new TestClock(Date.now()) });
  const { clock } = registry;
  const nowMs = clock.nowMs();
  const h40 = await enrolled(registry, 'H40');
  const root = await ForeignCa.root(t, { nowMs });
  const below = await root.below();
  const [leaf, lost] = [await below.leaf(), await below.leaf()];
  await listed(registry, root, [below], [await root.list({ days: 15 }), await below.list({ days: 15 })]);
  for (const one of [leaf, lost]) await granted(registry, h40, 'H40', one, [below]);
  const past = (of: typeof leaf, days: number) => {
    const knownMs = nowMs + days * DAY_MS;
    return registry.directory
      .require()
      .pastFault(sha256Of(of), { knownMs, claimedMs: knownMs }, clock.nowMs());
  };
  // `openssl ca` dates a revocation by its own clock: the present of day 0
  await below.revoke(lost);
  clock.advance(20 * DAY_MS);
  const { sha256 } = await root.certificate();
  await registry.service.refreshAnchor(sha256, await below.list({ fromMs: clock.nowMs(), days: 300 }));
  clock.advance(10 * DAY_MS);
  const fault = registry.directory.require().sealFault(sha256Of(leaf), 'H40', clock.nowMs());
  t.equal(fault, 'directory-expired', "nothing new while the root's list is over");
  t.equal(past(leaf, 10), undefined, 'both lists reached to day 10, or came after');
  t.equal(past(leaf, 17), 'directory-expired', "no list of the root's reaches to day 17");
  t.equal(past(lost, 10), 'certificate-revoked', 'the later list is asked all the same');

  await registry.service.refreshAnchor(sha256, await root.list({ fromMs: clock.nowMs() }));
  t.equal(past(leaf, 17), undefined, 'until one came that was made after it');
  await registry.service.removeAnchor(sha256);
  clock.advance(100 * DAY_MS);
  t.same([past(leaf, 10), past(lost, 10)], [undefined, 'certificate-revoked'], 'and off the list');
});

t.test(
  'a CA of the same name with an older key, whose last list is over, ends nothing of the newer',
  async (t) => {
    const registry = await memoryRegistry();
    const { clock } = registry;
    const nowMs = clock.nowMs();
    const h40 = await enrolled(registry, 'H40');
    const [older, newer] = [await ForeignCa.root(t, { nowMs }), await ForeignCa.root(t, { nowMs })];
    await listed(registry, older, [], [await older.list({ days: 7 })]);
    await listed(registry, newer, [], [await newer.list({ days: 15 })]);
    const leaf = await newer.leaf();
    await granted(registry, h40, 'H40', leaf);
    clock.advance(14 * DAY_MS);
    const { sha256 } = await newer.certificate();
    await registry.service.refreshAnchor(sha256, await newer.list({ fromMs: clock.nowMs(), days: 300 }));
    clock.advance(10 * DAY_MS);
    const knownMs = nowMs + 10 * DAY_MS;
    const now = registry.directory.require();
    t.equal(now.pastFault(sha256Of(leaf), { knownMs, claimedMs: knownMs }, clock.nowMs()), undefined);
    t.equal(now.sealFault(sha256Of(leaf), 'H40', clock.nowMs()), undefined);
  },
);
