/** Readers of attachments that ask for what no honest one asks, over a stream whose every byte the test makes. */
import t from 'tap';
import { sha256 } from '../../node/core/bytes.ts';
import { deliveriesOf } from '../../node/store/deliveries.ts';
import { blobRequest, blobResponse } from '../../proto/messages.ts';
import { seeded } from '../store/seeded.ts';
import { Circulars, MIB, SENDER } from './circulars.ts';
import { HandMadePeer } from './hand-made-peer.ts';

const random = seeded(41);

/** A circular that nobody has taken yet, and what entitles its first recipient to read it. */
async function waiting(t: Parameters<typeof Circulars.create>[0], chunks: number) {
  const circulars = await Circulars.create(t, 2);
  const { federation } = circulars;
  for (const seat of circulars.recipients) federation.unreachable.add(seat);
  const bytes = random.bytes(chunks * MIB);
  const id = await circulars.submit(bytes);
  const sender = federation.node(SENDER);
  const rows = await deliveriesOf(sender.store, await circulars.documentId(id));
  const { dispatchId } = rows.find(({ seat }) => seat === 'H01')!;
  const peer = new HandMadePeer(federation, federation.node('H01'));
  const open = () => {
    const { frames, served } = peer.stream(sender, 'blob');
    const ask = (request: object) =>
      frames.write(blobRequest.encode({ dispatchId, sha256: sha256(bytes), ...request } as never));
    const next = async () => blobResponse.parse((await frames.read())!);
    return { frames, served, ask, next };
  };
  return { circulars, federation, sender, open };
}

t.test('a sequence used again costs its reader the earlier chunk, and no more', async (t) => {
  const { federation, open } = await waiting(t, 4);
  const spread = Uint8Array.of(0);
  const first = open();
  for (let times = 0; times < 2; times++) {
    await first.ask({ sequence: 7, spread });
    t.equal((await first.next()).result, 'given');
    t.equal((await first.next()).result, 'chunk');
  }
  federation.clock.advance(60_000);
  await first.frames.close();
  await first.served;
  const second = open();
  await second.ask({ sequence: 1, spread });
  t.equal((await second.next()).result, 'given', 'nothing is owed any more');
  await second.frames.close();
  await second.served;
});

t.test('what no honest reader asks is refused, or ends its stream, and nothing else', async (t) => {
  const { open, sender } = await waiting(t, 2);
  const refused = async (what: string, request: object) => {
    const { frames, served, ask, next } = open();
    await ask({ sequence: 1, ...request });
    t.match(await next(), { sequence: 1, result: 'refused' }, what);
    await frames.close();
    await served;
  };
  await refused('nothing', {});
  await refused('a chunk beyond the end', { chunk: 2 });
  await refused('the largest chunk', { chunk: Number.MAX_SAFE_INTEGER });
  await refused('what the sender itself holds', { held: true });
  await refused('another file', { sha256: random.bytes(32), chunk: 0 });
  await refused('all but all', { spread: new Uint8Array(8192).fill(255) });
  const answered = async (what: string, request: object, result: string) => {
    const { frames, served, ask, next } = open();
    await ask({ sequence: 5, came: 1 });
    await ask({ sequence: 1, ...request });
    t.match(await next(), { sequence: 1, result }, what);
    await frames.close();
    await served;
  };
  await answered('hashes beyond the end: none', { hashesFrom: Number.MAX_SAFE_INTEGER }, 'hashes');
  await answered('a set of none', { spread: new Uint8Array(0) }, 'given');
  await answered('a set of more than there are', { spread: Uint8Array.of(252, 255, 255) }, 'given');
  for (const bytes of [
    Uint8Array.of(),
    random.bytes(50),
    // a sequence of 2^63, above what a number holds
    Uint8Array.of(8, 128, 128, 128, 128, 128, 128, 128, 128, 128, 1),
  ]) {
    const { frames, served } = open();
    await frames.write(bytes);
    await t.rejects(frames.read(), 'no request at all');
    await served;
  }
  t.equal(sender.reported('stream.broken').length, 3);
  const { frames, served, ask, next } = open();
  for (const sequence of [9, 3, 3, Number.MAX_SAFE_INTEGER]) {
    await ask({ sequence, chunk: 1 });
    t.match(await next(), { sequence, result: 'chunk' });
  }
  await frames.close();
  await served;
});
