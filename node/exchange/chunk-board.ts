/**
 * Of a file that several seats give: which chunks are still to come, who holds them and of whom each was asked. Decides
 * what to ask a seat for next: what few others hold first, so that no chunk stays rare, and what somebody is late with
 * once more. Pure. Used by shared-pull.
 */
import type { Bytes } from '../core/bytes.ts';
import { bitsOf, hasBit } from './chunk-bits.ts';

/** What is asked for longer than this, and than some times what is usual, is asked of another too. */
const LATE_MS = 1_500;
const LATE_TIMES = 3;
/** While nothing has come that would tell what is usual. */
const LATE_AT_FIRST_MS = 5_000;

/** So many seats that have given before hold it: it comes from them. What one says that never gave counts for nothing. */
const HELD_ENOUGH = 2;

/** A seat that gives chunks. */
export interface Giver {
  /** Undefined where it has all of them. */
  holds: Bytes | undefined;
  /** It has given one. */
  hasGiven: boolean;
}

export class ChunkBoard {
  readonly #count: number;
  readonly #isHere: (index: number) => boolean;
  readonly #holders: Uint16Array;
  readonly #givers = new Set<Giver>();
  readonly #asked = new Map<number, Map<Giver, number>>();
  /** Where among equals to begin: elsewhere for each reader, so that neighbours don't ask for the same. */
  readonly #first: number;
  #usualMs: number | undefined;

  constructor(count: number, isHere: (index: number) => boolean, first: number) {
    this.#count = count;
    this.#isHere = isHere;
    this.#holders = new Uint16Array(count);
    this.#first = first % count;
  }

  /** How long a chunk takes from being asked for to being here; undefined before one has come. */
  get usualMs(): number | undefined {
    return this.#usualMs;
  }

  isComplete(): boolean {
    for (let index = 0; index < this.#count; index++) if (!this.#isHere(index)) return false;
    return true;
  }

  /** The giver holds these too; what it held it goes on holding. */
  holds(giver: Giver, bits: Bytes): void {
    const before = giver.holds;
    this.#givers.add(giver);
    giver.holds = bitsOf(
      this.#count,
      (index) => hasBit(bits, index) || (before !== undefined && hasBit(before, index)),
    );
    for (let index = 0; index < this.#count; index++)
      if (hasBit(giver.holds, index) && !(before && hasBit(before, index))) this.#holders[index]!++;
  }

  /** The chunk to ask the giver for now. */
  next(giver: Giver, nowMs: number): number | undefined {
    let best: number | undefined;
    let oldest: { index: number; sinceMs: number } | undefined;
    for (let i = 0; i < this.#count; i++) {
      const index = (i + this.#first) % this.#count;
      if (this.#isHere(index) || (giver.holds !== undefined && !hasBit(giver.holds, index))) continue;
      const asked = this.#asked.get(index);
      if (asked === undefined) {
        if (best === undefined || this.#holders[index]! < this.#holders[best]!) best = index;
      } else if (!asked.has(giver) && this.#isLate(asked, nowMs)) {
        const sinceMs = Math.min(...asked.values());
        if (oldest === undefined || sinceMs < oldest.sinceMs) oldest = { index, sinceMs };
      }
    }
    return best ?? oldest?.index;
  }

  /** What the sender needn't give: here, asked for and not late, or held by others that give; and how many are left. */
  unwanted(nowMs: number): { bits: Bytes; wanted: number } {
    let wanted = 0;
    const giving = [...this.#givers].filter(({ hasGiven }) => hasGiven);
    const bits = bitsOf(this.#count, (index) => {
      const isUnwanted = this.#isHere(index) || this.#isOnItsWay(index, giving, nowMs);
      if (!isUnwanted) wanted++;
      return isUnwanted;
    });
    return { bits, wanted };
  }

  #isOnItsWay(index: number, giving: readonly Giver[], nowMs: number): boolean {
    const asked = this.#asked.get(index);
    if (asked !== undefined) return !this.#isLate(asked, nowMs);
    let holders = 0;
    for (const { holds } of giving) if (holds !== undefined && hasBit(holds, index)) holders++;
    return holders >= HELD_ENOUGH;
  }

  asked(giver: Giver, index: number, nowMs: number): void {
    const asked = this.#asked.get(index) ?? new Map<Giver, number>();
    asked.set(giver, nowMs);
    this.#asked.set(index, asked);
  }

  /** The giver doesn't give this one. */
  forget(giver: Giver, index: number): void {
    const asked = this.#asked.get(index);
    if (asked?.delete(giver) && asked.size === 0) this.#asked.delete(index);
  }

  /** It is here. */
  came(giver: Giver, index: number, nowMs: number): void {
    const sinceMs = this.#asked.get(index)?.get(giver);
    if (sinceMs !== undefined)
      this.#usualMs = (this.#usualMs ?? nowMs - sinceMs) * 0.8 + (nowMs - sinceMs) * 0.2;
    this.#asked.delete(index);
    giver.hasGiven = true;
  }

  /** Nothing more comes of the giver. */
  left(giver: Giver): void {
    this.#givers.delete(giver);
    for (const index of [...this.#asked.keys()]) this.forget(giver, index);
    for (let index = 0; index < this.#count; index++)
      if (giver.holds !== undefined && hasBit(giver.holds, index)) this.#holders[index]!--;
    giver.holds = bitsOf(this.#count, () => false);
  }

  #isLate(asked: ReadonlyMap<Giver, number>, nowMs: number): boolean {
    const lateMs =
      this.#usualMs === undefined ? LATE_AT_FIRST_MS : Math.max(LATE_MS, LATE_TIMES * this.#usualMs);
    for (const sinceMs of asked.values()) if (nowMs - sinceMs < lateMs) return false;
    return true;
  }
}
