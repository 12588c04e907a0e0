/**
 * What one agency may make this node take and do: the one table, each number with its reason. Any of them may stand in
 * `quota` of config.json instead. exchange/quotas.ts holds agencies to it; how much all peers together may hold open is
 * network/host-limits.ts and network/protocols.ts.
 */

export interface AgencyLimits {
  /** Deliveries taken in on a day in Viet Nam. */
  readonly documentsPerDay: number;
  /** Their documents with attachments. */
  readonly bytesPerDay: number;
  /** Statuses, recalls and answers among them: counted apart, so that they come through when documents don't. */
  readonly statusesPerDay: number;
  /** Offers refused for good: each is kept, to be refused the same way again. */
  readonly refusalsPerDay: number;
  /** Signatures checked for it. */
  readonly verificationsPerSecond: number;
  /** Files opened to be read by it. */
  readonly pullsPerSecond: number;
}

export type AgencyLimit = keyof AgencyLimits;

export const DEFAULT_AGENCY_LIMITS: AgencyLimits = {
  // 100 × today's whole national traffic in a month (200,000)
  documentsPerDay: 20_000_000,
  // a full day at 100 Mbit/s
  bytesPerDay: 1024 ** 4,
  // ten for each document of a busy day; they are small, and 1,000,000 are 2 GB
  statusesPerDay: 1_000_000,
  // a seat with more faulty documents than this is broken or hostile
  refusalsPerDay: 10_000,
  // seal and dispatch of 4,000 documents a second, more than two cores exchange; at 70 µs each about half a core
  verificationsPerSecond: 8_000,
  // as many documents a second as are exchanged, each with a file too large to come along; opening one is some reads
  pullsPerSecond: 2_000,
};

/** What was saved up while an agency asked for nothing: a queue that comes after an outage isn't slowed at its start. */
export const BURST_SECONDS = 10;
/** Share of what was saved up that only statuses and recalls may use. */
export const RESERVED_SHARE = 0.1;

/** As a configuration gives them: some of the table, whole numbers from 1. Throws TypeError naming what is none, "quota.bytesPerDay". */
export function parseAgencyLimits(given: unknown): Partial<AgencyLimits> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new TypeError('quota');
  for (const [name, value] of Object.entries(given)) {
    const isLimit = Object.hasOwn(DEFAULT_AGENCY_LIMITS, name) && Number.isSafeInteger(value) && value >= 1;
    if (!isLimit) throw new TypeError(`quota.${name}`);
  }
  return given as Partial<AgencyLimits>;
}
