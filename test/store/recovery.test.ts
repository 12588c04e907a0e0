/** A folder that lost data, at rest: what is missing is named, and going on opens an epoch that says so, or changes nothing. */
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hex, utf8 } from '../../node/core/bytes.ts';
import { systemClock, systemRandom } from '../../node/core/clock.ts';
import { leafHash } from '../../node/core/merkle.ts';
import type { AuditHead } from '../../node/store/audit-log.ts';
import { key } from '../../node/store/keys.ts';
import { openNodeStore } from '../../node/store/node-store.ts';
import { inspectLoss, recover } from '../../node/store/recovery.ts';
import { auditLeaf } from '../../proto/messages.ts';

const SPACE = 200;
const root = await mkdtemp(join(tmpdir(), 'lienthong-recovery-'));
t.teardown(() => rm(root, { recursive: true }));
let count = 0;
const open = (dir: string) => openNodeStore(dir, { clock: systemClock, random: systemRandom });

async function write(dir: string, from: number, to: number): Promise<AuditHead> {
  const { store, audit, close } = await open(dir);
  for (let n = from; n < to; n++)
    await store.commit({
      writes: [{ put: key(SPACE, n), value: utf8(`${n}`.repeat(40)) }],
      audit: [{ atMs: n + 1, event: 'tested', fields: [] }],
    });
  const head = audit.head();
  await close();
  return head;
}

const early = join(root, 'early');
const late = join(root, 'late');
await mkdir(early);
const heldHead = await write(early, 0, 50);
await cp(early, late, { recursive: true });
const lateHead = await write(late, 50, 90);

/** A copy of a folder, changed. */
async function changed(from: string, change: (dir: string) => Promise<void>): Promise<string> {
  const dir = join(root, `${count++}`);
  await cp(from, dir, { recursive: true });
  await change(dir);
  return dir;
}

const of = (dir: string, shown?: AuditHead) => ({
  dir,
  clock: systemClock,
  random: systemRandom,
  headOf: () => shown,
});

/** What LevelDB's log holds, and with it the journal, which would give it back. */
async function loseNewest(dir: string): Promise<void> {
  const names = await readdir(join(dir, 'store/database'));
  await unlink(join(dir, 'store/database', names.find((name) => name.endsWith('.log'))!));
  await unlink(join(dir, 'store/journal-1'));
}

/** Healthy, writable, and whole by its own check; what it says first. */
async function goesOn(dir: string, epoch: number) {
  const { store, audit, close } = await open(dir);
  t.strictSame(store.health, { state: 'ok', problems: [] });
  await store.commit({
    writes: [{ put: key(SPACE, 999), value: utf8('again') }],
    audit: [{ atMs: 999, event: 'tested', fields: [] }],
  });
  t.match(audit.head(), { epoch, size: 2 });
  const first = auditLeaf.parse((await audit.entry(0))!);
  t.equal(await audit.check(), undefined);
  const { gap } = audit;
  await close();
  const fields = Object.fromEntries(first.fields.map(({ name, value }) => [name!, value!]));
  return { event: first.event, fields, gap };
}

t.test('nothing missing: nothing is changed', async (t) => {
  const dir = await changed(late, async () => {});
  t.strictSame((await recover(of(dir))).epoch, undefined);
  t.match(await inspectLoss(of(dir, { ...lateHead, size: 3 })), { problems: [], shown: undefined });
  const { audit, close } = await open(dir);
  t.strictSame(audit.head(), lateHead);
  await close();
});

for (const [what, change, kind] of [
  ['the newest commits are gone', loseNewest, 'database-behind'],
  ['the witness file is gone', (dir) => unlink(join(dir, 'store/witness')), 'witness-lost'],
  ['the log holds more than the store', (dir) => appendFile(join(dir, 'audit/1.log'), 'x'), 'audit-ahead'],
  ['the log file is cut', (dir) => truncate(join(dir, 'audit/1.log'), 100), 'audit-damaged'],
  ['the log file is gone', (dir) => unlink(join(dir, 'audit/1.log')), 'audit-damaged'],
  [
    'an older store under a newer log',
    async (dir) => {
      await rm(join(dir, 'store'), { recursive: true });
      await cp(join(early, 'store'), join(dir, 'store'), { recursive: true });
    },
    'audit-ahead',
  ],
] as [string, (dir: string) => Promise<void>, string][])
  t.test(`${what}: named, accepted, and the new epoch names the gap`, async (t) => {
    const dir = await changed(late, change);
    const files = await readdir(join(dir, 'audit'));
    const loss = await inspectLoss(of(dir, lateHead));
    t.ok(loss.problems.some((problem) => problem.kind === kind));
    const { epoch } = await recover(of(dir, lateHead));
    t.equal(epoch, 2);
    const { event, fields, gap } = await goesOn(dir, 2);
    t.equal(event, 'log.continued');
    t.match(fields, {
      'held.epoch': '1',
      'held.size': `${loss.held.size}`,
      'held.root': hex(loss.held.root),
    });
    t.match(fields.reasons, kind);
    t.strictSame({ ...gap!.held, root: hex(gap!.held.root) }, { ...loss.held, root: hex(loss.held.root) });
    if (loss.shown !== undefined) t.match(fields, { 'shown.size': '90', 'shown.root': hex(lateHead.root) });
    for (const name of files)
      t.ok((await readdir(join(dir, 'audit'))).includes(name), 'what was there stays');
    t.equal((await recover(of(dir, lateHead))).epoch, undefined, 'once');
  });

t.test('an epoch that was ever signed, here or as a peer saw, is not opened again', async (t) => {
  const lose = async (dir: string) => unlink(join(dir, 'store/witness'));
  const shown = { epoch: 4, size: 9, root: leafHash(utf8('x')) };
  const seen = await changed(early, async (dir) => {
    await lose(dir);
    await writeFile(join(dir, 'audit/shown-head'), 'a statement');
  });
  t.equal((await recover(of(seen, shown))).epoch, 5);
  t.match((await goesOn(seen, 5)).fields, { 'shown.epoch': '4', 'shown.size': '9' });
  const filed = await changed(early, async (dir) => {
    await lose(dir);
    await writeFile(join(dir, 'audit/7.log'), '');
  });
  t.equal((await recover(of(filed))).epoch, 8);
  const again = await changed(seen, lose);
  t.equal((await recover(of(again, shown))).epoch, 6);
});

t.test('a crash while the loss is being accepted leaves it to be accepted again', async (t) => {
  const dir = await changed(late, (at) => unlink(join(at, 'store/witness')));
  await inspectLoss(of(dir));
  const notes = await readFile(join(dir, 'store/damage.json'));
  t.equal((await recover(of(dir))).epoch, 2);
  // as if it had died before the notes were put away
  await writeFile(join(dir, 'store/damage.json'), notes);
  t.match(await inspectLoss(of(dir)), { problems: [{ kind: 'witness-lost' }] });
  t.equal((await recover(of(dir))).epoch, 3);
  await goesOn(dir, 3);
});

t.test('an empty database is no loss to go on from', async (t) => {
  const dir = await changed(late, (at) => rm(join(at, 'store/database'), { recursive: true }));
  await t.rejects(inspectLoss(of(dir)), { code: 'damaged', details: { reason: 'empty' } });
  await t.rejects(recover(of(dir)), { code: 'damaged', details: { reason: 'empty' } });
});

t.test('damaged tables can’t be left behind; a folder in use is left alone', async (t) => {
  const { store, close } = await open(await changed(late, async () => {}));
  store.degrade({ kind: 'table-damaged', where: 'test' });
  const dir = join(root, `${count - 1}`);
  await t.rejects(inspectLoss(of(dir)), { code: 'locked' });
  await t.rejects(recover(of(dir)), { code: 'locked' });
  await close();
  await t.rejects(recover(of(dir)), { code: 'damaged', details: { reason: 'table-damaged' } });
  t.match(heldHead, { epoch: 1, size: 50 });
});
