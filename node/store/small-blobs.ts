/**
 * Attachments of up to 64 KiB rest in the key-value store itself: they become durable with the document's own
 * commit, so a small document costs no file and no further fsync. Larger ones are files (blobs.ts).
 */
import type { Bytes } from '../core/bytes.ts';
import type { Reader, Write } from './key-value.ts';
import { key, PREFIX } from './keys.ts';

/** Most bytes that travel inside an offer and rest in a row. WARNING: on the wire (OfferFrame.inline_blobs). */
export const SMALL_BLOB_BYTES = 64 * 1024;

export const smallBlobWrite = (sha256: Bytes, bytes: Bytes): Write => ({
  put: key(PREFIX.smallBlob, sha256),
  value: bytes,
});
export const getSmallBlob = (store: Reader, sha256: Bytes): Promise<Bytes | undefined> =>
  store.get(key(PREFIX.smallBlob, sha256));
