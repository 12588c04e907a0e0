/** The life of a document between two nodes: what the receiver says, recalls, and that both ends show the same. */
import t from 'tap';
import type { StatusCode } from '../../node/core/business-status.ts';
import type { DocumentView } from '../../node/core/views.ts';
import { getSeatLink } from '../../node/store/seat-links.ts';
import { TestFederation } from './federation.ts';

const shown = ({ deliveries, statuses }: DocumentView) => ({
  deliveries: deliveries.map(({ to, status, recall }) => ({ to, status, recall })),
  statuses: statuses.map(({ code, by, side, sequence, missing, reason, answers, valid }) => ({
    code,
    by,
    side,
    sequence,
    missing,
    reason,
    answers,
    valid,
  })),
});

/** Until both ends show the same about the document, with the status at one of its units. */
async function agreed(federation: TestFederation, id: string, status: StatusCode | null, to = 'H40') {
  return federation.until(`both show ${status}`, async () => {
    const [sent, received] = [
      await federation.node('G22').exchange.show(id),
      await federation.node('H40').exchange.show(id),
    ];
    const mine = sent.deliveries.find((delivery) => delivery.to === to);
    const same = JSON.stringify(shown(sent)) === JSON.stringify(shown(received));
    return mine?.status === status && same ? { sent, received } : undefined;
  });
}

async function delivered(t: Parameters<typeof TestFederation.create>[0], change = {}) {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { id } = await federation.node('G22').exchange.submit(federation.submission(change));
  await federation.settled('G22', id);
  return {
    federation,
    id,
    sender: federation.node('G22').exchange,
    receiver: federation.node('H40').exchange,
  };
}

t.test('taken, registered, assigned, handled and finished: each step is at both ends', async (t) => {
  const { federation, id, receiver } = await delivered(t);
  await receiver.taken(id);
  await receiver.taken(id);
  t.match(await receiver.say(id, { code: '03' }), {
    status: '03',
    arrivalNumber: 1,
    arrivalYear: 2026,
    repeated: false,
  });
  t.match(await receiver.say(id, { code: '03' }), { arrivalNumber: 1, repeated: true });
  await receiver.say(id, { code: '04', staff: { name: 'Trần Thị Bình', department: 'Phòng Văn thư' } });
  await receiver.say(id, { code: '05', note: 'Đang lấy ý kiến' });
  await receiver.say(id, { code: '06' });
  const { sent } = await agreed(federation, id, '06');
  t.same(
    sent.statuses.map(({ code, sequence, by, valid }) => [code, sequence, by, valid]),
    [
      ['01', 1, 'H40', true],
      ['03', 2, 'H40', true],
      ['04', 3, 'H40', true],
      ['05', 4, 'H40', true],
      ['06', 5, 'H40', true],
    ],
  );
  t.match(sent.statuses[2]!.staff, { name: 'Trần Thị Bình' });
  t.equal(sent.status, '06');
  await t.rejects(receiver.say(id, { code: '02', reason: 'nhầm' }), { code: 'status-not-allowed' });
});

t.test('refused with its reason, and nothing moves after it', async (t) => {
  const { federation, id, receiver, sender } = await delivered(t);
  await t.rejects(receiver.say(id, { code: '02' }), { code: 'field-missing', details: { field: 'reason' } });
  await receiver.say(id, { code: '02', reason: 'Gửi nhầm nơi nhận' });
  const { sent } = await agreed(federation, id, '02');
  t.equal(sent.statuses[0]!.reason, 'Gửi nhầm nơi nhận');
  await t.rejects(receiver.say(id, { code: '03' }), { code: 'status-not-allowed' });
  t.same(await sender.recall(id, { reason: 'thôi' }), [{ to: 'H40', outcome: 'settled' }]);
});

t.test('recalled before anybody took it: the node agrees by itself', async (t) => {
  const { federation, id, sender, receiver } = await delivered(t);
  await t.rejects(sender.recall(id, { reason: ' ' }), { code: 'field-missing' });
  await t.rejects(sender.recall(id, { reason: 'x', units: ['H51'] }), { code: 'not-found' });
  await t.rejects(receiver.recall(id, { reason: 'x' }), { code: 'status-not-allowed' });
  t.same(await sender.recall(id, { reason: 'Sai nội dung' }), [{ to: 'H40', outcome: 'requested' }]);
  const { received } = await agreed(federation, id, '15');
  t.same(
    received.statuses.map(({ code, reason, reasonCode, answers }) => [code, reason, reasonCode, answers]),
    [
      ['13', 'Sai nội dung', null, null],
      ['15', null, 'nobody-has-taken-it', '13/1'],
    ],
  );
  await t.rejects(receiver.say(id, { code: '03' }), { code: 'status-not-allowed' });
  t.same(await sender.recall(id, { reason: 'lần nữa' }), [{ to: 'H40', outcome: 'settled' }]);
});

t.test('recalled during acceptance: a person answers, and may be asked again', async (t) => {
  const { federation, id, sender, receiver } = await delivered(t);
  await receiver.say(id, { code: '03' });
  await agreed(federation, id, '03');
  await sender.recall(id, { reason: 'Sai' });
  t.same(await sender.recall(id, { reason: 'Sai' }), [{ to: 'H40', outcome: 'repeated' }]);
  await agreed(federation, id, '13');
  await t.rejects(receiver.say(id, { code: '16' }), { code: 'field-missing' });
  await receiver.say(id, { code: '16', reason: 'Đã triển khai' });
  const { sent } = await agreed(federation, id, '03');
  t.equal(sent.deliveries[0]!.recall, 'declined');
  await t.rejects(receiver.say(id, { code: '15' }), { code: 'status-not-allowed' });
  await sender.recall(id, { reason: 'Thật sự sai' });
  await agreed(federation, id, '13');
  await receiver.say(id, { code: '15' });
  await agreed(federation, id, '15');
});

t.test('recalled after it was finished, and finished while a recall waits: declined by itself', async (t) => {
  const { federation, id, sender, receiver } = await delivered(t);
  await receiver.say(id, { code: '03' });
  federation.unreachable.add('G22');
  await sender.recall(id, { reason: 'Sai' });
  await federation.until('the recall is there', async () => (await receiver.show(id)).status === '13');
  await receiver.say(id, { code: '06' });
  federation.unreachable.clear();
  const { sent } = await agreed(federation, id, '06');
  t.equal(sent.deliveries[0]!.recall, 'declined');
  t.same(await sender.recall(id, { reason: 'nữa' }), [{ to: 'H40', outcome: 'finished' }]);
});

t.test('recalled before anything left: settled at once, and never sent', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { exchange } = federation.node('G22');
  federation.unreachable.add('H40');
  const { id } = await exchange.submit(federation.submission());
  await federation.until('a try', () => federation.node('G22').reported('seat.unreachable').length > 0);
  t.same(await exchange.recall(id, { reason: 'Sai số' }), [{ to: 'H40', outcome: 'cancelled' }]);
  const view = await exchange.show(id);
  t.match(view, { state: 'cancelled', deliveries: [{ state: 'cancelled', recall: 'agreed' }] });
  t.equal(view.statuses[0]!.reason, 'Sai số');
  t.same(await exchange.queues(), []);
  federation.unreachable.clear();
  const later = await exchange.submit(federation.submission());
  await federation.settled('G22', later.id);
  t.equal((await federation.node('H40').exchange.list({ box: 'inbox' })).items.length, 1);
  t.same(await exchange.recall(id, { reason: 'Sai số' }), [{ to: 'H40', outcome: 'settled' }]);
});

t.test('a stream that was open when the process died has ended: what came since has not left', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const sender = federation.node('G22');
  const before = await sender.exchange.submit(federation.submission());
  await federation.settled('G22', before.id);
  federation.unreachable.add('H40');
  await sender.reopen();
  const isEnded = async () => (await getSeatLink(sender.store, 'H40'))?.open === false;
  await federation.until('its end is written down', isEnded);
  federation.clock.advance(1);
  const { id } = await sender.exchange.submit(federation.submission());
  await sender.reopen();
  t.same(await sender.exchange.recall(id, { reason: 'Sai số' }), [{ to: 'H40', outcome: 'cancelled' }]);
});

t.test('what was on its way when the process died is in doubt, however often it starts again', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const sender = federation.node('G22');
  federation.fault = ({ protocol, toward }) =>
    protocol === 'delivery' && toward === 'client' ? [] : undefined;
  const { id } = await sender.exchange.submit(federation.submission());
  await federation.until(
    'it is there',
    async () => (await federation.node('H40').exchange.list({ box: 'inbox' })).items.length === 1,
  );
  federation.unreachable.add('H40');
  for (let start = 1; start <= 2; start++) {
    await sender.reopen();
    federation.clock.advance(1_000);
  }
  t.same(await sender.exchange.recall(id, { reason: 'Sai số' }), [{ to: 'H40', outcome: 'waiting' }]);
});

t.test(
  'recalled while nobody knows whether it arrived: asked as soon as that is known, across a restart',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const sender = federation.node('G22');
    federation.fault = ({ protocol, toward }) =>
      protocol === 'delivery' && toward === 'client' ? 'cut' : undefined;
    const { id } = await sender.exchange.submit(federation.submission());
    await federation.until('a try', () => sender.reported('seat.unreachable').length > 0);
    await federation.until(
      'it is there',
      async () => (await federation.node('H40').exchange.list({ box: 'inbox' })).items.length === 1,
    );
    t.same(await sender.exchange.recall(id, { reason: 'Sai' }), [{ to: 'H40', outcome: 'waiting' }]);
    await sender.reopen();
    t.same(await sender.exchange.recall(id, { reason: 'Sai' }), [{ to: 'H40', outcome: 'repeated' }]);
    federation.fault = () => undefined;
    await agreed(federation, id, '15');
    t.same(await sender.exchange.queues(), []);
  },
);

t.test('the register: one series a year, with no gaps when the node dies at any commit', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const receiver = federation.node('H40');
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    const { id } = await federation.node('G22').exchange.submit(federation.submission());
    ids.push(id);
    await federation.settled('G22', id);
  }
  const numbers = await Promise.all(ids.slice(0, 4).map((id) => receiver.exchange.say(id, { code: '03' })));
  t.same(numbers.map(({ arrivalNumber }) => arrivalNumber).sort(), [1, 2, 3, 4]);
  await receiver.reopen();
  t.match(await receiver.exchange.say(ids[4]!, { code: '03' }), { arrivalNumber: 5 });
});
