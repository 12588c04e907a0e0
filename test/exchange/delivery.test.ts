/** From a submission to a receipt that both ends hold, and what a repeat of either end finds. */
import t from 'tap';
import { equalBytes, hex, sha256, utf8 } from '../../node/core/bytes.ts';
import { arrivalsOf } from '../../node/store/arrivals.ts';
import { deliveriesOf } from '../../node/store/deliveries.ts';
import { TestFederation } from './federation.ts';

t.test('a document is queued, delivered and receipted; both ends hold the same signed bytes', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const [sender, recipient] = [federation.node('G22'), federation.node('H40')];
  const answer = await sender.exchange.submit(federation.submission({ to: ['H40', '000.00.00.H51'] }));
  t.same(answer.deliveries, [
    { to: 'H40', state: 'queued' },
    { to: 'H51', state: 'queued' },
  ]);
  const sent = await federation.settled('G22', answer.id);
  const received = await recipient.only('inbox');
  t.match(received, {
    id: answer.id,
    documentHash: answer.documentHash,
    from: 'G22',
    to: ['H40'],
    state: 'delivered',
  });
  t.match(await federation.node('H51').only('inbox'), { id: answer.id, to: ['H51'] });
  t.same(
    sent.deliveries.map(({ to, receipt }) => [to, receipt?.by]),
    [
      ['H40', 'H40'],
      ['H51', 'H51'],
    ],
  );
  const documentId = new Uint8Array(Buffer.from(answer.documentHash, 'hex'));
  const [delivery] = await deliveriesOf(sender.store, documentId);
  const [arrival] = await arrivalsOf(recipient.store, documentId);
  t.ok(equalBytes(delivery!.outcome, arrival!.receipt), 'the receipt');
  t.ok(equalBytes(delivery!.dispatch, arrival!.dispatch), 'the dispatch');
  for (const node of [sender, recipient]) {
    t.match(await node.exchange.verify(answer.id), { valid: true });
  }
  const file = await recipient.exchange.attachment(answer.id, 0);
  const bytes: Uint8Array[] = [];
  for await (const piece of file.stream) bytes.push(piece);
  t.equal(hex(sha256(...bytes)), file.sha256);
  t.same(Buffer.concat(bytes), utf8('Điều 1.'));
});

t.test('a delivery offered again gets the stored receipt, byte for byte, and no second copy', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const [sender, recipient] = [federation.node('G22'), federation.node('H40')];
  const outcomes: string[] = [];
  let cuts = 3;
  federation.fault = ({ protocol, toward, frame }) => {
    if (protocol !== 'delivery' || toward !== 'client') return undefined;
    outcomes.push(hex(frame));
    return cuts-- > 0 ? 'cut' : undefined;
  };
  const { id } = await sender.exchange.submit(federation.submission());
  await federation.settled('G22', id);
  t.equal(outcomes.length, 4, 'the answer was lost three times');
  t.equal(new Set(outcomes).size, 1, 'and is the same every time');
  await recipient.only('inbox');
});

t.test('two units of one seat get a delivery and a receipt each, of one document', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { unitEntry } = await import('./authority.ts');
  await federation.authority.publish({ entries: [unitEntry('H40.02'), unitEntry('H40.03')] });
  const big = new Uint8Array(200_000).fill(7);
  const sender = federation.node('G22').exchange;
  const { lease, sha256: sum } = await sender.storeBlob(pieces(big));
  const { id } = await sender.submit(
    federation.submission({
      to: ['H40', 'H40.02', '000.00.03.H40'],
      attachments: [{ name: 'a.bin', lease, sha256: sum }],
    }),
  );
  const view = await federation.settled('G22', id);
  t.same(
    view.deliveries.map(({ to }) => to),
    ['H40', 'H40.02', 'H40.03'],
  );
  t.same((await federation.node('H40').only('inbox')).to, ['H40', 'H40.02', 'H40.03']);
  t.match(await federation.node('H40').exchange.verify(id), { valid: true });
});

t.test('urgent documents overtake, older ones of the same urgency go first', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  federation.unreachable.add('H40');
  const sender = federation.node('G22').exchange;
  const ids: string[] = [];
  for (const urgency of ['thuong', 'thuong', 'hoa-toc', 'khan', 'hoa-toc-hen-gio', 'hoa-toc'] as const) {
    const subject = `Văn bản ${ids.length} ${urgency}`;
    ids.push((await sender.submit(federation.submission({ urgency, subject }))).id);
    federation.clock.advance(10);
  }
  const arrived: string[] = [];
  federation.fault = ({ protocol, toward, frame }) => {
    const found = /Văn bản (\d)/.exec(Buffer.from(frame).toString());
    if (protocol === 'delivery' && toward === 'server' && found) arrived.push(found[1]!);
    return undefined;
  };
  federation.unreachable.clear();
  for (const id of ids) await federation.settled('G22', id);
  t.same(arrived, ['4', '2', '5', '3', '0', '1']);
});

t.test('hundreds of documents submitted at once all arrive, whatever their order', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const sender = federation.node('G22').exchange;
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      sender.submit(federation.submission({ to: i % 3 === 0 ? ['H40', 'H51'] : ['H40'] })),
    ),
  );
  // the clock stands still: nothing may depend on a timer
  for (const { id } of answers) await federation.settled('G22', id, 'delivered', 0);
  t.equal((await federation.node('H40').exchange.list({ box: 'inbox', limit: 200 })).items.length, 200);
  const statements = federation.opened.filter((stream) => stream.startsWith('G22 delivery'));
  t.equal(statements.length, 2, 'over one stream a seat');
});

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
