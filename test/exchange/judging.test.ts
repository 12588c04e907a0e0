/** What a sender believes of an answer: only what the right seat signed about exactly this delivery. */
import t from 'tap';
import { type OfferFrame, offerFrame, outcomeFrame } from '../../proto/messages.ts';
import { TestFederation } from './federation.ts';
import { HandMadePeer, hash } from './hand-made-peer.ts';

const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
const sender = federation.node('G22');
const liar = new HandMadePeer(federation, federation.node('H40'));
const other = new HandMadePeer(federation, federation.node('H51'));

type Outcome = Record<string, unknown>;
let answers: (dispatch: Uint8Array, document: Uint8Array, offer: OfferFrame) => Promise<Outcome>;
federation.node('H40').exchange.serveDelivery = async (frames) => {
  for (
    let bytes = await frames.read().catch(() => undefined);
    bytes;
    bytes = await frames.read().catch(() => undefined)
  ) {
    const offer = offerFrame.parse(bytes);
    const outcome = await answers(offer.dispatches[0]!, offer.document, offer);
    await frames
      .write(outcomeFrame.encode({ sequence: offer.sequence, outcomes: [outcome as never] }))
      .catch(() => {});
  }
};

/** Submits, waits until the answer was judged, and shows the delivery. */
async function judged(answer: typeof answers) {
  answers = answer;
  const { id } = await sender.exchange.submit(federation.submission());
  const view = await federation.until(
    'the answer is judged',
    async () => {
      const { deliveries } = await sender.exchange.show(id);
      return deliveries[0]!.attempts > 0 ? deliveries[0] : undefined;
      // the clock stands still: there is no second attempt yet
    },
    0,
  );
  answers = async (dispatch, document) => ({ receipt: await liar.receipt(dispatch, document) });
  return { id, view };
}

const DOUBTFUL: [string, typeof answers][] = [
  [
    'a receipt of another seat',
    async (dispatch, document) => ({ receipt: await other.receipt(dispatch, document) }),
  ],
  [
    'a receipt under the seal',
    async (dispatch, document) => ({
      receipt: await liar.receipt(dispatch, document, {}, liar.node.own.seal()!),
    }),
  ],
  [
    'a receipt for another document',
    async (dispatch, document) => ({
      receipt: await liar.receipt(dispatch, document, { documentId: hash('x') }),
    }),
  ],
  [
    'a receipt for another dispatch',
    async (dispatch, document) => ({
      receipt: await liar.receipt(dispatch, document, { dispatchId: hash('x') }),
    }),
  ],
  [
    'a receipt for another unit',
    async (dispatch, document) => ({ receipt: await liar.receipt(dispatch, document, { unit: 'H51' }) }),
  ],
  [
    'a receipt with a changed time',
    async (dispatch, document) => {
      const { signed } = await import('../../proto/messages.ts');
      const good = signed.parse(await liar.receipt(dispatch, document));
      const late = signed.parse(await liar.receipt(dispatch, document, { storedAtMs: 1 }));
      return { receipt: signed.encode({ ...good, payload: late.payload }) };
    },
  ],
  [
    'a receipt of another federation',
    async (dispatch, document) => ({
      receipt: await liar.receipt(dispatch, document, {}, liar.node.own.service(), {
        ...liar.claims,
        federationId: hash('sandbox'),
      }),
    }),
  ],
  ['a receipt that is none', async () => ({ receipt: hash('x') })],
  [
    'a refusal of another seat',
    async (dispatch, document) => ({ refusal: await other.refusal(dispatch, document) }),
  ],
  [
    'a refusal of another offer',
    async (dispatch, document) => ({
      refusal: await liar.refusal(dispatch, document, { documentEnvelope: hash('x') }),
    }),
  ],
  [
    'a refusal of another dispatch',
    async (dispatch, document) => ({
      refusal: await liar.refusal(dispatch, document, { dispatchEnvelope: hash('x') }),
    }),
  ],
  [
    'a receipt as a refusal',
    async (dispatch, document) => ({ refusal: await liar.receipt(dispatch, document) }),
  ],
  [
    'a refusal as a receipt',
    async (dispatch, document) => ({ receipt: await liar.refusal(dispatch, document) }),
  ],
  ['no result', async () => ({})],
  ['a status where an outcome should be', async () => ({ statusStored: hash('x') })],
  [
    'an outcome for another place',
    async (dispatch, document) => ({ index: 3, receipt: await liar.receipt(dispatch, document) }),
  ],
];

for (const [what, answer] of DOUBTFUL) {
  t.test(`not believed: ${what}`, async (t) => {
    const before = sender.reported('outcome.doubtful').length;
    const { id, view } = await judged(answer);
    t.match(view, { state: 'queued', attempts: 1, receipt: null, refusal: null });
    t.ok(sender.reported('outcome.doubtful').length > before);
    const shown = await federation.settled('G22', id);
    t.match(
      shown.deliveries[0],
      { attempts: 2, receipt: { by: 'H40' } },
      'offered again, and settled by the true one',
    );
  });
}

t.test('a refusal for good settles the delivery, and frees its number', async (t) => {
  const { id, view } = await judged(async (dispatch, document) => ({
    refusal: await liar.refusal(dispatch, document, { code: 'classified', text: 'độ mật' }),
  }));
  t.match(view, { state: 'refused', refusal: { by: 'H40', code: 'classified', retry: 'never' } });
  const refused = await sender.exchange.show(id);
  const again = federation.submission({ number: refused.number });
  const next = await sender.exchange.submit(again);
  t.not(next.id, id);
  await federation.settled('G22', next.id);
});

t.test('refused by one of two: the number is not free', async (t) => {
  answers = async (dispatch, document) => ({ refusal: await liar.refusal(dispatch, document) });
  const submission = federation.submission({ to: ['H40', 'H51'] });
  const { id } = await sender.exchange.submit(submission);
  await federation.until('both are settled', async () => {
    const { deliveries } = await sender.exchange.show(id);
    return deliveries.every(({ state }) => state === 'delivered' || state === 'refused');
  });
  await t.rejects(sender.exchange.submit({ ...submission, subject: 'Khác' }), {
    code: 'number-used',
    details: { id },
  });
});

t.test(
  'a submission refused everywhere may be made again with its key, also with other content',
  async (t) => {
    answers = async (dispatch, document) => ({ refusal: await liar.refusal(dispatch, document) });
    const submission = federation.submission({ key: 'again' });
    const first = await sender.exchange.submit(submission);
    await federation.settled('G22', first.id, 'refused');
    answers = async (dispatch, document) => ({ receipt: await liar.receipt(dispatch, document) });
    const second = await sender.exchange.submit({ ...submission, subject: 'Sửa lại' });
    t.not(second.id, first.id);
    t.notMatch(second, { repeated: true });
    await federation.settled('G22', second.id);
  },
);

t.test('later means later: the delivery waits for its own time, and others go on', async (t) => {
  const { id } = await judged(async (dispatch, document) => ({
    refusal: await liar.refusal(dispatch, document, { code: 'quota', retry: 2 }),
  }));
  const quick = await sender.exchange.submit(federation.submission());
  await federation.settled('G22', quick.id, 'delivered', 0);
  t.match((await sender.exchange.show(id)).deliveries[0], {
    state: 'queued',
    attempts: 1,
    lastError: 'quota',
  });
  await federation.settled('G22', id);
});

t.test('busy is unsigned and says when', async (t) => {
  const { id, view } = await judged(async () => ({ busy: { retryAfterMs: 5000 } }));
  t.match(view, { state: 'queued', lastError: 'busy' });
  const nextMs = Date.parse(view.nextAttemptAt!) - federation.clock.nowMs();
  t.ok(nextMs > 0 && nextMs <= 5000, `${nextMs} ms`);
  await federation.settled('G22', id);
});

t.test(
  'busy that says no time is put off as after any failure, and never for less than a moment',
  async (t) => {
    for (const busy of [{}, { retryAfterMs: 1 }]) {
      const { id, view } = await judged(async () => ({ busy }));
      const nextMs = Date.parse(view.nextAttemptAt!) - federation.clock.nowMs();
      t.ok(nextMs >= 250, `${nextMs} ms`);
      await federation.settled('G22', id);
    }
  },
);

t.test('an answer nobody asked for breaks the stream, and what was in flight is offered again', async (t) => {
  let calls = 0;
  const honest = federation.node('H40').exchange.serveDelivery;
  federation.node('H40').exchange.serveDelivery = async (frames, seat) => {
    if (calls++ > 0) return honest(frames, seat);
    await frames.write(outcomeFrame.encode({ sequence: 777, outcomes: [] }));
  };
  sender.exchange.onContact('H40');
  await sender.exchange.stopSending();
  federation.node('G22').kill();
  await federation.node('G22').reopen();
  const { id } = await sender.exchange.submit(federation.submission());
  await federation.settled('G22', id);
  t.ok(calls >= 2);
});

t.test('a moved unit goes to the seat the directory names, not to one the refuser names', async (t) => {
  answers = async (dispatch, document) => ({
    refusal: await liar.refusal(dispatch, document, { code: 'moved', retry: 2, movedTo: 'H51' }),
  });
  const { id } = await sender.exchange.submit(federation.submission());
  await federation.until(
    'the answer is judged',
    async () => (await sender.exchange.show(id)).deliveries[0]!.attempts > 0,
  );
  t.match(
    (await sender.exchange.show(id)).deliveries[0],
    { seat: 'H40', state: 'queued' },
    'the directory still says H40',
  );
});
