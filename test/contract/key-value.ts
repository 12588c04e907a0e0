/**
 * What every storage engine must do. An engine's test calls this with a way to make stores; engines that outlive
 * a process also give `reopen` and the files a disk could damage.
 */
import fc from 'fast-check';
import type { Test } from 'tap';
import { type Bytes, compareBytes, hex, utf8 } from '../../node/core/bytes.ts';
import type { Entry, KeyValueStore, Range, Reader, Write } from '../../node/store/key-value.ts';

export interface ContractFactory {
  name: string;
  open(): Promise<KeyValueStore>;
  /** Closes the store, opens it again from what is on disk. */
  reopen?(store: KeyValueStore): Promise<KeyValueStore>;
}

const bytes = (...values: number[]): Bytes => new Uint8Array(values);
const put = (key: string, value: string): Write => ({ put: utf8(key), value: utf8(value) });

export async function entriesOf(reader: Reader, range: Range = {}): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of reader.range(range)) found.push(entry);
  return found;
}

/** Rows below 0x10 are the engine's own. */
const OWN: Range = { gte: bytes(16) };
const texts = (entries: readonly Entry[]) => entries.map(({ key, value }) => `${hex(key)}=${hex(value)}`);

export function keyValueContract(t: Test, factory: ContractFactory): void {
  const withStore = (rule: string, check: (t: Test, store: KeyValueStore) => Promise<void>) =>
    t.test(`${factory.name}: ${rule}`, async (t) => {
      const store = await factory.open();
      try {
        await check(t, store);
      } finally {
        await store.close();
      }
    });

  withStore('what was committed is read, what was not is undefined', async (t, store) => {
    await store.commit({ writes: [put('a', '1'), put('b', ''), { put: utf8('c'), value: bytes(0, 255) }] });
    t.strictSame(await store.getMany([utf8('c'), utf8('x'), utf8('b')]), [bytes(0, 255), undefined, bytes()]);
    t.equal(await store.get(utf8('d')), undefined);
    t.strictSame(await store.getMany([]), []);
  });

  withStore('within a batch the later write to a key counts', async (t, store) => {
    await store.commit({
      writes: [put('a', '1'), { del: utf8('a') }, put('a', '2'), put('b', '1'), { del: utf8('b') }],
    });
    t.strictSame(await store.getMany([utf8('a'), utf8('b')]), [utf8('2'), undefined]);
  });

  withStore('a failed precondition rejects its batch whole and no other', async (t, store) => {
    await store.commit({ writes: [put('here', 'x')] });
    const outcomes = await Promise.allSettled([
      store.commit({ require: [{ key: utf8('here'), expect: 'absent' }], writes: [put('p1', '1')] }),
      store.commit({
        require: [{ key: utf8('gone'), expect: 'present' }],
        writes: [put('p2', '1'), put('p3', '1')],
      }),
      store.commit({ require: [{ key: utf8('here'), expect: utf8('y') }], writes: [put('p4', '1')] }),
      store.commit({
        require: [
          { key: utf8('here'), expect: utf8('x') },
          { key: utf8('gone'), expect: 'absent' },
        ],
        writes: [put('p5', '1')],
      }),
    ]);
    t.strictSame(
      outcomes.map((o) => (o.status === 'fulfilled' ? 'ok' : o.reason.code)),
      ['state-changed', 'state-changed', 'state-changed', 'ok'],
    );
    const names = ['p1', 'p2', 'p3', 'p4', 'p5'];
    t.strictSame(
      (await store.getMany(names.map(utf8))).map((v) => v !== undefined),
      [false, false, false, false, true],
    );
  });

  withStore('of many that require the same key to be absent exactly one wins', async (t, store) => {
    const race = Array.from({ length: 200 }, (_, i) =>
      store.commit({ require: [{ key: utf8('one'), expect: 'absent' }], writes: [put('one', `${i}`)] }),
    );
    const won = (await Promise.allSettled(race)).flatMap((o, i) => (o.status === 'fulfilled' ? [i] : []));
    t.equal(won.length, 1);
    t.strictSame(await store.get(utf8('one')), utf8(`${won[0]}`));
  });

  withStore('increments guarded by the exact value lose nothing', async (t, store) => {
    await store.commit({ writes: [put('n', '0')] });
    const increment = async () => {
      for (;;) {
        const now = (await store.get(utf8('n')))!;
        const next = utf8(`${Number(new TextDecoder().decode(now)) + 1}`);
        try {
          await store.commit({
            require: [{ key: utf8('n'), expect: now }],
            writes: [{ put: utf8('n'), value: next }],
          });
          return;
        } catch (error) {
          if ((error as { code?: string }).code !== 'state-changed') throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, increment));
    t.strictSame(await store.get(utf8('n')), utf8('20'));
  });

  withStore('a snapshot and a running scan keep their moment', async (t, store) => {
    await store.commit({ writes: Array.from({ length: 600 }, (_, i) => put(`k${1000 + i}`, 'old')) });
    const snapshot = store.snapshot();
    const scan = store.range({ gte: utf8('k') })[Symbol.asyncIterator]();
    await scan.next();
    await store.commit({ writes: Array.from({ length: 600 }, (_, i) => put(`k${1000 + i}`, 'new')) });
    await store.commit({ writes: [{ del: utf8('k1001') }, put('k9', 'new')] });
    t.strictSame(await snapshot.get(utf8('k1001')), utf8('old'));
    t.equal(await snapshot.get(utf8('k9')), undefined);
    const seen = await entriesOf(snapshot, { gte: utf8('k') });
    t.equal(seen.length, 600);
    t.ok(seen.every(({ value }) => value.byteLength === 3 && value[0] === 0x6f));
    let scanned = 1;
    for (let next = await scan.next(); !next.done; next = await scan.next()) {
      scanned++;
      if (next.value.value[0] !== 0x6f) t.fail('the scan saw a later value');
    }
    t.equal(scanned, 600);
    t.strictSame(await store.get(utf8('k1001')), undefined);
    await snapshot.close();
  });

  withStore('a scan left early and a snapshot left open do not stop close', async (t, store) => {
    await store.commit({ writes: Array.from({ length: 1000 }, (_, i) => put(`k${i}`, 'v')) });
    for await (const { key } of store.range(OWN)) {
      t.ok(key.byteLength > 0);
      break;
    }
    store.snapshot();
  });

  withStore('scans agree with a sorted list, whatever the bounds', async (t, store) => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 4 }).map((k) => new Uint8Array([32, ...k]));
    const model = new Map<string, Entry>();
    const bound = fc.option(key, { nil: undefined });
    const action = fc.record({
      writes: fc.array(fc.tuple(key, fc.option(fc.uint8Array({ maxLength: 8 }), { nil: undefined })), {
        maxLength: 12,
      }),
      gte: bound,
      gt: bound,
      lt: bound,
      lte: bound,
      reverse: fc.boolean(),
      limit: fc.option(fc.nat(5), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(action, async ({ writes, ...range }) => {
        await store.commit({
          writes: writes.map(([k, value]) => (value === undefined ? { del: k } : { put: k, value })),
        });
        for (const [k, value] of writes) {
          if (value === undefined) model.delete(hex(k));
          else model.set(hex(k), { key: k, value });
        }
        const sorted = [...model.values()].sort((a, b) => compareBytes(a.key, b.key));
        const within = sorted.filter(
          ({ key: k }) =>
            (range.gte === undefined || compareBytes(k, range.gte) >= 0) &&
            (range.gt === undefined || compareBytes(k, range.gt) > 0) &&
            (range.lt === undefined || compareBytes(k, range.lt) < 0) &&
            (range.lte === undefined || compareBytes(k, range.lte) <= 0),
        );
        if (range.reverse) within.reverse();
        const lowest = range.gte ?? range.gt ?? bytes(32);
        const asked = {
          ...range,
          ...(range.gte === undefined && range.gt === undefined ? { gte: lowest } : {}),
        };
        t.strictSame(texts(await entriesOf(store, asked)), texts(within.slice(0, range.limit)));
      }),
      { numRuns: 80 },
    );
  });

  withStore('too large a batch, an empty or too long key are refused', async (t, store) => {
    await t.rejects(store.commit({ writes: [{ put: utf8('a'), value: new Uint8Array(9 * 1024 * 1024) }] }), {
      code: 'oversize',
    });
    await t.rejects(store.commit({ writes: [{ put: bytes(), value: bytes() }] }), { code: 'oversize' });
    await t.rejects(store.commit({ writes: [{ del: new Uint8Array(2000) }] }), { code: 'oversize' });
    t.equal(await store.get(utf8('a')), undefined);
    t.equal(store.health.state, 'ok');
  });

  withStore('too many waiting commits are told busy, the taken ones are kept', async (t, store) => {
    const all = Array.from({ length: 9000 }, (_, i) => store.commit({ writes: [put(`q${i}`, 'v')] }));
    const outcomes = await Promise.allSettled(all);
    const busy = outcomes.filter((o) => o.status === 'rejected' && o.reason.code === 'busy').length;
    t.ok(busy > 0 && busy < 9000, `${busy} busy`);
    const kept = await entriesOf(store, { gte: utf8('q'), lt: utf8('r') });
    t.equal(kept.length, 9000 - busy);
  });

  withStore('audit rows are in the same batch; the answer waits for the flush', async (t, store) => {
    const steps: string[] = [];
    store.useAuditor({
      leafOf: ({ event }) => {
        if (event === 'bad') throw new RangeError('no leaf');
        return utf8(`audit-${event}`);
      },
      rowsFor: (leaves) => leaves.map((leaf) => ({ put: leaf, value: utf8('row') })),
      flush: async () => {
        steps.push(`flush with row ${(await store.get(utf8('audit-e1'))) !== undefined}`);
      },
    });
    const entry = { atMs: 1, event: 'e1', fields: [] };
    await store.commit({ writes: [put('a', '1')], audit: [entry] }).then(() => steps.push('answered'));
    t.strictSame(steps, ['flush with row true', 'answered']);
    const refused = {
      require: [{ key: utf8('a'), expect: 'absent' as const }],
      writes: [],
      audit: [{ ...entry, event: 'e2' }],
    };
    await t.rejects(store.commit(refused), { code: 'state-changed' });
    t.equal(await store.get(utf8('audit-e2')), undefined, 'a refused batch leaves no audit row');
    await t.rejects(
      store.commit({ writes: [put('b', '1')], audit: [{ ...entry, event: 'bad' }] }),
      RangeError,
    );
    t.equal(await store.get(utf8('b')), undefined);
    t.equal(store.health.state, 'ok', 'an entry that is none refuses its own batch only');
  });

  withStore('a failing auditor makes the store read-only, named', async (t, store) => {
    store.useAuditor({
      leafOf: () => bytes(1),
      rowsFor: () => [],
      flush: () => Promise.reject(new Error('disk gone')),
    });
    const entry = { atMs: 1, event: 'e', fields: [] };
    await t.rejects(store.commit({ writes: [put('a', '1')], audit: [entry] }), { code: 'internal' });
    await t.rejects(store.commit({ writes: [put('b', '1')] }), { code: 'read-only' });
    t.match(store.health, { state: 'read-only', problems: [{ kind: 'write-failed' }] });
    t.equal(await store.get(utf8('b')), undefined);
  });

  withStore('a degraded store refuses commits and still reads', async (t, store) => {
    await store.commit({ writes: [put('a', '1')] });
    store.degrade({ kind: 'audit-ahead', where: 'test' });
    await t.rejects(store.commit({ writes: [put('b', '1')] }), {
      code: 'read-only',
      details: { reason: 'audit-ahead' },
    });
    t.strictSame(await store.get(utf8('a')), utf8('1'));
  });

  t.test(`${factory.name}: close finishes what was taken, and refuses what comes later`, async (t) => {
    const store = await factory.open();
    const taken = Array.from({ length: 100 }, (_, i) => store.commit({ writes: [put(`c${i}`, 'v')] }));
    const closing = store.close();
    await Promise.all(taken);
    await closing;
    await t.rejects(store.commit({ writes: [put('a', '1')] }), { code: 'not-running' });
    await t.rejects(store.get(utf8('c1')), { code: 'not-running' });
    await store.close();
  });

  const { reopen } = factory;
  if (reopen === undefined) return;

  t.test(`${factory.name}: everything is there again after closing and opening`, async (t) => {
    let store = await factory.open();
    for (let round = 0; round < 4; round++) {
      await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          store.commit({ writes: [put(`r${round}-${i}`, 'v'.repeat(i)), put('last', `${round}-${i}`)] }),
        ),
      );
      const before = texts(await entriesOf(store, OWN));
      store = await reopen(store);
      t.match(store.health, { state: 'ok', problems: [] });
      t.strictSame(texts(await entriesOf(store, OWN)), before);
    }
    await store.close();
  });
}
