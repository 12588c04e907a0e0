/** Processes that store files, killed with SIGKILL at random moments: what was acknowledged is there and whole. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { hex } from '../../node/core/bytes.ts';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import { BlobStore } from '../../node/store/blobs.ts';
import { key, partsOf, prefixRange } from '../../node/store/keys.ts';
import { LevelEngine } from '../../node/store/level-engine.ts';
import { entriesOf } from '../contract/key-value.ts';
import { seeded } from './seeded.ts';

const KILLS = 12;
const random = seeded();
const folder = await mkdtemp(join(tmpdir(), 'lienthong-blob-crash-'));
t.teardown(() => rm(folder, { recursive: true }));

async function live(after: number): Promise<string[]> {
  const args = [join(import.meta.dirname, 'blob-crash-writer.ts'), folder, `${random.below(2 ** 30)}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length > after) child.kill('SIGKILL');
  }
  await exited;
  return lines.slice(1);
}

t.test('after every kill each referenced file is whole, and the collector leaves only those', async (t) => {
  t.comment(`seed ${random.seed}`);
  const acknowledged = new Set<string>();
  for (let kill = 0; kill < KILLS; kill++)
    for (const sha of await live(random.below(12))) acknowledged.add(sha);

  const store = await LevelEngine.open({ folder });
  t.strictSame(store.health, { state: 'ok', problems: [] });
  const blobs = await BlobStore.open({
    store,
    folder: join(folder, 'blobs'),
    clock: systemClock,
    random: systemRandom,
  });
  const rows = (await entriesOf(store, prefixRange(200))).map((entry) => partsOf(entry.key, ['bytes'])[0]);
  const referenced = new Set(rows.map(hex));
  t.strictSame(
    [...acknowledged].filter((sha) => !referenced.has(sha)),
    [],
    `of ${acknowledged.size} (seed ${random.seed})`,
  );
  await blobs.collect({ isReferenced: async (sha) => (await store.get(key(200, sha))) !== undefined });
  for (const sha of rows) t.equal(await blobs.verify(sha), 'ok');
  for (const sha of rows) t.equal((await blobs.facts(sha))?.sha256, sha);

  const files: string[] = [];
  for (const sub of (await readdir(join(folder, 'blobs'))).filter((name) => name.length === 2))
    for (const name of await readdir(join(folder, 'blobs', sub)))
      if (!name.endsWith('.chunks')) files.push(sub + name);
  t.strictSame(files.sort(), [...referenced].sort(), 'nothing else is left');
  for (const sha of files.slice(0, 5))
    t.equal(
      execFileSync('sha256sum', [join(folder, 'blobs', sha.slice(0, 2), sha.slice(2))])
        .toString()
        .slice(0, 64),
      sha,
    );
  await store.close();
});
