/** What `verify` says years later of what was signed with certificates that have ended, were replaced, or whose key was lost. */
import t from 'tap';
import { DAY_MS } from './authority.ts';
import { TestFederation } from './federation.ts';

const faults = async (federation: TestFederation, seat: string, id: string) =>
  (await federation.node(seat).exchange.verify(id)).checks
    .filter(({ ok }) => !ok)
    .map(({ what, reason }) => `${what.replace(/ \(.*/, '')}: ${reason}`);

t.test(
  'ended or replaced in the ordinary way, it stands; a key that was lost takes what came after',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const { authority, clock } = federation;
    const [g22, h40] = [federation.node('G22'), federation.node('H40')];
    const send = async () => {
      const { id } = await g22.exchange.submit(federation.submission());
      await federation.settled('G22', id);
      return id;
    };
    const early = await send();
    clock.advance(30 * DAY_MS);
    await authority.publish({ entries: [] });
    const lostAtMs = clock.nowMs();
    clock.advance(DAY_MS);
    const late = await send();
    clock.advance(60_000);
    const [oldG22, oldH40] = [{ ...g22.who }, { ...h40.who }];
    for (const { who } of federation.nodes.values()) await authority.renew(who);
    await authority.revoke(oldG22.service, 'service', oldG22, 'superseded');
    await authority.revoke(oldH40.service, 'service', oldH40, 'superseded');
    for (const seat of ['G22', 'H40'])
      for (const id of [early, late]) t.same(await faults(federation, seat, id), [], `${seat}: replaced`);

    clock.advance(3 * 365 * DAY_MS);
    await authority.publish({ entries: [] });
    for (const seat of ['G22', 'H40']) t.same(await faults(federation, seat, late), [], `${seat}: ended`);

    await authority.revoke(oldG22.seal, 'seal', oldG22, 'key-compromise', lostAtMs);
    for (const seat of ['G22', 'H40']) {
      t.same(await faults(federation, seat, early), [], `${seat}: known from before the loss`);
      t.same(await faults(federation, seat, late), ['document: seal signature: certificate-revoked'], seat);
    }
  },
);

t.test("what nobody has answered has its signer's word for the time alone", async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { authority, clock } = federation;
  federation.unreachable.add('H40');
  const { id } = await federation.node('G22').exchange.submit(federation.submission());
  t.same(await faults(federation, 'G22', id), []);
  const { who } = federation.node('G22');
  await authority.revoke(who.service, 'service', who, 'key-compromise', clock.nowMs() - DAY_MS);
  t.same(await faults(federation, 'G22', id), ['dispatch-H40: service signature: certificate-revoked']);
});
