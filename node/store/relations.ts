/**
 * Which documents name which: rows from the document that is named to the one that names it, written with the latter, so
 * that either may come first. And documents by their edXML DocumentId where the number doesn't find them.
 */
import type { Document } from '../../proto/messages.ts';
import { type Bytes, EMPTY } from '../core/bytes.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from './keys.ts';

/** Wire numbers of Relation.kind. WARNING: signed and persisted. */
export const RELATION = { answers: 1, recalls: 2, updates: 3, replaces: 4, corrects: 5 } as const;

/** Documents that name one, at most this many are read: a circular may be answered by every agency. */
const MOST_NAMED = 1_000;

export function relationWrites({ relations }: Pick<Document, 'relations'>, documentId: Bytes): Write[] {
  const writes: Write[] = [];
  for (const { kind, documentId: named } of relations) {
    if (named && named.byteLength > 0 && kind)
      writes.push({ put: key(PREFIX.relation, named, kind, documentId), value: EMPTY });
  }
  return writes;
}

/** Documents that name this one, by kind. */
export async function namedBy(
  store: Reader,
  documentId: Bytes,
): Promise<{ kind: number; documentId: Bytes }[]> {
  const found: { kind: number; documentId: Bytes }[] = [];
  for await (const entry of store.range({ ...prefixRange(PREFIX.relation, documentId), limit: MOST_NAMED })) {
    const [, kind, by] = partsOf(entry.key, ['bytes', 'number', 'bytes']);
    found.push({ kind, documentId: by });
  }
  return found;
}

/** DocumentId of edXML, "<OrganId>,<yyyy/MM/dd>,<number>/<notation>" as far as it is the issuer's own. */
export const legalIdOf = (issuer: string, date: string, number: string, notation: string): string =>
  `${issuer},${date.replaceAll('-', '/')},${number}/${notation}`;

/** Of a document that has one: what an imported answer or recall names. */
export const legalIdWrites = (
  { legalId }: Pick<Document, 'legalId'>,
  { storedAtMs, documentId }: { storedAtMs: number; documentId: Bytes },
): Write[] =>
  legalId === '' ? [] : [{ put: key(PREFIX.legalId, legalId, storedAtMs, documentId), value: EMPTY }];

/** Newest first. */
export async function findByLegalId(store: Reader, legalId: string, limit: number): Promise<Bytes[]> {
  const found: Bytes[] = [];
  const range = { ...prefixRange(PREFIX.legalId, legalId), reverse: true, limit };
  for await (const entry of store.range(range)) {
    const [, , documentId] = partsOf(entry.key, ['text', 'number', 'bytes']);
    found.push(documentId);
  }
  return found;
}
