/** Files that are here already, or lie on this machine: what needn't travel, and what is read in place. */
import { readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { hex, sha256 } from '../../node/core/bytes.ts';
import { LienthongError } from '../../node/core/errors.ts';
import type { LocalFile, Submission } from '../../node/core/views.ts';
import { OpenedFile } from '../../node/gateway/http/local-file.ts';
import { blobRequest } from '../../proto/messages.ts';
import { seeded } from '../store/seeded.ts';
import { TestFederation } from './federation.ts';

const MIB = 1024 * 1024;
const random = seeded(13);

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 300_000) yield bytes.subarray(at, at + 300_000);
}

t.test(
  'the same attachment twice, and in two documents of one sender, is pulled once and kept once',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
    const bytes = random.bytes(MIB + 9);
    const upload = async (seat = 'G22') => {
      const { lease, sha256: sum } = await federation.node(seat).exchange.storeBlob(pieces(bytes));
      return { name: 'a.bin', lease, sha256: sum };
    };
    const submit = async (seat: string, attachments: object[]) => {
      const submission = federation.submission({ attachments } as Partial<Submission>);
      const { id } = await federation.node(seat).exchange.submit(submission);
      await federation.settled(seat, id);
      t.match(await federation.node('H40').exchange.verify(id), { valid: true });
    };
    const pulls = () => federation.opened.filter((stream) => / blob /.test(stream));
    await submit('G22', [await upload(), { ...(await upload()), name: 'b.bin' }]);
    await submit('G22', [await upload()]);
    t.same(pulls(), ['H40 blob G22'], 'what its sender knows to be here is read, not pulled');
    await submit('H51', [await upload('H51')]);
    t.same(
      pulls(),
      ['H40 blob G22', 'H40 blob H51'],
      'for another sender being here is no reason not to pull',
    );
    await submit('H51', [await upload('H51')]);
    t.equal(pulls().length, 2);
  },
);

t.test('what was pulled whole is not pulled again for an offer that could not be stored then', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { exchange } = federation.node('G22');
  const files = [random.bytes(3 * MIB), random.bytes(2 * MIB)];
  const asked: string[] = [];
  let cuts = 0;
  federation.fault = ({ protocol, toward, frame }) => {
    if (protocol !== 'blob' || toward !== 'server') return undefined;
    const { want, chunk, sha256: sum } = blobRequest.parse(frame);
    if (want !== 'chunk') return undefined;
    asked.push(`${hex(sum).slice(0, 8)} ${chunk}`);
    // the second file breaks off twice
    return hex(sum) === hex(sha256(files[1]!)) && ++cuts <= 2 ? 'cut' : undefined;
  };
  // and the first commit with both meets a full disk, after which the node is killed
  let refused = 0;
  const node = federation.node('H40');
  const commit = node.store.commit.bind(node.store);
  node.store.commit = (batch) => {
    const isDocument = batch.audit?.some(({ event }) => event === 'document.received');
    if (!isDocument || ++refused > 1) return commit(batch);
    return Promise.reject(new LienthongError('disk-full', { where: 'database' }));
  };
  const attachments = [];
  for (const bytes of files) {
    const { lease, sha256: sum } = await exchange.storeBlob(pieces(bytes));
    attachments.push({ name: 'a.bin', lease, sha256: sum });
  }
  const { id } = await exchange.submit(federation.submission({ attachments }));
  await federation.until('its commit found no room', () => refused === 1);
  await node.reopen();
  t.same(await node.blobs.collect({ isReferenced: async () => false }), { removed: 0, unfinished: 0 });
  await federation.settled('G22', id, 'delivered', 500);
  const first = asked.filter((one) => one.startsWith(hex(sha256(files[0]!)).slice(0, 8)));
  const second = asked.filter((one) => one.startsWith(hex(sha256(files[1]!)).slice(0, 8)));
  t.same(first.length, 3, 'each chunk of the first file travelled once');
  t.ok(second.length <= 2 + 2, `${second.length} of the second`);
  t.match(await node.exchange.verify(id), { valid: true });
  await node.exchange.stopSending();
  const { prefixRange, PREFIX } = await import('../../node/store/keys.ts');
  for (const prefix of [PREFIX.pulledBlob, PREFIX.blobLease])
    for await (const { key } of node.store.range(prefixRange(prefix))) t.fail(`left: ${hex(key)}`);
});

t.test(
  'a file of this machine is read where it lies, whatever its size; given up, nothing is left',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const { exchange, dir } = federation.node('G22');
    const fileOf = async (bytes: Uint8Array) => {
      const path = join(dir, 'source');
      await writeFile(path, bytes);
      const { dev, ino, mtimeNs } = await stat(path, { bigint: true });
      const meant = { device: `${dev}`, inode: `${ino}`, modifiedNs: `${mtimeNs}`, size: bytes.byteLength };
      return OpenedFile.open(path, meant);
    };
    for (const size of [70_000, MIB, 3 * MIB + 17]) {
      const bytes = random.bytes(size);
      const file = await fileOf(bytes);
      const told: number[] = [];
      const stored = await exchange.storeFile(file, { progress: (done) => told.push(done) });
      await file.close();
      t.match(stored, { sha256: hex(sha256(bytes)), size });
      t.equal(told.at(-1), size);
      const attachments = [{ name: 'a.bin', lease: stored.lease, sha256: stored.sha256 }];
      const { id } = await exchange.submit(federation.submission({ attachments }));
      await federation.settled('G22', id);
      t.match(await federation.node('H40').exchange.verify(id), { valid: true });
    }
    const bytes = random.bytes(5 * MIB);
    const left = async () => readdir(join(dir, 'blobs', 'incoming'));
    const stop = new AbortController();
    const given = await fileOf(bytes);
    const progress = (done: number) => done > MIB && stop.abort(new Error('given up'));
    await t.rejects(exchange.storeFile(given, { signal: stop.signal, progress }), { message: 'given up' });
    t.same(await left(), []);
    const shrinking = await fileOf(bytes);
    await truncate(join(dir, 'source'), 2 * MIB);
    await t.rejects(exchange.storeFile(shrinking), { code: 'invalid-file' });
    // found out while the chunk before is still being written
    const gone: LocalFile = {
      size: 2 * MIB,
      read: async (into, at) => (at === 0 ? into.byteLength : 0),
      requireUnchanged: async () => {},
    };
    await t.rejects(exchange.storeFile(gone), { code: 'invalid-file' });
    await t.rejects(exchange.storeFile(await fileOf(new Uint8Array(0))), { code: 'file-empty' });
    t.same(await left(), []);
  },
);
