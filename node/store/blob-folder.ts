/**
 * Where the files of the blob store lie: `blobs/ab/cdef…` by SHA-256, chunk hashes beside it as `cdef….chunks`,
 * unfinished ones in `blobs/incoming`. A name appears only whole: temporary file, sync, rename, sync of the folder;
 * the chunk hashes first, so that a file that is there has them.
 */
import { constants } from 'node:fs';
import { chmod, copyFile, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, hex, parseHex, sha256, utf8 } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import { type BlobFacts, decodeFacts, encodeFacts, MAX_SIDECAR_BYTES } from './blob-facts.ts';
import { directAccess } from './chunk-file.ts';
import {
  diskError,
  FILE_MODE,
  isMissing,
  isUnreadable,
  makeFolder,
  readSmallFile,
  syncFolder,
  writeFileDurably,
} from './folder.ts';

const SIDECAR = '.chunks';
/** What may lie beside a file: its chunk hashes, or what a crash left of writing them. */
const LEFTOVERS = /\.chunks(\.new)?$/;
/** Written from a stream: worthless after a restart. */
const TEMPORARY = '.tmp';
/** Received in chunks: the next attempt goes on with it. */
const PARTIAL = '.part';

export class BlobFolder {
  readonly #root: string;
  readonly access = directAccess();

  constructor(root: string) {
    this.#root = root;
  }

  async make(): Promise<void> {
    await makeFolder(join(this.#root, 'incoming'));
  }

  get root(): string {
    return this.#root;
  }

  pathOf(sha256: Bytes): string {
    const name = hex(sha256);
    return join(this.#root, name.slice(0, 2), name.slice(2));
  }

  temporaryPath(id: Bytes): string {
    return join(this.#root, 'incoming', hex(id) + TEMPORARY);
  }

  /** `from`: the seat it comes from; without one it is nobody's own. */
  partialPath(sum: Bytes, from?: string): string {
    const of = from === undefined ? '' : `-${hex(sha256(utf8(from))).slice(0, 16)}`;
    return join(this.#root, 'incoming', hex(sum) + of + PARTIAL);
  }

  /** Whether there is a file of that name and no partial one: what is good in it needn't come again. */
  async canSalvage(sha256: Bytes): Promise<boolean> {
    return (
      (await statOf(this.partialPath(sha256))) === undefined &&
      (await statOf(this.pathOf(sha256))) !== undefined
    );
  }

  /** A partial file with all that is in the file of that name, which stays; shares its blocks where the disk can. */
  async salvage(sha256: Bytes): Promise<void> {
    const path = this.partialPath(sha256);
    try {
      await copyFile(this.pathOf(sha256), path, constants.COPYFILE_FICLONE);
      // a copy has the rights of what it is of
      await chmod(path, FILE_MODE);
    } catch (error) {
      await removeFile(path);
      if (!isUnreadable(error)) throw diskError(error, 'blobs');
    }
  }

  /** Gives a synced temporary file its name, over any file that has it, with its chunk hashes. */
  async place(facts: BlobFacts, from: string): Promise<void> {
    const path = this.pathOf(facts.sha256);
    try {
      await makeFolder(join(path, '..'));
      await writeFileDurably(path + SIDECAR, encodeFacts(facts));
      await rename(from, path);
      await syncFolder(join(path, '..'));
    } catch (error) {
      throw diskError(error, 'blobs');
    }
  }

  async writeFacts(facts: BlobFacts): Promise<void> {
    await writeFileDurably(this.pathOf(facts.sha256) + SIDECAR, encodeFacts(facts));
  }

  async readFacts(sha256: Bytes): Promise<BlobFacts | undefined> {
    const path = this.pathOf(sha256) + SIDECAR;
    const bytes = await readSmallFile(path, MAX_SIDECAR_BYTES).catch((error) => {
      if (!isUnreadable(error) && !isLienthongError(error, 'oversize')) throw error;
    });
    return bytes === undefined ? undefined : decodeFacts(sha256, bytes);
  }

  /** Size of the file; undefined when there is none. */
  async sizeOf(sha256: Bytes): Promise<number | undefined> {
    return (await statOf(this.pathOf(sha256)))?.size;
  }

  /** Every stored file, and chunk hashes left without one. */
  async *names(): AsyncGenerator<Bytes> {
    for (const folder of (await listed(this.#root)).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
      const names = new Set(
        (await listed(join(this.#root, folder))).map((name) => name.replace(LEFTOVERS, '')),
      );
      for (const name of names) {
        const sha256 = parseHex(folder + name);
        if (sha256?.byteLength === 32) yield sha256;
      }
    }
  }

  /** Removes what a crash left of writing chunk hashes. */
  async tidy(sha256: Bytes): Promise<void> {
    await removeFile(`${this.pathOf(sha256)}${SIDECAR}.new`);
  }

  /** Removes a file and its chunk hashes; the file first, so that one that is there has its hashes. */
  async remove(sha256: Bytes): Promise<void> {
    const path = this.pathOf(sha256);
    await removeFile(path);
    await removeFile(path + SIDECAR);
    await syncFolder(join(path, '..'));
  }

  /** Removes unfinished files nobody writes to: temporary ones, and partial ones older than given. */
  async removeUnfinished(isActive: (path: string) => boolean, partialBeforeMs: number): Promise<number> {
    let removed = 0;
    for (const name of await listed(join(this.#root, 'incoming'))) {
      const path = join(this.#root, 'incoming', name);
      if (isActive(path)) continue;
      const kept = name.endsWith(PARTIAL) && ((await statOf(path))?.mtimeMs ?? 0) >= partialBeforeMs;
      if (kept) continue;
      await removeFile(path);
      removed++;
    }
    return removed;
  }
}

async function listed(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (isMissing(error)) return [];
    throw diskError(error, folder);
  });
}

async function statOf(path: string) {
  return stat(path).catch((error) => {
    if (isMissing(error) || isUnreadable(error)) return undefined;
    throw diskError(error, path);
  });
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error) => {
    if (!isMissing(error)) throw diskError(error, path);
  });
}
