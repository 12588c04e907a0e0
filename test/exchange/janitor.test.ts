import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { EMPTY, utf8 } from '../../node/core/bytes.ts';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import { LienthongError } from '../../node/core/errors.ts';
import { FIRST_ROUND_MS, Janitor, ROUND_MS } from '../../node/exchange/janitor.ts';
import type { BlobStore } from '../../node/store/blobs.ts';
import { key, PREFIX } from '../../node/store/keys.ts';
import { openNodeStore } from '../../node/store/node-store.ts';
import { eventually } from '../helpers/eventually.ts';

/** Sleeps end when the test says so. */
class Naps {
  readonly asked: number[] = [];
  #wake = () => {};

  clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        this.asked.push(ms);
        this.#wake = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };

  wake(): void {
    this.#wake();
  }
}

async function open(t: Test) {
  const dir = await mkdtemp(join(tmpdir(), 'lienthong-janitor-'));
  const storage = await openNodeStore(dir, { clock: systemClock, random: systemRandom });
  t.teardown(async () => {
    await storage.close();
    await rm(dir, { recursive: true, force: true });
  });
  const naps = new Naps();
  const events: { event: string; details: object }[] = [];
  const report = (event: string, details: object) => events.push({ event, details });
  const janitor = (blobs: Pick<BlobStore, 'collect'> = storage.blobs) =>
    new Janitor({ store: storage.store, blobs: blobs as BlobStore, clock: naps.clock, report });
  const file = async (text: string) => {
    const writer = await storage.blobs.create();
    await writer.write(utf8(text));
    return writer.finish();
  };
  return { ...storage, naps, events, janitor, file };
}

t.test('what no document refers to goes, what one does or somebody holds stays', async (t) => {
  const { store, blobs, naps, events, janitor, file } = await open(t);
  const [referenced, held, orphan] = await Promise.all([file('văn bản'), file('đang gửi'), file('bỏ dở')]);
  const reference = { put: key(PREFIX.blobReference, referenced.sha256, new Uint8Array(32)), value: EMPTY };
  await store.commit({ writes: [reference, ...referenced.lease.writes] });
  await orphan.lease.release();
  const one = janitor();
  one.start();
  one.start();
  await eventually('it waits', () => naps.asked.length === 1);
  t.same(naps.asked, [FIRST_ROUND_MS], 'the queues move first');
  t.ok(await blobs.has(orphan.sha256));
  naps.wake();
  await eventually('a round is over', () => naps.asked.length === 2);
  t.same(naps.asked, [FIRST_ROUND_MS, ROUND_MS]);
  t.notOk(await blobs.has(orphan.sha256));
  t.equal(await blobs.verify(referenced.sha256), 'ok');
  t.equal(await blobs.verify(held.sha256), 'ok');
  t.same(events, [{ event: 'blobs.collected', details: { removed: 1, unfinished: 0 } }]);

  await held.lease.release();
  naps.wake();
  await eventually('the next round is over', () => naps.asked.length === 3);
  t.notOk(await blobs.has(held.sha256), 'let go, it went with the next round');
  t.ok(await blobs.has(referenced.sha256));
  await one.stop();
});

t.test('a failure is reported and tried again; nothing is removed from a damaged store', async (t) => {
  const { store, blobs, naps, events, janitor, file } = await open(t);
  const orphan = await file('bỏ dở');
  await orphan.lease.release();
  let failures = 1;
  const one = janitor({
    collect: async (components) => {
      if (failures-- > 0) throw new LienthongError('disk-full', {});
      return blobs.collect(components);
    },
  });
  one.start();
  naps.wake();
  await eventually('the failure', () => events.length === 1);
  t.same(events, [{ event: 'blobs.uncollected', details: { code: 'disk-full' } }]);
  store.degrade({ kind: 'table-damaged', where: 'a test' });
  await eventually('it waits', () => naps.asked.length === 2);
  naps.wake();
  await eventually('it waits again', () => naps.asked.length === 3);
  t.ok(await blobs.has(orphan.sha256), 'its reference may be what was lost');
  await one.stop();
});

t.test('stop ends a round under way', async (t) => {
  const { naps, events, janitor } = await open(t);
  let started = false;
  const one = janitor({
    collect: ({ signal }) =>
      new Promise((_, reject) => {
        started = true;
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  });
  one.start();
  naps.wake();
  await eventually('a round is under way', () => started);
  await one.stop();
  t.same(events, []);
  t.equal(naps.asked.length, 1);
});
