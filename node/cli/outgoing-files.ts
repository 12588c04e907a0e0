/**
 * Files to send: looked at before anything moves, small ones read to go along, larger ones streamed to the node under
 * a lease. A failure or Ctrl-C gives the leases back, so nothing stays behind of what was never queued.
 */
import { basename } from 'node:path';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS } from '../core/field-limits.ts';
import { cleanFileName } from '../core/file-names.ts';
import type { ProposedAttachment, StoredBlob } from '../core/views.ts';
import { MAX_INLINE_BYTES } from '../gateway/http/limits.ts';
import { newSha256 } from '../store/blob-facts.ts';
import { mediaTypeOf } from './media-types.ts';
import type { NodeClient, UploadedFile } from './node-client.ts';
import { piecesOf, requireFile } from './sent-file.ts';

export interface OutgoingFile {
  path: string;
  name: string;
  mediaType: string;
  size: number;
}

/** Throws 'file-missing', 'file-empty', 'file-too-large' or 'invalid-file' with the file's name. */
export async function lookAt(paths: readonly string[]): Promise<OutgoingFile[]> {
  if (paths.length > MAX_ATTACHMENTS)
    throw new LienthongError('oversize', {
      what: 'attachments',
      files: paths.length,
      mostFiles: MAX_ATTACHMENTS,
    });
  const files: OutgoingFile[] = [];
  for (const path of paths) {
    const size = await requireFile(path, MAX_ATTACHMENT_BYTES);
    const name = cleanFileName(basename(path));
    files.push({ path, name, mediaType: mediaTypeOf(name), size });
  }
  return files;
}

/** Told the bytes of a file that are done. */
export type FileProgress = (file: OutgoingFile, doneBytes: number) => void;

export const isStreamed = (file: OutgoingFile): boolean => file.size > MAX_INLINE_BYTES;

/** What the files are, for asking whether they would be taken: each is read once for its hash. */
export async function propose(
  files: readonly OutgoingFile[],
  signal: AbortSignal,
  progress: FileProgress,
): Promise<ProposedAttachment[]> {
  const proposed: ProposedAttachment[] = [];
  for (const file of files) {
    const hash = newSha256();
    for await (const piece of piecesOf(file.path, file.size, (bytes) => progress(file, bytes))) {
      signal.throwIfAborted();
      hash.update(piece);
    }
    const { name, mediaType, size } = file;
    proposed.push({ name, mediaType, size, sha256: hash.digest('hex') });
  }
  return proposed;
}

/** Hands every file over; on failure the leases taken so far are given back before the error goes on. */
export async function handOver(
  files: readonly OutgoingFile[],
  node: NodeClient,
  progress: FileProgress,
): Promise<UploadedFile[]> {
  const taken: UploadedFile[] = [];
  try {
    for (const file of files) {
      const { name, mediaType } = file;
      if (!isStreamed(file)) {
        taken.push({ name, mediaType, base64: (await readWhole(file)).toString('base64') });
        continue;
      }
      const { lease, sha256 } = await stored(file, node, progress);
      taken.push({ name, mediaType, lease, sha256 });
    }
    return taken;
  } catch (error) {
    await giveBack(taken, node);
    throw error;
  }
}

/** Read by the node itself where it can; a node of another user, or in a container, is sent the bytes. */
async function stored(file: OutgoingFile, node: NodeClient, progress: FileProgress): Promise<StoredBlob> {
  const told = (bytes: number) => progress(file, bytes);
  try {
    return await node.storeFile(file.path, told);
  } catch (error) {
    if (!isLienthongError(error, 'invalid-file') && !isLienthongError(error, 'not-found')) throw error;
    return node.upload(piecesOf(file.path, file.size, told), file.size);
  }
}

/** Best effort: a lease that can't be given back runs out by itself. */
export async function giveBack(taken: readonly UploadedFile[], node: NodeClient): Promise<void> {
  for (const file of taken) if ('lease' in file) await node.release(file.lease).catch(() => undefined);
}

async function readWhole(file: OutgoingFile): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const piece of piecesOf(file.path, file.size)) read.push(piece);
  return Buffer.concat(read);
}
