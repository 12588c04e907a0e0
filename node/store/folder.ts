/**
 * A node's folder on disk: made owner-only, held by one process, and small files in it that are written whole or
 * not at all. Called by the composition roots, the engine, the blobs and the audit file; the only place that
 * knows how to make a directory entry durable.
 */
import { createHash } from 'node:crypto';
import {
  constants,
  type FileHandle,
  mkdir,
  open,
  readFile,
  rename,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Bytes } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';

export const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;
/** sun_path holds 108 bytes on Linux and 104 elsewhere, the final zero included. */
const MAX_SOCKET_PATH_BYTES = 100;

/** Makes the folder and its parents, owner-only, and its entry durable. Nothing happens when it is there. */
export async function makeFolder(path: string): Promise<void> {
  const full = resolve(path);
  const made = await mkdir(full, { recursive: true, mode: FOLDER_MODE }).catch(translate(full));
  if (made !== undefined)
    for (let at = full; at.length >= made.length; at = dirname(at)) await syncFolder(dirname(at));
}

/** Makes created, renamed and removed entries of a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY).catch(translate(path));
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a small file: after a crash the old or the new content is there, whole. */
export async function writeFileDurably(
  path: string,
  content: Bytes | string,
  mode = FILE_MODE,
): Promise<void> {
  const temporary = `${path}.new`;
  try {
    const handle = await open(temporary, 'w', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw diskError(cause, path);
  }
}

/** A small file's bytes; undefined when there is none; 'oversize' above `maxBytes`. */
export async function readSmallFile(path: string, maxBytes: number): Promise<Bytes | undefined> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new LienthongError('oversize', { what: path, bytes: size, maxBytes });
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(error, path);
  }
}

/** Bytes an ordinary user may still write on the file system that holds `path`. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path).catch(translate(path));
  return bavail * bsize;
}

/**
 * The path a Unix socket for this folder listens on: in the folder itself, or where that is too long for the
 * system, a short one in an owner-only folder of the runtime directory, always the same for the same folder.
 */
export async function socketPath(folder: string, name: string): Promise<string> {
  const plain = join(resolve(folder), name);
  if (Buffer.byteLength(plain) <= MAX_SOCKET_PATH_BYTES) return plain;
  const uid = process.getuid?.() ?? 0;
  const digest = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 16);
  const base = process.env.XDG_RUNTIME_DIR ?? tmpdir();
  for (const root of [base, '/tmp']) {
    const short = join(root, `lienthong-${uid}`);
    const path = join(short, `${digest}-${name}`);
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) continue;
    await mkdir(short, { recursive: true, mode: FOLDER_MODE }).catch(translate(short));
    const { uid: owner, mode } = await stat(short);
    if (owner !== uid || (mode & 0o077) !== 0)
      throw new LienthongError('folder-damaged', { where: short, reason: 'not owner-only' });
    return path;
  }
  throw new LienthongError('usage', { reason: 'socket path too long', where: plain });
}

export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** An error of the file system in our words: no room is 'disk-full', the rest 'internal' with its cause. */
export function diskError(cause: unknown, where: string): LienthongError {
  if (cause instanceof LienthongError) return cause;
  const code = codeOf(cause) ?? 'unknown';
  const full =
    code === 'ENOSPC' || code === 'EDQUOT' || /no space left/i.test(String((cause as Error)?.message));
  if (full) return new LienthongError('disk-full', { where }, { cause });
  return new LienthongError('internal', { where, reason: code }, { cause });
}

/** Of a sector, of a file system, of what was put in a file's place, of rights that were changed: a file that can't be had. */
const UNREADABLE = new Set(['EIO', 'EUCLEAN', 'EBADMSG', 'EISDIR', 'ELOOP', 'ENXIO', 'EACCES', 'EPERM']);

/** Whether reading failed because of the file itself, so that trying again won't help: it has to be brought back. */
export const isUnreadable = (error: unknown): boolean => {
  const cause = error instanceof LienthongError ? error.cause : error;
  return UNREADABLE.has(codeOf(cause) ?? '');
};

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

function translate(where: string): (cause: unknown) => never {
  return (cause) => {
    throw diskError(cause, where);
  };
}

/** Writes all of `bytes` at `position`, however many calls that takes. */
export async function writeAll(handle: FileHandle, bytes: Bytes, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, position + done);
    done += bytesWritten;
  }
}

/** Fills `into` from `position`; answers how many bytes there were before the end of the file. */
export async function readAll(handle: FileHandle, into: Bytes, position: number): Promise<number> {
  let done = 0;
  while (done < into.byteLength) {
    const { bytesRead } = await handle.read(into, done, into.byteLength - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
