/**
 * Whatever both ends say, in whatever order, with streams cut and either end killed at any moment: at the end both show the
 * same, also where both are units of one node. The seed is printed; LIENTHONG_SEED repeats it, LIENTHONG_RUNS makes it longer.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { isLienthongError } from '../../node/core/errors.ts';
import type { DocumentView } from '../../node/core/views.ts';
import { type Seeded, seeded } from '../store/seeded.ts';
import { unitEntry } from './authority.ts';
import { TestFederation } from './federation.ts';

t.setTimeout(300_000);
const RUNS = Number(process.env.LIENTHONG_RUNS ?? 4);
const SEED = Number(process.env.LIENTHONG_SEED ?? randomInt(2 ** 31));
const STEPS = 30;
const SENDER = 'G22';
const OTHERS = ['H40', 'H51'];
const OWN = 'G22.01';
const UNITS = [...OTHERS, OWN];
const seatOf = (unit: string) => unit.split('.')[0]!;

/** What must be the same at both ends, of the unit. */
const shared = (view: DocumentView, unit: string) => ({
  ...view.deliveries
    .filter(({ to }) => to === unit)
    .map(({ status, recall, supersededBy, updates }) => ({ status, recall, supersededBy, updates }))[0],
  statuses: view.statuses
    .filter((one) => one.unit === unit)
    .map(({ code, side, sequence, missing, reason, answers, arrivalNumber, valid }) =>
      [code, side, sequence, missing, reason, answers, arrivalNumber, valid].join(),
    )
    .sort(),
});

/** Rules say no to much of what is tried here; a node that was killed answers nobody. */
async function tried(work: Promise<unknown>): Promise<void> {
  const refused = work.catch((error: unknown) => {
    if (!isLienthongError(error)) throw error;
  });
  await Promise.race([refused, sleep(300)]);
}

function step(federation: TestFederation, ids: string[], random: Seeded): Promise<void> {
  const id = ids[random.below(ids.length)]!;
  const unit = UNITS[random.below(UNITS.length)]!;
  const sender = federation.node(SENDER);
  const receiver = federation.node(seatOf(unit));
  const attachments = [{ name: 'a.txt', bytes: Uint8Array.from([random.below(256), 1]) }];
  const named = async (kind: 'updates' | 'replaces') => {
    const relations = [{ kind, id, ...(random.below(2) ? { units: [unit] } : {}) }];
    const { id: made } = await sender.exchange.submit(
      federation.submission({ to: [], relations, attachments }),
    );
    ids.push(made);
  };
  switch (random.below(14)) {
    case 0:
      return tried(receiver.exchange.taken(id, unit));
    case 1:
    case 2:
      return tried(receiver.exchange.say(id, { code: '03', unit }));
    case 3:
      return tried(receiver.exchange.say(id, { code: '05', note: 'xử lý', unit }));
    case 4:
      return tried(receiver.exchange.say(id, { code: '06', unit }));
    case 5:
      return tried(receiver.exchange.say(id, { code: '02', reason: 'nhầm', unit }));
    case 6:
      return tried(receiver.exchange.say(id, { code: '15', unit }));
    case 7:
      return tried(receiver.exchange.say(id, { code: '16', reason: 'đã làm', unit }));
    case 8:
    case 9:
      return tried(sender.exchange.recall(id, { reason: 'sai', units: [unit] }));
    case 10:
      return ids.length < 8 ? tried(named(random.below(2) ? 'updates' : 'replaces')) : Promise.resolve();
    case 11: {
      const victim = federation.node([SENDER, ...OTHERS][random.below(3)]!);
      return victim.reopen();
    }
    case 12:
      federation.unreachable.add([SENDER, ...OTHERS][random.below(3)]!);
      return Promise.resolve();
    default:
      federation.unreachable.clear();
      return Promise.resolve();
  }
}

async function same(federation: TestFederation, id: string): Promise<boolean> {
  const sent = await federation.node(SENDER).exchange.show(id);
  for (const { to, state } of sent.deliveries) {
    if (state === 'cancelled') continue;
    if (state !== 'delivered') return false;
    const received = await federation.node(seatOf(to)).exchange.show(id);
    if (JSON.stringify(shared(sent, to)) !== JSON.stringify(shared(received, to))) return false;
    // what waits for nobody but a node must have been answered
    const { status, recall } = received.deliveries.find((one) => one.to === to)!;
    if (recall === 'requested' && [null, '02', '06'].includes(status)) return false;
  }
  return true;
}

for (let run = 0; run < RUNS; run++) {
  const seed = SEED + run;
  t.test(`seed ${seed}`, async (t) => {
    const random = seeded(seed);
    const federation = await TestFederation.create(t, [SENDER, ...OTHERS]);
    await federation.authority.publish({ entries: [unitEntry(OWN)] });
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { id } = await federation.node(SENDER).exchange.submit(federation.submission({ to: UNITS }));
      ids.push(id);
    }
    federation.fault = ({ protocol }) =>
      protocol === 'delivery' && random.below(12) === 0 ? 'cut' : undefined;
    for (let i = 0; i < STEPS; i++) {
      await step(federation, ids, random);
      federation.clock.advance(random.below(3_000));
      if (random.below(2)) await sleep(random.below(20));
    }
    federation.fault = () => undefined;
    federation.unreachable.clear();
    for (const node of federation.nodes.values()) if (!node.isUp) await node.reopen();
    const { items } = await federation.node(SENDER).exchange.list({ box: 'outbox', limit: 100 });
    const isSettled = async () => {
      for (const node of federation.nodes.values())
        if ((await node.exchange.queues()).length > 0) return false;
      for (const { id } of items) if (!(await same(federation, id))) return false;
      return true;
    };
    await federation.until('both ends show the same', isSettled, 500);
    for (const { id } of items) {
      const view = await federation.node(SENDER).exchange.show(id);
      const { checks } = await federation.node(SENDER).exchange.verify(id);
      t.same(
        checks.filter(({ ok }) => !ok),
        [],
      );
      t.ok(
        view.statuses.every(({ valid, missing }) => valid && missing === 0),
        'whole chains',
      );
    }
    for (const unit of UNITS) {
      const numbers = items.length === 0 ? [] : await arrivalNumbers(federation, unit, items);
      t.same(
        numbers,
        numbers.map((_, i) => i + 1),
        'arrival numbers without gaps',
      );
    }
  });
}

async function arrivalNumbers(
  federation: TestFederation,
  unit: string,
  items: { id: string }[],
): Promise<number[]> {
  const found: number[] = [];
  for (const { id } of items) {
    const view = await federation
      .node(seatOf(unit))
      .exchange.show(id)
      .catch(() => undefined);
    for (const status of view?.statuses ?? [])
      if (status.arrivalNumber !== null && status.unit === unit) found.push(status.arrivalNumber);
  }
  return found.sort((a, b) => a - b);
}
