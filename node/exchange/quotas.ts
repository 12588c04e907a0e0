/**
 * Holds each agency to its limits (core/agency-limits.ts): what it makes this node keep in a day, and what it makes it
 * do in a second. Beyond one it is told `later`, with when to ask again; who is being limited is known to `node status`.
 * What is taken is counted before it is taken, so that offers that race can't pass together, and given back when it
 * isn't. A day's counts are in memory and on disk: the row goes along with a commit once a thousandth of a limit was
 * used since the last, so a restart forgives no more than that. Called by inbox, status-inbox, refuser, blob-server.
 */
import type { DayCountRow } from '../../proto/messages.ts';
import {
  type AgencyLimit,
  type AgencyLimits,
  BURST_SECONDS,
  DEFAULT_AGENCY_LIMITS,
  RESERVED_SHARE,
} from '../core/agency-limits.ts';
import { dayOf, startOfDayMs } from '../core/dates.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { allDayCounts, dayCountWrite } from '../store/day-counts.ts';
import type { Write } from '../store/key-value.ts';
import type { ExchangeComponents } from './ports.ts';

type DayLimit = Extract<AgencyLimit, `${string}PerDay`>;
type RateLimit = Exclude<AgencyLimit, DayLimit>;
type DayCounts = Record<DayLimit, number>;

const DAY_MS = 24 * 3_600_000;
/** Asking sooner than this is as much work as what is refused. */
const LEAST_RETRY_MS = 1_000;
/** An agency that wasn't refused for so long isn't being limited any more. */
const SPELL_MS = 60_000;
/** Of a limit: what may be used before the count is written down again. */
const WRITTEN_SHARE = 1 / 1000;

/** One agency that is being limited now. */
export interface LimitedAgency {
  agency: string;
  limit: AgencyLimit;
  most: number;
  /** Times it was told so, since when. */
  refused: number;
  sinceMs: number;
  /** Until when at least; undefined where it is a matter of seconds. */
  untilMs: number | undefined;
}

interface Spell {
  refused: number;
  sinceMs: number;
  lastMs: number;
}

interface Agency {
  day: string;
  counts: DayCounts;
  written: DayCounts;
  /** What may be done at `atMs`, saved up since. */
  buckets: Map<RateLimit, { level: number; atMs: number }>;
  spells: Map<AgencyLimit, Spell>;
}

export class Quotas {
  readonly #with: Pick<ExchangeComponents, 'store' | 'clock' | 'report'>;
  readonly #limits: AgencyLimits;
  readonly #agencies = new Map<string, Agency>();

  constructor(
    components: Pick<ExchangeComponents, 'store' | 'clock' | 'report'>,
    limits: Partial<AgencyLimits> = {},
  ) {
    this.#with = components;
    this.#limits = { ...DEFAULT_AGENCY_LIMITS, ...limits };
  }

  /** What was counted before a restart. */
  async load(): Promise<void> {
    for (const [agency, row] of await allDayCounts(this.#with.store))
      this.#agencies.set(agency, { ...newAgency(row.day), counts: countsOf(row), written: countsOf(row) });
  }

  /** Counts a delivery of an agency; the answer gives it back when it isn't taken. Throws 'quota'. */
  countDocument(agency: string, bytes: number): () => void {
    return this.#count(agency, { documentsPerDay: 1, bytesPerDay: bytes });
  }

  /** As `countDocument`. */
  countStatus(agency: string): () => void {
    return this.#count(agency, { statusesPerDay: 1 });
  }

  /** As `countDocument`. */
  countRefusal(agency: string): () => void {
    return this.#count(agency, { refusalsPerDay: 1 });
  }

  /** Before signatures are checked for an agency; `isReserved` for statuses and recalls. Throws 'quota'. */
  spendVerifications(agency: string, signatures: number, { isReserved = false } = {}): void {
    this.#spend(agency, 'verificationsPerSecond', signatures, isReserved);
  }

  /** Whether a file may be opened for an agency: counted, and noted where it may not. */
  mayPull(agency: string): boolean {
    try {
      this.#spend(agency, 'pullsPerSecond', 1, true);
      return true;
    } catch (error) {
      if (!isLienthongError(error, 'quota')) throw error;
      return false;
    }
  }

  /** Goes into a commit that keeps what was counted: the agency's row, when it is time for it. */
  writes(agency: string): Write[] {
    const { day, counts, written } = this.#today(agency);
    const isDue = DAY_LIMITS.some(
      (limit) => counts[limit] - written[limit] >= Math.max(1, this.#limits[limit] * WRITTEN_SHARE),
    );
    if (!isDue) return [];
    Object.assign(written, counts);
    return [dayCountWrite(agency, rowOf(day, counts))];
  }

  /** Agencies that are being limited, and in what. */
  limited(): LimitedAgency[] {
    const nowMs = this.#with.clock.nowMs();
    const found: LimitedAgency[] = [];
    for (const [agency, { spells }] of this.#agencies)
      for (const [limit, spell] of spells) {
        if (isOver(limit, spell, nowMs)) continue;
        const { refused, sinceMs } = spell;
        const untilMs = isOfDay(limit) ? nextDayMs(nowMs) : undefined;
        found.push({ agency, limit, most: this.#limits[limit], refused, sinceMs, untilMs });
      }
    return found;
  }

  #count(name: string, what: Partial<DayCounts>): () => void {
    const agency = this.#today(name);
    const nowMs = this.#with.clock.nowMs();
    const entries = Object.entries(what) as [DayLimit, number][];
    for (const [limit, amount] of entries)
      if (agency.counts[limit] + amount > this.#limits[limit])
        throw this.#refused(name, agency, limit, nextDayMs(nowMs) - nowMs);
    for (const [limit, amount] of entries) agency.counts[limit] += amount;
    const { counts, day } = agency;
    return () => {
      if (agency.day === day) for (const [limit, amount] of entries) counts[limit] -= amount;
    };
  }

  #spend(name: string, limit: RateLimit, amount: number, isReserved: boolean): void {
    const agency = this.#today(name);
    const nowMs = this.#with.clock.nowMs();
    const rate = this.#limits[limit];
    const most = rate * BURST_SECONDS;
    const { level, atMs } = agency.buckets.get(limit) ?? { level: most, atMs: nowMs };
    const now = Math.min(most, level + (Math.max(0, nowMs - atMs) * rate) / 1000);
    // one that costs more than a second's worth is paid with that
    const left = now - Math.min(amount, rate);
    const floor = isReserved ? 0 : most * RESERVED_SHARE;
    const isWithin = left >= floor;
    agency.buckets.set(limit, { level: isWithin ? left : now, atMs: nowMs });
    if (!isWithin) throw this.#refused(name, agency, limit, ((floor - left) / rate) * 1000);
  }

  #refused(name: string, { spells }: Agency, limit: AgencyLimit, waitMs: number): LienthongError {
    const { clock, report } = this.#with;
    const nowMs = clock.nowMs();
    const before = spells.get(limit);
    const goesOn = before !== undefined && !isOver(limit, before, nowMs);
    const { refused, sinceMs } = goesOn ? before : { refused: 0, sinceMs: nowMs };
    spells.set(limit, { refused: refused + 1, sinceMs, lastMs: nowMs });
    const most = this.#limits[limit];
    if (!goesOn) report('agency.limited', { agency: name, limit, most });
    const retryAfterMs = Math.ceil(Math.max(LEAST_RETRY_MS, waitMs));
    return new LienthongError('quota', { agency: name, what: limit, limit: most, retryAfterMs });
  }

  #today(name: string): Agency {
    const day = dayOf(this.#with.clock.nowMs());
    let agency = this.#agencies.get(name);
    if (agency === undefined) {
      agency = newAgency(day);
      this.#agencies.set(name, agency);
    }
    if (agency.day !== day) Object.assign(agency, { day, counts: countsOf(), written: countsOf() });
    return agency;
  }
}

const DAY_LIMITS = ['documentsPerDay', 'bytesPerDay', 'statusesPerDay', 'refusalsPerDay'] as const;
const isOfDay = (limit: AgencyLimit): limit is DayLimit =>
  (DAY_LIMITS as readonly AgencyLimit[]).includes(limit);

/** Until the day is over, or until nothing was refused for a while. */
const isOver = (limit: AgencyLimit, { lastMs }: Spell, nowMs: number): boolean =>
  isOfDay(limit) ? dayOf(lastMs) !== dayOf(nowMs) : nowMs - lastMs > SPELL_MS;

const nextDayMs = (nowMs: number): number => startOfDayMs(dayOf(nowMs)) + DAY_MS;

const newAgency = (day: string): Agency => ({
  day,
  counts: countsOf(),
  written: countsOf(),
  buckets: new Map(),
  spells: new Map(),
});

const countsOf = (row?: DayCountRow): DayCounts => ({
  documentsPerDay: row?.documents ?? 0,
  bytesPerDay: row?.bytes ?? 0,
  statusesPerDay: row?.statuses ?? 0,
  refusalsPerDay: row?.refusals ?? 0,
});

const rowOf = (day: string, counts: DayCounts): DayCountRow => ({
  day,
  documents: counts.documentsPerDay,
  bytes: counts.bytesPerDay,
  statuses: counts.statusesPerDay,
  refusals: counts.refusalsPerDay,
});
