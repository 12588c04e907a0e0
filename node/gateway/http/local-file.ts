/**
 * A file of the caller's that the node reads itself, so that its bytes needn't pass through a socket. Who may call on the
 * node's socket is the node's own user, who could read all of this process's memory; on a door for others this must not be
 * offered. The caller says which file it means as its own system shows it: a path may lead elsewhere here (a container, a
 * file put in its place), and then nothing is read.
 */
import { constants, type FileHandle, open } from 'node:fs/promises';
import { LienthongError } from '../../core/errors.ts';
import type { LocalFile } from '../../core/views.ts';

/** As stat(2) says of it, in decimal. */
export interface FileIdentity {
  device: string;
  inode: string;
  modifiedNs: string;
  size: number;
}

export class OpenedFile implements LocalFile {
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #name: string;
  readonly #meant: FileIdentity;

  private constructor(handle: FileHandle, name: string, meant: FileIdentity) {
    this.#handle = handle;
    this.#name = name;
    this.#meant = meant;
    this.size = meant.size;
  }

  /** Throws 'invalid-file' when it can't be read here, or isn't the one meant. */
  static async open(path: string, meant: FileIdentity): Promise<OpenedFile> {
    // without O_NONBLOCK a pipe in its place would hold this up
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause) => {
      throw new LienthongError('invalid-file', { file: path, reason: cause.code ?? 'unreadable' }, { cause });
    });
    const file = new OpenedFile(handle, path, meant);
    try {
      await file.requireUnchanged();
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(into, 0, into.byteLength, at);
    return bytesRead;
  }

  async requireUnchanged(): Promise<void> {
    const found = await this.#handle.stat({ bigint: true });
    const { device, inode, modifiedNs, size } = this.#meant;
    const same =
      found.isFile() &&
      `${found.dev}` === device &&
      `${found.ino}` === inode &&
      `${found.mtimeNs}` === modifiedNs &&
      found.size === BigInt(size);
    if (!same) throw new LienthongError('invalid-file', { file: this.#name, reason: 'other-file' });
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
