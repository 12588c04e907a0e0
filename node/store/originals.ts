/**
 * The edXML messages documents were imported from, kept whole: files like attachments, with a row that says which file is
 * the document's. Only where they were imported. Writes are committed with the document.
 */
import { type ImportedOriginalRow, importedOriginalRow } from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import { blobReferenceWrites } from './documents.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from './keys.ts';

/** The row, and what keeps the file from being collected. */
export const originalWrites = (
  documentId: Bytes,
  { sha256, size, importedAtMs }: { sha256: Bytes; size: number; importedAtMs: number },
): Write[] => [
  {
    put: key(PREFIX.importedOriginal, documentId),
    value: importedOriginalRow.encode({ sha256, size, importedAtMs }),
  },
  ...blobReferenceWrites([sha256], documentId),
];

export async function getOriginal(
  store: Reader,
  documentId: Bytes,
): Promise<ImportedOriginalRow | undefined> {
  const value = await store.get(key(PREFIX.importedOriginal, documentId));
  return value && importedOriginalRow.parse(value);
}

export async function* originalsOf(
  store: Reader,
): AsyncGenerator<{ documentId: Bytes; row: ImportedOriginalRow }> {
  for await (const { key: of, value } of store.range(prefixRange(PREFIX.importedOriginal))) {
    const [documentId] = partsOf(of, ['bytes']);
    yield { documentId, row: importedOriginalRow.parse(value) };
  }
}
