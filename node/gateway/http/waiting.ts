/** Waits for the deliveries of one document, for callers that want the outcome in one answer. */
import type { Clock } from '../../core/clock.ts';
import { isSettled } from '../../core/transport.ts';
import type { DeliveryUpdate, SubmitAnswer } from '../../core/views.ts';
import type { NodeService } from './services.ts';

export interface Settlement {
  /** Every delivery has its outcome. */
  settled: boolean;
  deliveries: (SubmitAnswer['deliveries'][number] &
    Partial<Pick<DeliveryUpdate, 'lastError' | 'elapsedMs'>>)[];
}

/** The last known state of each delivery, at the latest after `waitMs`. `gone` ends it early. */
export async function settledWithin(
  node: Pick<NodeService, 'watch'>,
  answer: SubmitAnswer,
  waitMs: number,
  gone: AbortSignal,
  clock: Clock,
): Promise<Settlement> {
  const latest = new Map(
    answer.deliveries.map((delivery) => [delivery.to, delivery as Settlement['deliveries'][number]]),
  );
  const unsettled = new Set(answer.deliveries.filter(({ state }) => !isSettled(state)).map(({ to }) => to));
  if (unsettled.size > 0) {
    const ended = new AbortController();
    const onGone = () => ended.abort();
    gone.addEventListener('abort', onGone, { once: true });
    if (gone.aborted) ended.abort();
    const stopTimer = clock.after(waitMs, () => ended.abort());
    try {
      for await (const { to, state, lastError, elapsedMs } of node.watch(answer.id, ended.signal)) {
        latest.set(to, { to, state, lastError, elapsedMs });
        if (isSettled(state)) unsettled.delete(to);
        if (unsettled.size === 0) break;
      }
    } catch (error) {
      if (!ended.signal.aborted) throw error;
    } finally {
      stopTimer();
      gone.removeEventListener('abort', onGone);
      ended.abort();
    }
  }
  return { settled: unsettled.size === 0, deliveries: [...latest.values()] };
}
