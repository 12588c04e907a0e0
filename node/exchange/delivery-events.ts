/**
 * What happens to outgoing deliveries, as it happens: for whoever watches a document and for `--wait`. In memory
 * only; the rows on disk are the truth, and a watcher reads them first. Watchers that don't read are bounded by
 * keeping only the newest state of each delivery.
 */
import type { DeliveryRow } from '../../proto/messages.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import { isSettled, parseTransportState, type TransportState } from '../core/transport.ts';

export interface DeliveryEvent {
  unit: string;
  state: TransportState;
  lastError: string;
  elapsedMs: number | undefined;
  /** As in DeliveryUpdate. */
  pulledBytes: number;
  givenBytes: number;
  totalBytes: number;
}

type Listener = (event: DeliveryEvent) => void;

/** Deliveries remembered after they were queued, of all documents: who waits for one needn't ask the disk. */
const REMEMBERED = 8192;
/** And of one document: a larger circular would take the place of all others. */
const REMEMBERED_OF_ONE = 256;

export class DeliveryEvents {
  readonly #listeners = new Map<string, Set<Listener>>();
  /** What was given of deliveries being sent, by document and unit; dropped when settled or broken off. */
  readonly #pulls = new Map<string, { given: number; total: number }>();

  /** Newest event of every unit of documents queued lately, the oldest document first. */
  readonly #latest = new Map<string, Map<string, DeliveryEvent>>();
  #remembered = 0;

  /** A document that was just made, with all its deliveries. */
  queued(documentId: Bytes, units: readonly string[]): void {
    const idle = {
      state: 'queued',
      lastError: '',
      elapsedMs: undefined,
      pulledBytes: 0,
      givenBytes: 0,
      totalBytes: 0,
    } as const;
    if (units.length > REMEMBERED_OF_ONE) return;
    for (const [oldest] of this.#latest) {
      if (this.#remembered + units.length <= REMEMBERED) break;
      this.#forget(oldest);
    }
    this.#latest.set(hex(documentId), new Map(units.map((unit) => [unit, { unit, ...idle }])));
    this.#remembered += units.length;
  }

  #forget(name: string): void {
    this.#remembered -= this.#latest.get(name)?.size ?? 0;
    this.#latest.delete(name);
  }

  /** Every delivery of the document as it is now; undefined when only the disk knows. */
  latest(documentId: Bytes): DeliveryEvent[] | undefined {
    const known = this.#latest.get(hex(documentId));
    return known && [...known.values()];
  }

  /** More deliveries of an earlier document: only the disk knows all of them. */
  forget(documentId: Bytes): void {
    this.#forget(hex(documentId));
  }

  /** The answer stops listening. */
  listen(documentId: Bytes, listener: Listener): () => void {
    const name = hex(documentId);
    const listeners = this.#listeners.get(name) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(name, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(name);
    };
  }

  /** What was given before a break counts: the receiver keeps it. */
  sending(row: DeliveryRow, pullBytes: number): void {
    const given = this.#latest.get(hex(row.documentId))?.get(row.unit)?.givenBytes ?? 0;
    if (pullBytes > 0) this.#pulls.set(pullName(row.documentId, row.unit), { given, total: pullBytes });
    this.#tell(row, 'sending');
  }

  /** The receiver was given `bytes` more of an attachment. */
  pulled(row: DeliveryRow, bytes: number): void {
    const pull = this.#pulls.get(pullName(row.documentId, row.unit));
    if (pull === undefined) return;
    pull.given += bytes;
    this.#tell(row, 'sending');
  }

  doubtful(row: DeliveryRow, reason: string): void {
    this.#tell({ ...row, lastError: reason } as DeliveryRow, 'queued');
    this.#pulls.delete(pullName(row.documentId, row.unit));
  }

  changed(row: DeliveryRow): void {
    const state = parseTransportState(row.state);
    this.#tell(row, state);
    if (isSettled(state)) this.#pulls.delete(pullName(row.documentId, row.unit));
  }

  #tell(row: DeliveryRow, state: TransportState): void {
    const name = hex(row.documentId);
    const listeners = this.#listeners.get(name);
    const known = this.#latest.get(name);
    if (listeners === undefined && known === undefined) return;
    const { given, total } = this.#pulls.get(pullName(row.documentId, row.unit)) ?? NOTHING;
    const event: DeliveryEvent = {
      unit: row.unit,
      state,
      lastError: row.lastError,
      elapsedMs: isSettled(state) ? row.settledAtMs - row.queuedAtMs : undefined,
      pulledBytes: state === 'delivered' ? total : Math.min(given, total),
      givenBytes: given,
      totalBytes: total,
    };
    if (known?.has(row.unit)) known.set(row.unit, event);
    for (const listener of listeners ?? []) listener(event);
  }
}

const NOTHING = { given: 0, total: 0 };

const pullName = (documentId: Bytes, unit: string): string => `${hex(documentId)} ${unit}`;
