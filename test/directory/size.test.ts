import t from 'tap';
import { sha256 } from '../../node/core/bytes.ts';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import { DirectoryStore } from '../../node/directory/directory-store.ts';
import { pull } from '../../node/directory/pull.ts';
import { serveDirectory } from '../../node/directory/serve.ts';
import { PROVIDED_AGENCIES } from '../../node/registry/agencies.ts';
import { openNodeStore } from '../../node/store/node-store.ts';
import { memoryRegistry, tempFolder } from '../registry/federation.ts';
import { serving } from './memory-frames.ts';

/**
 * UNITS=120000 is the nation; fewer keep the suite quick. The times told are for comparison within one run: tap's promise
 * hooks more than double those of loading, and the registry's store here is the one in memory.
 */
const UNITS = Number(process.env.UNITS ?? 12_000);

t.test(`${UNITS} units: more than one commit holds, taken, kept, loaded and found`, async (t) => {
  const agencies = PROVIDED_AGENCIES as { code: string }[];
  const units = Array.from({ length: UNITS }, (_, i) => {
    const agency = agencies[i % agencies.length]!.code;
    return {
      code: `${agency}.${i}`,
      legacyCode: `${i}.${agency}`,
      name: `Phòng Nông nghiệp và Phát triển nông thôn ${i}`,
    };
  });
  const registry = await memoryRegistry({ list: agencies });
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const startMs = performance.now();
    const result = await work();
    t.comment(`${what}: ${(performance.now() - startMs).toFixed(0)} ms`);
    return result;
  };
  await timed('import and publish', () => registry.service.import({ units }));
  const storage = await openNodeStore(await tempFolder(t.teardown.bind(t)), {
    clock: systemClock,
    random: systemRandom,
  });
  t.teardown(() => storage.close());
  const root = registry.keys.root.bytes;
  const components = { store: storage.store, clock: registry.clock, federationId: sha256(root), root };
  const node = new DirectoryStore(components);
  await node.load();
  const open = serving((frames) => serveDirectory(frames, 'peer', { directory: registry.directory }));
  const outcome = await timed('pull, prove, keep', () => pull(node, open, AbortSignal.timeout(120_000)));
  t.equal(outcome.kind, 'adopted');
  const again = new DirectoryStore(components);
  const beforeBytes = process.memoryUsage().heapUsed;
  await timed('load', () => again.load());
  t.comment(`heap: ${((process.memoryUsage().heapUsed - beforeBytes) / 2 ** 20).toFixed(0)} MiB`);
  const last = units.at(-1)!;
  t.equal(again.require().canonicalCode(last.legacyCode), last.code);
  t.equal(again.require().service(last.code).kind, 'no-node');
  await registry.service.import([{ code: 'H40', name: 'Một thay đổi' }]);
  await timed('one change pulled', () => pull(again, open, AbortSignal.timeout(20_000)));
  t.equal(again.require().agencyName('H40'), 'Một thay đổi');
  await timed('check all', async () => t.equal(await again.check(), undefined));
});
