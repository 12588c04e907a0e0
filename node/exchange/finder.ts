/**
 * Finding documents: lists by time with filters and words, page by page. A list without a filter is read from the store;
 * filters and words are looked up in the search index, and what it names is compared again with what the store holds:
 * the index is never the truth. Where the index isn't there, filters pass over rows of the store, at most SCAN_MOST a
 * page; words are refused, since half an answer looks like a whole one.
 * A cursor is the place of the page's last document and the hash of the query it belongs to: it means the same
 * wherever the page is read from, and what arrives meanwhile is before it.
 */
import { type Bytes, concat, equalBytes, readUint64be, sha256, uint64be, utf8 } from '../core/bytes.ts';
import type { ClockCounts } from '../core/clock-views.ts';
import { parseDay, startOfDayMs } from '../core/dates.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { inGroups } from '../core/in-groups.ts';
import type { SearchView } from '../core/node-views.ts';
import type { DocumentItem, ListQuery, Page } from '../core/views.ts';
import type { WorkingCalendar } from '../core/working-days.ts';
import type { SearchIndex } from '../search/search-index.ts';
import { allOf, parseText } from '../search/search-query.ts';
import { type Box, getDocument, inBoxSinceMs, type ListPosition, listDocuments } from '../store/documents.ts';
import type { Reader } from '../store/key-value.ts';
import { OnceReader } from '../store/once-reader.ts';
import { countClocks } from './clock-counts.ts';
import type { ClockReader } from './clock-reader.ts';
import { facetsOf, matches } from './index-entry.ts';
import { IndexFeed } from './index-feed.ts';
import { type HeldDocument, held } from './library.ts';
import type { ExchangeComponents } from './ports.ts';

const PAGE = 50;
const PAGE_MOST = 500;
/** Documents read at once: one may be more than a megabyte. */
const AT_ONCE = 10;
/** Rows a page may pass over: about 0.2 s. */
const SCAN_MOST = 5_000;
const DAY_MS = 86_400_000;
const QUERY_BYTES = 8;
const CURSOR_BYTES = QUERY_BYTES + 8 + 32;

export type FinderComponents = Pick<
  ExchangeComponents,
  'store' | 'auditLog' | 'clock' | 'report' | 'search'
> & {
  itemOf: (document: HeldDocument, box: Box, store: Reader) => Promise<DocumentItem>;
  clocks: ClockReader;
  calendar: WorkingCalendar;
};

interface Wanted {
  query: ListQuery;
  limit: number;
  before: ListPosition | undefined;
  sinceMs: number | undefined;
  /** Stored before this time. */
  untilMs: number | undefined;
  cursorOf: (last: ListPosition | undefined) => string | null;
}

export class Finder {
  readonly #with: FinderComponents;
  readonly #search: { index: SearchIndex; feed: IndexFeed } | undefined;

  constructor(components: FinderComponents) {
    this.#with = components;
    const { search } = components;
    if (search !== undefined)
      this.#search = { index: search.index, feed: new IndexFeed({ ...components, ...search }) };
  }

  start(): void {
    this.#search?.feed.start();
  }

  async stop(): Promise<void> {
    await this.#search?.feed.stop();
    await this.#search?.index.stop();
  }

  /** How far the index is; undefined for a node without one. */
  get search(): SearchView | undefined {
    return this.#search?.feed.view;
  }

  /** What is overdue and waiting, and what was late of late; undefined while the index can't say. Never throws. */
  async clockCounts(): Promise<ClockCounts | undefined> {
    if (this.#search === undefined) return undefined;
    const { index, feed } = this.#search;
    if ((await feed.reach()).state !== 'ready') return undefined;
    try {
      return await countClocks(feed.isEmpty ? undefined : index, this.#with.clock.nowMs());
    } catch (error) {
      if (isLienthongError(error)) feed.failed(error);
      return undefined;
    }
  }

  /** What differs between index and store, in words, and then it is built anew; undefined where nothing does. Minutes. */
  async check(): Promise<string | undefined> {
    return this.#search?.feed.check();
  }

  /**
   * Newest first. A page may hold fewer than asked and still have a cursor: the next goes on from there. Throws 'usage'
   * (a cursor of another query, text without words), 'invalid-date', 'search-building', 'search-unavailable'.
   */
  async list(query: ListQuery): Promise<Page<DocumentItem>> {
    const text = query.text === undefined ? undefined : parseText(query.text);
    const facets = facetsOf(query);
    const wanted = wantedOf(query, text);
    if (text === undefined && facets.length === 0) return this.#fromStore(wanted);
    try {
      return await this.#fromIndex(wanted, allOf(text, facets));
    } catch (error) {
      const isIndex =
        isLienthongError(error, 'search-unavailable') || isLienthongError(error, 'search-building');
      if (!isIndex) throw error;
      this.#search?.feed.failed(error);
      if (text !== undefined) throw error;
      return this.#fromStore(wanted);
    }
  }

  async #fromIndex(wanted: Wanted, match: string): Promise<Page<DocumentItem>> {
    if (this.#search === undefined) throw new LienthongError('search-unavailable', { reason: 'no index' });
    const { index, feed } = this.#search;
    const reached = await feed.reach();
    requireReady(reached);
    const behind = reached.lagMs > 0 && { behindSeconds: Math.ceil(reached.lagMs / 1_000) };
    if (feed.isEmpty) return { items: [], cursor: null, ...behind };
    const { query, limit, before, sinceMs, untilMs, cursorOf } = wanted;
    const { box } = query;
    const dueBeforeMs = query.overdue ? this.#with.clock.nowMs() : undefined;
    const { documentIds, next } = await index.find({
      box,
      match,
      limit,
      before,
      sinceMs,
      untilMs,
      dueBeforeMs,
    });
    const found = (await inGroups(documentIds, AT_ONCE, (id) => this.#shown(id, query))).filter(
      (one) => one !== undefined,
    );
    const items = found.filter(
      ({ item, storedAtMs }) =>
        matches(item, query) &&
        storedAtMs >= (sinceMs ?? 0) &&
        storedAtMs < (untilMs ?? Number.POSITIVE_INFINITY),
    );
    const last = next && (await getDocument(this.#with.store, next));
    if (next !== undefined && last === undefined) throw new LienthongError('damaged', { where: 'document' });
    const place = last && { documentId: last.documentId, storedAtMs: inBoxSinceMs(last, box)! };
    return { items: items.map(({ item }) => item), cursor: cursorOf(place), ...behind };
  }

  async #fromStore(wanted: Wanted): Promise<Page<DocumentItem>> {
    const { query, limit, before, sinceMs, untilMs, cursorOf } = wanted;
    const items: DocumentItem[] = [];
    let last: ListPosition | undefined;
    let scanned = 0;
    const places = listDocuments(this.#with.store, query.box, { before, sinceMs, untilMs });
    for await (const place of places) {
      if (items.length === limit || scanned === SCAN_MOST) return { items, cursor: cursorOf(last) };
      scanned++;
      last = place;
      const shown = await this.#shown(place.documentId, query);
      if (shown === undefined) throw new LienthongError('damaged', { where: 'document' });
      if (matches(shown.item, query)) items.push(shown.item);
    }
    return { items, cursor: null };
  }

  async #shown(
    documentId: Bytes,
    { box, waiting, overdue }: ListQuery,
  ): Promise<{ item: DocumentItem; storedAtMs: number } | undefined> {
    const { store, itemOf, clocks } = this.#with;
    const row = await getDocument(store, documentId);
    const storedAtMs = row && inBoxSinceMs(row, box);
    if (storedAtMs === undefined) return undefined;
    const document = held(row!);
    const once = new OnceReader(store);
    const item = await itemOf(document, box, once);
    if (!waiting && !overdue) return { item, storedAtMs };
    return { item: { ...item, clocks: await clocks.shortOf(document, box, once) }, storedAtMs };
  }
}

function requireReady({ state, documents, total, reason }: SearchView): void {
  if (state === 'ready') return;
  if (state === 'unavailable') throw new LienthongError('search-unavailable', { ...(reason && { reason }) });
  throw new LienthongError('search-building', { done: documents, ...(total !== null && { total }) });
}

function wantedOf(query: ListQuery, text: string | undefined): Wanted {
  const { box, from, to, state, status, since, until, waiting, overdue } = query;
  const asked = [box, from, to, state, status, since, until, text].map((value) => value ?? null);
  const same = [...asked, ...(waiting ? ['waiting'] : []), ...(overdue ? ['overdue'] : [])];
  const name = sha256(utf8(JSON.stringify(same))).subarray(0, QUERY_BYTES);
  return {
    query,
    limit: Math.min(PAGE_MOST, Math.max(1, query.limit ?? PAGE)),
    before: query.cursor === undefined ? undefined : parseCursor(query.cursor, name),
    sinceMs: since === undefined ? undefined : startOfDayMs(parseDay(since)),
    untilMs: until === undefined ? undefined : startOfDayMs(parseDay(until)) + DAY_MS,
    cursorOf: (last) =>
      last === undefined
        ? null
        : Buffer.from(concat(name, uint64be(last.storedAtMs), last.documentId)).toString('base64url'),
  };
}

/** Throws 'usage' for anything but a cursor of this query. */
function parseCursor(text: string, name: Bytes): ListPosition {
  const bytes = new Uint8Array(Buffer.from(text.slice(0, 100), 'base64url'));
  try {
    if (bytes.byteLength === CURSOR_BYTES && equalBytes(bytes.subarray(0, QUERY_BYTES), name)) {
      const storedAtMs = readUint64be(bytes.subarray(QUERY_BYTES, QUERY_BYTES + 8));
      return { storedAtMs, documentId: bytes.subarray(QUERY_BYTES + 8) };
    }
  } catch {
    // a number no list of ours holds
  }
  throw new LienthongError('usage', { field: 'cursor', value: text.slice(0, 60) });
}
