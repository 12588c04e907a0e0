/**
 * A document as the search index takes it in, and a list's filters as the index compares them: the two must agree.
 * WARNING: persisted in the index; a change here is a new INDEX_VERSION (search/index-file.ts).
 */
import type { DocumentItem, ListQuery } from '../core/views.ts';
import type { IndexEntry, Moment } from '../search/index-calls.ts';
import { facet, unitAndAbove } from '../search/words.ts';
import { type Box, inBoxSinceMs } from '../store/documents.ts';
import type { HeldDocument } from './library.ts';

/** Of a box the document is in. */
export function indexEntry(
  { row, content }: HeldDocument,
  box: Box,
  item: DocumentItem,
  moments: Moment[],
): IndexEntry {
  return {
    box,
    storedAtMs: inBoxSinceMs(row, box)!,
    documentId: row.documentId,
    fields: [
      item.subject,
      // in one field, so that 274/QĐ-TTg is found as it is written
      `${item.number} ${item.notation}`,
      item.type,
      item.from,
      item.fromName ?? '',
      content.signer?.name ?? '',
      content.signer?.position ?? '',
    ],
    facets: [
      ...unitAndAbove(item.from).map((unit) => facet('from', unit)),
      ...item.to.flatMap((to) => unitAndAbove(to).map((unit) => facet('to', unit))),
      facet('state', item.state),
      facet('status', item.status ?? ''),
      ...OPEN.filter((kind) => moments.some((moment) => moment.kind === kind)).map((kind) =>
        facet('open', kind),
      ),
    ],
    moments,
  };
}

/** Clocks a list is filtered by. */
const OPEN = ['waiting', 'due'] as const;

/** What a document must have to be in the list; its text and times are asked for apart. */
export const facetsOf = ({ from, to, state, status, waiting, overdue }: ListQuery): string[] => [
  ...Object.entries({ from, to, state, status }).flatMap(([kind, value]) =>
    value === undefined ? [] : facet(kind, value),
  ),
  ...(waiting ? [facet('open', 'waiting')] : []),
  ...(overdue ? [facet('open', 'due')] : []),
];

/** The same of what the store holds now. */
export function matches(
  item: DocumentItem,
  { from, to, state, status, waiting, overdue }: ListQuery,
): boolean {
  const isIn = (code: string, unit: string) => code === unit || code.startsWith(`${unit}.`);
  return (
    (from === undefined || isIn(item.from, from)) &&
    (to === undefined || item.to.some((code) => isIn(code, to))) &&
    (state === undefined || item.state === state) &&
    (status === undefined || item.status === status) &&
    (!waiting || (item.clocks?.waiting.length ?? 0) > 0) &&
    (!overdue || (item.clocks?.overdue.length ?? 0) > 0)
  );
}
