/** Transport states: every pair of state and event, against the diagram in the source itself. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import {
  isSettled,
  leastAdvanced,
  nextTransportState,
  parseTransportState,
  storedTransportState,
  TRANSPORT_STATES,
  type TransportEvent,
  type TransportState,
} from '../../node/core/transport.ts';

const EVENTS: TransportEvent[] = ['offer', 'receipt', 'refused-never', 'in-doubt', 'cancel'];

/** The whole table: what isn't here changes nothing. */
const STEPS: [TransportState, TransportEvent, TransportState][] = [
  ['queued', 'offer', 'sending'],
  ['queued', 'cancel', 'cancelled'],
  ['sending', 'receipt', 'delivered'],
  ['sending', 'refused-never', 'refused'],
  ['sending', 'in-doubt', 'queued'],
];

t.test('every pair of state and event', async (t) => {
  for (const from of TRANSPORT_STATES) {
    for (const event of EVENTS) {
      const step = STEPS.find(([state, what]) => state === from && what === event);
      t.equal(nextTransportState(from, event), step?.[2], `${from} + ${event}`);
    }
  }
});

t.test('the diagram beside the table shows each of its steps', async (t) => {
  const source = readFileSync(path.join(import.meta.dirname, '../../node/core/transport.ts'), 'utf8');
  const lines = source.slice(0, source.indexOf('*/')).split('\n');
  const has = (pattern: RegExp) => lines.some((line) => pattern.test(line));
  t.ok(has(/queued ─+▶ sending ─+▶ delivered/), 'queued → sending → delivered');
  t.ok(has(/─+▶ refused/), 'sending → refused');
  t.ok(has(/─+▶ cancelled/), 'queued → cancelled');
  t.ok(has(/▲/), 'sending → queued');
  for (const word of ['offer', 'receipt', 'refusal', 'broken', 'busy']) t.ok(has(new RegExp(word)), word);
});

t.test('a settled delivery moves no more', async (t) => {
  t.same(TRANSPORT_STATES.filter(isSettled), ['delivered', 'refused', 'cancelled']);
  for (const state of TRANSPORT_STATES.filter(isSettled))
    for (const event of EVENTS) t.equal(nextTransportState(state, event), undefined);
});

t.test('the numbers on disk are fixed, and sending is never there', async (t) => {
  const stored = ['queued', 'delivered', 'refused', 'cancelled'] as const;
  t.same(stored.map(storedTransportState), [1, 2, 3, 4]);
  for (const state of stored) t.equal(parseTransportState(storedTransportState(state)), state);
  t.throws(() => storedTransportState('sending'), RangeError);
  for (const wrong of [0, 5, -1, 1.5]) t.throws(() => parseTransportState(wrong), RangeError);
});

t.test('of many deliveries the one that wants attention is shown', async (t) => {
  t.equal(leastAdvanced(['delivered', 'refused', 'queued']), 'refused');
  t.equal(leastAdvanced(['delivered', 'sending', 'queued']), 'queued');
  t.equal(leastAdvanced(['delivered', 'sending']), 'sending');
  t.equal(leastAdvanced(['cancelled', 'delivered']), 'delivered');
  t.equal(leastAdvanced(['cancelled']), 'cancelled');
  t.equal(leastAdvanced([]), 'cancelled');
});
