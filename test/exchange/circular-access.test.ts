/** Who may read what a recipient of a circular holds: the other recipients of that circular, and nobody else anything. */
import t from 'tap';
import { hex, sha256 } from '../../node/core/bytes.ts';
import { deliveriesOf } from '../../node/store/deliveries.ts';
import { blobRequest, blobResponse } from '../../proto/messages.ts';
import { seeded } from '../store/seeded.ts';
import { Circulars, MIB, SENDER } from './circulars.ts';
import { HandMadePeer, hash } from './hand-made-peer.ts';

const random = seeded(33);
const REFUSED = hex(blobResponse.encode({ sequence: 1, refused: {} }));

/** What `seat` is answered first by `of`. */
async function answer(circulars: Circulars, of: string, seat: string, request: object): Promise<string> {
  const node = circulars.federation.node(of);
  const peer = new HandMadePeer(circulars.federation, circulars.federation.node(SENDER));
  const { frames, served } = peer.stream(node, 'blob', seat);
  await frames.write(blobRequest.encode({ sequence: 1, ...request } as never));
  const bytes = (await frames.read())!;
  await frames.close();
  await served;
  return hex(bytes);
}

const isChunk = (answered: string): boolean =>
  Boolean(blobResponse.parse(new Uint8Array(Buffer.from(answered, 'hex'))).chunk);

/** The dispatch to a recipient, as its sender signed it. */
async function dispatchTo(circulars: Circulars, id: string, unit: string) {
  const rows = await deliveriesOf(circulars.federation.node(SENDER).store, await circulars.documentId(id));
  const { dispatchId, dispatch: ticket } = rows.find((row) => row.unit === unit)!;
  return { dispatchId, ticket };
}

t.test(
  'a recipient of a circular reads from another, everyone else is refused in the same words',
  async (t) => {
    const circulars = await Circulars.create(t, 4);
    const bytes = random.bytes(2 * MIB);
    const id = await circulars.submit(bytes, { to: ['H01', 'H02'] });
    await circulars.settled(id);
    const other = await circulars.submit(bytes, { to: ['H02', 'H03'] });
    await circulars.settled(other);
    const plain = await circulars.submit(bytes, { to: ['H01', 'H02'], circular: false });
    await circulars.settled(plain);
    const alone = await circulars.submit(random.bytes(2 * MIB), { to: ['H01', 'H02'], circular: false });
    await circulars.settled(alone);
    const sum = sha256(bytes);
    const ask = (seat: string, request: object, of = 'H01') => answer(circulars, of, seat, request);
    const own = { ...(await dispatchTo(circulars, id, 'H02')), sha256: sum };
    t.ok(isChunk(await ask('H02', { ...own, chunk: 0 })), 'another recipient reads it');
    t.ok(isChunk(await ask('H02', { ...own, chunk: 1 })));
    const theirs = { ...(await dispatchTo(circulars, other, 'H03')), sha256: sum };
    t.ok(isChunk(await ask('H03', { ...theirs, chunk: 0 }, 'H02')));

    const refused = async (what: string, seat: string, request: object, of = 'H01') =>
      t.equal(await ask(seat, request, of), REFUSED, what);
    await refused('an outsider with the ticket of another', 'H04', { ...own, chunk: 0 });
    await refused('an outsider without a ticket', 'H04', { dispatchId: hash('x'), sha256: sum, chunk: 0 });
    await refused('a recipient without the dispatch itself', 'H02', { ...own, ticket: undefined, chunk: 0 });
    await refused('a recipient of another circular with the same file', 'H03', { ...theirs, chunk: 0 });
    await refused('a ticket that is not the one named', 'H02', { ...own, dispatchId: hash('x'), chunk: 0 });
    await refused('a file the document does not have', 'H02', { ...own, sha256: hash('other'), chunk: 0 });
    await refused('a chunk beyond its end', 'H02', { ...own, chunk: 2 });
    await refused('what a sender spreads', 'H02', { ...own, spread: Uint8Array.of(0) });
    const single = { ...(await dispatchTo(circulars, plain, 'H02')), sha256: sum };
    await refused('a recipient of a document that is no circular', 'H02', { ...single, chunk: 0 });
    await refused('what it holds, of a document that is no circular', 'H02', { ...single, held: true });
    await refused('who asks what is held with the ticket of another', 'H04', { ...own, held: true });
    await refused(
      'at the sender: a recipient of one that is no circular',
      'H02',
      { ...single, spread: Uint8Array.of(0) },
      SENDER,
    );
    await refused('at the sender: what it holds', 'H02', { ...own, held: true }, SENDER);
  },
);

t.test(
  'a dispatch counts only with the signature of the seat the circular came from, and for whom it names',
  async (t) => {
    const circulars = await Circulars.create(t, 3);
    const { federation } = circulars;
    const bytes = random.bytes(2 * MIB);
    const id = await circulars.submit(bytes, { to: ['H01', 'H02'] });
    await circulars.settled(id);
    const documentId = await circulars.documentId(id);
    const sum = sha256(bytes);
    const sender = new HandMadePeer(federation, federation.node(SENDER));
    const forger = new HandMadePeer(federation, federation.node('H03'));
    const document = await sender.document();
    const ask = async (seat: string, ticket: Uint8Array) =>
      answer(circulars, 'H01', seat, { dispatchId: sender.idOf(ticket), sha256: sum, ticket, chunk: 0 });
    const of = { documentId, circular: true };
    t.ok(
      isChunk(await ask('H03', await sender.dispatch(document, { ...of, unit: 'H03' }))),
      'the sender adds one',
    );
    const refused = async (what: string, seat: string, ticket: Uint8Array) =>
      t.equal(await ask(seat, ticket), REFUSED, what);
    await refused('signed by its reader', 'H03', await forger.dispatch(document, { ...of, unit: 'H03' }));
    await refused(
      'signed by a seal',
      'H03',
      await sender.dispatch(document, { ...of, unit: 'H03' }, sender.node.own.seal()!),
    );
    await refused('for another unit', 'H03', await sender.dispatch(document, { ...of, unit: 'H02' }));
    await refused(
      'no circular',
      'H03',
      await sender.dispatch(document, { ...of, unit: 'H03', circular: false }),
    );
    const plain = await circulars.submit(bytes, { to: ['H01'], circular: false });
    await circulars.settled(plain);
    const asCircular = { documentId: await circulars.documentId(plain), circular: true, unit: 'H03' };
    await refused('of what came here as no circular', 'H03', await sender.dispatch(document, asCircular));
    const { service } = sender.node.who;
    const ticket = await sender.dispatch(document, { ...of, unit: 'H03' });
    await federation.authority.revoke(service, 'service', sender.node.who);
    await refused('of a revoked certificate', 'H03', ticket);
  },
);

t.test('helpers named for a document that is no circular are not asked', async (t) => {
  const circulars = await Circulars.create(t, 2);
  const { federation } = circulars;
  const bytes = random.bytes(2 * MIB);
  const id = await circulars.submit(bytes, { to: ['H02'], circular: false });
  const { offerFrame } = await import('../../proto/messages.ts');
  circulars.fault = ({ protocol, toward, frame }) => {
    if (protocol !== 'delivery' || toward !== 'server') return undefined;
    return [offerFrame.encode({ ...offerFrame.parse(frame), helperSeats: ['H01'] })];
  };
  await circulars.settled(id);
  t.notOk(federation.opened.includes('H02 blob H01'));
  t.ok(await circulars.holds('H02', id));
});
