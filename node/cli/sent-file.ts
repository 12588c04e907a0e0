/**
 * One local file on its way to the node: looked at before anything moves, then read as a stream of exactly the size that
 * was seen. Every refusal names the file.
 */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { LienthongError } from '../core/errors.ts';

const PIECE_BYTES = 256 * 1024;

/** Its size. Throws 'file-missing', 'file-empty', 'file-too-large' or 'invalid-file' (a folder, may not be read…). */
export async function requireFile(path: string, maxBytes: number): Promise<number> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
      throw new LienthongError('file-missing', { file: path }, { cause });
    throw unreadable(path, cause);
  });
  if (!found.isFile())
    throw new LienthongError('invalid-file', {
      file: path,
      reason: found.isDirectory() ? 'folder' : 'special',
    });
  if (found.size === 0) throw new LienthongError('file-empty', { file: path });
  if (found.size > maxBytes)
    throw new LienthongError('file-too-large', { file: path, bytes: found.size, maxBytes });
  const handle = await open(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  await handle.close();
  return found.size;
}

/** Exactly `size` bytes: a file that grew or shrank meanwhile is refused. `progress` is told the bytes taken so far. */
export async function* piecesOf(
  path: string,
  size: number,
  progress: (bytes: number) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  const changed = () => new LienthongError('invalid-file', { file: path, reason: 'changed' });
  try {
    for await (const piece of createReadStream(path, {
      highWaterMark: PIECE_BYTES,
    }) as AsyncIterable<Buffer>) {
      sent += piece.byteLength;
      if (sent > size) throw changed();
      yield piece;
      progress(sent);
    }
  } catch (cause) {
    throw cause instanceof LienthongError ? cause : unreadable(path, cause);
  }
  if (sent !== size) throw changed();
}

const unreadable = (path: string, cause: unknown): LienthongError =>
  new LienthongError(
    'invalid-file',
    { file: path, reason: (cause as NodeJS.ErrnoException).code ?? 'unreadable' },
    { cause },
  );
