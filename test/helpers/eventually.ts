/** Waits for a condition, never for a time: asks again until it answers something true, or says what never came. */
import { setTimeout as sleep } from 'node:timers/promises';

const ASK_AGAIN_MS = 20;

/** The condition's first truthy answer. Rejects after `timeoutMs`, naming it and the last error it threw. */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 60_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer as NonNullable<T>;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`never: ${what}`, { cause: last });
    await sleep(ASK_AGAIN_MS);
  }
}
