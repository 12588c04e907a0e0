/** Writes batch after batch into the index of a folder and says which is answered, until it is killed. */
import { systemClock } from '../../node/core/clock.ts';
import { SearchIndex } from '../../node/search/search-index.ts';
import { facet } from '../../node/search/words.ts';
import { entryOf } from './index-entries.ts';

const [dir, once] = process.argv.slice(2);
const BATCH = 20;
const index = new SearchIndex({ dir: dir!, clock: systemClock });
for (let note = Number((await index.open()) ?? 0); ; ) {
  const entries = Array.from(
    { length: BATCH },
    (_, i) => entryOf(note * BATCH + i, ({ state }) => [facet('state', state)]).entry,
  );
  note++;
  await index.write(entries, String(note));
  process.send?.(note);
  if (once) break;
}
await index.stop();
process.disconnect?.();
