/** A repeat of an offer: the stored receipt, for its sender alone; another content under the same id is a conflict. */
import t from 'tap';
import { equalBytes } from '../../node/core/bytes.ts';
import { PREFIX, prefixRange } from '../../node/store/keys.ts';
import { TestFederation } from './federation.ts';
import { HandMadePeer, newExchangeId } from './hand-made-peer.ts';

const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
const peer = new HandMadePeer(federation, federation.node('G22'));
const to = federation.node('H40');

async function kept(): Promise<number> {
  let count = 0;
  for (const prefix of [PREFIX.document, PREFIX.arrival, PREFIX.smallBlob])
    for await (const _ of to.store.range(prefixRange(prefix))) count++;
  return count;
}

const of = async (document: Uint8Array): Promise<[Uint8Array, Uint8Array]> => [
  document,
  await peer.dispatch(document),
];

t.test('a sound offer is taken; the same exchange id with another content is a conflict', async (t) => {
  const exchangeId = newExchangeId();
  const [document, dispatch] = await of(await peer.document({ exchangeId }));
  const first = await peer.offer(to, document, dispatch);
  t.equal(first.kind, 'receipt');
  const changed = await of(await peer.document({ exchangeId, subject: 'Khác' }));
  t.match(await peer.offer(to, ...changed), { code: 'conflict', retry: 'never' });
  const again = await peer.offer(to, document, dispatch);
  t.ok(equalBytes(again.bytes, first.bytes), 'the first one stands');
  t.match(
    await peer.offer(to, document, dispatch, {}, 'H51'),
    { code: 'sender-mismatch' },
    'and is nobody else’s to ask for',
  );
});

t.test('the same delivery sealed and dispatched again gets the first receipt', async (t) => {
  const content = { exchangeId: newExchangeId() };
  const first = await peer.offer(to, ...(await of(await peer.document(content))));
  const again = await peer.offer(to, ...(await of(await peer.document(content))));
  t.ok(equalBytes(again.bytes, first.bytes));
});

t.test('one offer at once on several streams is taken once', async (t) => {
  const [document, dispatch] = await of(await peer.document());
  const before = await kept();
  const answers = await Promise.all(Array.from({ length: 10 }, () => peer.offer(to, document, dispatch)));
  t.equal(new Set(answers.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).size, 1);
  t.equal((await kept()) - before, 3, 'a document, an arrival, a small attachment');
});
