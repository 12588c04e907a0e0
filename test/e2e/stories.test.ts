/**
 * Lives of documents from end to end, with real processes and only the command line: accepted and finished, refused,
 * recalled before, during and after acceptance, updated, replaced, answered. Either side is killed and restarted in
 * every step (test/helpers/story); both ends come to the same each time, and nothing is gone at the end.
 */
import path from 'node:path';
import t from 'tap';
import type { DocumentView } from '../../node/core/views.ts';
import { Federation } from '../helpers/federation.ts';
import { Stage, type Step, type Story, type Telling } from '../helpers/story.ts';
import { holdsAtTheEnd } from '../helpers/story-end.ts';

t.setTimeout(240_000);
const federation = await Federation.start(t, { agencies: ['G22', 'H40', 'H51'] });
const stage = new Stage(t, federation, { sender: 'G22', receivers: ['H40', 'H51'] });
await stage.open();

const sent = (...to: string[]): Step => ({
  name: `sent to ${to.join(' and ')}`,
  by: 'G22',
  says: ({ fields }) => ['send', stage.file, '--to', to.join(), ...fields()],
  sends: 'it',
  stands: { it: Object.fromEntries(to.map((unit) => [unit, ''])) },
});

/** A command about the first document after which it stands so at the unit that speaks, or that is named. */
const step = (
  by: string,
  [word, ...more]: [string, ...string[]],
  stands: string,
  rest: Partial<Step> = {},
): Step => ({
  name: [word, ...more].join(' '),
  by,
  says: ({ id }) => [word, id(), ...more],
  stands: { it: { [by === 'G22' ? 'H40' : by]: stands } },
  ...rest,
});

const accepted = (by = 'H40'): Step =>
  step(by, ['accept'], '03', { answers: { unit: by, status: '03', arrivalNumber: Number } });
const mayNot = (by: string, words: [string, ...string[]]): Step =>
  step(by, words, '', { refused: 'status-not-allowed', stands: {} });
const WHY = ['--reason', 'Sai nội dung'];
/** Where it was taken before the sender went, it says so when it is asked again. */
const recalled = (stands: string, outcome: RegExp): Step =>
  step('G22', ['recall', ...WHY], stands, { answers: { deliveries: [{ to: 'H40', outcome }] } });

/** A document about the first one. */
const about = (
  word: 'update' | 'replace' | 'reply',
  sends: string,
  more: string[],
  rest: Partial<Step>,
): Step => ({
  name: `${word}: ${sends}`,
  by: 'G22',
  says: ({ id, fields }) => [
    word,
    id(),
    ...(word === 'replace' ? ['--file'] : []),
    stage.file,
    ...fields(),
    ...more,
  ],
  sends,
  ...rest,
});

const answersUpdates =
  (...answers: [name: string, answer: '15' | '16' | null][]) =>
  ({ deliveries }: DocumentView, { id }: Telling): boolean =>
    JSON.stringify(deliveries[0]!.updates) ===
    JSON.stringify(answers.map(([name, answer]) => ({ id: id(name), answer })));

const isReplacedAt51 = ({ deliveries }: DocumentView, { id }: Telling): boolean =>
  deliveries.every(({ to, supersededBy }) => supersededBy.join() === (to === 'H51' ? id('new one') : ''));

const threads =
  (...items: [name: string, answers: string | null][]) =>
  ({ thread }: DocumentView, { id }: Telling): boolean =>
    JSON.stringify(thread.map((one) => [one.id, one.answers])) ===
    JSON.stringify(items.map(([name, answers]) => [id(name), answers && id(answers)]));

const stories: Story[] = [
  {
    name: 'accepted and finished',
    steps: [
      sent('H40'),
      step('H40', ['fetch', '--out', path.join(federation.dir, 'fetched')], '01'),
      step('H40', ['accept'], '01 03', { answers: { status: '03', arrivalNumber: Number } }),
      step('H40', ['assign', '--staff', 'Trần Thị Bình', '--department', 'Phòng Văn thư'], '01 03 04'),
      step('H40', ['progress', '--note', 'Đang lấy ý kiến'], '01 03 04 05'),
      step('H40', ['finish'], '01 03 04 05 06'),
    ],
  },
  {
    name: 'refused with its reason',
    steps: [
      sent('H40'),
      step('H40', ['refuse', '--reason', 'Không thuộc thẩm quyền'], '02', {
        shows: ({ statuses }) => statuses.every(({ reason }) => reason === 'Không thuộc thẩm quyền'),
      }),
      mayNot('H40', ['accept']),
    ],
  },
  {
    name: 'recalled when nobody had taken it',
    steps: [
      sent('H40'),
      {
        ...recalled('15 agreed', /^(requested|repeated|settled)$/),
        shows: ({ statuses }) => statuses.some(({ reasonCode }) => reasonCode === 'nobody-has-taken-it'),
      },
      mayNot('H40', ['accept']),
    ],
  },
  {
    name: 'recalled after it was accepted, agreed: cancelled',
    steps: [
      sent('H40'),
      accepted(),
      recalled('03 requested', /^(requested|repeated)$/),
      step('H40', ['answer', '--agree'], '03 15 agreed', { answers: { status: '15', recall: 'agreed' } }),
      mayNot('H40', ['finish']),
    ],
  },
  {
    name: 'recalled after it was accepted, declined: stays',
    steps: [
      sent('H40'),
      accepted(),
      recalled('03 requested', /^(requested|repeated)$/),
      step('H40', ['answer', '--decline', '--reason', 'Đã trình ký'], '03 16 declined'),
      step('H40', ['finish'], '03 16 06 declined'),
    ],
  },
  {
    name: 'recalled when it was finished: too late',
    steps: [sent('H40'), accepted(), step('H40', ['finish'], '03 06'), recalled('03 06', /^finished$/)],
  },
  {
    name: 'recipients added and removed, answered 15 and 16',
    steps: [
      sent('H40'),
      accepted(),
      step('G22', ['update', '--add', 'H51', ...WHY], '03', { stands: { it: { H40: '03', H51: '' } } }),
      accepted('H51'),
      step('G22', ['update', '--remove', 'H40,H51', ...WHY], '03 requested', {
        stands: { it: { H40: '03 requested', H51: '03 requested' } },
      }),
      step('H51', ['answer', '--agree'], '03 15 agreed'),
      step('H40', ['answer', '--decline', '--reason', 'Đang xử lý'], '03 16 declined'),
    ],
  },
  {
    name: 'corrected, answered 15 and 16',
    steps: [
      sent('H40'),
      accepted(),
      about('update', 'first', WHY, {
        stands: { first: { H40: '' } },
        shows: answersUpdates(['first', null]),
      }),
      step('H40', ['answer'], '03 15', {
        says: ({ id }) => ['answer', id(), '--agree', '--to-update', id('first')],
        shows: answersUpdates(['first', '15']),
      }),
      about('update', 'second', WHY, {
        stands: { second: { H40: '' } },
        shows: answersUpdates(['first', '15'], ['second', null]),
      }),
      step('H40', ['answer'], '03 15 16', {
        says: ({ id }) => ['answer', id(), '--decline', '--to-update', id('second'), ...WHY],
        shows: answersUpdates(['first', '15'], ['second', '16']),
      }),
    ],
  },
  {
    name: 'corrected when nobody had taken it: agreed by itself',
    steps: [
      sent('H40'),
      about('update', 'first', WHY, {
        stands: { it: { H40: '15' }, first: { H40: '' } },
        shows: answersUpdates(['first', '15']),
      }),
      step('H40', ['accept'], '15 03'),
    ],
  },
  {
    name: 'replaced for one of two',
    steps: [
      sent('H40', 'H51'),
      accepted('H40'),
      accepted('H51'),
      about('replace', 'new one', ['--only', 'H51'], {
        stands: { 'new one': { H51: '' } },
        shows: isReplacedAt51,
      }),
      step('H40', ['finish'], '03 06', { shows: isReplacedAt51 }),
      step('H51', ['accept'], '03', {
        says: ({ id }) => ['accept', id('new one')],
        stands: { 'new one': { H51: '03' } },
        shows: isReplacedAt51,
      }),
    ],
  },
  {
    name: 'answered, and the answer answered: one conversation',
    steps: [
      sent('H40'),
      about('reply', 'answer', [], {
        by: 'H40',
        stands: { answer: { G22: '' } },
        shows: threads(['it', null], ['answer', 'it']),
      }),
      about('reply', 'more', [], {
        says: ({ id, fields }) => ['reply', id('answer'), stage.file, ...fields()],
        stands: { more: { H40: '' } },
        shows: threads(['it', null], ['answer', 'it'], ['more', 'answer']),
      }),
    ],
  },
];

t.test('told side by side, each side killed and stopped in every step', async (t) => {
  await stage.tell(t, stories);
  t.equal(stage.tellings.length, 2 * stories.length);
});

t.test('at the end everything is there, verifies, and is numbered without gaps', (t) =>
  holdsAtTheEnd(t, stage),
);
