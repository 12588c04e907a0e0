/** What waits, what is overdue and what was late, at both ends, in lists, in full and counted; with an index and without. */
import t, { type Test } from 'tap';
import type { ListQuery, Submission } from '../../node/core/views.ts';
import { WorkingCalendar } from '../../node/core/working-days.ts';
import { type NodeInit, TestFederation } from './federation.ts';

t.setTimeout(120_000);

const at = (text: string) => Date.parse(`${text}+07:00`);

class Pair {
  readonly federation: TestFederation;

  constructor(federation: TestFederation) {
    this.federation = federation;
  }

  static async create(t: Test, init: NodeInit = { search: true }): Promise<Pair> {
    // days that are passed over wake what a node does once a day: its clock goes on until all is stopped
    let ticking: NodeJS.Timeout | undefined;
    t.teardown(() => clearInterval(ticking));
    const federation = await TestFederation.create(t, ['G22', 'H40', 'H51'], { G22: init, H40: { ...init } });
    t.teardown(() => {
      ticking = setInterval(() => federation.clock.advance(1000), 5);
    });
    return new Pair(federation);
  }

  get sender() {
    return this.federation.node('G22').exchange;
  }

  get receiver() {
    return this.federation.node('H40').exchange;
  }

  async send(change: Partial<Submission> = {}): Promise<string> {
    const { id } = await this.sender.submit(this.federation.submission(change));
    return id;
  }

  async delivered(change: Partial<Submission> = {}): Promise<string> {
    const id = await this.send(change);
    await this.federation.settled('G22', id);
    return id;
  }

  /** Goes on to a time; what waits for its own time meanwhile goes on with it. */
  goTo(text: string): void {
    this.federation.clock.advance(at(text) - this.federation.clock.nowMs());
  }

  async list(of: 'G22' | 'H40', query: ListQuery): Promise<string[]> {
    const { items } = await this.federation.node(of).exchange.list(query);
    return items.map(({ id }) => id);
  }

  /** Until both boxes list exactly these. */
  async lists(t: Test, flag: 'waiting' | 'overdue', ids: string[], boxes = ['inbox', 'outbox'] as const) {
    for (const box of boxes) {
      const of = box === 'inbox' ? 'H40' : 'G22';
      let found: string[] = [];
      await this.federation.until(`${flag} of the ${box} is ${ids}`, async () => {
        found = await this.list(of, { box, [flag]: true });
        return JSON.stringify(found) === JSON.stringify(ids);
      });
      t.strictSame(found, ids, `${flag} ${box}`);
    }
  }
}

for (const search of [true, false]) {
  const how = search ? 'with an index' : 'without an index';

  t.test(`${how}: what nobody has taken waits at both ends until it is taken`, async (t) => {
    const pair = await Pair.create(t, { search });
    const first = await pair.delivered();
    const second = await pair.delivered();
    await pair.lists(t, 'waiting', [second, first]);
    pair.goTo('2026-01-19T09:00');
    const query = { box: 'outbox', waiting: true } as const;
    const { items } = await pair.sender.list(query);
    t.match(items[0]?.clocks?.waiting, [{ unit: 'H40', workingDays: 2, state: 'delivered' }]);
    t.match(items[0]?.clocks?.waiting[0]?.since, /^2026-01-15T10:00/);
    await pair.receiver.taken(first);
    await pair.lists(t, 'waiting', [second]);
    await pair.receiver.say(second, { code: '02', reason: 'Không thuộc thẩm quyền' });
    await pair.lists(t, 'waiting', []);
  });

  t.test(`${how}: a due date that is past is overdue until it is answered`, async (t) => {
    const pair = await Pair.create(t, { search });
    const asked = await pair.delivered({ due: '2026-01-16' });
    await pair.delivered();
    await pair.delivered({ due: '2026-01-20' });
    await pair.lists(t, 'overdue', []);
    pair.goTo('2026-01-16T23:59');
    t.strictSame(await pair.list('G22', { box: 'outbox', overdue: true }), [], 'not before the day is over');
    pair.goTo('2026-01-19T09:00');
    await pair.lists(t, 'overdue', [asked]);
    const { items } = await pair.sender.list({ box: 'outbox', overdue: true });
    t.match(items[0]?.clocks?.overdue, [{ unit: 'H40', due: '2026-01-16', lateWorkingDays: 1 }]);
    // the reply is another document: it ends the due date of the one it names
    await pair.receiver.submit(
      pair.federation.submission({ to: [], relations: [{ kind: 'answers', id: asked }], date: '2026-01-19' }),
    );
    await pair.lists(t, 'overdue', []);
    // the list compares with the store; the numbers are the index's own
    const isCounted = async () => (await pair.sender.finder.clockCounts())?.overdue.outbox === 0;
    if (search) await pair.federation.until('it is not counted any more', isCounted);
    const view = await pair.sender.show(asked);
    t.match(view.deliveries[0]?.clocks?.due, { state: 'breached', by: 'reply', lateWorkingDays: 1 });
    pair.goTo('2026-01-21T09:00');
    t.equal(
      (await pair.list('G22', { box: 'outbox', overdue: true })).length,
      1,
      'the other one has come due',
    );
  });
}

t.test('finished, refused, recalled and replaced documents are not overdue', async (t) => {
  const pair = await Pair.create(t);
  const due = '2026-01-15';
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push(await pair.delivered({ due }));
  const [finished, refused, recalled, replaced, open] = ids as [string, string, string, string, string];
  pair.goTo('2026-01-16T09:00');
  await pair.lists(t, 'overdue', [...ids].reverse());
  await pair.receiver.say(finished, { code: '06' });
  await pair.receiver.say(refused, { code: '02', reason: 'Sai nơi nhận' });
  await pair.sender.recall(recalled, { reason: 'Gửi nhầm' });
  await pair.delivered({ to: [], relations: [{ kind: 'replaces', id: replaced }], date: '2026-01-16' });
  await pair.lists(t, 'overdue', [open]);
  const by = async (id: string) => (await pair.sender.show(id)).deliveries[0]?.clocks?.due?.by;
  t.strictSame(await Promise.all([finished, refused, recalled, replaced, open].map(by)), [
    'finished',
    'refused',
    'recalled',
    'replaced',
    null,
  ]);
});

t.test('what has not arrived waits too, and says so; a recipient alone is listed', async (t) => {
  const pair = await Pair.create(t);
  pair.federation.unreachable.add('H51');
  const id = await pair.send({ to: ['H40', 'H51'] });
  await pair.federation.until('one has it', async () =>
    (await pair.sender.show(id)).deliveries.some(({ state }) => state === 'delivered'),
  );
  await pair.receiver.taken(id);
  const waiting = await pair.federation.until('only the other waits', async () => {
    const [item] = (await pair.sender.list({ box: 'outbox', waiting: true })).items;
    return item?.clocks?.waiting.length === 1 ? item.clocks.waiting : undefined;
  });
  t.match(waiting, [{ unit: 'H51', state: 'queued' }]);
});

t.test('breaches of R3 and R4 are shown and counted', async (t) => {
  const pair = await Pair.create(t);
  const late = await pair.delivered({ date: '2026-01-13' });
  const inTime = await pair.delivered({ date: '2026-01-14' });
  const clocksOf = async (id: string, of: 'sender' | 'receiver' = 'sender') =>
    (await pair[of].show(id)).deliveries[0]!.clocks!;
  t.match((await clocksOf(late)).sendBy, { state: 'breached' });
  t.match((await clocksOf(inTime)).sendBy, { state: 'kept' });
  t.equal((await clocksOf(late, 'receiver')).sendBy, null);
  const counts = (of: 'sender' | 'receiver') => pair[of].finder.clockCounts();
  const sent = { overdue: { inbox: 0, outbox: 0 }, waiting: { inbox: 0, outbox: 2 } };
  await pair.federation.until('both are indexed', async () => (await counts('sender'))?.waiting.outbox === 2);
  t.match(await counts('sender'), { ...sent, breaches: { days: 30, sent: 1, confirmedByOthers: 0 } });
  await pair.receiver.taken(inTime);
  pair.goTo('2026-01-16T00:00');
  await pair.receiver.taken(late);
  await pair.federation.until('both are taken', async () => (await counts('sender'))?.waiting.outbox === 0);
  t.match(await counts('sender'), { breaches: { sent: 1, confirmedByOthers: 1, confirmedHere: 0 } });
  await pair.federation.until('here too', async () => (await counts('receiver'))?.waiting.inbox === 0);
  t.match(await counts('receiver'), { breaches: { sent: 0, confirmedByOthers: 0, confirmedHere: 1 } });
  t.match((await clocksOf(late)).confirmBy, { state: 'breached' });
  t.match((await clocksOf(inTime)).confirmBy, { state: 'kept' });
  pair.goTo('2026-02-20T09:00');
  t.match(await counts('receiver'), { breaches: { confirmedHere: 0 } }, 'a month later nobody counts it');
});

t.test('a due date is counted when it passes, without anything being written', async (t) => {
  const pair = await Pair.create(t);
  await pair.delivered({ due: '2026-01-16' });
  await pair.lists(t, 'waiting', await pair.list('G22', { box: 'outbox' }));
  t.match(await pair.sender.finder.clockCounts(), { overdue: { outbox: 0 } });
  pair.goTo('2026-01-17T00:00');
  t.match(await pair.sender.finder.clockCounts(), { overdue: { outbox: 1 } });
  t.match(await pair.receiver.finder.clockCounts(), { overdue: { inbox: 1 } });
});

t.test(
  'filters go together with what waits and is overdue; a cursor belongs to its own question',
  async (t) => {
    const pair = await Pair.create(t);
    const ids: string[] = [];
    for (let i = 0; i < 6; i++)
      ids.push(
        await pair.delivered({ due: i % 2 === 0 ? '2026-01-15' : '2026-02-27', subject: `Việc số ${i}` }),
      );
    pair.goTo('2026-01-19T09:00');
    const overdue = [ids[4]!, ids[2]!, ids[0]!];
    await pair.lists(t, 'overdue', overdue);
    const query = { box: 'outbox', overdue: true } as const;
    t.strictSame(await pair.list('G22', { ...query, text: 'số 2' }), [ids[2]]);
    t.strictSame(await pair.list('G22', { ...query, waiting: true, to: 'H40' }), overdue);
    t.strictSame(await pair.list('G22', { ...query, to: 'H51' }), []);
    const page = await pair.sender.list({ ...query, limit: 2 });
    t.strictSame(
      page.items.map(({ id }) => id),
      overdue.slice(0, 2),
    );
    t.strictSame(await pair.list('G22', { ...query, limit: 2, cursor: page.cursor! }), [ids[0]]);
    await t.rejects(pair.sender.list({ box: 'outbox', waiting: true, cursor: page.cursor! }), {
      code: 'usage',
    });
  },
);

t.test('another calendar is reckoned anew: the index is built again', async (t) => {
  const init: NodeInit = { search: true };
  const pair = await Pair.create(t, init);
  await pair.delivered({ due: '2026-01-16' });
  pair.goTo('2026-01-17T09:00');
  await pair.federation.until(
    'overdue',
    async () => (await pair.sender.finder.clockCounts())?.overdue.outbox === 1,
  );
  init.calendar = new WorkingCalendar({ holidays: ['2026-01-16'], workingDays: [] });
  await pair.federation.node('G22').reopen();
  const counts = await pair.federation.until('indexed again', () => pair.sender.finder.clockCounts());
  t.match(counts, { overdue: { outbox: 0 } });
  t.match(pair.federation.node('G22').reported('search.rebuilding').at(-1), { reason: 'another calendar' });
});

t.test('the index agrees with the store after all that', async (t) => {
  const pair = await Pair.create(t);
  const asked = await pair.delivered({ due: '2026-01-16' });
  await pair.receiver.submit(
    pair.federation.submission({ to: [], relations: [{ kind: 'answers', id: asked }] }),
  );
  await pair.federation.until(
    'the reply is here',
    async () => (await pair.sender.show(asked)).deliveries[0]?.answeredAt !== null,
  );
  t.equal(
    await pair.federation.until('checked', async () => (await pair.sender.finder.check()) ?? 'same'),
    'same',
  );
});

t.test(
  'only a timed express document has a time in its due date; it is overdue from that minute on',
  async (t) => {
    const pair = await Pair.create(t);
    const due = '2026-01-15T10:30+07:00';
    for (const urgency of ['thuong', 'hoa-toc'] as const)
      await t.rejects(pair.send({ due, urgency }), {
        code: 'usage',
        details: { field: 'due', reason: 'due-time' },
      });
    await t.rejects(pair.send({ due: '2026-01-15T25:30+07:00', urgency: 'hoa-toc-hen-gio' }), {
      code: 'invalid-date',
    });
    const id = await pair.delivered({ due, urgency: 'hoa-toc-hen-gio' });
    t.equal((await pair.receiver.show(id)).due, due);
    pair.goTo('2026-01-15T10:30');
    t.strictSame(await pair.list('H40', { box: 'inbox', overdue: true }), []);
    pair.goTo('2026-01-15T10:30:00.001');
    await pair.lists(t, 'overdue', [id]);
  },
);
