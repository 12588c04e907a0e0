/** After a loss was accepted a node takes back what its peers hold: verified, whole, once, whatever breaks meanwhile. */
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parse as parseUuid } from 'uuid';
import { hex, utf8 } from '../../node/core/bytes.ts';
import { leafHash } from '../../node/core/merkle.ts';
import { arrivalsOf } from '../../node/store/arrivals.ts';
import { deliveriesOf, measureQueue } from '../../node/store/deliveries.ts';
import { getByExchangeId, getDocument } from '../../node/store/documents.ts';
import {
  auditLeaf,
  blobRequest,
  blobResponse,
  dispatch as dispatchCodec,
  logRequest,
  logResponse,
  signed,
} from '../../proto/messages.ts';
import { seeded } from '../store/seeded.ts';
import { TestFederation, type TestNode } from './federation.ts';
import { HandMadePeer } from './hand-made-peer.ts';

t.setTimeout(120_000);
const MIB = 1024 * 1024;
const random = seeded(31);

async function send(federation: TestFederation, from: string, to: string[], bytes = 0): Promise<string> {
  const { exchange } = federation.node(from);
  const letter = { name: 'a.txt', bytes: utf8(`Điều ${Math.random()}`) };
  const attachments = [letter];
  const notation = `QĐ-${from}`;
  if (bytes === 0) {
    const { id } = await exchange.submit(federation.submission({ to, attachments, notation }));
    await federation.settled(from, id);
    return id;
  }
  async function* content() {
    yield random.bytes(bytes);
  }
  const { lease, sha256 } = await exchange.storeBlob(content());
  const files = [letter, { name: 'b.bin', lease, sha256 }];
  const { id } = await exchange.submit(federation.submission({ to, attachments: files, notation }));
  await federation.settled(from, id);
  return id;
}

/** Every stored byte of a document: envelope, dispatches, outcomes, and its files' hashes. */
async function rowsOf({ store, exchange }: TestNode, id: string): Promise<string[]> {
  const documentId = await getByExchangeId(store, id);
  if (documentId === undefined) return [];
  const document = (await getDocument(store, documentId))!;
  const rows = [hex(document.envelope), String(document.outgoing)];
  for (const one of await deliveriesOf(store, documentId))
    rows.push(one.unit, String(one.state), hex(one.dispatch), hex(one.outcome), one.seat);
  for (const one of await arrivalsOf(store, documentId))
    rows.push(one.unit, hex(one.dispatch), hex(one.receipt), one.fromSeat, String(one.storedAtMs));
  const { valid } = await exchange.verify(id);
  return [...rows, String(valid)];
}

const isBack = async (node: TestNode): Promise<boolean> =>
  (await node.exchange.recovery())?.waiting.length === 0;

/** G22 with two peers, a backup of it, and documents of every kind since. */
async function backedUp(t: Test) {
  const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
  const node = federation.node('G22');
  const peers = [federation.node('H40'), federation.node('H51')];
  await send(federation, 'G22', ['H40']);
  await send(federation, 'H40', ['G22']);
  const copy = await node.backUp();
  const ids = [
    await send(federation, 'G22', ['H40', 'H51']),
    await send(federation, 'G22', ['H51'], 2 * MIB + 5),
    await send(federation, 'H40', ['G22']),
    await send(federation, 'H40', ['G22', 'H51'], MIB + 1),
    await send(federation, 'H51', ['G22']),
  ];
  const before = await Promise.all(ids.map((id) => rowsOf(node, id)));
  return { federation, node, peers, copy, ids, before };
}

t.test('everything both sides had is there again, byte-identical, and audited', async (t) => {
  const { federation, node, peers, copy, ids, before } = await backedUp(t);
  t.equal(await node.lose(copy, peers), 2);
  await node.open();
  t.strictSame(await rowsOf(node, ids[0]!), [], 'lost');
  await federation.until('it is back', () => isBack(node));
  for (const [i, id] of ids.entries()) t.strictSame(await rowsOf(node, id), before[i], `document ${i}`);
  t.match(await node.exchange.recovery(), { recovered: 6, failed: 0, holding: false });
  t.equal((await measureQueue(node.store, 'H40', 10)).count, 0, 'nothing is sent again');
  const events: string[] = [];
  for (let i = 0; i < node.audit.head().size; i++)
    events.push(auditLeaf.parse((await node.audit.entry(i))!).event);
  t.equal(events[0], 'log.continued', 'the first leaf names the gap');
  t.equal(events.filter((event) => event === 'recovered').length, 6);
  t.equal(await node.audit.check(), undefined);

  const used = await node.exchange.show(ids[0]!);
  const { number, notation } = used;
  await t.rejects(
    node.exchange.submit(federation.submission({ number, notation, subject: 'khác' })),
    { code: 'number-used', details: { id: ids[0] } },
    'a used number stays used',
  );
  const again = await send(federation, 'G22', ['H40', 'H51']);
  t.match(await peers[0]!.exchange.verify(again), { valid: true });
  await node.reopen();
  t.equal(await isBack(node), true, 'remembered');
  t.match((await peers[0]!.exchange.logFindings()).rewritten, []);
});

t.test('killed before or after any commit, it goes on, and nothing comes back twice', async (t) => {
  const { federation, node, peers, copy, ids, before } = await backedUp(t);
  await node.lose(copy, peers);
  await node.open();
  let kills = 0;
  for (let round = 0; round < 60; round++) {
    const fate = round % 2 === 0 ? 'before' : 'after';
    let wasKilled = false;
    node.store.killAt = () => {
      wasKilled = true;
      return fate;
    };
    await federation.until('killed or done', async () => wasKilled || (await isBack(node)));
    if (!wasKilled) break;
    kills++;
    await node.reopen();
    // of every two rounds one lets a commit through
    if (fate === 'before') {
      let passed = 0;
      node.store.killAt = () => (++passed > 1 ? 'before' : undefined);
      await federation.until('one more', async () => passed > 1 || (await isBack(node)));
      await node.reopen();
    }
  }
  t.ok(kills > 5, `${kills} kills`);
  await node.reopen();
  await federation.until('it is back', () => isBack(node));
  for (const [i, id] of ids.entries()) t.strictSame(await rowsOf(node, id), before[i], `document ${i}`);
  t.equal((await node.exchange.list({ box: 'outbox' })).items.length, 3);
  t.equal((await node.exchange.list({ box: 'inbox' })).items.length, 4);
});

t.test('cut at every frame it goes on', async (t) => {
  const { federation, node, peers, copy, ids, before } = await backedUp(t);
  await node.lose(copy, peers);
  let at = 0;
  let frames = 0;
  federation.fault = ({ from }) => {
    if (from !== 'G22' || frames++ < at) return undefined;
    at++;
    frames = 0;
    return 'cut';
  };
  await node.open();
  await federation.until('it is back', () => isBack(node), 5_000);
  t.ok(at > 8, `${at} cuts`);
  for (const [i, id] of ids.entries()) t.strictSame(await rowsOf(node, id), before[i], `document ${i}`);
});

t.test('nothing is handed in before every seat was asked or could not be reached', async (t) => {
  const { federation, node, peers, copy, ids } = await backedUp(t);
  await node.lose(copy, peers);
  federation.fault = ({ protocol, to }) => (protocol === 'log' && to === 'H51' ? [] : undefined);
  await node.open();
  const submit = () => node.exchange.submit(federation.submission());
  await federation.until(
    'one is back',
    async () => (await node.exchange.recovery())?.waiting.join() === 'H51',
    1,
  );
  await t.rejects(submit(), { code: 'recovering', details: { seats: ['H51'] } });
  await t.rejects(node.exchange.validate({ ...federation.submission(), attachments: [] }), {
    code: 'recovering',
  });
  federation.clock.advance(11 * 60_000);
  await submit();
  t.strictSame(await rowsOf(node, ids[4]!), [], 'a seat that stalls can’t hold a node for ever');
  await node.reopen();
  await t.rejects(submit(), { code: 'recovering' });
  federation.fault = () => undefined;
  federation.unreachable.add('H51');
  await node.reopen();
  await federation.until('it was tried', async () => (await node.exchange.recovery())?.holding === false, 1);
  await submit();
  t.match(await node.exchange.recovery(), { waiting: ['H51'] });
  federation.unreachable.delete('H51');
  node.exchange.onContact('H51');
  await federation.until('it is back', () => isBack(node));
  t.ok((await rowsOf(node, ids[4]!)).length > 0);
});

t.test('what a peer can’t prove is not put back, and said', async (t) => {
  const { federation, node, peers, copy, ids } = await backedUp(t);
  const [near] = peers as [TestNode];
  const forger = new HandMadePeer(federation, near);
  const document = await forger.document({ exchangeId: parseUuid('01890a5d-ac96-774b-bcce-b302099a8057') });
  const dispatch = await forger.dispatch(document, { unit: 'G22' });
  const forged = {
    document,
    dispatch,
    receipt: await forger.receipt(dispatch, document),
    inlineBlobs: [utf8('Điều 1.')],
  };
  const lies: ((item: typeof forged) => Partial<typeof forged> | Promise<Partial<typeof forged>>)[] = [
    () => forged,
    () => ({ receipt: forged.receipt }),
    () => ({ dispatch }),
    () => ({ document }),
    async ({ document: of, dispatch: own }) => {
      // a dispatch this node never signed, with a true receipt for it
      const { unit } = dispatchCodec.parse(signed.parse(own).payload);
      const invented = await forger.dispatch(of, { unit });
      return { dispatch: invented, receipt: await forger.receipt(invented, of) };
    },
    ({ receipt }) => ({ receipt: flipped(receipt) }),
    ({ dispatch: own }) => ({ dispatch: flipped(own) }),
    ({ document: own }) => ({ document: flipped(own) }),
    ({ document: own }) => ({ document: own.subarray(0, -1) }),
    ({ inlineBlobs }) => ({ inlineBlobs: inlineBlobs.map((one) => one.subarray(1)) }),
  ];
  for (const [i, lie] of lies.entries()) {
    await node.lose(copy, peers);
    federation.fault = ({ protocol, toward, to, frame }) => {
      if (protocol !== 'log' || toward !== 'client' || to !== 'H40') return undefined;
      const { item } = logResponse.parse(frame);
      if (!item) return undefined;
      const { document, dispatch, receipt, inlineBlobs } = item as typeof forged;
      const honest = { document, dispatch, receipt, inlineBlobs };
      return Promise.resolve(lie(honest)).then((other) => [
        logResponse.encode({ item: { ...honest, ...other } }),
      ]);
    };
    await node.open();
    await federation.until('all was asked', () => isBack(node));
    const isLostFile = i === lies.length - 1;
    if (isLostFile) {
      t.match(await node.exchange.recovery(), { failed: 0 }, 'a wrong small file is pulled instead');
      t.equal((await rowsOf(node, ids[0]!)).at(-1), 'true');
      continue;
    }
    t.match(await node.exchange.recovery(), { failed: 3 }, `lie ${i}`);
    t.equal(node.reported('recovery.refused').length, 3, `lie ${i}`);
    for (const id of ids.slice(2, 4)) t.strictSame(await rowsOf(node, id), [], `lie ${i}`);
    node.events.length = 0;
  }
});

t.test('files a peer no longer has: the statements come back, and that is said', async (t) => {
  const { federation, node, peers, copy, ids } = await backedUp(t);
  await node.lose(copy, peers);
  const folder = join(federation.node('H51').dir, 'blobs');
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const one of names) if (one.isFile()) await unlink(join(one.parentPath, one.name));
  const own = join(node.dir, 'blobs');
  for (const one of await readdir(own, { recursive: true, withFileTypes: true }))
    if (one.isFile()) await unlink(join(one.parentPath, one.name));
  await node.open();
  await federation.until('it is back', () => isBack(node));
  t.match(await node.exchange.recovery(), { failed: 1 });
  t.match(node.reported('recovery.files-lost'), [{ id: ids[1], files: ['b.bin'] }]);
  const view = await node.exchange.show(ids[1]!);
  t.match(view.deliveries, [{ state: 'delivered', receipt: { by: 'H51' } }]);
  t.match(await node.exchange.verify(ids[1]!), { valid: false }, 'and no verification hides it');
});

t.test(
  'a seat is told only of what is between the two, and reads only files it sent or was sent',
  async (t) => {
    const { federation, node, peers, copy, ids } = await backedUp(t);
    await node.lose(copy, peers);
    await node.open();
    const [near, far] = peers as [TestNode, TestNode];
    const gapAfter = { epoch: 1, size: 1, root: leafHash(utf8('x')) };
    const asker = new HandMadePeer(federation, far);
    const ask = async (request: object, as: HandMadePeer = asker) => {
      const { frames, served } = as.stream(near, 'log');
      await frames.write(logRequest.encode(request as never));
      const answer = await frames.read().catch(() => undefined);
      frames.abort(new Error('done'));
      await served;
      return answer && logResponse.parse(answer);
    };
    const head = { epoch: 7, size: 1, root: leafHash(utf8('y')) };
    const statement = await asker.logHead({ head, gapAfter });
    const listed = await ask({ list: { statement } });
    const documentId = (await getByExchangeId(near.store, ids[3]!))!;
    t.strictSame(
      listed!.list!.keys!.map((key) => [hex(key.documentId!), key.unit, key.sent ?? false]),
      [[hex(documentId), 'H51', false]],
    );
    t.match(await ask({ item: { documentId, unit: 'H51' } }), { item: { document: Uint8Array } });
    t.match(await ask({ item: { documentId, unit: 'G22' } }), { refused: { code: 'not-found' } });
    t.match(await ask({ item: { documentId, unit: 'H51', sent: true } }), { refused: { code: 'not-found' } });
    const ofOther = (await getByExchangeId(near.store, ids[0]!))!;
    t.match(await ask({ item: { documentId: ofOther, unit: 'H40', sent: true } }), {
      refused: { code: 'not-found' },
    });
    for (const [what, list] of Object.entries({
      'without a loss': { statement: await asker.logHead() },
      'another seat’s loss': {
        statement: await new HandMadePeer(federation, node).logHead({ head, gapAfter }),
      },
      'no statement': { statement: utf8('x') },
      'a place of another space': { statement, after: Uint8Array.of(40, 1, 2) },
    }))
      t.match(await ask({ list }), { refused: { code: 'malformed' } }, what);
    t.match(await ask({ list: { statement, after: Uint8Array.of(45, 255, 255) } }), {
      list: { keys: [], next: {} },
    });

    const [arrival] = await arrivalsOf(far.store, (await getByExchangeId(far.store, ids[1]!))!);
    const file = (await far.exchange.show(ids[1]!)).files[1]!;
    const read = async (as: TestNode, ticket: Uint8Array | undefined) => {
      const { frames, served } = new HandMadePeer(federation, as).stream(far, 'blob');
      const sha256 = new Uint8Array(Buffer.from(file.sha256, 'hex'));
      const request = { sequence: 1, dispatchId: arrival!.dispatchId, sha256, chunk: 0, ticket };
      await frames.write(blobRequest.encode(request));
      const answer = blobResponse.parse((await frames.read())!);
      await frames.close();
      await served;
      return answer.chunk?.byteLength ?? 0;
    };
    t.equal(await read(node, arrival!.dispatch), MIB, 'its sender, with its own dispatch');
    t.equal(await read(node, undefined), 0);
    t.equal(await read(near, arrival!.dispatch), 0, 'nobody else');
    t.equal(await read(node, flipped(arrival!.dispatch).subarray(9)), 0);
  },
);

const flipped = (bytes: Uint8Array) =>
  Uint8Array.from(bytes, (byte, i) => (i === bytes.length - 9 ? byte ^ 1 : byte));
