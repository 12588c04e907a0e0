/** Compares an index with the store, document by document: for `node check`. Minutes for a large store. Used by IndexFeed. */
import type { Bytes } from '../core/bytes.ts';
import type { Box } from '../search/index-calls.ts';
import type { SearchIndex } from '../search/search-index.ts';
import { BOXES, type IndexReader } from './index-reader.ts';

/** What differs, in words; undefined where nothing does. What changes meanwhile is looked at again after `reach`. */
export async function differenceOf(
  index: SearchIndex,
  reader: IndexReader,
  reach: () => Promise<unknown>,
): Promise<string | undefined> {
  const fault = await index.inspect();
  if (fault !== undefined) return fault;
  const differing = async (documentIds: readonly Bytes[], box: Box): Promise<number> => {
    const { missing, different } = await index.compare(await reader.entries(documentIds, box));
    return missing + different;
  };
  for (const box of BOXES) {
    let places = await reader.placesAfter(box, undefined);
    while (places.length > 0) {
      const ids = places.map(({ documentId }) => documentId);
      if ((await differing(ids, box)) > 0) {
        await reach();
        const count = await differing(ids, box);
        if (count > 0) return `${count} of ${ids.length} documents in ${box}`;
      }
      places = await reader.placesAfter(box, places.at(-1));
    }
  }
  return undefined;
}
