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
import { type Bytes, hex, parseHex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { SearchView } from '../core/node-views.ts';
import type { WorkingCalendar } from '../core/working-days.ts';
import type { Box } from '../search/index-calls.ts';
import type { SearchIndex } from '../search/search-index.ts';
import { changedDocuments, markOfLog, writtenMs } from '../store/audit-feed.ts';
import { differenceOf } from './index-check.ts';
import { calendarMark, type Note, whyNotOurs } from './index-note.ts';
import { IndexPace, LATE_MS } from './index-pace.ts';
import { IndexReader, type IndexReaderComponents } from './index-reader.ts';
import { IndexRest, type Rest } from './index-rest.ts';
import { IndexWaiters } from './index-waiters.ts';
import { writeDocuments } from './index-writer.ts';
import type { OwnLog } from './ports.ts';

/** Changes of one document within this time are indexed once: queued and delivered. */
const GATHER_MS = 500;
/** A node that starts has better things to do first. */
const FIRST_MS = 2_000;
/** Documents missing while it is built that a search waits for: about a second. */
const SOON = 2_000;
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

export interface Reached extends SearchView {
  /** By how much the index lacks what was durable when it was asked for; 0 where it has all. */
  lagMs: number;
}

export class IndexFeed {
  readonly #with: IndexFeedComponents;
  readonly #stopping = new AbortController();
  readonly #waiters: IndexWaiters;
  readonly #reader: IndexReader;
  readonly #pace: IndexPace;
  #running: Promise<void> | undefined;
  readonly #rests: IndexRest;
  #note: Note | undefined;
  /** While the index wasn't asked how far it is. */
  #rest: Rest | undefined;
  #view: SearchView = { state: 'starting', documents: 0, total: null, reason: null };
  #damaged = false;
  #isHinted = false;

  constructor(components: IndexFeedComponents) {
    this.#with = components;
    this.#waiters = new IndexWaiters(components.clock);
    this.#reader = new IndexReader(components);
    this.#pace = new IndexPace({ ...components, waiters: this.#waiters });
    this.#rests = new IndexRest({ ...components, reader: this.#reader, hint: components.index.hint });
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

  /** The store holds no document: there is nothing to ask the index for. */
  get isEmpty(): boolean {
    return this.#rest?.isEmpty === true;
  }

  /** Waits, for a moment, until all that is durable now is indexed; then what the index can answer is in `view`. */
  async reach(): Promise<Reached> {
    const { size } = this.#with.auditLog.head();
    // what a hint says is no answer yet
    if (this.#rest?.isEmpty === false) this.#awake();
    const place = this.#note ?? this.#rest;
    const isThere = this.#view.state === 'ready' && place !== undefined && place.size >= size;
    if (!isThere && this.#mayComeSoon) await this.#waiters.until(size);
    const reached = (this.#note ?? this.#rest)?.size ?? 0;
    const lagMs = reached >= size ? 0 : Math.max(1, await this.#lagMs());
    return { ...this.#view, lagMs };
  }

  /** For how long the first entry it hasn't taken in is there. */
  async #lagMs(): Promise<number> {
    const { epoch, size } = this.#note ?? this.#rest ?? {};
    if (epoch === undefined || size === undefined) return 0;
    const atMs = await writtenMs(this.#with.store, epoch, size);
    return atMs === undefined ? 0 : this.#with.clock.nowMs() - atMs;
  }

  #awake(): void {
    this.#rest = undefined;
    this.#view = { ...this.#view, state: 'starting' };
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
    if ((await this.reach()).state !== 'ready' || this.isEmpty) return undefined;
    const fault = await differenceOf(this.#with.index, this.#reader, () => this.reach());
    if (fault === undefined) return undefined;
    this.#damaged = true;
    this.#waiters.hurry();
    return fault;
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
    this.#rest = undefined;
    this.#view = { ...this.#view, state: 'unavailable', reason };
    this.#waiters.release();
  }

  #isBehind(): boolean {
    const { epoch, size } = this.#with.auditLog.head();
    const place = this.#note ?? this.#rest;
    return place === undefined || place.epoch !== epoch || place.size < size;
  }

  async #keepUp(signal: AbortSignal): Promise<void> {
    if (this.#damaged) {
      this.#with.report('search.rebuilding', { reason: 'damaged' });
      await this.#with.index.hint.forget();
      await this.#with.index.reset();
      this.#damaged = false;
      this.#note = undefined;
    } else if (this.#note === undefined && (await this.#mayRest())) return;
    this.#note ??= await this.#begin();
    while (this.#note.scan !== null) {
      const { scan } = this.#note;
      await this.#pace.step(() => this.#scan(this.#note!, scan), 0, signal);
    }
    const wasBehind = this.#isBehind();
    while (this.#isBehind()) {
      await this.#pace.step((most) => this.#follow(this.#note!, most), await this.#lagMs(), signal);
      // where documents never cease to come, answers say by how much they are behind
      if (this.#view.state !== 'ready' && (await this.#lagMs()) < LATE_MS) await this.#isReady();
    }
    if (this.#view.state !== 'ready' || wasBehind) await this.#isReady();
    this.#waiters.reached(this.#note.size);
    if (wasBehind || !this.#isHinted) {
      await this.#with.index.hint.keep({ note: JSON.stringify(this.#note), documents: this.#view.documents });
      this.#isHinted = true;
    }
  }

  async #isReady(): Promise<void> {
    this.#view = { state: 'ready', documents: await this.#with.index.count(), total: null, reason: null };
  }

  /** Whether all there is to do now is done without the index's thread. Nobody who searches is answered by a hint. */
  async #mayRest(): Promise<boolean> {
    const rest = await this.#rests.find();
    if (rest === undefined || (!rest.isEmpty && this.#waiters.areWaiting)) {
      this.#rests.end();
      if (this.#rest !== undefined) this.#awake();
      return false;
    }
    this.#rest = rest;
    this.#view = { state: 'ready', documents: rest.documents, total: null, reason: null };
    this.#waiters.reached(rest.size);
    return true;
  }

  /** Where the index left off; the beginning of a new one where that isn't a place of this log. */
  async #begin(): Promise<Note> {
    const { store, auditLog, index, report, calendar } = this.#with;
    const noted = await index.open();
    const note = noted === undefined ? undefined : (JSON.parse(noted) as Note);
    const fault = note === undefined ? 'new' : await whyNotOurs(note, this.#with);
    if (note !== undefined && fault === undefined) return note;
    report('search.rebuilding', { reason: fault! });
    this.#view = { state: 'building', documents: 0, total: null, reason: null };
    await index.hint.forget();
    if (note !== undefined) await index.reset();
    const { epoch, size } = auditLog.head();
    const mark = (await markOfLog(store, epoch, size)) ?? '';
    const total = (await this.#reader.count('inbox')) + (await this.#reader.count('outbox'));
    const scan = { box: 'inbox', after: null, total } as const;
    return { epoch, size, mark, calendar: calendarMark(calendar), scan };
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
    await this.#write(ids, note, { ...note, scan }, { box });
    this.#view = { ...this.#view, documents: documents + places.length };
    if (scan === null) report('search.built', { documents: this.#view.documents });
  }

  async #follow(note: Note, most: number): Promise<void> {
    const { store, auditLog } = this.#with;
    const { epoch, size } = auditLog.head();
    const span = { epoch, from: note.size, to: size, most };
    const { documentIds, next } = await changedDocuments(store, span);
    const mark = await markOfLog(store, epoch, next);
    if (mark === undefined) throw new LienthongError('damaged', { where: `audit entry ${next - 1}` });
    const after = { ...note, size: next, mark };
    if (documentIds.length === 0) this.#note = after;
    else await this.#write(documentIds, note, after, { withNamed: true });
    if (this.#view.state === 'ready') this.#waiters.reached(next);
  }

  /** Of a list alone, or with those they name. */
  async #write(
    documentIds: readonly Bytes[],
    before: Note,
    after: Note,
    which: { box?: Box; withNamed?: boolean },
  ): Promise<void> {
    await this.#with.room();
    const notes = { before: JSON.stringify(before), after: JSON.stringify(after) };
    await writeDocuments(this.#with.index, this.#reader, documentIds, { notes, ...which });
    this.#note = after;
  }
}
