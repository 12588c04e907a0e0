/**
 * Removes attachments no document refers to: uploads that were never submitted, pulls that came to nothing, what a
 * crash left between file and commit. Some minutes after the start, when the queues have moved, and every six hours.
 * A failure is reported and the next round tries again. stop() ends the round under way. Made by agency.ts.
 */
import type { Clock } from '../core/clock.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { BlobStore } from '../store/blobs.ts';
import { isBlobReferenced } from '../store/documents.ts';
import type { KeyValueStore } from '../store/key-value.ts';
import type { Report } from './ports.ts';

/** A node that starts has its queues to move first. */
export const FIRST_ROUND_MS = 5 * 60_000;
/** Orphans are few: four times a day keeps a day's at most. */
export const ROUND_MS = 6 * 3_600_000;

export interface JanitorComponents {
  store: KeyValueStore;
  blobs: BlobStore;
  clock: Clock;
  report: Report;
}

export class Janitor {
  readonly #with: JanitorComponents;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(components: JanitorComponents) {
    this.#with = components;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new LienthongError('not-running', { what: 'janitor' }));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, report } = this.#with;
    for (let waitMs = FIRST_ROUND_MS; !signal.aborted; waitMs = ROUND_MS) {
      try {
        await clock.sleep(waitMs, signal);
        await this.#round(signal);
      } catch (error) {
        if (signal.aborted) return;
        report('blobs.uncollected', { code: isLienthongError(error) ? error.code : 'internal' });
      }
    }
  }

  /** A store found damaged may have lost the very references: nothing is removed then. */
  async #round(signal: AbortSignal): Promise<void> {
    const { store, blobs, report } = this.#with;
    if (store.health.state !== 'ok') return;
    const { removed, unfinished } = await blobs.collect({
      isReferenced: (sha256) => isBlobReferenced(store, sha256),
      signal,
    });
    if (removed + unfinished > 0) report('blobs.collected', { removed, unfinished });
  }
}
