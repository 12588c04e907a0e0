/** Small files named on the command line (requests, answers, JSON), read whole with a limit and written once. */
import { open, stat } from 'node:fs/promises';
import type { Bytes } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { diskError, FILE_MODE, readSmallFile } from '../store/folder.ts';

export async function readNamedFile(path: string, maxBytes: number): Promise<Bytes> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile())
    throw new LienthongError('invalid-file', { file: path, reason: 'not a file' });
  if (found !== undefined && found.size > maxBytes)
    throw new LienthongError('file-too-large', { file: path, bytes: found.size, maxBytes });
  const bytes = await readSmallFile(path, maxBytes);
  if (bytes === undefined) throw new LienthongError('file-missing', { file: path });
  if (bytes.byteLength === 0) throw new LienthongError('file-empty', { file: path });
  return bytes;
}

/** JSON of a named file; 'invalid-file' with the parser's words. */
export async function readJsonFile(path: string, maxBytes: number): Promise<unknown> {
  const text = new TextDecoder().decode(await readNamedFile(path, maxBytes));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LienthongError(
      'invalid-file',
      { file: path, reason: (cause as Error).message.slice(0, 120) },
      { cause },
    );
  }
}

/** Writes a new file; an existing one is 'invalid-file', never replaced. */
export async function writeNewFile(path: string, bytes: Bytes): Promise<void> {
  try {
    const handle = await open(path, 'wx', FILE_MODE);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['EEXIST', 'EISDIR', 'ENOENT', 'ENOTDIR', 'EACCES'].includes(code))
      throw new LienthongError('invalid-file', { file: path, reason: code }, { cause: error });
    throw diskError(error, path);
  }
}
