/**
 * Which documents name which: rows from the document that is named to the one that names it, written with the latter, so
 * that either may come first. And documents by their edXML DocumentId where the number doesn't find them.
 */
import { type Document, type DocumentRow, type RelationRow, relationRow } from '../../proto/messages.ts';
import { type Bytes, EMPTY } from '../core/bytes.ts';
import type { Reader, Write } from './key-value.ts';
import { type KeyPart, key, type PartKind, PREFIX, partsOf, prefixOf, prefixRange } from './keys.ts';

/** Wire numbers of Relation.kind. WARNING: signed and persisted. */
export const RELATION = { answers: 1, recalls: 2, updates: 3, replaces: 4, corrects: 5 } as const;

/** Of one sender and kind: whoever knows a document's id may name it, so each sender has its own room. */
const MOST_OF_SENDER = 100;
/** Agencies that are looked through: more than there are. */
const MOST_SENDERS = 500;

/** One document that names another: `documentId` is its own. */
export interface NamingRow {
  kind: number;
  sender: string;
  documentId: Bytes;
  row: RelationRow;
}

export function relationWrites(
  content: Pick<Document, 'relations' | 'senderAgency' | 'issuer' | 'legalId' | 'number' | 'notation'>,
  { documentId, exchangeId, storedAtMs, outgoing }: DocumentRow,
): Write[] {
  const { relations, senderAgency, issuer, legalId, number, notation } = content;
  return relations.flatMap(({ kind, documentId: named, units }) => {
    if (!named?.byteLength || !kind) return [];
    const row = { exchangeId, storedAtMs, outgoing, issuer: issuer.code, legalId, number, notation };
    const value = relationRow.encode({ ...row, units: units ?? [] });
    return [{ put: key(PREFIX.relation, named, kind, senderAgency, documentId), value }];
  });
}

/** What names a document in one way: of one sender, or of each. */
export async function namedBy(
  store: Reader,
  documentId: Bytes,
  kind: number,
  sender?: string,
): Promise<NamingRow[]> {
  const found: NamingRow[] = [];
  const senders = sender === undefined ? await sendersAt(store, PREFIX.relation, documentId, kind) : [sender];
  for (const of of senders) {
    const range = { ...prefixRange(PREFIX.relation, documentId, kind, of), limit: MOST_OF_SENDER };
    for await (const entry of store.range(range)) {
      const [, , , by] = partsOf(entry.key, ['bytes', 'number', 'text', 'bytes']);
      found.push({ kind, sender: of, documentId: by, row: relationRow.parse(entry.value) });
    }
  }
  return found;
}

/** Whether anything names a document. */
export async function isNamed(store: Reader, documentId: Bytes): Promise<boolean> {
  for await (const _ of store.range({ ...prefixRange(PREFIX.relation, documentId), limit: 1 })) return true;
  return false;
}

/** The agencies that stand next in the keys that begin so: one seek each, however many keys each has. */
async function sendersAt(store: Reader, prefix: number, ...parts: KeyPart[]): Promise<string[]> {
  const senders: string[] = [];
  const { gte, lt } = prefixRange(prefix, ...parts);
  for (let from = gte; senders.length < MOST_SENDERS; ) {
    let next: string | undefined;
    for await (const entry of store.range({ gte: from, lt, limit: 1 })) {
      const shape = [...parts.map(partKindOf), 'text'] as PartKind[];
      next = prefixOf(entry.key, shape).parts.at(-1) as string;
    }
    if (next === undefined) break;
    senders.push(next);
    from = prefixRange(prefix, ...parts, next).lt;
  }
  return senders;
}

const partKindOf = (part: KeyPart): PartKind =>
  typeof part === 'number' ? 'number' : typeof part === 'string' ? 'text' : 'bytes';

/** DocumentId of edXML, "<OrganId>,<yyyy/MM/dd>,<number>/<notation>" as far as it is the issuer's own. */
export const legalIdOf = (issuer: string, date: string, number: string, notation: string): string =>
  `${issuer},${date.replaceAll('-', '/')},${number}/${notation}`;

/** Of a document that has one: what an imported answer or recall names. */
export const legalIdWrites = (
  { legalId, senderAgency }: Pick<Document, 'legalId' | 'senderAgency'>,
  { storedAtMs, documentId }: Pick<DocumentRow, 'storedAtMs' | 'documentId'>,
): Write[] =>
  legalId === ''
    ? []
    : [{ put: key(PREFIX.legalId, legalId, senderAgency, storedAtMs, documentId), value: EMPTY }];

/** Documents that bear an id, of each sender the newest first, at most `limit` of each: anyone may write any id on its own. */
export async function findByLegalId(store: Reader, legalId: string, limit: number): Promise<Bytes[]> {
  const found: Bytes[] = [];
  for (const sender of await sendersAt(store, PREFIX.legalId, legalId)) {
    const range = { ...prefixRange(PREFIX.legalId, legalId, sender), reverse: true, limit };
    for await (const entry of store.range(range)) {
      const [, , , documentId] = partsOf(entry.key, ['text', 'text', 'number', 'bytes']);
      found.push(documentId);
    }
  }
  return found;
}
