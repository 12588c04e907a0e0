/** A reader for one document and one answer: each range once, whoever asks, and none mistaken for another. */
import t from 'tap';
import type { Entry, Range } from '../../node/store/key-value.ts';
import { key } from '../../node/store/keys.ts';
import { MemoryEngine } from '../../node/store/memory-engine.ts';
import { OnceReader } from '../../node/store/once-reader.ts';

t.test('a range is read once; other bounds, limits and directions are other ranges', async (t) => {
  const store = new MemoryEngine();
  const put = (n: number) => ({ put: key(1, n), value: new Uint8Array([n]) });
  await store.commit({ writes: [put(1), put(2), put(3)] });
  const read: Range[] = [];
  const once = new OnceReader({
    get: (one) => store.get(one),
    getMany: (many) => store.getMany(many),
    range: (range) => {
      read.push(range);
      return store.range(range);
    },
  });
  const all = async (range: Range): Promise<number[]> => {
    const found: Entry[] = [];
    for await (const entry of once.range(range)) found.push(entry);
    return found.map(({ value }) => value[0]!);
  };
  const range = { gte: key(1, 1), lt: key(1, 3) };
  t.same(await Promise.all([all(range), all({ ...range }), all(range)]), [
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  t.equal(read.length, 1);
  t.same(await all({ ...range, reverse: true }), [2, 1]);
  t.same(await all({ ...range, limit: 1 }), [1]);
  t.same(await all({ gt: key(1, 1), lt: key(1, 3) }), [2]);
  t.same(await all({ gte: key(1, 1), lte: key(1, 3) }), [1, 2, 3]);
  t.equal(read.length, 5);
  for await (const _ of once.range(range)) break;
  t.same(await all(range), [1, 2], 'whoever stops early leaves the rest to others');
});
