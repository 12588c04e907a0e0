/**
 * Time and randomness come in through these two, so that tests and simulations own them.
 * The only file of node/ that may touch Date.now, timers or the random source directly.
 */
import { randomBytes } from 'node:crypto';

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, as a claim: never trusted from anyone else. */
  nowMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. Doesn't keep the process alive by itself when `unref`. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back once after `ms`; the answer cancels it. */
  after(ms: number, call: () => void): () => void;
}

export type Random = (bytes: number) => Uint8Array;

/** Bytes fetched from the operating system's source at a time: salts and ids ask for 16 (2 µs a call otherwise). */
const POOL_BYTES = 4096;
let pool = new Uint8Array(0);
let used = 0;

export const systemRandom: Random = (bytes) => {
  if (bytes > POOL_BYTES / 4) return new Uint8Array(randomBytes(bytes));
  if (used + bytes > pool.byteLength) {
    pool = new Uint8Array(randomBytes(POOL_BYTES));
    used = 0;
  }
  const taken = pool.slice(used, used + bytes);
  pool.fill(0, used, used + bytes);
  used += bytes;
  return taken;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** A number in [0, 1) from the random source: for jitter, never for secrets. */
export function fraction(random: Random): number {
  const bytes = random(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}
