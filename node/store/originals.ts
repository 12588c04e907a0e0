/**
 * The edXML messages documents and statuses were imported from, kept whole: files like attachments, with a row that says
 * which file is whose. Only where they were imported. Writes are committed with the document or the status.
 */
import { type ImportedOriginalRow, importedOriginalRow } from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import type { DeliveryKey, StatusPlace } from './deliveries.ts';
import { blobReferenceWrites } from './documents.ts';
import type { Precondition, Reader, Write } from './key-value.ts';
import { key, PREFIX, partsOf, prefixRange } from './keys.ts';

export interface ImportedFile {
  sha256: Bytes;
  size: number;
  importedAtMs: number;
}

const statusKey = ({ documentId, unit }: DeliveryKey, { side, sequence }: StatusPlace): Bytes =>
  key(PREFIX.importedStatus, documentId, unit, side, sequence);

/** The row, and what keeps the file from being collected. */
export const originalWrites = (documentId: Bytes, file: ImportedFile): Write[] => [
  { put: key(PREFIX.importedOriginal, documentId), value: importedOriginalRow.encode(file) },
  ...blobReferenceWrites([file.sha256], documentId),
];

/** As `originalWrites`, of an entry of a chain. */
export const statusOriginalWrites = (of: DeliveryKey, place: StatusPlace, file: ImportedFile): Write[] => [
  { put: statusKey(of, place), value: importedOriginalRow.encode(file) },
  ...blobReferenceWrites([file.sha256], of.documentId),
];

/** An entry keeps the file that came first. */
export const statusOriginalAbsent = (of: DeliveryKey, place: StatusPlace): Precondition => ({
  key: statusKey(of, place),
  expect: 'absent',
});

export async function getOriginal(
  store: Reader,
  documentId: Bytes,
): Promise<ImportedOriginalRow | undefined> {
  const value = await store.get(key(PREFIX.importedOriginal, documentId));
  return value && importedOriginalRow.parse(value);
}

export async function getStatusOriginal(
  store: Reader,
  of: DeliveryKey,
  place: StatusPlace,
): Promise<ImportedOriginalRow | undefined> {
  const value = await store.get(statusKey(of, place));
  return value && importedOriginalRow.parse(value);
}

/** Those of documents and of statuses. */
export async function* originalsOf(
  store: Reader,
): AsyncGenerator<{ documentId: Bytes; row: ImportedOriginalRow }> {
  for await (const { key: of, value } of store.range(prefixRange(PREFIX.importedOriginal))) {
    const [documentId] = partsOf(of, ['bytes']);
    yield { documentId, row: importedOriginalRow.parse(value) };
  }
  for await (const { key: of, value } of store.range(prefixRange(PREFIX.importedStatus))) {
    const [documentId] = partsOf(of, ['bytes', 'text', 'number', 'number']);
    yield { documentId, row: importedOriginalRow.parse(value) };
  }
}
