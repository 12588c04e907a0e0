/** Attachments on their way: pulled in chunks by who holds a ticket, resumed, checked, and named when damaged. */
import { open, readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { hex, sha256 } from '../../node/core/bytes.ts';
import { leafHash, rootOf } from '../../node/core/merkle.ts';
import { getDocument } from '../../node/store/documents.ts';
import { blobRequest, blobResponse } from '../../proto/messages.ts';
import { seeded } from '../store/seeded.ts';
import { TestFederation } from './federation.ts';
import { HandMadePeer, hash } from './hand-made-peer.ts';

const MIB = 1024 * 1024;
const random = seeded(12);

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 300_000) yield bytes.subarray(at, at + 300_000);
}

async function sendFile(federation: TestFederation, bytes: Uint8Array, to = ['H40']): Promise<string> {
  const { exchange } = federation.node('G22');
  const { lease, sha256: sum, size } = await exchange.storeBlob(pieces(bytes));
  if (sum !== hex(sha256(bytes)) || size !== bytes.byteLength) throw new Error('stored something else');
  const attachments = [{ name: 'phu-luc.bin', lease, sha256: sum }];
  return (await exchange.submit(federation.submission({ to, attachments }))).id;
}

async function fileOf(federation: TestFederation, seat: string, id: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of (await federation.node(seat).exchange.attachment(id, 0)).stream)
    parts.push(Uint8Array.from(part));
  return new Uint8Array(Buffer.concat(parts));
}

/** The one file that holds an attachment in a node's folder. */
async function pathOf(federation: TestFederation, seat: string, bytes: Uint8Array): Promise<string> {
  const folder = join(federation.node(seat).dir, 'blobs');
  const names = await readdir(folder, { recursive: true });
  return join(folder, names.find((name) => name.replaceAll(/[^0-9a-f]/g, '').endsWith(hex(sha256(bytes))))!);
}

for (const size of [65_537, MIB - 1, MIB, MIB + 1, 3 * MIB, 5 * MIB + 1]) {
  t.test(`${size} bytes arrive as they were`, async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const bytes = random.bytes(size);
    const id = await sendFile(federation, bytes);
    await federation.settled('G22', id);
    t.equal(Buffer.compare(await fileOf(federation, 'H40', id), bytes), 0);
  });
}

t.test('after a cut only the chunks that are missing are pulled again', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const bytes = random.bytes(6 * MIB);
  const asked: number[] = [];
  let chunks = 0;
  federation.fault = ({ protocol, toward, frame }) => {
    if (protocol !== 'blob') return undefined;
    if (toward === 'server') {
      const { want, chunk } = blobRequest.parse(frame);
      if (want === 'chunk') asked.push(chunk!);
      return undefined;
    }
    return blobResponse.parse(frame).chunk && ++chunks === 4 ? 'cut' : undefined;
  };
  const id = await sendFile(federation, bytes);
  await federation.settled('G22', id);
  t.equal(Buffer.compare(await fileOf(federation, 'H40', id), bytes), 0);
  for (const chunk of [0, 1])
    t.equal(asked.filter((one) => one === chunk).length, 1, `chunk ${chunk} came once`);
  t.ok(asked.length < 12, `${asked.length} chunks asked for`);
});

t.test('a chunk or list that is not the signed one is refused, and the true one taken later', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const bytes = random.bytes(3 * MIB);
  let lies = 0;
  federation.fault = ({ protocol, toward, frame }) => {
    if (protocol !== 'blob' || toward !== 'client') return undefined;
    const response = blobResponse.parse(frame);
    const lie = ++lies;
    if (lie === 1)
      return [
        blobResponse.encode({ sequence: 1, hashes: { leafHashes: [hash('a'), hash('b'), hash('c')] } }),
      ];
    if (lie === 2)
      return [blobResponse.encode({ sequence: 1, hashes: { leafHashes: new Array(9).fill(hash('a')) } })];
    if (lie === 3) return [blobResponse.encode({ sequence: 1, hashes: { leafHashes: [] } })];
    if (lie === 5) return [blobResponse.encode({ sequence: response.sequence!, chunk: random.bytes(MIB) })];
    if (lie === 9) return [blobResponse.encode({ sequence: response.sequence!, chunk: random.bytes(5) })];
    return undefined;
  };
  const id = await sendFile(federation, bytes);
  const view = await federation.settled('G22', id, 'delivered', 500);
  t.ok(view.deliveries[0]!.attempts >= 4, `${view.deliveries[0]!.attempts} attempts`);
  t.equal(Buffer.compare(await fileOf(federation, 'H40', id), bytes), 0);
  t.ok(
    federation
      .node('H40')
      .reported('offer.refused')
      .every(({ code, retry }) => code === 'blob-unavailable' && retry === 'later'),
  );
});

t.test('without the right ticket there is one answer, whatever is held', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const bytes = random.bytes(MIB + 1);
  const id = await sendFile(federation, bytes, ['H40', 'H51']);
  await federation.settled('G22', id);
  const sender = federation.node('G22');
  const documentId = new Uint8Array(Buffer.from((await sender.exchange.show(id)).documentHash, 'hex'));
  const { deliveriesOf } = await import('../../node/store/deliveries.ts');
  const [toH40] = await deliveriesOf(sender.store, documentId);
  const peer = new HandMadePeer(federation, federation.node('H51'));
  const answers = new Set<string>();
  const ask = async (seat: string, dispatchId: Uint8Array, sum: Uint8Array, want = {}) => {
    const { frames, served } = peer.stream(sender, 'blob', seat);
    await frames.write(blobRequest.encode({ sequence: 1, dispatchId, sha256: sum, chunk: 0, ...want }));
    const answer = (await frames.read())!;
    await frames.close();
    await served;
    return answer;
  };
  const sum = sha256(bytes);
  answers.add(hex(await ask('H51', toH40!.dispatchId, sum)));
  answers.add(hex(await ask('H51', hash('no ticket'), sum)));
  answers.add(hex(await ask('H40', hash('no ticket'), sum)));
  answers.add(hex(await ask('H40', toH40!.dispatchId, hash('no such file'))));
  answers.add(hex(await ask('H98', toH40!.dispatchId, sum)));
  answers.add(hex(await ask('H40', toH40!.dispatchId, sum, { chunk: 2 })));
  answers.add(hex(await ask('H40', toH40!.dispatchId, sum, { chunk: Number.MAX_SAFE_INTEGER })));
  t.same([...answers], [hex(blobResponse.encode({ sequence: 1, refused: {} }))]);
  t.ok(blobResponse.parse(await ask('H40', toH40!.dispatchId, sum)).chunk, 'its holder reads it');
  t.ok(sender.reported('blob.refused').length >= 5);
});

t.test('bytes that contradict their signed hash are refused for good', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const peer = new HandMadePeer(federation, federation.node('G22'));
  const bytes = random.bytes(MIB + 5);
  const leaves = [leafHash(bytes.subarray(0, MIB)), leafHash(bytes.subarray(MIB))];
  const lie = peer.attachment({
    sha256: hash('not these bytes'),
    size: bytes.byteLength,
    chunkRoot: rootOf(leaves),
  });
  const document = await peer.document({ attachments: [lie] });
  federation.node('G22').exchange.serveBlobs = async (frames) => {
    for (let request = await frames.read(); request; request = await frames.read()) {
      const { sequence, want, chunk } = blobRequest.parse(request);
      const part = bytes.subarray(chunk! * MIB, (chunk! + 1) * MIB);
      await frames.write(
        blobResponse.encode(
          want === 'chunk' ? { sequence, chunk: part } : { sequence, hashes: { leafHashes: leaves } },
        ),
      );
    }
  };
  const answer = await peer.offer(federation.node('H40'), document, await peer.dispatch(document), {
    inlineBlobs: [],
  });
  t.match(answer, { code: 'blob-mismatch', retry: 'never' });
  t.notOk(await federation.node('H40').blobs.has(hash('not these bytes')));
});

t.test('a large attachment damaged at the sender holds up its own document only, and is named', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  federation.unreachable.add('H40');
  const bytes = random.bytes(2 * MIB);
  const id = await sendFile(federation, bytes);
  const path = await pathOf(federation, 'G22', bytes);
  const file = await open(path, 'r+');
  await file.write(Uint8Array.of(bytes[100]! ^ 1), 0, 1, 100);
  await file.close();
  const next = await federation.node('G22').exchange.submit(federation.submission());
  federation.unreachable.clear();
  await federation.settled('G22', next.id);
  const delivery = await federation.until('its refusal is written down', async () => {
    const [shown] = (await federation.node('G22').exchange.show(id)).deliveries;
    return shown!.lastError === null ? undefined : shown;
  });
  t.match(delivery, { state: 'queued', lastError: /blob-unavailable: phu-luc\.bin/ });
  t.match(await federation.node('G22').exchange.verify(id), { valid: false });
  const { checks } = await federation.node('G22').exchange.verify(id);
  t.match(
    checks.filter(({ ok }) => !ok),
    [{ what: 'attachment phu-luc.bin' }],
  );
  await truncate(path, 10);
  await federation.until(
    'a shortened file is named',
    () => federation.node('G22').reported('blob.damaged').length > 0,
    1000,
  );
});

t.test('a small attachment damaged at the sender is named, set aside, and the queue goes on', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  federation.unreachable.add('H40');
  const node = federation.node('G22');
  const broken = await node.exchange.submit(federation.submission());
  const { smallBlobWrite } = await import('../../node/store/small-blobs.ts');
  const sum = (await node.exchange.show(broken.id)).files[0]!.sha256;
  const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
  const row = await getDocument(node.store, bytesOf(broken.documentHash));
  await node.store.commit({ writes: [smallBlobWrite(row!, bytesOf(sum), new Uint8Array(9))] });
  const next = await node.exchange.submit(federation.submission());
  federation.unreachable.clear();
  await federation.settled('G22', next.id);
  await federation.until('it is set aside', () => node.reported('delivery.set-aside').length > 0);
  const named = async () =>
    (await node.exchange.show(broken.id)).deliveries[0]!.lastError?.includes('quyet-dinh.txt');
  await federation.until('and named', named);
  t.match((await node.exchange.show(broken.id)).deliveries[0], { state: 'queued', lastError: /damaged/ });
});

t.test('a receiver without room says later, and takes it when there is', async (t) => {
  let freeBytes = 1000;
  const init = { H40: { freeBytes: async () => freeBytes } };
  const federation = await TestFederation.create(t, ['G22', 'H40'], init);
  const id = await sendFile(federation, random.bytes(2 * MIB));
  const small = await federation.node('G22').exchange.submit(federation.submission());
  await federation.settled('G22', small.id);
  const last = async () => (await federation.node('G22').exchange.show(id)).deliveries[0];
  await federation.until('it was refused for now', async () => (await last())!.lastError === 'disk-full');
  t.match(await last(), { state: 'queued' });
  freeBytes = 10 ** 9;
  await federation.settled('G22', id, 'delivered', 1000);
});

t.test(
  'an upload that is never submitted is let go after an hour; empty and broken ones leave nothing',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const { exchange, blobs } = federation.node('G22');
    const bytes = random.bytes(100_000);
    const stored = await exchange.storeBlob(pieces(bytes));
    federation.clock.advance(3_600_000);
    const attachments = [{ name: 'a', lease: stored.lease, sha256: stored.sha256 }];
    await t.rejects(exchange.submit(federation.submission({ attachments })), { code: 'not-found' });
    await federation.until('it is collected', async () => {
      await blobs.collect({ isReferenced: async () => false });
      return !(await blobs.has(sha256(bytes)));
    });
    await t.rejects(exchange.storeBlob(pieces(new Uint8Array(0))), { code: 'file-empty' });
    const broken = async function* () {
      yield bytes;
      throw new Error('the caller went away');
    };
    await t.rejects(exchange.storeBlob(broken()), { message: 'the caller went away' });
  },
);

t.test('however many files are handed in at once, a few are read at a time', async (t) => {
  const federation = await TestFederation.create(t, ['G22']);
  const { exchange } = federation.node('G22');
  let reading = 0;
  let most = 0;
  const source = async function* () {
    most = Math.max(most, ++reading);
    await new Promise((resolve) => setImmediate(resolve));
    yield random.bytes(70_000);
    reading--;
  };
  const stored = await Promise.all(Array.from({ length: 100 }, () => exchange.storeBlob(source())));
  t.equal(stored.length, 100);
  t.ok(most <= 16, `${most} at once`);
});
