/** What a peer may say about documents, and what it can't: too much, too early, in another's name, about another's. */
import t from 'tap';
import { utf8 } from '../../node/core/bytes.ts';
import { allEarly, MOST_ENTRIES } from '../../node/store/statuses.ts';
import { TestFederation } from './federation.ts';
import { HandMadePeer, newExchangeId } from './hand-made-peer.ts';

type Test = Parameters<typeof TestFederation.create>[0];

async function world(t: Test) {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const [peer, receiver] = [new HandMadePeer(federation, federation.node('G22')), federation.node('H40')];
  const document = await peer.document();
  const deliver = async () => peer.offer(receiver, document, await peer.dispatch(document));
  const only = () => receiver.only('inbox');
  return {
    federation,
    peer,
    receiver,
    document,
    deliver,
    only,
    other: new HandMadePeer(federation, federation.node('H51')),
  };
}

t.test('a status of a wrong form is refused for good, and nothing is kept', async (t) => {
  const { peer, receiver, document, deliver, only } = await world(t);
  await deliver();
  const id = new Uint8Array(32).fill(7);
  const wrong: [string, Record<string, unknown>][] = [
    ['no such code', { code: 7 }],
    ['a receiver’s code on the sender’s side', { code: 3 }],
    ['no reason', { reason: '' }],
    ['a later entry that follows none', { sequence: 2 }],
    ['a first entry that follows one', { previous: id }],
    ['a recall that answers', { answers: id }],
    ['a number of arrival', { arrivalNumber: 4 }],
    ['beyond any chain', { sequence: MOST_ENTRIES + 1, previous: id }],
    ['beyond any number', { sequence: 2 ** 53 - 1, previous: id }],
  ];
  for (const [what, change] of wrong)
    t.equal(await peer.say(receiver, await peer.status(document, change)), 'malformed never', what);
  t.same((await only()).statuses, []);
});

t.test('only who sent a document recalls it, and only who received it speaks of its handling', async (t) => {
  const { federation, peer, receiver, document, deliver, only, other } = await world(t);
  await deliver();
  t.equal(await other.say(receiver, await other.status(document)), 'sender-mismatch later');
  t.equal(
    await peer.say(receiver, await other.status(document)),
    'unknown-certificate later',
    'another’s signature',
  );
  const sender = federation.node('G22');
  const { id } = await sender.exchange.submit(federation.submission());
  await federation.settled('G22', id);
  const sent = (await sender.exchange.evidence(id)).find(({ name }) => name === 'document.signed')!.bytes;
  const finished = { side: 2, code: 6, reason: '' };
  t.equal(await other.say(sender, await other.status(sent, finished)), 'sender-mismatch later');
  t.equal(await peer.say(receiver, await peer.status(sent, { ...finished, unit: 'H51' })), 'not-found later');
  t.same((await only().catch(() => ({ statuses: [] }))).statuses, []);
  t.same((await sender.exchange.show(id)).statuses, []);
});

t.test('recalls that wait for an answer are few', async (t) => {
  const { peer, receiver, document, deliver, only } = await world(t);
  await deliver();
  const { id } = await only();
  await receiver.exchange.say(id, { code: '03' });
  let previous: Uint8Array | undefined;
  const said: string[] = [];
  for (let sequence = 1; sequence <= 10; sequence++) {
    const status = await peer.status(document, { sequence, ...(previous && { previous }) });
    said.push(await peer.say(receiver, status));
    previous = peer.idOf(status);
  }
  t.same(said, [...Array(8).fill('stored'), 'quota later', 'quota later']);
  await receiver.exchange.say(id, { code: '06' });
  t.match(await only(), { status: '06', deliveries: [{ recall: 'declined' }] }, 'and it can be finished');
});

t.test('a recall before its document is kept, and counts once the document is there', async (t) => {
  const { peer, receiver, document, deliver, only, other } = await world(t);
  const recall = await peer.status(document);
  t.equal(await peer.say(receiver, recall), 'stored');
  t.equal(await peer.say(receiver, recall), 'stored', 'the same again');
  t.equal(await other.say(receiver, await other.status(document)), 'stored', 'a stranger’s is told nothing');
  t.equal((await allEarly(receiver.store, 10)).length, 2);
  await receiver.reopen();
  await deliver();
  const view = await only();
  t.match(view, { status: '15', deliveries: [{ recall: 'agreed' }] });
  t.same(view.statuses.map(({ code, by }) => [code, by]).sort(), [
    ['13', 'G22'],
    ['15', 'H40'],
  ]);
});

t.test(
  'killed between a document’s arrival and what was said before: the next start makes up for it',
  async (t) => {
    const { federation, peer, receiver, document, deliver, only } = await world(t);
    await peer.say(receiver, await peer.status(document));
    receiver.store.commits = 0;
    receiver.store.killAt = (commit) => (commit === 1 ? 'after' : undefined);
    void deliver();
    await federation.until('killed', () => !receiver.isUp);
    await receiver.reopen();
    t.match(await only(), { status: '15' });
    t.same(await allEarly(receiver.store, 10), []);
  },
);

t.test('a seat keeps few statuses early', async (t) => {
  const { peer, receiver, document } = await world(t);
  let last = '';
  for (let sequence = 1; sequence <= MOST_ENTRIES; sequence++)
    for (const unit of ['H40', 'H40.01', 'H40.02', 'H40.03', 'H40.04', 'H40.05']) {
      if (unit !== 'H40') continue;
      const previous = new Uint8Array(32).fill(1);
      last = await peer.say(
        receiver,
        await peer.status(document, { sequence, unit, ...(sequence > 1 && { previous }) }),
      );
    }
  t.equal(last, 'stored', 'a whole chain');
  for (let i = 0; last === 'stored' && i < 600; i++) {
    const another = await peer.document({ exchangeId: newExchangeId() });
    last = await peer.say(receiver, await peer.status(another));
  }
  t.equal(last, 'quota later');
  t.equal((await allEarly(receiver.store, 1_000)).length, 500);
});

t.test('whoever knows a document may name it: what replaces it is found all the same', async (t) => {
  const { federation, receiver } = await world(t);
  const { exchange } = federation.node('G22');
  const { id } = await exchange.submit(federation.submission());
  await federation.settled('G22', id);
  const sent = (await exchange.evidence(id)).find(({ name }) => name === 'document.signed')!.bytes;
  const stranger = new HandMadePeer(federation, federation.node('H51'));
  for (let i = 0; i < 150; i++) {
    const relations = [{ kind: 4, documentId: stranger.idOf(sent) }];
    const document = await stranger.document({
      exchangeId: newExchangeId(),
      number: String(i + 1),
      relations,
    });
    await stranger.offer(receiver, document, await stranger.dispatch(document));
  }
  const relations = [{ kind: 'replaces' as const, id }];
  const made = await exchange.submit(federation.submission({ to: [], relations }));
  await federation.settled('G22', made.id);
  t.same((await receiver.exchange.show(id)).deliveries[0]!.supersededBy, [made.id]);
});

t.test(
  'whoever writes another’s DocumentId on its own document gets no reply meant for that other',
  async (t) => {
    const { federation, receiver } = await world(t);
    const { exchange } = federation.node('G22');
    const { id } = await exchange.submit(federation.submission({ number: '5', notation: 'QĐ' }));
    await federation.settled('G22', id);
    const { legalId } = await receiver.exchange.show(id);
    const stranger = new HandMadePeer(federation, federation.node('H51'));
    const forged = await stranger.document({ legalId });
    await stranger.offer(receiver, forged, await stranger.dispatch(forged));
    const reply = (organId?: string) =>
      receiver.exchange.submit(
        federation.submission({
          to: [],
          notation: 'BC',
          attachments: [{ name: 'a.txt', bytes: utf8(`trả lời ${organId}`) }],
          relations: [{ kind: 'answers', legalId, ...(organId && { organId }) }],
        }),
      );
    t.same((await reply('G22')).deliveries, [{ to: 'G22', state: 'queued' }]);
    await t.rejects(reply(), { code: 'ambiguous' }, 'without an author nobody guesses');
  },
);

t.test('a peer’s document can’t reach out of the message it is exported as', async (t) => {
  const { federation, peer, receiver } = await world(t);
  const verbatim = [
    { path: '__proto__/polluted', text: 'x' },
    { path: '__proto__/toString', text: '' },
    { path: 'constructor/prototype/polluted', text: 'x' },
    { path: 'To', text: 'x' },
    { path: 'From/OrganId', text: 'H51' },
    { path: 'Kind', text: 'status' },
    { path: 'AttachmentEncoded/1/AttachmentName', text: '../../.bashrc' },
    { path: 'DueDate', text: 'cuối tháng' },
  ];
  const document = await peer.document({ verbatim });
  await peer.offer(receiver, document, await peer.dispatch(document));
  const { id } = await receiver.only('inbox');
  const { stream } = await receiver.exchange.exportEdxml(id, {});
  let text = '';
  for await (const bytes of stream) text += Buffer.from(bytes).toString('latin1');
  t.equal(({} as Record<string, unknown>).polluted, undefined);
  t.equal(typeof Object.prototype.toString, 'function');
  t.match(text, '<edXML:OrganId>000.00.00.G22</edXML:OrganId>');
  t.notMatch(text, 'bashrc');
  t.match(Buffer.from(text, 'latin1').toString(), 'cuối tháng', 'what has its place is kept');
  t.ok(federation);
});
