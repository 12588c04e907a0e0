/**
 * Follows the deliveries of one document: what disk says first, then every change, the newest state of each unit
 * only where the reader is slower than the changes. Ends when all are settled or the signal fires.
 */
import type { Bytes } from '../core/bytes.ts';
import { isSettled, parseTransportState } from '../core/transport.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import type { KeyValueStore } from '../store/key-value.ts';
import type { DeliveryEvent, DeliveryEvents } from './delivery-events.ts';

export async function* watchDeliveries(
  documentId: Bytes,
  store: KeyValueStore,
  events: DeliveryEvents,
  signal: AbortSignal,
): AsyncGenerator<DeliveryEvent> {
  const fresh = new Map<string, DeliveryEvent>();
  let wake = () => {};
  const listener = (event: DeliveryEvent) => {
    fresh.set(event.unit, event);
    wake();
  };
  const stop = events.listen(documentId, listener);
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  const open = new Set<string>();
  try {
    for (const event of events.latest(documentId) ?? (await eventsOnDisk(store, documentId))) {
      if (!isSettled(event.state)) open.add(event.unit);
      if (!fresh.has(event.unit)) yield event;
    }
    for (;;) {
      for (const event of [...fresh.values()]) {
        fresh.delete(event.unit);
        if (isSettled(event.state)) open.delete(event.unit);
        yield event;
      }
      if (signal.aborted || (open.size === 0 && fresh.size === 0)) return;
      if (fresh.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (signal.aborted) resolve();
        });
      }
    }
  } finally {
    stop();
    signal.removeEventListener('abort', onAbort);
  }
}

async function eventsOnDisk(store: KeyValueStore, documentId: Bytes): Promise<DeliveryEvent[]> {
  return (await deliveriesOf(store, documentId)).map((row) => ({
    unit: row.unit,
    state: parseTransportState(row.state),
    lastError: row.lastError,
    elapsedMs: row.settledAtMs > 0 ? row.settledAtMs - row.queuedAtMs : undefined,
    pulledBytes: 0,
    givenBytes: 0,
    totalBytes: 0,
  }));
}
