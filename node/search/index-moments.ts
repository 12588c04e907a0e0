/**
 * Moments of the documents of one box: ends of clocks that run or were passed, counted by time and looked up by document.
 * Only what is open or was late is here, so that neither grows with the store. Called by index-box, within its thread.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Box, Moment, MomentRange } from './index-calls.ts';

export class IndexMoments {
  readonly #forget: StatementSync;
  readonly #add: StatementSync;
  readonly #count: StatementSync;

  constructor(database: DatabaseSync, box: Box) {
    this.#forget = database.prepare(`DELETE FROM ${box}_moments WHERE slot = ?`);
    this.#add = database.prepare(`INSERT INTO ${box}_moments (slot, kind, at_ms, n) VALUES (?, ?, ?, ?)`);
    this.#count = database.prepare(
      `SELECT coalesce(sum(n), 0) AS n FROM ${box}_moments WHERE kind = ? AND at_ms >= ? AND at_ms < ?`,
    );
  }

  /** In place of those it had; each kind and time once. */
  set(slot: number, moments: readonly Moment[]): void {
    this.#forget.run(slot);
    for (const { kind, atMs, count } of moments) this.#add.run(slot, kind, atMs, count);
  }

  count({ kind, fromMs = 0, beforeMs = Number.MAX_SAFE_INTEGER }: MomentRange): number {
    return Number(this.#count.get(kind, fromMs, beforeMs)?.n ?? 0);
  }
}
