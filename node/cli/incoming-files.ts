/**
 * Files written for a clerk: streamed to a temporary file beside their place, hash checked, made durable, then given
 * their name without ever replacing anything. A failure or Ctrl-C leaves no temporary file.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import { cleanFileName, numberedFileName } from '../core/file-names.ts';
import { diskError } from '../store/folder.ts';

/** More files of one name than anyone keeps in a folder. */
const MAX_NUMBER = 10_000;
/** Errors of file systems without hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS', 'EXDEV']);

export interface Expected {
  name: string;
  size: number;
  sha256: string;
}

/** Answers the path written. Throws 'blob-mismatch' when the bytes aren't the ones signed; 'disk-full'. */
export const writeIncoming = (
  folder: string,
  expected: Expected,
  source: AsyncIterable<Uint8Array>,
  random: Random,
  progress: (bytes: number) => void = () => undefined,
): Promise<string> =>
  writeNew(folder, expected.name, random, (handle) => copy(source, handle, expected, progress));

/** A file as `write` makes it, whole or not at all, under the first free name. Answers the path written. */
export async function writeNew(
  folder: string,
  name: string,
  random: Random,
  write: (handle: FileHandle) => Promise<void>,
): Promise<string> {
  const temporary = join(folder, `.lienthong-${Buffer.from(random(8)).toString('hex')}.part`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  try {
    const handle = await open(temporary, flags, 0o666);
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return await settle(temporary, folder, cleanFileName(name));
  } catch (error) {
    throw errorOf(error, folder);
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function copy(
  source: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  expected: Expected,
  progress: (bytes: number) => void,
): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.byteLength;
    if (bytes > expected.size) break;
    hash.update(piece);
    await handle.writeFile(piece);
    progress(bytes);
  }
  if (bytes !== expected.size || hash.digest('hex') !== expected.sha256)
    throw new LienthongError('blob-mismatch', { name: expected.name });
}

/** Gives the file the first free name: "a.pdf", "a (2).pdf" … */
async function settle(temporary: string, folder: string, name: string): Promise<string> {
  for (let number = 1; number <= MAX_NUMBER; number++) {
    const path = join(folder, number === 1 ? name : numberedFileName(name, number));
    if (await claim(temporary, path)) return path;
  }
  throw new LienthongError('invalid-file', { file: name, reason: 'too many of that name' });
}

/** False when the name is taken. A link fails on a taken name; without links the name is reserved, then replaced. */
async function claim(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.has(code)) throw error;
  }
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await rename(temporary, path);
  return true;
}

/** Makes the folder the clerk named. */
export async function makeOutFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error) => {
    throw errorOf(error, folder);
  });
}

/** A new folder of this name, numbered when there is one already. */
export async function makeNewFolder(parent: string, name: string): Promise<string> {
  for (let number = 1; number <= MAX_NUMBER; number++) {
    const path = join(parent, number === 1 ? name : `${name} (${number})`);
    try {
      await mkdir(path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw errorOf(error, parent);
    }
  }
  throw new LienthongError('invalid-file', { file: name, reason: 'too many of that name' });
}

function errorOf(error: unknown, folder: string): unknown {
  if (error instanceof LienthongError || (error as Error).name === 'AbortError') return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (['EACCES', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR'].includes(code))
    return new LienthongError('invalid-file', { file: folder, reason: code }, { cause: error });
  return diskError(error, folder);
}
