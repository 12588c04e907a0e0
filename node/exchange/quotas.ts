/**
 * What one agency may send this node in a day, so that a runaway system at one agency can't fill another's disk.
 * Counted in memory: a restart forgives, and the disk guard stands behind it. Beyond it offers are refused `later`.
 */
import { dayOf } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';

export interface Quota {
  documentsPerDay: number;
  bytesPerDay: number;
}

/** 100 × today's whole national traffic in a month (200,000), and a full day at 100 Mbit/s. */
export const DEFAULT_QUOTA: Quota = { documentsPerDay: 20_000_000, bytesPerDay: 1024 ** 4 };

export class Quotas {
  readonly #quota: Quota;
  #day = '';
  readonly #used = new Map<string, { documents: number; bytes: number }>();

  constructor(quota: Quota = DEFAULT_QUOTA) {
    this.#quota = quota;
  }

  /** Throws 'quota' when this document would go beyond. */
  require(agency: string, bytes: number, nowMs: number): void {
    const used = this.#usedOn(dayOf(nowMs), agency);
    if (used.documents + 1 > this.#quota.documentsPerDay || used.bytes + bytes > this.#quota.bytesPerDay) {
      throw new LienthongError('quota', { agency, day: this.#day });
    }
  }

  /** A document was taken in. */
  count(agency: string, bytes: number, nowMs: number): void {
    const used = this.#usedOn(dayOf(nowMs), agency);
    used.documents++;
    used.bytes += bytes;
  }

  #usedOn(day: string, agency: string): { documents: number; bytes: number } {
    if (day !== this.#day) {
      this.#used.clear();
      this.#day = day;
    }
    const used = this.#used.get(agency) ?? { documents: 0, bytes: 0 };
    this.#used.set(agency, used);
    return used;
  }
}
