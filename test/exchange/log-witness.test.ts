/** Seats witness each other's audit logs: a node restored from an older copy of its folder learns it and stops. */
import { cp, rm } from 'node:fs/promises';
import t from 'tap';
import { signed } from '../../proto/messages.ts';
import { TestFederation } from './federation.ts';

t.test(
  'a node restored from an older copy is shown its own larger log head and turns read-only',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
    const [sender, recipient] = [federation.node('G22'), federation.node('H40')];
    const send = async () => {
      const { id } = await sender.exchange.submit(federation.submission());
      await federation.settled('G22', id);
    };
    await send();
    const early = recipient.exchange.logWitness.statementFor('G22')!;
    t.ok(early, 'the recipient keeps what the sender said of its log');
    sender.exchange.logWitness.shown(early);
    t.equal(sender.store.health.state, 'ok', 'a smaller head than its own says nothing');

    const copy = `${sender.dir}-copy`;
    t.teardown(() => rm(copy, { recursive: true, force: true }));
    await sender.stop();
    await cp(sender.dir, copy, { recursive: true });
    await sender.open();
    await send();
    await send();
    const late = recipient.exchange.logWitness.statementFor('G22')!;
    await sender.stop();
    await rm(sender.dir, { recursive: true });
    await cp(copy, sender.dir, { recursive: true });
    await sender.open();
    t.equal(sender.store.health.state, 'ok', 'its own folder shows nothing wrong');

    const forged = signed.parse(late);
    forged.signatures[0]!.value = new Uint8Array(forged.signatures[0]!.value!).map((byte, i) =>
      i === 20 ? byte ^ 1 : byte,
    );
    for (const lie of [new Uint8Array(0), new Uint8Array(100), late.subarray(0, -1), signed.encode(forged)]) {
      sender.exchange.logWitness.shown(lie);
      t.equal(sender.store.health.state, 'ok', 'only its own signature is believed');
    }
    const others = recipient.exchange.logWitness.statementFor('H51') ?? late;
    federation.node('H51').exchange.logWitness.shown(others);
    t.equal(federation.node('H51').store.health.state, 'ok', 'another seat’s statement is none of its own');

    sender.exchange.logWitness.shown(late);
    t.equal(sender.store.health.state, 'read-only');
    t.match(sender.reported('log.behind'), [{ where: /audit log/ }]);
    await t.rejects(sender.exchange.submit(federation.submission()), { code: 'read-only' });
    t.equal((await sender.exchange.list({ box: 'outbox' })).items.length, 1, 'what it has can be read');
  },
);

t.test('the largest head seen survives a restart', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  for (let i = 0; i < 3; i++) {
    const { id } = await federation.node('G22').exchange.submit(federation.submission());
    await federation.settled('G22', id);
  }
  const recipient = federation.node('H40');
  const before = recipient.exchange.logWitness.statementFor('G22')!;
  await recipient.reopen();
  t.same(recipient.exchange.logWitness.statementFor('G22'), before);
  t.ok(
    federation.node('G22').exchange.logWitness.statementFor('H40'),
    'receipts witness the recipient’s log',
  );
});
