/**
 * Keeps the search index in step with the store, in the background: never in the way of a commit, and a document can
 * be found about half a second after it is durable, or at once where somebody searches.
 *
 * What changed is read from the audit log (store/audit-feed.ts): the index notes, in the transaction that holds the
 * documents, up to which entry it has come. So a node killed anywhere goes on from there; the same entry twice changes
 * nothing. Each document named is read from the store as it is now, whatever the entry said; so are those it names in
 * its turn, since a reply or a replacement ends a due date.
 * An index that is new, or notes another log than this one (a store put back or recovered), is built: the log's size is
 * noted first, then both lists are read from the oldest on, a batch at a time; what changed meanwhile is in the log
 * after that size. Memory is one batch. Started and stopped by Finder.
 */
import { type Bytes, hex, parseHex, sha256, utf8 } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { SearchView } from '../core/node-views.ts';
import type { WorkingCalendar } from '../core/working-days.ts';
import type { Box, IndexEntry } from '../search/index-calls.ts';
import type { SearchIndex } from '../search/search-index.ts';
import { changedDocuments, markOfLog } from '../store/audit-feed.ts';
import { AT_ONCE, BATCH, IndexReader, type IndexReaderComponents } from './index-reader.ts';
import { IndexWaiters } from './index-waiters.ts';
import type { OwnLog } from './ports.ts';

/** Changes of one document within this time are indexed once: queued and delivered. */
const GATHER_MS = 500;
/** A node that starts has better things to do first. */
const FIRST_MS = 2_000;
/** A document has one or two for each of up to 2,000 recipients: a transaction holds about so many. */
const PART_FACETS = 10_000;
/** Documents missing while it is built that a search waits for: about a second. */
const SOON = 2_000;
const BOXES = ['inbox', 'outbox'] as const;
/** Log entries a second that make a node busy: some thirty documents. */
const BUSY_ENTRIES = 100;
/** A busy node gives its index a tenth of the time. */
const REST = 9;
const MOST_REST_MS = 10_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

export interface IndexFeedComponents extends IndexReaderComponents {
  auditLog: OwnLog;
  calendar: WorkingCalendar;
  index: SearchIndex;
  /** Throws where the disk has no room for more. */
  room: () => Promise<void>;
  clock: Clock;
}

/** WARNING: persisted, in the index. */
interface Note {
  epoch: number;
  /** Log entries taken in. */
  size: number;
  /** Of the last of these. */
  mark: string;
  /** Names the calendar its moments were reckoned with. */
  calendar: string;
  /** While it is built: after which document of which list. */
  scan: { box: Box; after: { storedAtMs: number; documentId: string } | null; total: number } | null;
}

export class IndexFeed {
  readonly #with: IndexFeedComponents;
  readonly #stopping = new AbortController();
  readonly #waiters: IndexWaiters;
  readonly #reader: IndexReader;
  #running: Promise<void> | undefined;
  #note: Note | undefined;
  #view: SearchView = { state: 'starting', documents: 0, total: null, reason: null };
  #damaged = false;
  readonly #calendar: string;

  constructor(components: IndexFeedComponents) {
    this.#with = components;
    this.#waiters = new IndexWaiters(components.clock);
    this.#reader = new IndexReader(components);
    this.#calendar = hex(sha256(utf8(components.calendar.name)));
  }

  start(): void {
    this.#with.auditLog.onGrown?.(() => this.#waiters.grown());
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new LienthongError('not-running', { what: 'search' }));
    await this.#running;
    this.#waiters.release();
  }

  get view(): SearchView {
    return this.#view;
  }

  /** Waits, for a moment, until all that is durable now is indexed; then what the index can answer is in `view`. */
  async reach(): Promise<SearchView> {
    const { size } = this.#with.auditLog.head();
    const isThere = this.#view.state === 'ready' && this.#note !== undefined && this.#note.size >= size;
    if (!isThere && this.#mayComeSoon) await this.#waiters.until(size);
    return this.#view;
  }

  get #mayComeSoon(): boolean {
    const { state, documents, total } = this.#view;
    if (state === 'building') return total === null || total - documents <= SOON;
    return state !== 'unavailable';
  }

  /** A search failed: with a damaged index the way out is a new one. */
  failed(error: LienthongError): void {
    if (error.details.damaged !== true) return;
    this.#damaged = true;
    this.#waiters.hurry();
  }

  /**
   * Reads every document and compares; what differs, in words, and then the index is built anew. Undefined where nothing
   * does, and where there is no index to compare. What changes meanwhile is looked at twice.
   */
  async check(): Promise<string | undefined> {
    if ((await this.reach()).state !== 'ready') return undefined;
    const { index } = this.#with;
    let fault = await index.inspect();
    for (const box of BOXES) {
      let places = await this.#reader.placesAfter(box, undefined);
      while (fault === undefined && places.length > 0) {
        const ids = places.map(({ documentId }) => documentId);
        if ((await this.#differing(ids, box)) > 0) {
          await this.reach();
          const count = await this.#differing(ids, box);
          if (count > 0) fault = `${count} of ${ids.length} documents in ${box}`;
        }
        places = await this.#reader.placesAfter(box, places.at(-1));
      }
    }
    if (fault === undefined) return undefined;
    this.#damaged = true;
    this.#waiters.hurry();
    return fault;
  }

  async #differing(ids: readonly Bytes[], box: Box): Promise<number> {
    const { missing, different } = await this.#with.index.compare(await this.#reader.entries(ids, box));
    return missing + different;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let retryMs = FIRST_RETRY_MS;
    await this.#waiters.pause(FIRST_MS, signal);
    while (!signal.aborted) {
      try {
        await this.#keepUp(signal);
        retryMs = FIRST_RETRY_MS;
        await this.#waiters.growth(signal, () => this.#damaged || this.#isBehind());
        await this.#waiters.pause(GATHER_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#fail(error);
        await this.#with.clock.sleep(retryMs, signal).catch(() => {});
        retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
      }
    }
  }

  #fail(error: unknown): void {
    const code = isLienthongError(error) ? error.code : 'internal';
    const reason = isLienthongError(error) ? String(error.details.reason ?? error.code) : String(error);
    this.#with.report('search.failed', { code, reason });
    this.#damaged ||= isLienthongError(error, 'search-unavailable') && error.details.damaged === true;
    this.#note = undefined;
    this.#view = { ...this.#view, state: 'unavailable', reason };
    this.#waiters.release();
  }

  #isBehind(): boolean {
    const { epoch, size } = this.#with.auditLog.head();
    return this.#note === undefined || this.#note.epoch !== epoch || this.#note.size < size;
  }

  async #keepUp(signal: AbortSignal): Promise<void> {
    if (this.#damaged) {
      this.#with.report('search.rebuilding', { reason: 'damaged' });
      await this.#with.index.reset();
      this.#damaged = false;
      this.#note = undefined;
    }
    this.#note ??= await this.#begin();
    while (this.#note.scan !== null) {
      const { scan } = this.#note;
      await this.#givingWay(signal, () => this.#scan(this.#note!, scan));
    }
    const wasBehind = this.#isBehind();
    while (this.#isBehind()) {
      await this.#givingWay(signal, () => this.#follow(this.#note!));
    }
    if (this.#view.state !== 'ready' || wasBehind)
      this.#view = { state: 'ready', documents: await this.#with.index.count(), total: null, reason: null };
    this.#waiters.reached(this.#note.size);
  }

  /**
   * One batch, and after it a rest where the node has other things to do: documents come before their index, which catches
   * up when fewer come. Nobody rests while a search waits.
   */
  async #givingWay(signal: AbortSignal, batch: () => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    const { clock, auditLog } = this.#with;
    const beganMs = clock.nowMs();
    const before = auditLog.head().size;
    await batch();
    const tookMs = clock.nowMs() - beganMs;
    const isBusy = auditLog.head().size - before > BUSY_ENTRIES * Math.max(0.5, tookMs / 1_000);
    if (isBusy) await this.#waiters.pause(Math.min(MOST_REST_MS, tookMs * REST), signal);
  }

  /** Where the index left off; the beginning of a new one where that isn't a place of this log. */
  async #begin(): Promise<Note> {
    const { store, auditLog, index, report } = this.#with;
    const noted = await index.open();
    const note = noted === undefined ? undefined : (JSON.parse(noted) as Note);
    const { epoch, size } = auditLog.head();
    const isSameCalendar = note?.calendar === this.#calendar;
    if (note !== undefined && isSameCalendar && note.epoch === epoch && note.size <= size)
      if ((await markOfLog(store, epoch, note.size)) === note.mark) return note;
    const otherThan = isSameCalendar ? 'another store' : 'another calendar';
    report('search.rebuilding', { reason: note === undefined ? 'new' : otherThan });
    this.#view = { state: 'building', documents: 0, total: null, reason: null };
    if (note !== undefined) await index.reset();
    const mark = (await markOfLog(store, epoch, size)) ?? '';
    const total = (await this.#reader.count('inbox')) + (await this.#reader.count('outbox'));
    return { epoch, size, mark, calendar: this.#calendar, scan: { box: 'inbox', after: null, total } };
  }

  /** One batch of a list; after the last of the second the index has all there was when it was begun. */
  async #scan(note: Note, { box, after, total }: NonNullable<Note['scan']>): Promise<void> {
    const { index, report } = this.#with;
    const documents = this.#view.state === 'building' ? this.#view.documents : await index.count();
    this.#view = { state: 'building', documents, total, reason: null };
    if (!this.#mayComeSoon) this.#waiters.release();
    const position = after && { ...after, documentId: parseHex(after.documentId)! };
    const places = await this.#reader.placesAfter(box, position ?? undefined);
    const last = places.at(-1);
    const more = last && { storedAtMs: last.storedAtMs, documentId: hex(last.documentId) };
    const following = box === 'inbox' ? { box: 'outbox' as const, after: null, total } : null;
    const scan = more === undefined ? following : { box, after: more, total };
    const ids = places.map(({ documentId }) => documentId);
    await this.#write(ids, note, { ...note, scan }, box);
    this.#view = { ...this.#view, documents: documents + places.length };
    if (scan === null) report('search.built', { documents: this.#view.documents });
  }

  async #follow(note: Note): Promise<void> {
    const { store, auditLog } = this.#with;
    const { epoch, size } = auditLog.head();
    const span = { epoch, from: note.size, to: size, most: BATCH };
    const { documentIds, next } = await changedDocuments(store, span);
    const mark = await markOfLog(store, epoch, next);
    if (mark === undefined) throw new LienthongError('damaged', { where: `audit entry ${next - 1}` });
    await this.#write(documentIds, note, { ...note, size: next, mark });
    this.#waiters.reached(next);
  }

  /** What is indexed before the last part is so without the note: indexed again after a crash. A scan is of one box alone. */
  async #write(documentIds: readonly Bytes[], before: Note, after: Note, scan?: Box): Promise<void> {
    const { index, room } = this.#with;
    await room();
    let part: IndexEntry[] = [];
    let facets = 0;
    const known = new Set(documentIds.map(hex));
    const all = [...documentIds];
    for (let at = 0; at < all.length; ) {
      // what the named ones name isn't changed by this
      const isNamed = at >= documentIds.length;
      const end = isNamed ? at + AT_ONCE : Math.min(at + AT_ONCE, documentIds.length);
      const { entries, named } = await this.#reader.read(all.slice(at, end), scan);
      at = end;
      for (const id of scan === undefined && !isNamed ? named : []) {
        if (known.has(hex(id))) continue;
        known.add(hex(id));
        all.push(id);
      }
      for (const entry of entries) {
        part.push(entry);
        facets += entry.facets.length;
      }
      if (facets < PART_FACETS) continue;
      await index.write(part, JSON.stringify(before));
      part = [];
      facets = 0;
    }
    await index.write(part, JSON.stringify(after));
    this.#note = after;
  }
}
