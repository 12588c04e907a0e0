/**
 * One box of the index. A document's slot is its place in the lists as one number, so that newest first is the order
 * of the full-text table itself: a page reads from its end what it shows, whatever lies before. All conditions are
 * words of that table, intersected by it.
 * Where hardly anything fulfils all of several common conditions an intersection would pass over the whole box. So each
 * document also holds, as words, the stretches it lies in: of 8,192 documents, of eight times as many, and of 64 times;
 * a page looks through one stretch after another, larger ones as long as time allows, and what was found when the time
 * is over is the page. (A bound on row numbers alone doesn't end the search: FTS5 looks at it after a match.)
 * Called within the index's thread.
 */
import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Box, Compared, FindRequest, Found, IndexEntry, Place } from './index-calls.ts';
import { IndexMoments } from './index-moments.ts';
import { facet, indexedText } from './words.ts';

/** Slots of one millisecond: more documents than a node takes in in one. */
const SLOTS_PER_MS = 1024;
/** A slot is a whole number of 2^53: until the year 2248. */
const LAST_MS = 2 ** 43 - 1;
/** Documents of the smallest stretch, and how many stretches the next larger one holds, as a power of two. */
const STRETCH = 8192;
const LEVEL_BITS = 3;
const LAST_LEVEL = 2;
/** A page that has looked for this long goes on in the next. */
const LOOK_MS = 8;
const SQLITE_CORRUPT = 11;

type Row = Record<string, unknown>;

export class IndexBox {
  readonly #nowMs: () => number;
  readonly #holder: StatementSync;
  readonly #add: StatementSync;
  readonly #mark: StatementSync;
  readonly #forget: StatementSync;
  readonly #learn: StatementSync;
  readonly #addStep: StatementSync;
  readonly #newest: StatementSync;
  readonly #stretchAt: StatementSync;
  readonly #startOf: StatementSync;
  readonly #match: StatementSync;
  readonly #matchDue: StatementSync;
  readonly #count: StatementSync;
  readonly #keepCount: StatementSync;
  readonly #countName: string;
  /** Ends of clocks, beside the words. */
  readonly moments: IndexMoments;
  #due = false;

  constructor(database: DatabaseSync, box: Box, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#holder = database.prepare(`SELECT id, mark FROM ${box} WHERE slot = ?`);
    this.#add = database.prepare(`INSERT INTO ${box} (slot, id, mark) VALUES (?, ?, ?)`);
    this.#mark = database.prepare(`UPDATE ${box} SET mark = ? WHERE slot = ?`);
    this.#forget = database.prepare(`DELETE FROM ${box}_words WHERE rowid = ?`);
    this.#learn = database.prepare(`INSERT INTO ${box}_words (rowid, words) VALUES (?, ?)`);
    this.#addStep = database.prepare(`INSERT INTO ${box}_steps (slot, stretch) VALUES (?, ?)`);
    this.#newest = database.prepare(`SELECT max(slot) AS slot FROM ${box}`);
    this.#stretchAt = database.prepare(
      `SELECT stretch FROM ${box}_steps WHERE slot <= ? ORDER BY slot DESC LIMIT 1`,
    );
    this.#startOf = database.prepare(`SELECT slot FROM ${box}_steps WHERE stretch = ?`);
    const matching = (more: string) =>
      database.prepare(
        `SELECT held.id AS id FROM ${box}_words AS found
         LEFT JOIN ${box} AS held ON held.slot = found.rowid
         WHERE found.words MATCH ? AND found.rowid >= ? AND found.rowid < ? ${more}
         ORDER BY found.rowid DESC LIMIT ?`,
      );
    this.#match = matching('');
    this.#matchDue = matching(
      `AND EXISTS (SELECT 1 FROM ${box}_moments AS one
         WHERE one.slot = found.rowid AND one.kind = 'due' AND one.at_ms < ?)`,
    );
    this.moments = new IndexMoments(database, box);
    this.#countName = `count.${box}`;
    this.#count = database.prepare('SELECT value FROM notes WHERE name = ?');
    this.#keepCount = database.prepare('INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)');
  }

  get count(): number {
    return Number(this.#count.get(this.#countName)?.value ?? 0);
  }

  /** Within a transaction. In the order of the slots: the full-text table writes others out before it takes them. */
  write(entries: readonly IndexEntry[]): void {
    let count = this.count;
    const changed: { slot: number; text: string; isNew: boolean }[] = [];
    for (const entry of entries) {
      const text = indexedText(entry.fields, entry.facets);
      const mark = markOf(text, entry);
      const { slot, held } = this.#slotOf(entry);
      if (held === undefined) {
        this.#add.run(slot, entry.documentId, mark);
        this.#begin(slot, count++);
      } else if (held.mark === mark) continue;
      else this.#mark.run(mark, slot);
      if (held !== undefined || entry.moments.length > 0) this.moments.set(slot, entry.moments);
      changed.push({ slot, text, isNew: held === undefined });
    }
    const words = new Map<number, { text: string; isNew: boolean }>();
    for (const { slot, text, isNew } of changed)
      words.set(slot, { text, isNew: isNew || words.get(slot)?.isNew === true });
    for (const [slot, { text, isNew }] of [...words].sort(([a], [b]) => a - b)) {
      if (!isNew) this.#forget.run(slot);
      this.#learn.run(slot, `${text} ${stretchesOf(this.#stretchOf(slot)).join(' ')}`);
    }
    this.#keepCount.run(this.#countName, count);
  }

  find({ match, before, sinceMs, untilMs, dueBeforeMs, limit }: FindRequest): Found {
    const startedMs = this.#nowMs();
    const first = sinceMs === undefined ? 0 : firstSlotOf(sinceMs);
    // one millisecond more: what had no slot left in its own is in the next, and the caller compares again
    let upper = untilMs === undefined ? Number.MAX_SAFE_INTEGER : firstSlotOf(untilMs + 1);
    if (before !== undefined) upper = Math.min(upper, this.#slotOf(before).slot);
    const found: Uint8Array[] = [];
    const page = (next: Uint8Array | undefined) => ({ documentIds: found.slice(0, limit), next });
    let level = 0;
    let lookedMs = startedMs;
    for (let stretch = this.#stretchOf(upper - 1); ; stretch--) {
      const words = `(${match}) AND "${stretchesOf(stretch)[level]}"`;
      const most = limit + 1 - found.length;
      const rows =
        dueBeforeMs === undefined
          ? this.#match.all(words, first, upper, most)
          : this.#matchDue.all(words, first, upper, dueBeforeMs, most);
      for (const { id } of rows as Row[]) found.push(idOf(id));
      if (found.length > limit) return page(found[limit - 1]);
      stretch = (stretch >> (LEVEL_BITS * level)) << (LEVEL_BITS * level);
      upper = Number(this.#startOf.get(stretch)?.slot ?? 0);
      if (stretch === 0 || upper <= first) return page(undefined);
      const nowMs = this.#nowMs();
      const leftMs = startedMs + LOOK_MS - nowMs;
      if (leftMs <= 0) return page(idOf(this.#holder.get(upper)?.id));
      const lastMs = nowMs - lookedMs;
      lookedMs = nowMs;
      if ((lastMs + 0.5) * (1 << LEVEL_BITS) <= leftMs) level = Math.min(LAST_LEVEL, level + 1);
      else if (lastMs > leftMs) level = Math.max(0, level - 1);
    }
  }

  compare(entries: readonly IndexEntry[]): Compared {
    const result = { missing: 0, different: 0 };
    for (const entry of entries) {
      const { held } = this.#slotOf(entry);
      if (held === undefined) result.missing++;
      else if (held.mark !== markOf(indexedText(entry.fields, entry.facets), entry)) result.different++;
    }
    return result;
  }

  /** A document's slot and, where it is indexed already, what it holds: the first free one after its place. */
  #slotOf({ storedAtMs, documentId }: Place): { slot: number; held: { mark: number } | undefined } {
    const fraction = ((documentId[0]! << 8) | documentId[1]!) >>> 6;
    for (let slot = firstSlotOf(storedAtMs) + fraction; ; slot++) {
      const row = this.#holder.get(slot);
      if (row === undefined) return { slot, held: undefined };
      if (Buffer.compare(row.id as Uint8Array, documentId) === 0)
        return { slot, held: { mark: row.mark as number } };
    }
  }

  /**
   * A document begins a stretch when the newest one is full and none is after it: which stretch a slot lies in never
   * changes. An older one enlarges the stretch it lies in.
   */
  #begin(slot: number, count: number): void {
    if (count % STRETCH === 0) this.#due = true;
    if (!this.#due) return;
    if (slot !== this.#newest.get()?.slot) return;
    const newest = this.#stretchAt.get(slot)?.stretch as number | undefined;
    this.#addStep.run(slot, newest === undefined ? 0 : newest + 1);
    this.#due = false;
  }

  #stretchOf(slot: number): number {
    return (this.#stretchAt.get(slot)?.stretch as number | undefined) ?? 0;
  }
}

/** The words of the stretches a document of the smallest one lies in, smallest first. */
const stretchesOf = (stretch: number): string[] =>
  Array.from({ length: LAST_LEVEL + 1 }, (_, level) =>
    facet(`stretch ${level}`, String(stretch >> (LEVEL_BITS * level))),
  );

const firstSlotOf = (ms: number): number => Math.min(LAST_MS, Math.max(0, ms)) * SLOTS_PER_MS;

/** A slot without its document is damage. */
function idOf(id: unknown): Uint8Array {
  if (id instanceof Uint8Array) return id;
  throw Object.assign(new Error('a slot without its document'), { errcode: SQLITE_CORRUPT });
}

/** 48 bits of what was indexed: whether it must be indexed again. */
function markOf(text: string, { moments }: Pick<IndexEntry, 'moments'>): number {
  const hash = createHash('sha256').update(text);
  for (const { kind, atMs, count } of moments) hash.update(`\n${kind} ${atMs} ${count}`);
  return hash.digest().readUIntBE(0, 6);
}
