/**
 * Offers kept in memory from their commit to their turn, so that a live seat costs no reading back. Bounded; disk has
 * everything that isn't here. Used by seat-courier.
 */
import type { DeliveryRow } from '../../proto/messages.ts';
import type { PreparedOffer } from './attempt.ts';

const FRESH_BYTES = 1024 * 1024;

/** A delivery as it was just committed, ready to be offered. */
export interface FreshOffer {
  row: DeliveryRow;
  offered: PreparedOffer;
}

/** Bytes an offer holds in memory. */
export const bytesOf = ({ document, fields }: PreparedOffer): number =>
  (fields.inlineBlobs ?? []).reduce((sum, blob) => sum + blob.byteLength, document.byteLength);

export class FreshOffers {
  readonly #offers = new Map<string, FreshOffer>();
  #bytes = 0;

  /** Keeps it where there is room. */
  add(name: string, fresh: FreshOffer): void {
    if (this.#bytes >= FRESH_BYTES || this.#offers.has(name)) return;
    this.#offers.set(name, fresh);
    this.#bytes += bytesOf(fresh.offered);
  }

  take(name: string): FreshOffer | undefined {
    const fresh = this.#offers.get(name);
    if (fresh === undefined) return undefined;
    this.#offers.delete(name);
    this.#bytes -= bytesOf(fresh.offered);
    return fresh;
  }

  clear(): void {
    this.#offers.clear();
    this.#bytes = 0;
  }
}
