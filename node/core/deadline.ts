/** A time limit on one piece of work, by the Clock: `AbortSignal.timeout` would run in a time no test or simulation owns. */
import type { Clock } from './clock.ts';
import { LienthongError } from './errors.ts';

/**
 * Runs `work` with a signal that aborts after `ms` with 'timeout', or with `outer` and its reason. The work has to heed
 * the signal; its timer is gone when the work has ended.
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const cancel = clock.after(ms, () => limit.abort(new LienthongError('timeout', { timeoutMs: ms })));
  try {
    return await work(outer === undefined ? limit.signal : AbortSignal.any([outer, limit.signal]));
  } finally {
    cancel();
  }
}
