/** Real processes, killed with SIGKILL at random moments: what they acknowledged is there, and nothing is broken. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { concat, fromUtf8, utf8 } from '../../node/core/bytes.ts';
import { systemRandom } from '../../node/core/clock.ts';
import { AuditLog } from '../../node/store/audit-log.ts';
import { key, partsOf, prefixRange } from '../../node/store/keys.ts';
import { LevelEngine } from '../../node/store/level-engine.ts';
import { entriesOf } from '../contract/key-value.ts';
import { seeded } from './seeded.ts';

const KILLS = 24;
const random = seeded();
const folder = await mkdtemp(join(tmpdir(), 'lienthong-crash-'));
t.teardown(() => rm(folder, { recursive: true }));

interface Life {
  acknowledged: number[];
  auditSize: number;
  complaint: string | undefined;
}

/** Starts a writer, kills it after `acks` acknowledgements and `extraMicros` more. */
async function live(first: number, callers: number, acks: number): Promise<Life> {
  const args = [join(import.meta.dirname, 'crash-writer.ts'), folder, `${first}`, `${callers}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const life: Life = { acknowledged: [], auditSize: 0, complaint: undefined };
  const exited = new Promise((resolve) => child.once('exit', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, number, size] = line.split(' ');
    if (word === 'unhealthy') life.complaint = line;
    if (word !== 'ack') continue;
    life.acknowledged.push(Number(number));
    life.auditSize = Math.max(life.auditSize, Number(size));
    if (life.acknowledged.length === acks) child.kill('SIGKILL');
  }
  await exited;
  return life;
}

t.test('after every kill nothing acknowledged is missing, and database and audit file agree', async (t) => {
  t.comment(`seed ${random.seed}`);
  const acknowledged = new Set<number>();
  let next = 0;
  let auditSize = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const callers = [1, 4, 32][random.below(3)]!;
    const life = await live(next, callers, 1 + random.below(150));
    if (life.complaint !== undefined) t.fail(`kill ${kill}: ${life.complaint} (seed ${random.seed})`);
    for (const number of life.acknowledged) acknowledged.add(number);
    auditSize = Math.max(auditSize, life.auditSize);
    next += 100_000;
    if (kill % 6 !== 5) continue;

    const store = await LevelEngine.open({ folder });
    const encodeLeaf = (entry: object, salt: Uint8Array) => concat(utf8(JSON.stringify(entry)), salt);
    const log = await AuditLog.open({
      store,
      folder: join(folder, 'audit'),
      encodeLeaf,
      random: systemRandom,
    });
    t.strictSame(store.health, { state: 'ok', problems: [] });
    const rows = new Map(
      (await entriesOf(store, prefixRange(200))).map((e) => [partsOf(e.key, ['number'])[0], e.value]),
    );
    const missing = [...acknowledged].filter(
      (n) => !fromUtf8(rows.get(n) ?? utf8('')).startsWith(`value of ${n} `),
    );
    t.strictSame(missing, [], `of ${acknowledged.size} acknowledged (seed ${random.seed})`);
    t.ok(log.head().size >= auditSize, `${log.head().size} audit entries, ${auditSize} acknowledged`);
    t.equal(await log.check(), undefined);
    const audited = [...rows.keys()].filter((n) => n % 3 !== 0).length;
    t.equal(log.head().size, audited, 'each stored row that has an audit entry has exactly one');
    await log.close();
    await store.close();
  }
  t.ok(acknowledged.size > KILLS);
});

t.test('a second process on the folder is told it is locked, with the first unharmed', async (t) => {
  const own = await mkdtemp(join(tmpdir(), 'lienthong-lock-'));
  const script = join(import.meta.dirname, 'crash-writer.ts');
  const child = spawn(process.execPath, [script, own, '0', '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  t.equal((await lines.next()).value, 'ready');
  await t.rejects(LevelEngine.open({ folder: own }), { code: 'locked' });
  t.match((await lines.next()).value, /^ack/);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  const store = await LevelEngine.open({ folder: own });
  t.equal(store.health.state, 'ok');
  t.ok((await store.get(key(200, 0))) !== undefined);
  await store.close();
  await rm(own, { recursive: true });
});
