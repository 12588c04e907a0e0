/**
 * Documents into the index, as the store holds them now, in transactions of bounded size. What is indexed before the last
 * of them is so without the note: indexed again after a crash, to the same end. Used by IndexFeed.
 */
import { type Bytes, hex } from '../core/bytes.ts';
import type { Box, IndexEntry } from '../search/index-calls.ts';
import type { SearchIndex } from '../search/search-index.ts';
import { AT_ONCE, type IndexReader } from './index-reader.ts';

/** A document has one or two for each of up to 2,000 recipients: a transaction holds about so many. */
const PART_FACETS = 10_000;

/** Of these documents (in one box, or in each they are in) and, where asked, of those they name. `notes` are of the index before and after all of them. */
export async function writeDocuments(
  index: SearchIndex,
  reader: IndexReader,
  documentIds: readonly Bytes[],
  { notes, box, withNamed }: { notes: { before: string; after: string }; box?: Box; withNamed?: boolean },
): Promise<void> {
  let part: IndexEntry[] = [];
  let facets = 0;
  const known = new Set(documentIds.map(hex));
  const all = [...documentIds];
  for (let at = 0; at < all.length; ) {
    // what the named ones name isn't changed by this
    const isNamed = at >= documentIds.length;
    const end = isNamed ? at + AT_ONCE : Math.min(at + AT_ONCE, documentIds.length);
    const { entries, named } = await reader.read(all.slice(at, end), box);
    at = end;
    for (const id of withNamed && !isNamed ? named : []) {
      if (known.has(hex(id))) continue;
      known.add(hex(id));
      all.push(id);
    }
    for (const entry of entries) {
      part.push(entry);
      facets += entry.facets.length;
    }
    if (facets < PART_FACETS) continue;
    await index.write(part, notes.before);
    part = [];
    facets = 0;
  }
  await index.write(part, notes.after);
}
