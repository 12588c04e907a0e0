/** Pulls of heads that cross: what is announced while an older head is on its way isn't missed. */
import t from 'tap';
import { sha256 } from '../../node/core/bytes.ts';
import { systemClock } from '../../node/core/clock.ts';
import { LienthongError } from '../../node/core/errors.ts';
import { DirectoryStore } from '../../node/directory/directory-store.ts';
import { serveDirectory } from '../../node/directory/serve.ts';
import { ASK_INTERVAL_MS, DirectorySync } from '../../node/directory/sync.ts';
import { ManualClock } from '../exchange/manual-clock.ts';
import { memoryRegistry, memoryStore } from '../registry/federation.ts';
import { serving } from './memory-frames.ts';

t.test('a head announced while an older one is being pulled is pulled after it', async (t) => {
  const registry = await memoryRegistry();
  const root = registry.keys.root.bytes;
  const { clock, directory } = registry;
  const store = new DirectoryStore({ store: memoryStore().store, clock, federationId: sha256(root), root });
  await store.load();
  const open = serving((frames) => serveDirectory(frames, 'peer', { directory }));
  const [held, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const sync = new DirectorySync({
    store,
    clock: systemClock,
    open,
    sources: () => ['registry'],
    report: () => {},
  });
  // the first pull has its answer, and takes its time with it
  const adopt = store.adopt.bind(store);
  store.adopt = async (...given) => {
    asked.resolve();
    await held.promise;
    return adopt(...given);
  };
  const first = sync.pullFrom('registry');
  await asked.promise;
  const older = directory.require().version;
  await registry.publisher.publish(() => ({ entries: [] }));
  const head = directory.current!.head;
  t.ok(head.facts.version > older);
  sync.announced(head, 'registry');
  const shared = sync.pullFrom('registry');
  t.equal(shared, sync.pullFrom('registry'), 'those that wait share one');
  t.not(shared, first, 'but not one that has begun');
  held.resolve();
  await Promise.all([first, shared]);
  t.equal(store.require().version, head.facts.version);
  await sync.stop();
});

t.test('a peer that claims more and says nothing doesn’t stand before the registry', async (t) => {
  const registry = await memoryRegistry();
  const root = registry.keys.root.bytes;
  const { clock, directory } = registry;
  const store = new DirectoryStore({ store: memoryStore().store, clock, federationId: sha256(root), root });
  await store.load();
  const open = serving((frames) => serveDirectory(frames, 'peer', { directory }));
  const asked: string[] = [];
  const sync = new DirectorySync({
    store,
    clock: systemClock,
    open: async (peerId, signal) => {
      asked.push(peerId);
      if (!peerId.startsWith('liar')) return open();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
    sources: () => [],
    report: () => {},
  });
  const peer = directory.require().registry!.peerIds[0]!;
  t.equal((await sync.pullFrom(peer)).kind, 'adopted');
  const liars = ['liar', 'liar 2', 'liar 3'].map((name) => sync.pullFrom(name));
  const given = liars.map((one) => t.rejects(one, { code: 'busy' }));
  await registry.publisher.publish(() => ({ entries: [] }));
  sync.announced(directory.current!.head, peer);
  await sync.ready(peer);
  t.equal(store.require().version, directory.require().version, 'adopted while they keep silent');
  await Promise.all(given);
  t.same(
    asked.filter((one) => one.startsWith('liar')),
    ['liar'],
    'those behind weren’t asked',
  );
  await sync.stop();
});

t.test('whoever knocks unknown makes a node ask its sources at most every 30 s', async (t) => {
  const registry = await memoryRegistry();
  const root = registry.keys.root.bytes;
  const clock = new ManualClock(registry.clock.nowMs());
  const store = new DirectoryStore({ store: memoryStore().store, clock, federationId: sha256(root), root });
  await store.load();
  let asked = 0;
  const sync = new DirectorySync({
    store,
    clock,
    open: () => Promise.reject(new LienthongError('unreachable', { what: 'registry' })),
    sources: () => {
      asked++;
      return ['registry'];
    },
    report: () => {},
  });
  t.teardown(() => sync.stop());
  for (let knock = 0; knock < 1_000; knock++) sync.askForNewer();
  t.equal(asked, 1, 'once for a thousand');
  clock.advance(ASK_INTERVAL_MS - 1);
  sync.askForNewer();
  t.equal(asked, 1, 'not a moment before 30 s are over');
  clock.advance(1);
  sync.askForNewer();
  t.equal(asked, 2, 'and once more then');
});
