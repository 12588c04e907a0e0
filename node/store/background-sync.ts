/**
 * Lets a large file reach the disk while it is still being written: every so many bytes a sync is started in the
 * background, one at a time, so that the last one has little left to do. Durability is still the caller's last sync.
 */
import type { FileHandle } from 'node:fs/promises';

/** Half a second of an ordinary disk; fewer and larger syncs disturb the transfer less. */
const EVERY_BYTES = 32 * 1024 * 1024;

export class BackgroundSync {
  #bytes = 0;
  #running: Promise<void> | undefined;

  /** Bytes were written to the file. */
  wrote(bytes: number, handle: FileHandle): void {
    this.#bytes += bytes;
    if (this.#bytes < EVERY_BYTES || this.#running !== undefined) return;
    this.#bytes = 0;
    // what goes wrong here goes wrong again in the last sync, which is awaited
    this.#running = handle
      .datasync()
      .catch(() => undefined)
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Before the handle is closed. */
  async idle(): Promise<void> {
    await this.#running;
  }
}
