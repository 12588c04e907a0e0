/** The table of business states, pair by pair, and the state as a function of both chains whatever came first. */
import fc from 'fast-check';
import t from 'tap';
import {
  automaticAnswer,
  businessState,
  type ChainEntry,
  judgeStep,
  leastSettled,
  needsReason,
  type Recall,
  STATUS_CODES,
  type Stage,
  type StatusCode,
  shownStatus,
  sideOf,
  statusCodeOf,
} from '../../node/core/business-status.ts';

const STAGES: readonly Stage[] = ['sent', '01', '02', '03', '04', '05', '06'];
const RECALLS: readonly Recall[] = ['none', 'requested', 'agreed', 'declined'];

/** Per stage, what each code is while no recall was agreed to: + a step, = a repeat, - against the table. */
const BY_STAGE: Record<Stage, string> = {
  //      01 02 03 04 05 06
  sent: '++++++',
  '01': '=+++++',
  '02': '-=----',
  '03': '=-=+++',
  '04': '=-=+++',
  '05': '=-==++',
  '06': '=-====',
};
const SIGN = { '+': 'step', '=': 'repeat', '-': 'refused' } as const;

t.test('every pair of a state and a code', async (t) => {
  for (const stage of STAGES) {
    for (const recall of RECALLS) {
      for (const [at, code] of (['01', '02', '03', '04', '05', '06'] as const).entries()) {
        const expected = recall === 'agreed' ? 'refused' : SIGN[BY_STAGE[stage][at] as '+' | '=' | '-'];
        t.equal(judgeStep({ stage, recall }, code), expected, `${stage} ${recall}: ${code}`);
      }
      const ended = stage === '02' || stage === '06';
      const again = recall === 'requested' || recall === 'agreed';
      t.equal(judgeStep({ stage, recall }, '13'), again ? 'repeat' : ended ? 'refused' : 'step');
      t.equal(
        judgeStep({ stage, recall }, '15'),
        { none: 'refused', requested: 'step', agreed: 'repeat', declined: 'refused' }[recall],
      );
      t.equal(
        judgeStep({ stage, recall }, '16'),
        { none: 'refused', requested: 'step', agreed: 'refused', declined: 'repeat' }[recall],
      );
    }
  }
});

t.test('who says what, and what needs a reason', async (t) => {
  t.same(
    STATUS_CODES.filter((code) => sideOf(code) === 1),
    ['13'],
  );
  t.same(STATUS_CODES.filter(needsReason), ['02', '13', '16']);
  t.same([1, 6, 13, 15, 16].map(statusCodeOf), ['01', '06', '13', '15', '16']);
  t.same([0, 7, 14, 100].map(statusCodeOf), [undefined, undefined, undefined, undefined]);
  t.same(STAGES.map(automaticAnswer), ['15', undefined, '15', undefined, undefined, undefined, '16']);
  t.equal(leastSettled(['06', null, '13']), '13');
  t.equal(leastSettled(['06', null]), null);
  t.equal(leastSettled([]), null);
});

const entry = (sequence: number, code: StatusCode, answers = ''): ChainEntry => ({
  id: `${code}/${sequence}`,
  sequence,
  code,
  answers,
});

t.test('what the chains say', async (t) => {
  const state = (sender: ChainEntry[], receiver: ChainEntry[]) => {
    const { stage, recall, waitingRecall } = businessState(sender, receiver);
    return [stage, recall, waitingRecall, shownStatus(businessState(sender, receiver))];
  };
  t.same(state([], []), ['sent', 'none', undefined, null]);
  t.same(
    state([], [entry(1, '03'), entry(2, '01'), entry(3, '02')]),
    ['03', 'none', undefined, '03'],
    'never back',
  );
  t.same(state([entry(1, '13')], [entry(1, '03')]), ['03', 'requested', '13/1', '13']);
  t.same(state([entry(1, '13')], [entry(1, '03'), entry(2, '16', '13/1')]), [
    '03',
    'declined',
    undefined,
    '03',
  ]);
  t.same(
    state([entry(1, '13'), entry(2, '13')], [entry(1, '16', '13/1')]),
    ['sent', 'requested', '13/2', '13'],
    'asked again',
  );
  t.same(
    state([entry(1, '13')], [entry(1, '15', '13/1'), entry(2, '06')]),
    ['sent', 'agreed', undefined, '15'],
    'nothing after an end',
  );
  t.same(state([entry(1, '13')], [entry(1, '15', 'an update'), entry(2, '06')]), [
    '06',
    'requested',
    '13/1',
    '13',
  ]);
  t.same(
    state([entry(1, '13')], [entry(1, '16', '13/1'), entry(2, '15', '13/1')]),
    ['sent', 'declined', undefined, null],
    'the first answer counts',
  );
});

t.test('the same whatever order entries came in, and a stage never goes back as a chain grows', async (t) => {
  const codes = fc.constantFrom<StatusCode>('01', '02', '03', '04', '05', '06', '15', '16');
  const chains = fc.tuple(fc.nat(4), fc.array(fc.tuple(codes, fc.nat(4)), { maxLength: 12 }));
  fc.assert(
    fc.property(chains, fc.infiniteStream(fc.nat()), ([recalls, said], random) => {
      const sender = Array.from({ length: recalls }, (_, i) => entry(i + 1, '13'));
      const receiver = said.map(([code, to], i) => entry(i + 1, code, code > '06' ? `13/${to + 1}` : ''));
      const whole = businessState(sender, receiver);
      const mixed = [...receiver].sort(() => (random.next().value % 3) - 1);
      t.strictSame(businessState([...sender].reverse(), mixed), whole);
      let before = 0;
      for (let length = 0; length <= receiver.length; length++) {
        const now = STAGES.indexOf(businessState(sender, receiver.slice(0, length)).stage);
        if (now < before) return false;
        before = now;
      }
      return true;
    }),
    { numRuns: 500 },
  );
});
