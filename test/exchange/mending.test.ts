/**
 * Attachments damaged on disk, files and the rows of small ones: noticed where they are read, named, never handed out, and
 * fetched again from whoever has them.
 */
import { open, readdir, rename, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import t, { type Test } from 'tap';
import { hex, sha256 } from '../../node/core/bytes.ts';
import { checkParts } from '../../node/store/folder-check.ts';
import { PREFIX, prefixRange } from '../../node/store/keys.ts';
import { LEVEL_OPTIONS } from '../../node/store/level-engine.ts';
import { SMALL_BLOB_BYTES } from '../../node/store/small-blobs.ts';
import { blobRequest } from '../../proto/messages.ts';
import { seeded } from '../store/seeded.ts';
import { TestFederation, type TestNode } from './federation.ts';

const MIB = 1024 * 1024;
const random = seeded(77);

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** A document with one file, sent to each of `to`, and the chunks that travelled since. */
async function delivered(t: Test, bytes: Uint8Array, to: string[]) {
  const federation = await TestFederation.create(t, ['G22', ...to]);
  const { exchange } = federation.node('G22');
  const name = 'phu-luc.bin';
  const submitted = async () => {
    if (bytes.byteLength <= SMALL_BLOB_BYTES) return { name, bytes };
    const { lease, sha256: sum } = await exchange.storeBlob(once(bytes));
    return { name, lease, sha256: sum };
  };
  const attachments = [await submitted()];
  const { id } = await exchange.submit(federation.submission({ to, attachments }));
  await federation.settled('G22', id);
  const asked: string[] = [];
  federation.fault = ({ from, to: at, protocol, toward, frame }) => {
    if (protocol !== 'blob' || toward !== 'server') return undefined;
    const { want, chunk } = blobRequest.parse(frame);
    if (want === 'chunk') asked.push(`${from} ${chunk} ${at}`);
    return undefined;
  };
  return { federation, id, asked };
}

async function pathOf({ dir }: TestNode, bytes: Uint8Array): Promise<string> {
  const name = hex(sha256(bytes));
  const folder = join(dir, 'blobs', name.slice(0, 2));
  return join(folder, (await readdir(folder)).find((one) => one === name.slice(2))!);
}

async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0]! ^= 1;
  await file.write(byte, 0, 1, at);
  await file.close();
}

async function read({ exchange }: TestNode, id: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of (await exchange.attachment(id, 0)).stream) parts.push(Uint8Array.from(part));
  return Buffer.concat(parts);
}

/** The row of the node's only small attachment. */
async function smallRow({ store }: TestNode): Promise<{ key: Uint8Array; value: Uint8Array } | undefined> {
  for await (const row of store.range(prefixRange(PREFIX.smallBlob))) return row;
  return undefined;
}

async function loseRow(node: TestNode): Promise<void> {
  await node.store.commit({ writes: [{ del: (await smallRow(node))!.key }] });
}

/** A bit of it, on the stopped node's disk. */
async function flipRow(node: TestNode): Promise<void> {
  const { key } = (await smallRow(node))!;
  await node.stop();
  const database = new Level<Uint8Array, Uint8Array>(join(node.dir, 'store', 'database'), LEVEL_OPTIONS);
  const sealed = Uint8Array.from((await database.get(key))!);
  sealed[sealed.byteLength - 3]! ^= 4;
  await database.put(key, sealed);
  await database.close();
  await node.open();
}

const checked = (node: TestNode) =>
  checkParts({ store: node.checkable, audit: node.audit, blobs: node.blobs });

const isMended = (node: TestNode) => () => node.reported('blob.mended').length > 0;

t.test('a recipient fetches the damaged chunk alone from the sender, in the middle of a read', async (t) => {
  const bytes = random.bytes(4 * MIB + 3);
  const { federation, id, asked } = await delivered(t, bytes, ['H40']);
  const node = federation.node('H40');
  await flip(await pathOf(node, bytes), 2 * MIB + 7);
  t.equal(Buffer.compare(await read(node, id), bytes), 0, 'no wrong byte was handed out');
  t.same(asked, ['H40 2 G22']);
  t.match(node.reported('blob.mended'), [{ name: 'phu-luc.bin', from: 'G22' }]);
  t.equal(await node.blobs.verify(sha256(bytes)), 'ok');
  t.match(await node.exchange.verify(id), { valid: true });
});

t.test('missing and shortened files come back too', async (t) => {
  const bytes = random.bytes(2 * MIB);
  const { federation, id, asked } = await delivered(t, bytes, ['H40']);
  const node = federation.node('H40');
  await truncate(await pathOf(node, bytes), MIB + 10);
  t.equal(Buffer.compare(await read(node, id), bytes), 0);
  t.same(asked, ['H40 1 G22']);
  await unlink(await pathOf(node, bytes));
  t.equal(Buffer.compare(await read(node, id), bytes), 0);
  t.equal(asked.length, 3);
});

t.test('the sender gets its own file back from a recipient, and serves the others', async (t) => {
  const bytes = random.bytes(3 * MIB);
  const { federation, id, asked } = await delivered(t, bytes, ['H40', 'H51']);
  const [sender, other] = [federation.node('G22'), federation.node('H51')];
  await flip(await pathOf(sender, bytes), 10);
  // what H51 asks for is refused for now, and mended meanwhile
  await unlink(await pathOf(other, bytes));
  await other.blobs.mend(sha256(bytes));
  await federation.until('the sender noticed and mended', isMended(sender));
  t.match(sender.reported('blob.damaged'), [{ name: 'phu-luc.bin', sha256: hex(sha256(bytes)) }]);
  t.ok(asked.some((one) => /^G22 0 H/.test(one)));
  t.equal(await sender.blobs.verify(sha256(bytes)), 'ok');
  t.equal(Buffer.compare(await read(other, id), bytes), 0);
});

t.test('the check of a running node names what is damaged, and fetches it again', async (t) => {
  const bytes = random.bytes(2 * MIB);
  const { federation, asked } = await delivered(t, bytes, ['H40']);
  const node = federation.node('H40');
  const check = () => checked(node);
  await flip(await pathOf(node, bytes), MIB + 1);
  const where = hex(sha256(bytes));
  const files = [/^phu-luc\.bin \(1\/QĐ-TTg\)$/];
  federation.unreachable.add('G22');
  t.match(await check(), { ok: false, problems: [{ kind: 'blob-damaged', where, files, mended: false }] });
  federation.unreachable.clear();
  t.match(await check(), { ok: true, problems: [{ kind: 'blob-damaged', where, files, mended: true }] });
  t.match(await check(), { ok: true, problems: [] });
  t.same(asked, ['H40 1 G22']);
});

t.test('damaged everywhere: nothing wrong is handed out, and the damaged file stays as it is', async (t) => {
  const bytes = random.bytes(2 * MIB);
  const { federation, id } = await delivered(t, bytes, ['H40']);
  const [sender, recipient] = [federation.node('G22'), federation.node('H40')];
  for (const node of [sender, recipient]) await flip(await pathOf(node, bytes), 5);
  const first = (await recipient.exchange.attachment(id, 0)).stream[Symbol.asyncIterator]();
  await t.rejects(first.next(), { code: 'damaged' });
  t.ok(recipient.reported('blob.unmended').length > 0);
  await federation.until('the sender tried too', () => sender.reported('blob.unmended').length > 0);
  for (const node of [sender, recipient]) t.equal(await node.blobs.verify(sha256(bytes)), 'damaged');
  // the sender's copy put right by hand is enough for both
  await flip(await pathOf(sender, bytes), 5);
  t.equal(Buffer.compare(await read(recipient, id), bytes), 0);
});

t.test('without its chunk hashes a file is checked all the same', async (t) => {
  const bytes = random.bytes(2 * MIB);
  const { federation, id, asked } = await delivered(t, bytes, ['H40']);
  const node = federation.node('H40');
  const path = await pathOf(node, bytes);
  await rename(`${path}.chunks`, `${path}.gone`);
  await flip(path, 5);
  t.equal(Buffer.compare(await read(node, id), bytes), 0);
  t.same(asked, ['H40 0 G22']);
});

for (const [what, harm] of [
  ['damaged', flipRow],
  ['missing', loseRow],
] as const) {
  t.test(`a small attachment whose row is ${what} is fetched again where it is read`, async (t) => {
    const bytes = random.bytes(20_000);
    const { federation, id, asked } = await delivered(t, bytes, ['H40']);
    const node = federation.node('H40');
    await harm(node);
    t.equal(Buffer.compare(await read(node, id), bytes), 0);
    t.same(asked, ['H40 0 G22']);
    t.match(node.reported('blob.mended'), [{ name: 'phu-luc.bin', from: 'G22' }]);
    t.equal(Buffer.compare((await smallRow(node))!.value, bytes), 0, 'it is its row again');
    t.notOk(await node.blobs.has(sha256(bytes)), 'and no file');
    t.match(await checked(node), { ok: true, problems: [] });
    t.match(await node.exchange.verify(id), { valid: true });
  });

  t.test(
    `the check of a running node names the small attachment that is ${what}, and fetches it`,
    async (t) => {
      const bytes = random.bytes(100);
      const { federation, asked } = await delivered(t, bytes, ['H40']);
      const node = federation.node('H40');
      await harm(node);
      const problem = {
        kind: `blob-${what}`,
        where: hex(sha256(bytes)),
        files: [/^phu-luc\.bin \(1\/QĐ-TTg\)$/],
      };
      federation.unreachable.add('G22');
      t.match(await checked(node), { ok: false, problems: [{ ...problem, mended: false }] });
      t.equal(node.store.health.state, 'ok', 'it goes on taking documents');
      federation.unreachable.clear();
      t.match(await checked(node), { ok: true, problems: [{ ...problem, mended: true }] });
      t.match(await checked(node), { ok: true, problems: [] });
      t.same(asked, ['H40 0 G22']);
    },
  );

  t.test(`a sender whose small attachment is ${what} gets it back from who took it`, async (t) => {
    const bytes = random.bytes(SMALL_BLOB_BYTES);
    const { federation, id, asked } = await delivered(t, bytes, ['H40', 'H51']);
    const [sender, other] = [federation.node('G22'), federation.node('H51')];
    await harm(sender);
    await loseRow(other);
    await t.rejects(read(other, id), { code: 'damaged' });
    t.match(sender.reported('blob.damaged'), [{ name: 'phu-luc.bin', sha256: hex(sha256(bytes)) }]);
    await federation.until('the sender mended', isMended(sender));
    t.same(asked, ['G22 0 H40']);
    t.equal(Buffer.compare(await read(other, id), bytes), 0);
  });

  t.test(`a document whose small attachment is ${what} reaches a new recipient all the same`, async (t) => {
    const bytes = random.bytes(300);
    const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
    const sender = federation.node('G22');
    const attachments = [{ name: 'phu-luc.bin', bytes }];
    const { id } = await sender.exchange.submit(federation.submission({ to: ['H40'], attachments }));
    await federation.settled('G22', id);
    await harm(sender);
    await sender.exchange.addRecipients(id, ['H51'], 'Thiếu nơi nhận');
    await federation.settled('G22', id);
    t.equal(Buffer.compare(await read(federation.node('H51'), id), bytes), 0);
    t.match(sender.reported('blob.mended'), [{ from: 'H40' }]);
  });
}

t.test('a small attachment lost everywhere: nothing wrong is handed out', async (t) => {
  const bytes = random.bytes(5_000);
  const { federation, id } = await delivered(t, bytes, ['H40']);
  const [sender, recipient] = [federation.node('G22'), federation.node('H40')];
  await flipRow(sender);
  await flipRow(recipient);
  await t.rejects(read(recipient, id), { code: 'damaged' });
  t.ok(recipient.reported('blob.unmended').length > 0);
  await federation.until('the sender tried too', () => sender.reported('blob.unmended').length > 0);
  t.match(await recipient.exchange.verify(id), { valid: false });
});
