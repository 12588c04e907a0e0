/**
 * One box of the index. A document's slot is its place in the lists as one number, so that newest first is the order
 * of the full-text table itself: a page reads from its end what it shows, whatever lies before. All conditions are
 * words of that table, intersected by it.
 * Where hardly anything fulfils all of several common conditions an intersection would pass over the whole box: so it
 * is looked through in stretches of a known number of documents, each as long as the time left allows, and what was
 * found when the time is over is the page. Called within the index's thread.
 */
import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Box, Compared, FindRequest, Found, IndexEntry, Place } from './index-calls.ts';
import { indexedText } from './words.ts';

/** Slots of one millisecond: more documents than a node takes in in one. */
const SLOTS_PER_MS = 1024;
/** A slot is a whole number of 2^53: until the year 2248. */
const LAST_MS = 2 ** 43 - 1;
/** Documents from one step to the next: the least a stretch holds. */
const STEP = 8192;
/** A page that has looked for this long goes on in the next: a third of what a page may take. */
const LOOK_MS = 15;
/** A stretch is at most this many times as long as the one before: how much it costs is known only after. */
const GROWTH = 8;

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
  readonly #stepBefore: StatementSync;
  readonly #match: StatementSync;
  readonly #count: StatementSync;
  readonly #keepCount: StatementSync;
  readonly #countName: string;

  constructor(database: DatabaseSync, box: Box, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#holder = database.prepare(`SELECT id, mark FROM ${box} WHERE slot = ?`);
    this.#add = database.prepare(`INSERT INTO ${box} (slot, id, mark) VALUES (?, ?, ?)`);
    this.#mark = database.prepare(`UPDATE ${box} SET mark = ? WHERE slot = ?`);
    this.#forget = database.prepare(`DELETE FROM ${box}_words WHERE rowid = ?`);
    this.#learn = database.prepare(`INSERT INTO ${box}_words (rowid, words) VALUES (?, ?)`);
    this.#addStep = database.prepare(`INSERT OR IGNORE INTO ${box}_steps (slot) VALUES (?)`);
    this.#stepBefore = database.prepare(
      `SELECT slot FROM ${box}_steps WHERE slot < ? ORDER BY slot DESC LIMIT 1 OFFSET ?`,
    );
    this.#match = database.prepare(
      `SELECT held.id AS id FROM ${box}_words AS found
       LEFT JOIN ${box} AS held ON held.slot = found.rowid
       WHERE found.words MATCH ? AND found.rowid >= ? AND found.rowid < ? ORDER BY found.rowid DESC LIMIT ?`,
    );
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
      const mark = markOf(text);
      const { slot, held } = this.#slotOf(entry);
      if (held === undefined) {
        this.#add.run(slot, entry.documentId, mark);
        if (count++ % STEP === 0) this.#addStep.run(slot);
      } else if (held.mark === mark) continue;
      else this.#mark.run(mark, slot);
      changed.push({ slot, text, isNew: held === undefined });
    }
    const words = new Map<number, { text: string; isNew: boolean }>();
    for (const { slot, text, isNew } of changed)
      words.set(slot, { text, isNew: isNew || words.get(slot)?.isNew === true });
    for (const [slot, { text, isNew }] of [...words].sort(([a], [b]) => a - b)) {
      if (!isNew) this.#forget.run(slot);
      this.#learn.run(slot, text);
    }
    this.#keepCount.run(this.#countName, count);
  }

  find({ match, before, sinceMs, untilMs, limit }: FindRequest): Found {
    const startedMs = this.#nowMs();
    const first = sinceMs === undefined ? 0 : firstSlotOf(sinceMs);
    // one millisecond more: what had no slot left in its own is in the next, and the caller compares again
    let upper = untilMs === undefined ? Number.MAX_SAFE_INTEGER : firstSlotOf(untilMs + 1);
    if (before !== undefined) upper = Math.min(upper, this.#slotOf(before).slot);
    const found: Uint8Array[] = [];
    const page = (next: Uint8Array | undefined) => ({ documentIds: found.slice(0, limit), next });
    for (let steps = 1; ; ) {
      const lower = Math.max(first, this.#slotBefore(upper, steps) ?? 0);
      const rows = this.#match.all(match, lower, upper, limit + 1 - found.length);
      for (const { id } of rows as Row[]) found.push(idOf(id));
      if (found.length > limit) return page(found[limit - 1]);
      if (lower === first) return page(undefined);
      const tookMs = this.#nowMs() - startedMs;
      if (tookMs >= LOOK_MS) return page(idOf(this.#holder.get(lower)?.id));
      upper = lower;
      steps *= Math.max(1, Math.min(GROWTH, Math.floor((LOOK_MS - tookMs) / Math.max(1, tookMs))));
    }
  }

  compare(entries: readonly IndexEntry[]): Compared {
    const result = { missing: 0, different: 0 };
    for (const entry of entries) {
      const { held } = this.#slotOf(entry);
      if (held === undefined) result.missing++;
      else if (held.mark !== markOf(indexedText(entry.fields, entry.facets))) result.different++;
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

  #slotBefore(upper: number, steps: number): number | undefined {
    return this.#stepBefore.get(upper, steps - 1)?.slot as number | undefined;
  }
}

const firstSlotOf = (ms: number): number => Math.min(LAST_MS, Math.max(0, ms)) * SLOTS_PER_MS;

/** A slot without its document is damage. */
function idOf(id: unknown): Uint8Array {
  if (id instanceof Uint8Array) return id;
  throw Object.assign(new Error('a slot without its document'), { errcode: SQLITE_CORRUPT });
}

/** 48 bits of what was indexed: whether it must be indexed again. */
const markOf = (text: string): number => createHash('sha256').update(text).digest().readUIntBE(0, 6);
