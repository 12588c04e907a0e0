/** A page looks for a bounded time: what it found by then is the page, and the next one goes on from there. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { hex } from '../../node/core/bytes.ts';
import { IndexBox } from '../../node/search/index-box.ts';
import type { Place } from '../../node/search/index-calls.ts';
import { openIndexFile } from '../../node/search/index-file.ts';

const DOCUMENTS = 40_000;
const START_MS = 1_700_000_000_000;
const idOf = (i: number) => new Uint8Array(createHash('sha256').update(String(i)).digest());

t.test('pages cut by time follow each other without gap or repeat, and end', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'lienthong-box-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const database = openIndexFile(DatabaseSync, join(dir, 'search', 'index.sqlite'));
  t.teardown(() => database.close());
  let stepMs = 0;
  let nowMs = 0;
  const box = new IndexBox(database, 'inbox', () => (nowMs += stepMs));
  const places = new Map<string, Place>();
  const rare = new Set([0, 1, 9_000, 20_000, 39_999]);
  for (let at = 0; at < DOCUMENTS; at += 2_000) {
    database.exec('BEGIN');
    box.write(
      Array.from({ length: 2_000 }, (_, n) => {
        const i = at + n;
        const place = { storedAtMs: START_MS + i * 1000, documentId: idOf(i) };
        places.set(hex(place.documentId), place);
        const fields = [rare.has(i) ? 'hiếm' : i % 2 === 0 ? 'quyết định' : 'định quyết'];
        return { box: 'inbox' as const, fields, facets: [], moments: [], ...place };
      }),
    );
    database.exec('COMMIT');
  }
  t.equal(box.count, DOCUMENTS);
  const read = (match: string, limit: number) => {
    const ids: string[] = [];
    let pages = 0;
    for (let before: Place | undefined; ; pages++) {
      const { documentIds, next } = box.find({ box: 'inbox', match, limit, ...(before && { before }) });
      ids.push(...documentIds.map(hex));
      if (next === undefined) return { ids, pages: pages + 1 };
      before = places.get(hex(next))!;
    }
  };
  const expected = [...rare].sort((a, b) => b - a).map((i) => hex(idOf(i)));
  t.same(read('"hiem"', 50), { ids: expected, pages: 1 }, 'in time: one page');
  t.same(read('"hiem"', 2), { ids: expected, pages: 3 });
  stepMs = 1_000;
  const slow = read('"hiem"', 50);
  t.same(slow.ids, expected, 'out of time after each stretch: the same, in more pages');
  t.ok(slow.pages >= 4 && slow.pages <= 6, `${slow.pages} pages`);
  t.same(read('"hiem"', 1).ids, expected);
  t.same(read('"quyet dinh" AND "hiem"', 50).ids, [], 'nothing, in the end');
  const half = read('"quyet dinh"', 5_000).ids;
  t.equal(new Set(half).size, half.length);
  t.equal(half.length, DOCUMENTS / 2 - [...rare].filter((i) => i % 2 === 0).length);

  // what was taken back from peers is older than what is there, and some of it is indexed twice
  const late = Array.from({ length: 900 }, (_, n) => {
    const i = Math.floor((n * DOCUMENTS) / 900);
    const place = { storedAtMs: START_MS + i * 1000 + 500, documentId: idOf(DOCUMENTS + n) };
    places.set(hex(place.documentId), place);
    return { box: 'inbox' as const, fields: ['lấy lại'], facets: [], moments: [], ...place };
  });
  for (const entries of [
    late,
    late.slice(100, 200).map((one) => ({ ...one, fields: ['lấy lại lần hai'] })),
  ]) {
    database.exec('BEGIN');
    box.write(entries);
    database.exec('COMMIT');
  }
  const order = late.map(({ documentId }) => hex(documentId)).reverse();
  t.same(read('"lay lai"', 37).ids, order);
  t.equal(read('"lan hai"', 37).ids.length, 100);
  stepMs = 0;
  t.same(read('"lay lai"', 37).ids, order);
});
