/**
 * Attachments of up to 64 KiB rest in the key-value store itself: they become durable with the document's own
 * commit, so a small document costs no file and no further fsync. Larger ones are files (blobs.ts). Their keys grow
 * with time: LevelDB moves such tables down its levels as they are, where random keys of this size are copied at each
 * level (measured: 215 KiB written for a document of 10 KiB, 0.7 ms of a core). One that is damaged comes back as a file
 * does (BlobStore.mend), so such a row makes no store read-only.
 */
import { type Bytes, equalBytes, sha256 as sha256Of } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import { blobReferenceKey } from './documents.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX } from './keys.ts';

/** Most bytes that travel inside an offer and rest in a row. WARNING: on the wire (OfferFrame.inline_blobs). */
export const SMALL_BLOB_BYTES = 64 * 1024;

/** The document it belongs to; its row is one. */
export interface SmallBlobOwner {
  readonly storedAtMs: number;
  readonly documentId: Bytes;
}

const smallBlobKey = ({ storedAtMs, documentId }: SmallBlobOwner, sha256: Bytes): Bytes =>
  key(PREFIX.smallBlob, storedAtMs, documentId, sha256);

export const smallBlobWrite = (of: SmallBlobOwner, sha256: Bytes, bytes: Bytes): Write => ({
  put: smallBlobKey(of, sha256),
  value: bytes,
});
export const getSmallBlob = (store: Reader, of: SmallBlobOwner, sha256: Bytes): Promise<Bytes | undefined> =>
  store.get(smallBlobKey(of, sha256));

/** Held against its hash; undefined for an attachment that is kept as a file. */
export async function checkedSmallBlob(
  store: Reader,
  of: SmallBlobOwner,
  sha256: Bytes,
): Promise<Bytes | 'damaged' | 'missing' | undefined> {
  try {
    const bytes = await getSmallBlob(store, of, sha256);
    if (bytes !== undefined) return equalBytes(sha256Of(bytes), sha256) ? bytes : 'damaged';
  } catch (error) {
    if (isLienthongError(error, 'damaged')) return 'damaged';
    throw error;
  }
  const isFile = (await store.get(blobReferenceKey(sha256, of.documentId))) !== undefined;
  return isFile ? undefined : 'missing';
}
