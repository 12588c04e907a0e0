/** Documents that change others: replies, replacements, updates and more recipients, and the cases where two things cross. */
import t from 'tap';
import type { DocumentView } from '../../node/core/views.ts';
import { STATE } from '../../node/directory/entries.ts';
import { agencyEntry } from './authority.ts';
import { TestFederation } from './federation.ts';

type Test = Parameters<typeof TestFederation.create>[0];

async function sent(t: Test, to: string[], change = {}) {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const { id } = await federation.node('G22').exchange.submit(federation.submission({ to, ...change }));
  await federation.settled('G22', id);
  const [sender, receiver] = [federation.node('G22').exchange, federation.node('H40').exchange];
  return { federation, id, sender, receiver };
}

const at = (view: DocumentView, unit: string) => view.deliveries.find(({ to }) => to === unit)!;

/** Until the condition holds of the document at both ends. */
const both = (
  federation: TestFederation,
  id: string,
  what: string,
  holds: (view: DocumentView) => unknown,
  receiver = 'H40',
) =>
  federation.until(what, async () => {
    const views = [
      await federation.node('G22').exchange.show(id),
      await federation.node(receiver).exchange.show(id),
    ];
    return views.every(holds) ? views : undefined;
  });

t.test(
  'a reply goes to who asked, joins the conversation at both ends, and meets the due date',
  async (t) => {
    const { federation, id, sender, receiver } = await sent(t, ['H40'], { due: '2026-01-20' });
    t.equal(at(await sender.show(id), 'H40').answeredAt, null);
    const reply = await receiver.submit(
      federation.submission({ to: [], notation: 'BC-UBND', relations: [{ kind: 'answers', id }] }),
    );
    t.same(reply.deliveries, [{ to: 'G22', state: 'queued' }]);
    await federation.settled('H40', reply.id);
    await both(federation, id, 'answered at both ends', (view) => at(view, 'H40').answeredAt);
    const again = await sender.submit(
      federation.submission({ to: [], relations: [{ kind: 'answers', id: reply.id }] }),
    );
    await federation.settled('G22', again.id);
    for (const exchange of [sender, receiver])
      for (const one of [id, reply.id, again.id])
        t.same(
          (await exchange.show(one)).thread.map((item) => [item.id, item.answers]),
          [
            [id, null],
            [reply.id, id],
            [again.id, reply.id],
          ],
        );
    t.match((await sender.show(id)).namedBy, [{ kind: 'answers', id: reply.id }]);
    t.match((await receiver.show(reply.id)).relations, [{ kind: 'answers', id }]);
  },
);

t.test(
  'a replacement supersedes its documents for the receivers it names, whichever comes first',
  async (t) => {
    const { federation, id, sender, receiver } = await sent(t, ['H40', 'H51']);
    const second = await sender.submit(federation.submission({ to: ['H40', 'H51'] }));
    await federation.settled('G22', second.id);
    const relations = [
      { kind: 'replaces' as const, id, units: ['H40'] },
      { kind: 'replaces' as const, id: second.id },
    ];
    const made = await sender.submit(federation.submission({ to: ['H40', 'H51'], relations }));
    await federation.settled('G22', made.id);
    await both(federation, id, 'superseded at H40', (view) => at(view, 'H40').supersededBy[0] === made.id);
    t.same(at(await sender.show(id), 'H51').supersededBy, [], 'not at H51');
    t.same(at(await federation.node('H51').exchange.show(id), 'H51').supersededBy, []);
    t.same(at(await federation.node('H51').exchange.show(second.id), 'H51').supersededBy, [made.id]);
    t.equal((await receiver.show(made.id)).kind, 'replace');

    // recall of a replaced document: both facts stand
    await sender.recall(id, { reason: 'Đã thay thế', units: ['H40'] });
    await both(federation, id, 'recalled too', (view) => at(view, 'H40').recall === 'agreed');
    t.same(at(await receiver.show(id), 'H40').supersededBy, [made.id]);

    await t.rejects(
      sender.submit(
        federation.submission({ to: ['H40'], relations: [{ kind: 'replaces', id, units: ['H40.99'] }] }),
      ),
      { code: 'not-found' },
    );
    await t.rejects(
      receiver.submit(federation.submission({ to: ['G22'], relations: [{ kind: 'replaces', id }] })),
      { code: 'status-not-allowed' },
      'only its sender may',
    );
  },
);

t.test(
  'an update: agreed to by the node while nobody has taken the document, else by a person',
  async (t) => {
    const { federation, id, sender, receiver } = await sent(t, ['H40', 'H51']);
    await receiver.say(id, { code: '03' });
    const { number, notation } = await sender.show(id);
    const relations = [{ kind: 'updates' as const, id }];
    const update = await sender.submit(
      federation.submission({ to: [], number, notation, relations, subject: 'Sửa' }),
    );
    await federation.settled('G22', update.id);
    await both(
      federation,
      id,
      'H51 agreed by itself',
      (view) => at(view, 'H51').updates[0]?.answer === '15',
      'H51',
    );
    t.same(at(await receiver.show(id), 'H40').updates, [{ id: update.id, answer: null }]);
    await receiver.say(id, { code: '16', reason: 'Đã ban hành kế hoạch', answers: update.id });
    await both(
      federation,
      id,
      'declined at both ends',
      (view) => at(view, 'H40').updates[0]?.answer === '16',
    );
    await t.rejects(receiver.say(id, { code: '15', answers: update.id }), { code: 'status-not-allowed' });
    t.equal((await receiver.say(id, { code: '16', reason: 'nữa', answers: update.id })).repeated, true);
    t.equal(at(await sender.show(id), 'H40').status, '03', 'the document stays as it was');
    const used = federation.submission({ to: ['H40'], number, notation, subject: 'khác' });
    await t.rejects(
      sender.submit(used),
      { code: 'number-used', details: { id } },
      'the number is still the first one’s',
    );
  },
);

t.test(
  'more recipients get the same document; who is off gets it later; who has it is left alone',
  async (t) => {
    const { federation, id, sender } = await sent(t, ['H40'], { urgency: 'khan', due: '2026-02-01' });
    federation.unreachable.add('H51');
    t.same(await sender.addRecipients(id, ['H40', 'H51'], 'Bổ sung nơi nhận'), [
      { to: 'H40', state: 'delivered' },
      { to: 'H51', state: 'queued' },
    ]);
    await t.rejects(sender.addRecipients(id, ['H51'], ''), { code: 'field-missing' });
    t.same(await sender.addRecipients(id, ['H51'], 'lần nữa'), [{ to: 'H51', state: 'queued' }]);
    await federation.node('G22').reopen();
    federation.unreachable.clear();
    await federation.settled('G22', id);
    const view = await federation.node('H51').only('inbox');
    t.match(view, { id, urgency: 'khan', due: '2026-02-01' });
    await t.rejects(federation.node('H51').exchange.addRecipients(id, ['H40'], 'x'), {
      code: 'status-not-allowed',
    });
  },
);

t.test(
  'a recall that crosses acceptance: what the receiver had said stands, and a person answers',
  async (t) => {
    const { federation, id, sender, receiver } = await sent(t, ['H40']);
    federation.apart();
    await receiver.say(id, { code: '03' });
    t.same(await sender.recall(id, { reason: 'Sai' }), [{ to: 'H40', outcome: 'requested' }]);
    federation.together();
    await both(federation, id, 'asked, at both ends', (view) => view.statuses.length === 2);
    t.equal(at(await sender.show(id), 'H40').status, '13');
    t.equal((await sender.show(id)).statuses.find(({ code }) => code === '03')?.arrivalNumber, 1);
    await receiver.say(id, { code: '15' });
    await both(federation, id, 'agreed', (view) => at(view, 'H40').recall === 'agreed');
    t.ok((await receiver.show(id)).files.length > 0, 'cancelled with evidence, never deleted');
  },
);

t.test('a recall that crosses a refusal or an end is settled by the node', async (t) => {
  const { federation, id, sender, receiver } = await sent(t, ['H40']);
  federation.apart();
  await receiver.say(id, { code: '02', reason: 'Nhầm nơi nhận' });
  await sender.recall(id, { reason: 'Sai' });
  federation.together();
  await both(federation, id, 'returned and recalled', (view) => at(view, 'H40').recall === 'agreed');
  const next = await sender.submit(federation.submission({ to: ['H40'] }));
  await federation.settled('G22', next.id);
  federation.apart();
  await receiver.say(next.id, { code: '06' });
  await sender.recall(next.id, { reason: 'Sai' });
  federation.together();
  await both(
    federation,
    next.id,
    'too late',
    (view) => at(view, 'H40').recall === 'declined' && view.status === '06',
  );
});

t.test('a number is free again when its document was recalled or returned everywhere', async (t) => {
  const { federation, id, sender, receiver } = await sent(t, ['H40']);
  const { number, notation } = await sender.show(id);
  const again = federation.submission({ to: ['H40'], number, notation, subject: 'Bản đúng' });
  await t.rejects(sender.submit(again), { code: 'number-used' });
  await sender.recall(id, { reason: 'Sai' });
  await both(federation, id, 'recalled', (view) => at(view, 'H40').recall === 'agreed');
  const second = await sender.submit(again);
  await federation.settled('G22', second.id);
  t.not(second.id, id);
  t.equal((await receiver.list({ box: 'inbox' })).items.length, 2);
});

t.test('an old document keeps its codes, with a note of what became of them', async (t) => {
  const { federation, id, sender, receiver } = await sent(t, ['H40', 'H51']);
  t.same((await sender.show(id)).formerCodes, []);
  await federation.authority.publish({
    entries: [
      agencyEntry('H40', 'Nam Định', STATE.merged, 'H51'),
      agencyEntry('G22', 'Văn phòng cũ', STATE.retired),
    ],
  });
  const former = [
    { code: 'G22', name: 'Văn phòng cũ', into: null },
    { code: 'H40', name: 'Nam Định', into: 'H51' },
  ];
  t.same((await sender.show(id)).formerCodes, former);
  t.same((await receiver.show(id)).formerCodes, former);
  t.match(await sender.show(id), { from: 'G22', to: ['H40', 'H51'] });
});
