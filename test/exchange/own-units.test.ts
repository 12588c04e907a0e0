/**
 * Documents between units of one node, in the federation with real stores: one store holds both ends, and each sees what it
 * would if they were two.
 */
import t, { type Test } from 'tap';
import { equalBytes, utf8 } from '../../node/core/bytes.ts';
import type { DocumentView, Submission } from '../../node/core/views.ts';
import { ownStream } from '../../node/exchange/own-seat.ts';
import { arrivalsOf } from '../../node/store/arrivals.ts';
import { deliveriesOf } from '../../node/store/deliveries.ts';
import { getDocument } from '../../node/store/documents.ts';
import { offerFrame, outcomeFrame, refusal as refusalCodec, signed } from '../../proto/messages.ts';
import { unitEntry } from './authority.ts';
import { edited, edxmlFederation, imported, importedDocument, newDocument } from './edxml-files.ts';
import { type NodeInit, TestFederation } from './federation.ts';

t.setTimeout(120_000);
const OFFICE = 'G22';
const UNIT = 'G22.01';
const OTHER = 'G22.02';

async function withUnits(
  t: Test,
  agencies: readonly string[] = [OFFICE],
  init: Record<string, NodeInit> = {},
): Promise<TestFederation> {
  const federation = await TestFederation.create(t, agencies, init);
  await federation.authority.publish({ entries: [unitEntry(UNIT), unitEntry(OTHER)] });
  return federation;
}

/** Handed in by the office for its unit unless said otherwise, and there. */
async function sent(federation: TestFederation, change: Partial<Submission> = {}): Promise<string> {
  const { exchange } = federation.node(OFFICE);
  const { id } = await exchange.submit(federation.submission({ to: [UNIT], ...change }));
  await federation.settled(OFFICE, id);
  return id;
}

const at = (view: DocumentView, unit = UNIT) => view.deliveries.find(({ to }) => to === unit)!;
const shows = (federation: TestFederation, id: string, status: string | null, unit = UNIT) =>
  federation.until(`${status} at ${unit}`, async () => {
    const view = await federation.node(OFFICE).exchange.show(id);
    return at(view, unit).status === status ? view : undefined;
  });
/** Nothing is on its way any more. */
const calm = (federation: TestFederation) =>
  federation.until(
    'nothing waits',
    async () => (await federation.node(OFFICE).exchange.queues()).length === 0,
  );
const said = (view: DocumentView) => view.statuses.map(({ code, side, state }) => [code, side, state]);

t.test('a document to an own unit is in both lists, with its receipt, and nobody is dialled', async (t) => {
  const federation = await withUnits(t);
  const node = federation.node(OFFICE);
  federation.clock.advance(1_000);
  const id = await sent(federation, { to: ['000.00.01.G22'] });
  t.same(federation.opened, []);
  const view = await node.exchange.show(id);
  t.match(view, { box: 'outbox', boxes: ['outbox', 'inbox'], to: [UNIT] });
  t.match(at(view), { state: 'delivered', here: true, seat: OFFICE, receipt: { by: OFFICE }, status: null });
  for (const box of ['outbox', 'inbox'] as const)
    t.match((await node.exchange.list({ box })).items, [
      { id, to: [UNIT], state: 'delivered', from: OFFICE },
    ]);

  const documentId = new Uint8Array(Buffer.from(view.documentHash, 'hex'));
  const [delivery] = await deliveriesOf(node.store, documentId);
  const [arrival, ...more] = await arrivalsOf(node.store, documentId);
  t.same(more, []);
  t.ok(equalBytes(arrival!.receipt, delivery!.outcome), 'one receipt');
  const row = await getDocument(node.store, documentId);
  t.match(row, { outgoing: true, arrivedAtMs: arrival!.storedAtMs });

  const { valid, checks } = await node.exchange.verify(id);
  t.ok(valid, JSON.stringify(checks.filter(({ ok }) => !ok)));
  const names = (await node.exchange.evidence(id)).map(({ name }) => name);
  t.equal(new Set(names).size, names.length, 'every file of evidence once');
  t.ok(names.some((name) => name.startsWith(`receipt-${UNIT}`)));
  t.same(await node.exchange.queues(), []);
  t.equal(node.exchange.logWitness.statementFor(OFFICE), undefined, 'nobody witnesses itself');
});

t.test('sending to the very unit that issues it is refused; to its office it is not', async (t) => {
  const federation = await withUnits(t);
  const { exchange } = federation.node(OFFICE);
  const to = (to: string[], from?: string) =>
    exchange.submit(federation.submission({ to, ...(from && { from }) }));
  await t.rejects(to([OFFICE]), { code: 'own-recipient', details: { code: OFFICE } });
  await t.rejects(to([OTHER, UNIT], '000.00.01.G22'), { code: 'own-recipient', details: { code: UNIT } });
  t.same((await exchange.list({ box: 'outbox' })).items, []);
  const id = await sent(federation, { from: UNIT, to: [OFFICE, OTHER] });
  t.same((await exchange.list({ box: 'inbox' })).items[0]!.to, [OFFICE, OTHER]);
  await t.rejects(exchange.addRecipients(id, [UNIT], 'thêm'), { code: 'own-recipient' });
});

t.test('its life: statuses of the unit, the arrival number, both registers', async (t) => {
  const federation = await withUnits(t);
  const { exchange } = federation.node(OFFICE);
  const id = await sent(federation);
  await exchange.taken(id);
  t.same(said(await exchange.show(id)), [], 'who reads it may be who sent it');
  await exchange.taken(id, UNIT);
  t.match(await exchange.say(id, { code: '03', note: 'chuyển phòng' }), {
    unit: UNIT,
    arrivalNumber: 1,
    status: '03',
  });
  await exchange.say(id, { code: '05' });
  await exchange.say(id, { code: '06' });
  await calm(federation);
  t.same(
    said(await exchange.show(id)),
    ['01', '03', '05', '06'].map((code) => [code, 'receiver', 'delivered']),
  );
  await t.rejects(exchange.say(id, { code: '02', reason: 'nhầm' }), { code: 'status-not-allowed' });
  const [outcome] = await exchange.recall(id, { reason: 'sai' });
  t.equal(outcome!.outcome, 'finished');
  const incoming = await exchange.register({ box: 'inbox' });
  t.match(incoming.items, [
    { id, arrivalNumber: 1, to: [{ code: UNIT }], status: '06', note: 'chuyển phòng' },
  ]);
  t.match((await exchange.register({ box: 'inbox', unit: UNIT })).items, [{ id }]);
  t.same((await exchange.register({ box: 'inbox', unit: OTHER })).items, []);
  t.match((await exchange.register({ box: 'outbox' })).items, [{ id, to: [{ code: UNIT }], status: '06' }]);
  t.match(await exchange.verify(id), { valid: true });
});

t.test('a recall: by itself where nobody took it, by a person where someone did', async (t) => {
  const federation = await withUnits(t);
  const { exchange } = federation.node(OFFICE);
  const untaken = await sent(federation);
  t.match(await exchange.recall(untaken, { reason: 'sai' }), [{ to: UNIT, outcome: 'requested' }]);
  await shows(federation, untaken, '15');
  await calm(federation);
  t.same(said(await exchange.show(untaken)), [
    ['13', 'sender', 'delivered'],
    ['15', 'receiver', 'delivered'],
  ]);

  const taken = await sent(federation);
  await exchange.say(taken, { code: '03' });
  federation.clock.advance(1_000);
  await exchange.recall(taken, { reason: 'sai' });
  await calm(federation);
  t.match(at(await exchange.show(taken)), { status: '13', recall: 'requested' });
  federation.clock.advance(1_000);
  await exchange.say(taken, { code: '16', reason: 'đã làm' });
  t.match(at(await exchange.show(taken)), { recall: 'declined', status: '03' });
  federation.clock.advance(1_000);
  await exchange.recall(taken, { reason: 'vẫn sai' });
  federation.clock.advance(1_000);
  await exchange.say(taken, { code: '06' });
  await calm(federation);
  const { statuses } = await exchange.show(taken);
  t.same(
    statuses.map(({ code }) => code),
    ['03', '13', '16', '13', '06', '16'],
    'after 06 the node declines by itself, once',
  );
});

t.test('a recall before it has arrived: nothing comes in, and nothing is left waiting', async (t) => {
  const federation = await withUnits(t);
  const { exchange } = federation.node(OFFICE);
  const submission = federation.submission({ to: [UNIT], key: 'một' });
  const { id } = await exchange.submit(submission);
  const [answer] = await exchange.recall(id, { reason: 'sai' });
  t.match(answer, { to: UNIT, outcome: /^(cancelled|waiting|requested)$/ });
  await federation.until('given back', async () => at(await exchange.show(id)).recall === 'agreed');
  await calm(federation);
  t.equal((await exchange.submit(submission)).repeated, undefined, 'its number is free again');
});

t.test('a reply goes back to who asked, and ends the due date for both', async (t) => {
  const federation = await withUnits(t);
  const { exchange } = federation.node(OFFICE);
  const asked = await sent(federation, { due: '2026-01-30' });
  const answers = [{ kind: 'answers' as const, id: asked }];
  const more = await sent(federation, { from: OFFICE, to: [], relations: answers });
  t.match(await exchange.show(more), { from: OFFICE, to: [UNIT] }, 'who asked may add to it');
  await sent(federation, { from: OTHER, to: [OFFICE], relations: answers });
  t.equal(at(await exchange.show(asked)).answeredAt, null, 'nor does another unit answer for it');
  const reply = await sent(federation, { to: [], relations: answers });
  t.match(await exchange.show(reply), { from: UNIT, to: [OFFICE], boxes: ['outbox', 'inbox'] });
  const view = await exchange.show(asked);
  t.ok(at(view).answeredAt);
  t.equal(at(view).clocks?.due?.by, 'reply');
  t.equal(view.thread.length, 4);
});

t.test('replaced and updated at its own units alone', async (t) => {
  const federation = await withUnits(t, [OFFICE, 'H40']);
  const { exchange } = federation.node(OFFICE);
  const id = await sent(federation, { to: [UNIT, OTHER, 'H40'] });
  await exchange.say(id, { code: '03', unit: OTHER });
  const update = await sent(federation, { to: [UNIT, OTHER], relations: [{ kind: 'updates', id }] });
  const replacement = await sent(federation, {
    to: [],
    relations: [{ kind: 'replaces', id, units: [UNIT] }],
  });
  t.same((await exchange.show(replacement)).to, [UNIT]);
  await calm(federation);
  const view = await exchange.show(id);
  t.match(at(view), { supersededBy: [replacement], updates: [{ id: update, answer: '15' }] });
  t.match(at(view, OTHER), { supersededBy: [], updates: [{ id: update, answer: null }] });
  t.match(at(view, 'H40'), { supersededBy: [], updates: [] });
  await exchange.say(id, { code: '15', unit: OTHER, answers: update });
  t.match(at(await exchange.show(id), OTHER).updates, [{ answer: '15' }]);
});

t.test('recipients here and elsewhere: each side shows what it would alone', async (t) => {
  const federation = await withUnits(t, [OFFICE, 'H40']);
  const { exchange } = federation.node(OFFICE);
  const id = await sent(federation, { to: ['H40'] });
  t.match(await exchange.show(id), { boxes: ['outbox'] });
  federation.clock.advance(3_600_000);
  const added = await exchange.addRecipients(id, [UNIT], 'bổ sung');
  t.same(added, [{ to: UNIT, state: 'queued' }]);
  const view = await federation.settled(OFFICE, id);
  t.same(
    view.deliveries.map(({ to, here }) => [to, here]),
    [
      [UNIT, true],
      ['H40', false],
    ].sort(),
  );
  const [item] = (await exchange.list({ box: 'inbox' })).items;
  t.match(item, { id, to: [UNIT] }, 'an inbox shows its own units');
  t.ok(item!.storedAt > view.storedAt, 'and when it came to them');
  t.same((await exchange.list({ box: 'outbox' })).items[0]!.to.sort(), [UNIT, 'H40'].sort());
  await federation.node('H40').exchange.say(id, { code: '03' });
  await exchange.say(id, { code: '02', reason: 'nhầm' });
  await shows(federation, id, '03', 'H40');
  t.match(at(await exchange.show(id)), { status: '02' });
  t.match((await exchange.list({ box: 'inbox' })).items, [{ status: '02' }]);
  t.match((await federation.node('H40').exchange.show(id)).deliveries, [{ to: 'H40', status: '03' }]);
  t.match(await exchange.verify(id), { valid: true });
});

t.test('a large attachment is not pulled; one that is gone is no receipt', async (t) => {
  const federation = await withUnits(t);
  const { exchange, blobs } = federation.node(OFFICE);
  const upload = async (mark: number) => {
    const { lease, sha256 } = await exchange.storeBlob(
      (async function* () {
        yield new Uint8Array(200_000).fill(mark);
      })(),
    );
    return [{ name: 'phu-luc.bin', lease, sha256 }];
  };
  const id = await sent(federation, { attachments: await upload(1) });
  t.same(federation.opened, []);
  t.match(await exchange.verify(id), { valid: true });

  const attachments = await upload(2);
  const sum = new Uint8Array(Buffer.from(attachments[0]!.sha256, 'hex'));
  const sizeOf = blobs.sizeOf.bind(blobs);
  blobs.sizeOf = async (sha256) => (equalBytes(sha256, sum) ? undefined : sizeOf(sha256));
  const { id: without } = await exchange.submit(federation.submission({ to: [UNIT], attachments }));
  await federation.until('it is refused for now', async () =>
    /blob-unavailable/.test(at(await exchange.show(without)).lastError ?? ''),
  );
  t.equal((await exchange.list({ box: 'inbox' })).items.length, 1);
  blobs.sizeOf = sizeOf;
  await federation.settled(OFFICE, without);
});

t.test('a day’s quota is for other agencies', async (t) => {
  const federation = await withUnits(t, [OFFICE], {
    [OFFICE]: { quota: { documentsPerDay: 1, bytesPerDay: 1 } },
  });
  for (let i = 0; i < 3; i++) await sent(federation);
  t.pass();
});

t.test('found in each box, by what that box shows; also by an index built anew', async (t) => {
  const federation = await withUnits(t, [OFFICE, 'H40'], { [OFFICE]: { search: true } });
  const node = federation.node(OFFICE);
  const id = await sent(federation, { to: [UNIT, 'H40'], subject: 'Phòng chống hạn mặn' });
  federation.clock.advance(86_400_000);
  await node.exchange.addRecipients(id, [OTHER], 'bổ sung');
  await federation.settled(OFFICE, id);
  const late = await sent(federation, { to: [OTHER], subject: 'Khác' });
  const find = async (box: 'inbox' | 'outbox', query: object) =>
    (await federation.until('the index answers', () => node.exchange.list({ box, ...query }))).items.map(
      (item) => item.id,
    );
  const check = async (what: string) => {
    await federation.until('the index is there', () => node.exchange.finder.search?.state === 'ready');
    for (const box of ['inbox', 'outbox'] as const) {
      t.same(await find(box, { text: 'hạn mặn' }), [id], `${what}: ${box}`);
      t.same(await find(box, { to: OTHER }), [late, id], `${what}: ${box}`);
      t.same(await find(box, { to: UNIT, waiting: true }), [id], `${what}: ${box}`);
    }
    t.same(await find('inbox', { to: 'H40' }), [], `${what}: not of the inbox`);
    t.same(await find('outbox', { to: 'H40' }), [id]);
    const { items, cursor } = await node.exchange.list({ box: 'inbox', to: OTHER, limit: 1 });
    t.same(
      [items.map((item) => item.id), await find('inbox', { to: OTHER, limit: 1, cursor })],
      [[late], [id]],
    );
    t.equal(await node.exchange.finder.check(), undefined);
  };
  await check('followed');
  await node.exchange.taken(id, UNIT);
  t.same(await find('inbox', { to: UNIT, waiting: true }), [id], 'waits still at the other unit');
  t.same(await find('outbox', { status: '01' }), []);
  await node.search!.reset();
  await node.reopen();
  await federation.until('the index is there', () => node.exchange.finder.search?.state === 'ready');
  t.same(await find('inbox', { text: 'hạn mặn' }), [id]);
  t.same(await find('outbox', { text: 'hạn mặn' }), [id]);
});

t.test('edXML files of both ends are imported at one node', async (t) => {
  const federation = await edxmlFederation(t);
  await federation.authority.publish({ entries: [unitEntry('H90.01')] });
  const node = federation.node('H90');
  const { id } = await importedDocument(node, newDocument('118', ['05.17.H92', '000.00.01.H90']));
  await federation.settled('H90', id);
  const status = (code: string) =>
    imported(node, edited(`status-${code}.edxml`, ['000.00.00.H91', '000.00.01.H90']));
  t.match(await status('01'), { id, unit: 'H90.01', status: '01' });
  t.match(await status('03'), { id, arrivalNumber: 1 });
  t.match(await status('13'), { id, answers: [{ to: 'H90.01', outcome: 'requested' }] });
  t.match(await status('15'), { id, recall: 'agreed' });
});

t.test('another agency’s unit that this seat serves by now is one of its own', async (t) => {
  const federation = await withUnits(t, [OFFICE, 'H40']);
  await federation.authority.publish({ entries: [unitEntry('H40.02')] });
  federation.unreachable.add('H40');
  const { exchange } = federation.node(OFFICE);
  const { id } = await exchange.submit(federation.submission({ to: ['H40.02'] }));
  t.match((await exchange.show(id)).deliveries, [{ seat: 'H40', here: false }]);
  await federation.authority.publish({ entries: [unitEntry('H40.02', OFFICE)] });
  federation.unreachable.clear();
  const view = await federation.settled(OFFICE, id);
  t.match(view.deliveries, [{ to: 'H40.02', seat: OFFICE, here: true, receipt: { by: OFFICE } }]);
  t.match((await exchange.list({ box: 'inbox' })).items, [{ id }]);
  t.same((await federation.node('H40').exchange.list({ box: 'inbox' })).items, []);
  await exchange.recall(id, { reason: 'sai' });
  await shows(federation, id, '15', 'H40.02');
});

t.test('after a loss: what others hold is taken back, and goes to its own units once more', async (t) => {
  const federation = await withUnits(t, [OFFICE, 'H40']);
  const node = federation.node(OFFICE);
  await sent(federation, { to: ['H40'] });
  const copy = await node.backUp();
  const id = await sent(federation, { to: [UNIT, 'H40'] });
  const alone = await sent(federation);
  await sent(federation, { to: ['H40'] });
  const lostId = new Uint8Array(Buffer.from((await node.exchange.show(alone)).documentHash, 'hex'));
  const { dispatch } = (await arrivalsOf(node.store, lostId))[0]!;
  const { envelope: document } = (await getDocument(node.store, lostId))!;
  await node.lose(copy, [federation.node('H40')]);
  await node.open();
  await federation.until('it is back', async () => (await node.exchange.recovery())?.waiting.length === 0);
  t.match(await node.exchange.show(id), { boxes: ['outbox'], to: ['H40'] });
  await t.rejects(node.exchange.show(alone), { code: 'not-found' }, 'nobody else ever held it');
  // a clone of this node has what this one lost: it is another seat's word, not one of its own units'
  const { near, far } = ownStream();
  const serving = node.exchange.serveDelivery(far, OFFICE);
  await near.write(offerFrame.encode({ sequence: 1, dispatches: [dispatch], document, inlineBlobs: [] }));
  const { outcomes } = outcomeFrame.parse((await near.read())!);
  const { refusal } = outcomes[0] as { refusal: Uint8Array };
  const refused = refusalCodec.parse(signed.parse(refusal).payload);
  t.match(refused, { code: 'sender-mismatch', retry: 2, text: 'not sent from here' });
  await near.close();
  await serving;
  await node.exchange.addRecipients(id, [UNIT], 'gửi lại');
  await federation.settled(OFFICE, id);
  t.match(await node.exchange.show(id), { boxes: ['outbox', 'inbox'] });
  t.match(await node.exchange.verify(id), { valid: true });
});

t.test('an exported file is the sender’s, or that of the unit named', async (t) => {
  const federation = await withUnits(t, [OFFICE, 'H40']);
  const { exchange } = federation.node(OFFICE);
  const id = await sent(federation, { to: [UNIT, 'H40'] });
  const text = async (unit?: string) => {
    const { stream } = await exchange.exportEdxml(id, unit === undefined ? {} : { unit });
    const parts: Uint8Array[] = [];
    for await (const part of stream) parts.push(part);
    return Buffer.concat(parts).toString();
  };
  t.match(await text(), '000.00.00.H40');
  const own = await text(UNIT);
  t.match(own, '000.00.01.G22');
  t.notMatch(own, '000.00.00.H40');
  await t.rejects(text('H40'), { code: 'not-found' });
});

for (const when of ['before', 'after'] as const)
  t.test(`killed ${when} each of its commits: once, with one receipt, answered once`, async (t) => {
    const federation = await withUnits(t);
    for (let at_ = 1, wasKilled = true; wasKilled; at_++) {
      wasKilled = false;
      const node = federation.node(OFFICE);
      node.store.commits = 0;
      node.store.killAt = (commit) => {
        if (commit !== at_ || wasKilled) return undefined;
        wasKilled = true;
        return when;
      };
      const submission = federation.submission({
        to: [UNIT, OTHER],
        key: `key ${at_}`,
        number: `${at_}K`,
        attachments: [{ name: 'a.txt', bytes: utf8(`Điều ${at_}`) }],
      });
      const life = async () => {
        const { exchange } = federation.node(OFFICE);
        const { id } = await exchange.submit(submission);
        await federation.settled(OFFICE, id);
        await exchange.say(id, { code: '03', unit: OTHER });
        await exchange.recall(id, { reason: 'sai', units: [UNIT] });
        await shows(federation, id, '15');
        await calm(federation);
        return id;
      };
      let id: string | undefined;
      life().then(
        (made) => {
          id = made;
        },
        // of a node that was killed nothing comes any more
        () => {},
      );
      await federation.until('killed or done', () => wasKilled || id !== undefined);
      node.store.killAt = undefined;
      if (wasKilled) {
        await node.reopen();
        id = await life();
      }
      const view = await node.exchange.show(id!);
      t.same(
        (await node.exchange.show(id!)).statuses
          .filter(({ unit }) => unit === UNIT)
          .map(({ code, sequence, valid }) => [code, sequence, valid]),
        [
          ['13', 1, true],
          ['15', 1, true],
        ],
        `commit ${at_}`,
      );
      const documentId = new Uint8Array(Buffer.from(view.documentHash, 'hex'));
      const arrivals = await arrivalsOf(node.store, documentId);
      const deliveries = await deliveriesOf(node.store, documentId);
      t.equal(arrivals.length, 2);
      for (const { unit, outcome } of deliveries)
        t.ok(equalBytes(arrivals.find((one) => one.unit === unit)!.receipt, outcome), 'one receipt');
      t.match(await node.exchange.verify(id!), { valid: true });
      if (!wasKilled) t.ok(at_ > 6, `${at_ - 1} kills`);
      t.ok(at_ < 40);
    }
    const { exchange } = federation.node(OFFICE);
    const listed = async (box: 'inbox' | 'outbox') =>
      (await exchange.list({ box, limit: 100 })).items.map(({ number }) => number).sort();
    t.same(await listed('inbox'), await listed('outbox'), 'nothing twice, nothing lost');
    const { items } = await exchange.register({ box: 'inbox' });
    t.same(
      items.map(({ arrivalNumber }) => arrivalNumber),
      items.map((_, i) => i + 1),
      'arrival numbers without gaps',
    );
  });

t.test('the stream to the own seat: in order, closed cleanly, broken at both ends', async (t) => {
  const { near, far } = ownStream();
  for (let i = 0; i < 3; i++) await near.write(Uint8Array.of(i));
  const closed = near.close();
  const seen = [await far.read(), await far.read(), await far.read(), await far.read()];
  t.same(seen, [Uint8Array.of(0), Uint8Array.of(1), Uint8Array.of(2), undefined]);
  await closed;
  await far.write(Uint8Array.of(9));
  t.same(await near.read(), Uint8Array.of(9));

  const broken = ownStream();
  const reading = broken.far.read();
  broken.near.abort(new Error('broken'));
  await t.rejects(reading);
  await t.rejects(broken.far.write(Uint8Array.of(1)));
  t.equal(await broken.near.read(), undefined);
});
