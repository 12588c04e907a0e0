/**
 * What a node needs no index's thread for, which costs 7 MB for good once it ran: a store without documents, and, at a
 * start, an index that had all (search/index-hint.ts). What the log has got since is read; when an entry names a
 * document, the thread's time has come. A hint holds until the index was asked, never against it: a wrong one costs the
 * first search the time of finding out. Used by IndexFeed.
 */

import type { IndexHint } from '../search/index-hint.ts';
import { changedDocuments, markOfLog } from '../store/audit-feed.ts';
import { type Note, type NoteComponents, whyNotOurs } from './index-note.ts';
import { BATCH, type IndexReader } from './index-reader.ts';

/** Up to this place of the log there is nothing for the thread to do. */
export interface Rest {
  epoch: number;
  size: number;
  documents: number;
  /** Not a hint but what the store says: it holds no document. */
  isEmpty: boolean;
}

export class IndexRest {
  readonly #with: NoteComponents & { reader: IndexReader; hint: IndexHint };
  #hinted: { note: Note; documents: number } | undefined;
  #isOver = false;

  constructor(components: NoteComponents & { reader: IndexReader; hint: IndexHint }) {
    this.#with = components;
  }

  /** Up to the log's end of now; undefined where the thread is needed. */
  async find(): Promise<Rest | undefined> {
    const { auditLog, reader } = this.#with;
    const { epoch, size } = auditLog.head();
    if (await reader.isEmpty()) return { epoch, size, documents: 0, isEmpty: true };
    const hinted = this.#isOver ? undefined : await this.#upTo(epoch, size).catch(() => undefined);
    if (hinted === undefined) this.#isOver = true;
    return hinted && { epoch, size, documents: hinted.documents, isEmpty: false };
  }

  /** The index is being asked: from now on it says itself how far it is. */
  end(): void {
    this.#isOver = true;
  }

  /** Throws for a hint no node of ours writes. */
  async #upTo(epoch: number, size: number): Promise<{ documents: number } | undefined> {
    const { store, hint } = this.#with;
    this.#hinted ??= await this.#read();
    if (this.#hinted === undefined) return undefined;
    const { note: hinted, documents } = this.#hinted;
    let at = hinted.size;
    while (at < size) {
      const { documentIds, next } = await changedDocuments(store, { epoch, from: at, to: size, most: BATCH });
      if (documentIds.length > 0) return undefined;
      at = next;
    }
    const mark = await markOfLog(store, epoch, at);
    if (mark === undefined) return undefined;
    if (at > hinted.size) {
      const note = { ...hinted, size: at, mark };
      this.#hinted = { note, documents };
      await hint.keep({ note: JSON.stringify(note), documents });
    }
    return { documents };
  }

  async #read(): Promise<{ note: Note; documents: number } | undefined> {
    const hinted = await this.#with.hint.read();
    if (hinted === undefined) return undefined;
    const note = JSON.parse(hinted.note) as Note;
    const isWhole = note.scan === null && (await whyNotOurs(note, this.#with)) === undefined;
    return isWhole ? { note, documents: hinted.documents } : undefined;
  }
}
