/**
 * Documents this node holds, sent, received or both, with every index that finds them: exchange id, legal number (R9),
 * same submission, lists by time, and the references that keep their attachments. Writes are built here and
 * committed by who owns the transaction (outbox, inbox): a document and its index rows are one batch.
 */
import { type DocumentRow, documentRow } from '../../proto/messages.ts';
import { type Bytes, compareBytes, EMPTY, hex } from '../core/bytes.ts';
import type { Precondition, Reader, Write } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange, textRange } from './keys.ts';

export interface NumberKey {
  issuer: string;
  year: string;
  number: string;
  notation: string;
}

export const documentKey = (id: Bytes): Bytes => key(PREFIX.document, id);
const numberKey = (of: NumberKey): Bytes =>
  key(PREFIX.documentNumber, of.issuer, of.year, of.number.toUpperCase(), of.notation.toUpperCase());
const submissionKey = (system: string, token: string): Bytes => key(PREFIX.submission, system, token);
export const blobReferenceKey = (sha256: Bytes, documentId: Bytes): Bytes =>
  key(PREFIX.blobReference, sha256, documentId);
const exchangeIdKey = (exchangeId: string): Bytes => key(PREFIX.exchangeId, exchangeId);

export type Box = 'inbox' | 'outbox';

/**
 * Since when a document is in a box; undefined where it isn't. One that went from one unit of this seat to another is in
 * both: `outgoing` says that it was sent from here, not that it didn't arrive here.
 */
export function inBoxSinceMs(
  { outgoing, storedAtMs, arrivedAtMs }: Pick<DocumentRow, 'outgoing' | 'storedAtMs' | 'arrivedAtMs'>,
  box: Box,
): number | undefined {
  if (outgoing === (box === 'outbox')) return storedAtMs;
  return box === 'inbox' && arrivedAtMs > 0 ? arrivedAtMs : undefined;
}

/** The boxes a document is in, that of its sender first. */
export const boxesOf = (row: DocumentRow): Box[] =>
  (['outbox', 'inbox'] as const).filter((box) => inBoxSinceMs(row, box) !== undefined);

/** Rows of a new document, whichever side it is on. `exchangeId` as UUID text; `files` are the blobs it keeps, by SHA-256. */
export function documentWrites(row: DocumentRow, exchangeId: string, files: readonly Bytes[]): Write[] {
  const list = row.outgoing ? PREFIX.outboxList : PREFIX.inboxList;
  return [
    { put: documentKey(row.documentId), value: documentRow.encode(row) },
    { put: exchangeIdKey(exchangeId), value: row.documentId },
    { put: key(list, row.storedAtMs, row.documentId), value: EMPTY },
    ...blobReferenceWrites(files, row.documentId),
  ];
}

/** A document of this seat arrived at one of its own units: into the other list too, the first time, if it is still what it was. */
export function arrivedHere(
  row: DocumentRow,
  arrivedAtMs: number,
): { require: Precondition[]; writes: Write[] } {
  if (!row.outgoing || row.arrivedAtMs > 0) return { require: [], writes: [] };
  const { require, writes } = documentChange(row, { ...row, arrivedAtMs } as DocumentRow);
  return {
    require,
    writes: [...writes, { put: key(PREFIX.inboxList, arrivedAtMs, row.documentId), value: EMPTY }],
  };
}

/** What keeps the files of a document. */
export const blobReferenceWrites = (files: readonly Bytes[], documentId: Bytes): Write[] =>
  files.map((sha256) => ({ put: blobReferenceKey(sha256, documentId), value: EMPTY }));

/** One row in place of another, if it is still that one. */
export const documentChange = (before: DocumentRow, after: DocumentRow) => ({
  require: [{ key: documentKey(before.documentId), expect: documentRow.encode(before) }],
  writes: [{ put: documentKey(after.documentId), value: documentRow.encode(after) }],
});

/** A document is written once: nothing may be there yet. */
export const documentAbsent = (id: Bytes): Precondition => ({ key: documentKey(id), expect: 'absent' });

export const numberWrite = (of: NumberKey, documentId: Bytes): Write => ({
  put: numberKey(of),
  value: documentId,
});
export const numberUnchanged = (of: NumberKey, holder: Bytes | undefined): Precondition => ({
  key: numberKey(of),
  expect: holder ?? 'absent',
});

/** `token` is the idempotency key, or the hash of what was submitted where the door has none. */
export const submissionWrite = (system: string, token: string, documentId: Bytes, hash: Bytes): Write => ({
  put: submissionKey(system, token),
  value: Buffer.concat([documentId, hash]),
});

export const submissionUnchanged = (
  system: string,
  token: string,
  value: Bytes | undefined,
): Precondition => ({
  key: submissionKey(system, token),
  expect: value ?? 'absent',
});

export async function getDocument(store: Reader, id: Bytes): Promise<DocumentRow | undefined> {
  const value = await store.get(documentKey(id));
  return value && documentRow.parse(value);
}

export const getNumberHolder = (store: Reader, of: NumberKey): Promise<Bytes | undefined> =>
  store.get(numberKey(of));

export async function getSubmission(
  store: Reader,
  system: string,
  token: string,
): Promise<{ documentId: Bytes; hash: Bytes } | undefined> {
  const value = await store.get(submissionKey(system, token));
  return value && { documentId: value.slice(0, 32), hash: value.slice(32) };
}

export const senderExchangeIdKey = (agency: string, exchangeId: string): Bytes =>
  key(PREFIX.senderExchangeId, agency, exchangeId);

export const getByExchangeId = (store: Reader, exchangeId: string): Promise<Bytes | undefined> =>
  store.get(exchangeIdKey(exchangeId));

/** Document ids whose exchange id starts with a text, at most `limit`. */
export async function findByExchangeId(store: Reader, start: string, limit: number): Promise<Bytes[]> {
  const found: Bytes[] = [];
  for await (const { value } of store.range({
    ...textRange(start.toLowerCase(), PREFIX.exchangeId),
    limit,
  })) {
    found.push(value);
  }
  return found;
}

const listPrefix = (box: Box) => (box === 'outbox' ? PREFIX.outboxList : PREFIX.inboxList);

export interface ListPosition {
  storedAtMs: number;
  documentId: Bytes;
}

/** Newest first, from after `position` on, stored before `untilMs`, back to `sinceMs`; the caller stops when it has enough. */
export async function* listDocuments(
  store: Reader,
  box: Box,
  options: { before?: ListPosition; sinceMs?: number; untilMs?: number },
): AsyncGenerator<ListPosition> {
  const { before, sinceMs = 0, untilMs } = options;
  const prefix = listPrefix(box);
  const gte = key(prefix, Math.max(0, sinceMs));
  const end = untilMs === undefined ? key(prefix + 1) : key(prefix, Math.max(0, untilMs));
  const from = before && key(prefix, before.storedAtMs, before.documentId);
  const lt = from !== undefined && compareBytes(from, end) < 0 ? from : end;
  for await (const entry of store.range({ gte, lt, reverse: true })) {
    const [storedAtMs, documentId] = partsOf(entry.key, ['number', 'bytes']);
    yield { storedAtMs, documentId };
  }
}

/** Oldest first, from after `position` on; all of them without a limit. */
export async function* documentsAfter(
  store: Reader,
  box: Box,
  position: ListPosition | undefined,
  limit: number | undefined,
): AsyncGenerator<ListPosition> {
  const prefix = listPrefix(box);
  const from = position
    ? { gt: key(prefix, position.storedAtMs, position.documentId) }
    : { gte: key(prefix) };
  for await (const entry of store.range({
    ...from,
    lt: key(prefix + 1),
    ...(limit !== undefined && { limit }),
  })) {
    const [storedAtMs, documentId] = partsOf(entry.key, ['number', 'bytes']);
    yield { storedAtMs, documentId };
  }
}

/** Whether any document here names this blob: what keeps the collector's hands off. */
export async function isBlobReferenced(store: Reader, sha256: Bytes): Promise<boolean> {
  const gte = key(PREFIX.blobReference, sha256);
  for await (const entry of store.range({ gte, limit: 1 })) {
    return hex(entry.key).startsWith(hex(gte));
  }
  return false;
}

/** Documents that name this blob, at most `limit`. */
export async function* documentsWithBlob(store: Reader, sha256: Bytes, limit: number): AsyncGenerator<Bytes> {
  for await (const { key: of } of store.range({ ...prefixRange(PREFIX.blobReference, sha256), limit })) {
    const [, documentId] = partsOf(of, ['bytes', 'bytes']);
    yield documentId;
  }
}

/** Documents of a box, counted up to 100,000: beyond that the number is known to be large. */
export async function countDocuments(store: Reader, box: Box): Promise<number> {
  let count = 0;
  for await (const _ of store.range({
    ...prefixRange(listPrefix(box)),
    limit: 100_000,
  }))
    count++;
  return count;
}
