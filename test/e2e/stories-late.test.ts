/**
 * Answered late, with real processes: the due time passes, both ends say that it is overdue, and the reply that comes after
 * all ends it at both, marked late. Either side is killed and stopped meanwhile (test/helpers/story).
 */
import t from 'tap';
import type { DocumentItem, DocumentView } from '../../node/core/views.ts';
import { Federation } from '../helpers/federation.ts';
import { Stage, type Step } from '../helpers/story.ts';
import { holdsAtTheEnd } from '../helpers/story-end.ts';

const HOUR_MS = 3_600_000;
const VIET_NAM_MS = 7 * HOUR_MS;

t.setTimeout(240_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40'] });
const stage = new Stage(t, federation, { sender: 'G22', receivers: ['H40'] });
await stage.open();

const due = new Date(Date.now() + HOUR_MS + VIET_NAM_MS).toISOString().slice(0, 16).replace('T', ' ');
const tellings = ['first', 'second'].map((name) =>
  stage.telling({ name: `answered late, ${name}`, steps: [] }),
);
const [first, second] = tellings as [(typeof tellings)[0], (typeof tellings)[0]];

const sent: Step = {
  name: 'sent',
  by: 'G22',
  says: ({ fields }) => {
    const timed = ['--urgency', 'hoa-toc-hen-gio', '--due', due];
    return ['send', stage.file, '--to', 'H40', ...fields(), ...timed];
  },
  sends: 'it',
  stands: { it: { H40: '' } },
};
const accepted: Step = {
  name: 'accepted',
  by: 'H40',
  says: ({ id }) => ['accept', id()],
  stands: { it: { H40: '03' } },
};
const isDue =
  (wanted: object) =>
  ({ deliveries }: DocumentView) => {
    const clock = deliveries[0]!.clocks!.due!;
    return Object.entries(wanted).every(([name, value]) => clock[name as keyof typeof clock] === value);
  };
const isLate = isDue({ by: null, state: 'breached' });
const replied: Step = {
  name: 'replied',
  by: 'H40',
  says: ({ id, fields }) => ['reply', id(), stage.file, ...fields()],
  sends: 'reply',
  stands: { reply: { G22: '' } },
  shows: (view) =>
    isDue({ by: 'reply', state: 'breached' })(view) && view.deliveries[0]!.clocks!.due!.lateMs > 0,
};
const looked: Step = { name: 'looked at', by: 'G22', says: ({ id }) => ['show', id()], shows: isLate };

/** What both ends list as overdue. */
async function overdue(): Promise<string[][]> {
  const found: string[][] = [];
  for (const [agency, box] of [
    [stage.sender, 'outbox'],
    [stage.receivers[0]!, 'inbox'],
  ] as const) {
    const { exit, value, stderr } = await agency.cli('list', box, '--overdue');
    if (exit !== 0) throw new Error(stderr);
    found.push((value as { items: DocumentItem[] }).items.map(({ id }) => id).sort());
  }
  return found;
}

t.test('before its time nothing is overdue', async (t) => {
  await stage.round(
    t,
    tellings.map((telling) => ({ telling, step: sent })),
  );
  await stage.round(
    t,
    tellings.map((telling) => ({ telling, step: { ...accepted, shows: isDue({ state: 'open' }) } })),
  );
  t.strictSame(await overdue(), [[], []]);
});

t.test('its time passes: overdue at both ends, after every restart', async (t) => {
  stage.aheadMs = 2 * HOUR_MS;
  await Promise.all(stage.agencies.map((agency) => stage.restart(agency, 'stop')));
  const both = tellings.map((telling) => telling.id()).sort();
  t.strictSame(await overdue(), [both, both]);
  await stage.round(t, [{ telling: first, step: looked }]);
  t.strictSame(await overdue(), [both, both]);
});

t.test('the reply that comes late ends it at both ends, and it stays marked', async (t) => {
  await stage.round(t, [{ telling: first, step: replied }]);
  t.strictSame(await overdue(), [[second.id()], [second.id()]]);
  await stage.round(t, [{ telling: second, step: replied }]);
  t.strictSame(await overdue(), [[], []]);
});

t.test('at the end everything is there, verifies, and is numbered without gaps', (t) =>
  holdsAtTheEnd(t, stage),
);
