/** Generated documents for tests of the index, and the plain reading of the same questions. */
import { createHash } from 'node:crypto';
import type { IndexEntry } from '../../node/search/index-calls.ts';

const WORDS = 'Quyết định phê duyệt Đề án phát triển hệ thống đường bộ đô thị năm về việc'.split(' ');
const UNITS = ['H37', 'H37.02', 'H37.02.03', 'H40', 'G22'];
const STATES = ['queued', 'delivered', 'refused'];

/** The same for the same seed; several documents in one millisecond. */
export function entryOf(seed: number, facetsOf: (of: { from: string; state: string }) => string[]) {
  let state = seed * 2654435761 + 12345;
  const draw = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  const subject = Array.from({ length: 3 + draw(8) }, () => WORDS[draw(WORDS.length)]).join(' ');
  const from = UNITS[draw(UNITS.length)]!;
  const transport = STATES[draw(STATES.length)]!;
  const number = String(1 + draw(40));
  const entry: IndexEntry = {
    box: draw(3) === 0 ? 'outbox' : 'inbox',
    storedAtMs: 1_700_000_000_000 + Math.floor(seed / 3),
    documentId: new Uint8Array(createHash('sha256').update(String(seed)).digest()),
    fields: [subject, `${number} QĐ-TTg`],
    facets: facetsOf({ from, state: transport }),
    moments: [],
  };
  return { entry, subject, number, from, state: transport };
}
