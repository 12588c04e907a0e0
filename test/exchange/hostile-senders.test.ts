/** What a sender does to others that send the same file, or to this node by offers that were given up, or contradict themselves. */
import t from 'tap';
import { sha256 } from '../../node/core/bytes.ts';
import { leafHash, rootOf } from '../../node/core/merkle.ts';
import { blobRequest, blobResponse, offerFrame } from '../../proto/messages.ts';
import { seeded } from '../store/seeded.ts';
import { TestFederation } from './federation.ts';
import { HandMadePeer } from './hand-made-peer.ts';

const MIB = 1024 * 1024;
const random = seeded(99);

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += MIB) yield bytes.subarray(at, at + MIB);
}

async function send(federation: TestFederation, from: string, bytes: Uint8Array): Promise<string> {
  const { exchange } = federation.node(from);
  const { lease, sha256: sum } = await exchange.storeBlob(pieces(bytes));
  const attachments = [{ name: 'phu-luc.bin', lease, sha256: sum }];
  const issuer = from === 'G22' ? {} : { from };
  return (await exchange.submit(federation.submission({ to: ['H40'], attachments, ...issuer }))).id;
}

t.test('a sender that stalls holds up nobody else who sends the same file', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const bytes = random.bytes(3 * MIB);
  let isStalled = false;
  federation.fault = ({ from, to, protocol, toward, frame }) => {
    if (protocol !== 'blob' || from !== 'H40' || to !== 'G22' || toward !== 'client') return undefined;
    if (!blobResponse.parse(frame).chunk) return undefined;
    isStalled = true;
    return [];
  };
  await send(federation, 'G22', bytes);
  await federation.until('it is being pulled', () => isStalled, 0);
  const id = await send(federation, 'H51', bytes);
  await federation.settled('H51', id, 'delivered', 0);
  t.ok((await federation.node('H40').exchange.verify(id)).valid);
});

t.test('what a sender is asked for tells nothing of what came of the file from others', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const bytes = random.bytes(5 * MIB);
  const asked: string[] = [];
  let chunks = 0;
  federation.fault = ({ to, protocol, toward, frame }) => {
    if (protocol !== 'blob') return undefined;
    if (toward === 'server') {
      const { want, chunk } = blobRequest.parse(frame);
      if (want === 'chunk') asked.push(`${to} ${chunk}`);
      return undefined;
    }
    return to === 'G22' && blobResponse.parse(frame).chunk && ++chunks > 2 ? 'cut' : undefined;
  };
  await send(federation, 'G22', bytes);
  await federation.until('a part of it is here', () => chunks > 2, 0);
  federation.unreachable.add('G22');
  const id = await send(federation, 'H51', bytes);
  await federation.settled('H51', id);
  t.same(
    asked.filter((one) => one.startsWith('H51')),
    [0, 1, 2, 3, 4].map((chunk) => `H51 ${chunk}`),
  );
});

t.test('an offer whose stream has ended waits for nothing', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const to = federation.node('H40');
  const peer = new HandMadePeer(federation, federation.node('G22'));
  // nobody gives anything: pulls of a circular with a helper go on without their stream
  federation.fault = ({ protocol }) => (protocol === 'blob' ? [] : undefined);
  const offers: Uint8Array[] = [];
  for (let sequence = 1; sequence <= 20; sequence++) {
    const bytes = random.bytes(8);
    const file = peer.attachment({ sha256: sha256(bytes), size: 5 * MIB, chunkRoot: leafHash(bytes) });
    const document = await peer.document({ attachments: [file] });
    const dispatches = [await peer.dispatch(document, { circular: true })];
    offers.push(offerFrame.encode({ sequence, dispatches, document, helperSeats: ['H51'] }));
  }
  const pulls = () => federation.opened.filter((one) => one === 'H40 blob G22').length;
  const first = peer.stream(to, 'delivery');
  for (const offer of offers.slice(0, 4)) await first.frames.write(offer);
  await federation.until('as many are pulled as may be', () => pulls() === 4, 0);
  first.frames.abort(new Error('gone'));
  // new ones, which wait for a place, and the first ones again, which wait for what goes on
  const second = peer.stream(to, 'delivery');
  for (const offer of offers) await second.frames.write(offer);
  second.frames.abort(new Error('gone, too'));
  let isOver = false;
  void second.served.then(() => {
    isOver = true;
  });
  await federation.until('the second stream is over', () => isOver, 0);
  t.equal(pulls(), 4);
});

t.test('sizes and roots that contradict the bytes are refused, whatever they say', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const to = federation.node('H40');
  const peer = new HandMadePeer(federation, federation.node('G22'));
  const bytes = random.bytes(3 * MIB);
  const parts = [0, 1, 2].map((index) => bytes.subarray(index * MIB, (index + 1) * MIB));
  const leaves = parts.map(leafHash);
  const right = { sha256: sha256(bytes), size: bytes.byteLength, chunkRoot: rootOf(leaves) };
  const empty = new Uint8Array(0);
  let given = leaves;
  federation.node('G22').exchange.serveBlobs = async (frames) => {
    for (let request = await frames.read(); request; request = await frames.read()) {
      const { sequence, want, chunk } = blobRequest.parse(request);
      await frames.write(
        blobResponse.encode(
          want === 'chunk'
            ? { sequence, chunk: parts[chunk!] ?? empty }
            : { sequence, hashes: { leafHashes: given } },
        ),
      );
    }
  };
  const offer = async (change: object) => {
    const document = await peer.document({ attachments: [peer.attachment({ ...right, ...change })] });
    const { code, retry } = await peer.offer(to, document, await peer.dispatch(document), {
      inlineBlobs: [],
    });
    return `${code} ${retry}`;
  };
  const refused = async (what: string, change: object, as: string) => t.equal(await offer(change), as, what);
  await refused('above the largest', { size: 5 * 1024 * MIB + 1 }, 'oversize never');
  await refused('more than may come in a day', { size: Number.MAX_SAFE_INTEGER }, 'quota later');
  await refused('a byte more', { size: bytes.byteLength + 1 }, 'blob-unavailable later');
  await refused('a byte less', { size: bytes.byteLength - 1 }, 'blob-unavailable later');
  await refused('chunks of another size', { chunkSize: 2 * MIB }, 'malformed never');
  await refused('another root', { chunkRoot: leaves[0] }, 'blob-unavailable later');
  await refused('another file with the same chunks', { sha256: random.bytes(32) }, 'blob-mismatch never');
  given = leaves.slice(0, 2);
  await refused('the root of fewer', { chunkRoot: rootOf(given) }, 'blob-unavailable later');
  given = [...leaves, leafHash(empty)];
  await refused('the root of more', { chunkRoot: rootOf(given) }, 'blob-unavailable later');
  given = leaves;
  t.equal(await offer({}), ' ', 'the true one is taken after all that');
});
