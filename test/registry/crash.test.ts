import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import { allIssued } from '../../node/registry/issued.ts';
import { initRegistry, openRegistryFolder } from '../../node/registry.ts';
import { openNodeStore } from '../../node/store/node-store.ts';
import { tempFolder } from './federation.ts';

const CHILD = join(import.meta.dirname, 'crash-registry.ts');
const KILLS = 5;

t.test('killed at any moment: what was acknowledged is there, whole, and the chain goes on', async (t) => {
  const dir = join(await tempFolder(t.teardown.bind(t)), 'registry');
  await initRegistry({ dir, name: 'Thử', listen: ['/ip4/127.0.0.1/tcp/0'] });
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));
  t.comment(`SEED=${seed}`);
  let state = seed;
  const random = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
  let version = 1;
  let acts = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [CHILD, dir, String(kill * 1000)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const lines = createInterface({ input: child.stdout });
    const killAfter = 1 + Math.floor(random() * 12);
    let seen = 0;
    for await (const line of lines) {
      const [what, at, more] = line.split(' ');
      if (what === 'open') {
        t.ok(Number(at) >= version, `opened at ${at}, acknowledged ${version}`);
        t.equal(more, 'undefined', 'every tree is whole');
      } else acts++;
      version = Number(at);
      if (++seen === killAfter) {
        // somewhere within the next act
        setTimeout(() => child.kill('SIGKILL'), random() * 12);
      }
    }
    await exited;
    t.equal(child.signalCode, 'SIGKILL');
  }
  const registry = await openRegistryFolder(dir);
  const directory = registry.directory.require();
  t.equal(await registry.directory.check(), undefined);
  t.ok(directory.version >= version);
  const heads = await registry.directory.heads(1, directory.version, 10_000);
  t.same(
    heads.map(({ facts }) => facts.version),
    Array.from({ length: directory.version }, (_, i) => i + 1),
  );
  for (const [i, head] of heads.entries()) {
    if (i > 0) t.same(head.facts.previous, heads[i - 1]!.hash);
  }
  const seats = directory.seatsOf('H40');
  await registry.close();
  const storage = await openNodeStore(dir, { clock: systemClock, random: systemRandom });
  t.equal(storage.store.health.state, 'ok');
  const issued = await allIssued(storage.store);
  t.equal(issued.length, seats.length * 2, 'a seat and its certificates come together or not at all');
  await storage.close();
  t.ok(acts > KILLS);
});
