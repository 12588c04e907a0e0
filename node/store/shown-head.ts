/**
 * The largest head of this node's own audit log that a peer showed and this node doesn't hold: the Signed statement,
 * in a file beside the log, since the database is read-only by then. Read when the loss is accepted. WARNING: persisted.
 */
import { join } from 'node:path';
import type { Bytes } from '../core/bytes.ts';
import { readSmallFile, writeFileDurably } from './folder.ts';

/** As long as a statement in Hello may be. */
const MAX_BYTES = 64 * 1024;

export class ShownHead {
  readonly #path: string;
  #writing: Promise<void> = Promise.resolve();

  /** `folder` is that of the audit files. */
  constructor(folder: string) {
    this.#path = join(folder, 'shown-head');
  }

  read(): Promise<Bytes | undefined> {
    return readSmallFile(this.#path, MAX_BYTES);
  }

  /** In the order of the calls; `settled` tells when it is durable. One that can't be written is shown again. */
  keep(statement: Bytes): void {
    const bytes = Uint8Array.from(statement);
    this.#writing = this.#writing.then(() => writeFileDurably(this.#path, bytes)).catch(() => undefined);
  }

  settled(): Promise<void> {
    return this.#writing;
  }
}
