/**
 * Recipients as an imported edXML message wrote them (address, e-mail, telephone …): beside the deliveries, at the sender
 * alone. Nothing of it is signed or sent: the document is the same for everyone. Written with the delivery.
 */
import { type ImportedRecipientRow, importedRecipientRow, type lienthong } from '../../proto/messages.ts';
import type { DeliveryKey } from './deliveries.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX } from './keys.ts';

export type ImportedRecipient = lienthong.v1.ImportedRecipientRow.$Properties;

export const importedRecipientWrite = ({ documentId, unit }: DeliveryKey, as: ImportedRecipient): Write => ({
  put: key(PREFIX.importedRecipient, documentId, unit),
  value: importedRecipientRow.encode(as),
});

export async function getImportedRecipient(
  store: Reader,
  { documentId, unit }: DeliveryKey,
): Promise<ImportedRecipientRow | undefined> {
  const value = await store.get(key(PREFIX.importedRecipient, documentId, unit));
  return value && importedRecipientRow.parse(value);
}
