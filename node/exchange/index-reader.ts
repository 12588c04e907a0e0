/**
 * What the index feed reads: documents as entries of the index, and the lists from the oldest document on. Every read is
 * of a bounded number of documents.
 */
import { type Bytes, EMPTY, hex } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import { inGroups } from '../core/in-groups.ts';
import type { DocumentItem } from '../core/views.ts';
import type { IndexEntry } from '../search/index-calls.ts';
import { type Box, boxesOf, documentsAfter, getDocument, type ListPosition } from '../store/documents.ts';
import type { KeyValueStore, Reader } from '../store/key-value.ts';
import { OnceReader } from '../store/once-reader.ts';
import { type ClockReader, momentsOf } from './clock-reader.ts';
import { indexEntry } from './index-entry.ts';
import { type HeldDocument, held } from './library.ts';
import type { Report } from './ports.ts';

/** Documents named by one that are indexed again with it. */
const MOST_NAMED = 20;
/** Log entries and documents of one transaction: some tens of milliseconds of the index's thread. */
export const BATCH = 200;
/** Documents read at once: one may be more than a megabyte. */
export const AT_ONCE = 10;
export const BOXES = ['inbox', 'outbox'] as const;

export interface IndexReaderComponents {
  store: KeyValueStore;
  /** What a list shows of a document. */
  itemOf: (document: HeldDocument, box: Box, store: Reader) => Promise<DocumentItem>;
  clocks: ClockReader;
  report: Report;
}

export class IndexReader {
  readonly #with: IndexReaderComponents;

  constructor(components: IndexReaderComponents) {
    this.#with = components;
  }

  /**
   * As the store holds them now, in one box or in each they are in. An id may be of a document that was refused; a damaged
   * one is passed over and named.
   */
  async entries(documentIds: readonly Bytes[], box?: Box): Promise<IndexEntry[]> {
    return (await this.read(documentIds, box)).entries;
  }

  /** And which documents these name: a reply changes what is shown of the one it answers. */
  async read(documentIds: readonly Bytes[], box?: Box): Promise<{ entries: IndexEntry[]; named: Bytes[] }> {
    const found = (await inGroups(documentIds, AT_ONCE, (id) => this.#read(id, box))).filter(
      (one) => one !== undefined,
    );
    return {
      entries: found.flatMap(({ entries }) => entries),
      named: found.flatMap(({ named }) => named),
    };
  }

  async #read(documentId: Bytes, only?: Box): Promise<{ entries: IndexEntry[]; named: Bytes[] } | undefined> {
    const { store, itemOf, clocks, report } = this.#with;
    try {
      const row = await getDocument(store, documentId);
      if (row === undefined) return undefined;
      const document = held(row);
      const once = new OnceReader(store);
      const entries: IndexEntry[] = [];
      for (const box of boxesOf(row)) {
        if (box !== (only ?? box)) continue;
        const moments = momentsOf(await clocks.of(document, box, once));
        entries.push(indexEntry(document, box, await itemOf(document, box, once), moments));
      }
      const named = document.content.relations.map((relation) => relation.documentId ?? EMPTY);
      return {
        entries,
        // a document that names hundreds changes what is shown of a few at once; the rest is read when it is shown
        named: named.filter(({ byteLength }) => byteLength > 0).slice(0, MOST_NAMED),
      };
    } catch (error) {
      if (!isLienthongError(error, 'damaged')) throw error;
      report('search.passed-over', { document: hex(documentId), reason: 'damaged' });
      return undefined;
    }
  }

  /** The next batch of a list after a place, oldest first. */
  async placesAfter(box: Box, after: ListPosition | undefined): Promise<ListPosition[]> {
    const places: ListPosition[] = [];
    for await (const place of documentsAfter(this.#with.store, box, after, BATCH)) places.push(place);
    return places;
  }

  /** Whether the store holds no document. */
  async isEmpty(): Promise<boolean> {
    for (const box of BOXES)
      for await (const _ of documentsAfter(this.#with.store, box, undefined, 1)) return false;
    return true;
  }

  /** Documents of a box; a second for a million. */
  async count(box: Box): Promise<number> {
    let count = 0;
    for await (const _ of documentsAfter(this.#with.store, box, undefined, undefined)) count++;
    return count;
  }
}
