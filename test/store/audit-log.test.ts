import { appendFile, cp, mkdtemp, readFile, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { type Bytes, concat, equalBytes, hex, utf8 } from '../../node/core/bytes.ts';
import { systemRandom } from '../../node/core/clock.ts';
import { leafHash, pathOf, rootOf, verifyConsistency, verifyPath } from '../../node/core/merkle.ts';
import { type AuditHead, AuditLog } from '../../node/store/audit-log.ts';
import { newestState } from '../../node/store/audit-start.ts';
import { decodeState, encodeState, leafKey, stateKey } from '../../node/store/audit-tree.ts';
import type { AuditEntry, KeyValueStore } from '../../node/store/key-value.ts';
import { LevelEngine } from '../../node/store/level-engine.ts';
import { MemoryEngine } from '../../node/store/memory-engine.ts';

const root = await mkdtemp(join(tmpdir(), 'lienthong-audit-'));
t.teardown(() => rm(root, { recursive: true }));
let count = 0;
const newFolder = () => join(root, `${count++}`);
const entry = (n: number, text = ''): AuditEntry => ({
  atMs: n,
  event: 'tested',
  fields: [{ name: 'n', value: `${n}${text}` }],
});
const encodeLeaf = ({ fields }: AuditEntry, salt: Bytes) => concat(utf8(`${fields[0]!.value}|`), salt);
const flipped = (bytes: Bytes) => bytes.with(7, bytes[7]! ^ 1);
const openLog = (store: KeyValueStore, folder: string) =>
  AuditLog.open({ store, folder, encodeLeaf, random: systemRandom });

/** A store with groups of entries, closed; as `before` also the state one group earlier. */
async function prepared() {
  const [before, after] = [newFolder(), newFolder()];
  let store = await LevelEngine.open({ folder: after });
  let log = await openLog(store, join(after, 'audit'));
  for (let n = 0; n < 100; n++) await store.commit({ writes: [], audit: [entry(n, 'x'.repeat(n))] });
  await store.close();
  await log.close();
  await cp(after, before, { recursive: true });
  store = await LevelEngine.open({ folder: after });
  log = await openLog(store, join(after, 'audit'));
  await store.commit({ writes: [], audit: [entry(100, 'last group'), entry(101), entry(102)] });
  const { fileBytes, syncedFileBytes } = (await newestState(store)).state;
  await store.close();
  await log.close();
  return { before, after, fileBefore: syncedFileBytes, fileAfter: fileBytes };
}
/** Where the leaves end in the file before and after the last group; zeros follow. */
const { before, after, fileBefore, fileAfter } = await prepared();
const leavesOf = async (file: string) => (await readFile(file)).subarray(0, fileAfter);

t.test('head, paths and consistency proofs are those of RFC 6962, for every size and index', async (t) => {
  const store = new MemoryEngine();
  const log = await openLog(store, newFolder());
  t.equal(
    hex(log.head().root),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'empty: SHA-256 of nothing',
  );
  const leaves: Bytes[] = [];
  const roots: Bytes[] = [log.head().root];
  for (let n = 0; n < 300; ) {
    const entries = Array.from({ length: 1 + (n % 5) }, (_, i) => entry(n + i));
    await store.commit({ writes: [], audit: entries });
    for (const _ of entries) {
      leaves.push(leafHash((await log.entry(n++))!));
      roots.push(rootOf(leaves));
    }
    t.strictSame(log.head(), { epoch: 1, size: n, root: roots[n]! });
  }
  const size = leaves.length;
  const at = (of: number) => ({ size: of, root: roots[of]! });
  for (let index = 0; index < size; index += 7) {
    const path = await log.prove(index);
    t.strictSame(path.map(hex), pathOf(leaves, index).map(hex));
    if (!verifyPath(leaves[index]!, index, size, path, roots[size]!)) t.fail(`path of ${index}`);
  }
  for (const count of [1, 2, 15, 16, 17, 255, 256, 257]) {
    if (!verifyPath(leaves[count - 1]!, count - 1, count, await log.prove(count - 1, count), roots[count]!))
      t.fail(`path in the tree of ${count}`);
  }
  for (let old = 1; old <= size; old += 3) {
    const [before, now] = [at(old), at(size)];
    t.ok(verifyConsistency(before, now, await log.proveConsistency(old)), `from ${old}`);
    t.strictSame(hex(await log.rootAt(old)), hex(roots[old]!));
  }
  const other = { size: 100, root: roots[101]! };
  t.notOk(
    verifyConsistency(other, at(size), await log.proveConsistency(100)),
    'another root does not verify',
  );
  await t.rejects(log.prove(size), { code: 'not-found' });
  await t.rejects(log.proveConsistency(0), { code: 'not-found' });
  await t.rejects(log.proveConsistency(size + 1), { code: 'not-found' });
  t.equal(await log.entry(size), undefined);
  t.equal(await log.check(), undefined);
  await log.close();
});

t.test('of every two sizes up to 64 the log proves the one from the other, and nothing else', async (t) => {
  const store = new MemoryEngine();
  const log = await openLog(store, newFolder());
  const heads: AuditHead[] = [];
  for (let n = 0; n < 64; n++) {
    await store.commit({ writes: [], audit: [entry(n)] });
    heads.push(log.head());
  }
  for (const old of heads) {
    for (const now of heads.slice(old.size - 1)) {
      const name = `${old.size} to ${now.size}`;
      const proof = await log.proveConsistency(old.size, now.size);
      if (!verifyConsistency(old, now, proof)) t.fail(name);
      const lies: [AuditHead, AuditHead, Bytes[]][] = [
        [{ ...old, root: flipped(old.root) }, now, proof],
        [old, { ...now, root: flipped(now.root) }, proof],
        [old, now, [...proof, old.root]],
        [old, now, [old.root, ...proof]],
        [{ ...old, size: 0 }, now, proof],
      ];
      if (proof.length > 0) lies.push([old, now, proof.slice(0, -1)], [old, now, proof.slice(1)]);
      if (proof.length > 1) lies.push([old, now, [...proof].reverse()]);
      for (const [i, hash] of proof.entries()) lies.push([old, now, proof.with(i, flipped(hash))]);
      for (const [i, lie] of lies.entries()) if (verifyConsistency(...lie)) t.fail(`${name}, lie ${i}`);
    }
  }
  t.pass('2080 pairs');
  await log.close();
});

t.test('no proof made of any bytes leads to a root that is not the log’s', async (t) => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const head = fc.record({ size: fc.oneof(fc.nat(70), fc.maxSafeNat()), root: hash });
  fc.assert(
    fc.property(head, head, fc.array(hash, { maxLength: 8 }), (old, now, proof) =>
      old.size === now.size ? true : !verifyConsistency(old, now, proof),
    ),
    { numRuns: 2000 },
  );
  const one = { size: 1, root: leafHash(utf8('a')) };
  t.notOk(verifyConsistency(one, { size: 2, root: one.root }, [one.root.subarray(1)]), 'a short hash');
  t.ok(verifyConsistency(one, one, []));
});

t.test(
  'two equal entries have different leaves: the salt hides what a hash could be guessed from',
  async (t) => {
    const store = new MemoryEngine();
    const log = await openLog(store, newFolder());
    await store.commit({ writes: [], audit: [entry(1), entry(1)] });
    t.notSame(await log.entry(0), await log.entry(1));
    await log.close();
  },
);

t.test('the head moves only when the file is durable', async (t) => {
  const store = new MemoryEngine();
  const log = await openLog(store, newFolder());
  await store.commit({ writes: [], audit: [entry(1)] });
  log.rowsFor([log.leafOf(entry(2))]);
  t.equal(log.head().size, 1);
  await log.flush();
  t.equal(log.head().size, 2);
  await log.close();
});

async function reopened(change: (file: string, folder: string) => Promise<void>, from = after) {
  const folder = newFolder();
  await cp(from, folder, { recursive: true });
  const file = join(folder, 'audit/1.log');
  await change(file, folder);
  const store = await LevelEngine.open({ folder });
  const log = await openLog(store, join(folder, 'audit'));
  const outcome = {
    health: store.health,
    head: log.head(),
    check: await log.check(),
    same: equalBytes(await leavesOf(file), await leavesOf(join(after, 'audit/1.log'))),
  };
  if (store.health.state === 'ok') {
    await store.commit({ writes: [], audit: [entry(500)] });
    t.equal(log.head().size, 104);
    t.equal((await log.check())?.kind, outcome.check?.kind);
  } else await t.rejects(store.commit({ writes: [], audit: [entry(500)] }), { code: 'read-only' });
  await store.close();
  await log.close();
  return outcome;
}

t.test('killed after the batch, before or within the append: the missing leaves are appended', async (t) => {
  for (let size = fileBefore; size <= fileAfter; size++) {
    if ((size - fileBefore) % 9 !== 0 && size !== fileAfter) continue;
    const { health, head, check, same } = await reopened((file) => truncate(file, size));
    t.match(
      { health, check, same, size: head.size },
      { health: { state: 'ok' }, check: undefined, same: true, size: 103 },
      `cut at ${size}`,
    );
  }
});

t.test(
  'killed within the append, with a page of zeros where the leaf should be: written again',
  async (t) => {
    const outcome = await reopened(async (file) => {
      const bytes = await readFile(file);
      bytes.fill(0, fileBefore + 10);
      await writeFile(file, bytes);
    });
    t.match(outcome, { health: { state: 'ok' }, check: undefined, same: true });
  },
);

t.test(
  'zeros lie ahead, so that appends change no length; killed while they are written, nothing is lost',
  async (t) => {
    const path = join(after, 'audit/1.log');
    const { size } = await stat(path);
    t.ok(size > fileAfter + 500_000);
    t.ok((await readFile(path)).subarray(fileAfter).every((byte) => byte === 0));
    for (const cut of [fileAfter, fileAfter + 1, fileAfter + 4096])
      t.match(await reopened((file) => truncate(file, cut)), {
        health: { state: 'ok' },
        check: undefined,
        same: true,
      });
    const folder = newFolder();
    const store = await LevelEngine.open({ folder });
    const log = await openLog(store, join(folder, 'audit'));
    const sizes = new Set<number>();
    for (let n = 0; n < 50; n++) {
      await store.commit({ writes: [], audit: [entry(n, 'y'.repeat(50_000))] });
      sizes.add((await stat(join(folder, 'audit/1.log'))).size);
    }
    t.equal(sizes.size, 3, '2.5 MB of leaves in steps of 1 MiB');
    t.equal(await log.check(), undefined);
    await store.close();
    await log.close();
  },
);

t.test('of what was not synced yet any part may be missing after a loss of power', async (t) => {
  const folder = newFolder();
  const store = await LevelEngine.open({ folder });
  const due: (() => void)[] = [];
  const after = (_: number, call: () => void) => {
    due.push(call);
    return () => {};
  };
  const folderOfLog = join(folder, 'audit');
  const log = await AuditLog.open({
    ...{ store, folder: folderOfLog, encodeLeaf, random: systemRandom },
    clock: { after },
  });
  const commit = () => store.commit({ writes: [], audit: [entry(log.head().size, 'z'.repeat(3000))] });
  const state = async () => (await newestState(store)).state;
  for (let n = 0; n < 5; n++) await commit();
  t.equal(due.length, 1, 'one sync for all of them');
  t.equal((await state()).syncedSize, 0);
  due[0]!();
  while ((await state()).syncedSize === 0) await commit();
  for (let n = 0; n < 3; n++) await commit();
  const { syncedFileBytes, fileBytes, frontier } = await state();
  const copy = async (damage: (bytes: Buffer) => Buffer) => {
    const to = newFolder();
    await cp(folder, to, { recursive: true });
    const file = join(to, 'audit/1.log');
    await writeFile(file, damage(await readFile(file)));
    const opened = await LevelEngine.open({ folder: to });
    const again = await openLog(opened, join(to, 'audit'));
    const outcome = {
      kind: opened.health.problems[0]?.kind,
      check: await again.check(),
      size: again.head().size,
    };
    await opened.close();
    await again.close();
    return outcome;
  };
  const healed = { kind: undefined, check: undefined, size: frontier.size };
  for (let at = syncedFileBytes; at < fileBytes; at += 1500) {
    t.strictSame(await copy((bytes) => bytes.subarray(0, at)), healed, `cut at ${at}`);
    t.strictSame(await copy((bytes) => bytes.fill(0, at, at + 4096)), healed, `a page at ${at}`);
  }
  t.match(await copy((bytes) => bytes.fill(0, syncedFileBytes - 1)), { kind: 'audit-damaged' });
  await store.close();
  await log.close();
});

t.test('a file that lacks what was acknowledged is no crash', async (t) => {
  for (const size of [fileBefore - 1, 100, 0])
    t.match(
      await reopened((file) => truncate(file, size)),
      { health: { state: 'read-only', problems: [{ kind: 'audit-damaged' }] } },
      `cut at ${size}`,
    );
  t.match(
    await reopened((file) => unlink(file)),
    { health: { problems: [{ kind: 'audit-damaged' }] } },
    'deleted',
  );
});

t.test('a file ahead of the database is lost data', async (t) => {
  const restored = await reopened(async (file) => cp(join(after, 'audit/1.log'), file), before);
  t.match(
    restored,
    { health: { state: 'read-only', problems: [{ kind: 'audit-ahead' }] } },
    'database of one group earlier',
  );
  t.match(await reopened((file) => appendFile(file, 'x')), {
    health: { problems: [{ kind: 'audit-ahead' }] },
  });
  const written = async (file: string) => {
    const bytes = await readFile(file);
    bytes[fileAfter + 1] = 1;
    await writeFile(file, bytes);
  };
  t.match(await reopened(written), {
    health: { problems: [{ kind: 'audit-ahead' }] },
  });
});

t.test('another leaf in the tail is named at start, one in the middle by check', async (t) => {
  const flip = (at: number) => async (file: string) => {
    const bytes = await readFile(file);
    bytes[at]! ^= 4;
    await writeFile(file, bytes);
  };
  t.match(await reopened(flip(fileBefore - 20)), {
    health: { state: 'read-only', problems: [{ kind: 'audit-damaged' }] },
  });
  t.match((await reopened(flip(60))).check, { kind: 'audit-damaged' });
});

t.test('a whole leaf of the last group that says something else is no torn write', async (t) => {
  const forged = await reopened(async (file, folder) => {
    const other = await LevelEngine.open({ folder: join(folder, 'other') });
    const log = await openLog(other, join(folder, 'other/audit'));
    await other.commit({ writes: [], audit: [entry(100, 'last GROUP')] });
    await other.close();
    await log.close();
    const forgery = await readFile(join(folder, 'other/audit/1.log'));
    await writeFile(file, concat((await readFile(file)).subarray(0, fileBefore), forgery));
  });
  t.match(forged, { health: { problems: [{ kind: 'audit-damaged', where: /entry 100/ }] } });
});

t.test('a state that does not fit its size is refused, and encodes to itself', async (t) => {
  const store = await LevelEngine.open({ folder: after });
  const bytes = (await store.get(stateKey(1)))!;
  t.equal(hex(encodeState(decodeState(bytes))), hex(bytes));
  t.throws(() => decodeState(bytes.subarray(0, -32)), RangeError);
  t.ok((await store.get(leafKey(1, 102))) !== undefined);
  await store.close();
});
