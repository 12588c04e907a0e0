/**
 * The audit log read as a feed: which documents changed since an entry. Every commit that changes what a list shows of
 * a document carries an audit entry with a field `document` (its id in hex), in the same durable step, so whoever has
 * read the log up to an entry has seen all changes up to there; no row is written for it.
 */
import { auditLeaf } from '../../proto/messages.ts';
import { type Bytes, hex, parseHex, SHA256_BYTES, sha256 } from '../core/bytes.ts';
import { leafKey } from './audit-tree.ts';
import type { Reader } from './key-value.ts';

/** The field of an audit entry that names the document it is about. WARNING: persisted. */
export const DOCUMENT_FIELD = 'document';

export interface ChangedDocuments {
  /** Each once, in the order of their last change here. */
  documentIds: Bytes[];
  /** The first entry not looked at. */
  next: number;
}

/** Looks at entries `from` to before `to` of an epoch, at most `most` of them. */
export async function changedDocuments(
  store: Reader,
  { epoch, from, to, most }: { epoch: number; from: number; to: number; most: number },
): Promise<ChangedDocuments> {
  const changed = new Map<string, Bytes>();
  const next = Math.min(to, from + most);
  for await (const { value } of store.range({ gte: leafKey(epoch, from), lt: leafKey(epoch, next) })) {
    for (const { name, value: text } of auditLeaf.parse(value).fields) {
      const id = name === DOCUMENT_FIELD ? parseHex(text ?? '') : undefined;
      if (id?.byteLength !== SHA256_BYTES) continue;
      changed.delete(hex(id));
      changed.set(hex(id), id);
    }
  }
  return { documentIds: [...changed.values()], next };
}

/** What names the log up to an entry: the SHA-256 of that entry, which is salted; empty before the first. */
export async function markOfLog(store: Reader, epoch: number, size: number): Promise<string | undefined> {
  if (size === 0) return '';
  const leaf = await store.get(leafKey(epoch, size - 1));
  return leaf && hex(sha256(leaf));
}

/** When an entry was written; undefined where there is none. */
export async function writtenMs(store: Reader, epoch: number, index: number): Promise<number | undefined> {
  const leaf = await store.get(leafKey(epoch, index));
  return leaf && auditLeaf.parse(leaf).atMs;
}
