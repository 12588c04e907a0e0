/**
 * Waiting between attempts: doubling from `firstMs`, never more than `mostMs`, jittered to between half and the whole
 * so that nodes that failed together don't come back together. Pure.
 */
import { fraction, type Random } from './clock.ts';

/** 5 minutes: a seat that returns is heard of earlier anyway, by any sign of life. */
export const MOST_BACKOFF_MS = 5 * 60_000;

/** Milliseconds before attempt `attempts` + 1; `attempts` counts from 1. */
export function backoffMs(attempts: number, random: Random, firstMs = 500, mostMs = MOST_BACKOFF_MS): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(30, Math.max(0, attempts - 1)));
  return Math.round(whole * (0.5 + fraction(random) / 2));
}
