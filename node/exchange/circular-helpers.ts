/**
 * Names the helpers of a circular: other seats the same document goes to, which may know each other. Seats stand in a
 * ring whose order is the document's own, and each is told those at certain distances in both directions: near and far
 * ones, so that a chunk is everywhere in few steps, and mostly pairs that help each other. Nothing depends on a helper.
 * Called by seat-courier with each offer, so that a repeat names those there are then.
 */
import { type DeliveryRow, dispatch as dispatchCodec, signed as signedCodec } from '../../proto/messages.ts';
import { type Bytes, compareBytes, equalBytes, sha256, utf8 } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { isSettled, parseTransportState } from '../core/transport.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import type { KeyValueStore } from '../store/key-value.ts';
import type { PreparedOffer } from './attempt.ts';
import type { OfferFields } from './delivery-link.ts';
import type { Self } from './ports.ts';

/** As many as keep a reader busy, and as many again in place of those it can't reach. */
export const MOST_HELPERS = 16;
/** With less to pull the connections cost more than what goes over them. */
export const SHARED_BYTES = 1024 * 1024;
/** The couriers of one circular ask within moments of each other. */
const REMEMBERED_MS = 10_000;

/** Helpers for `seat` among all seats of the document, the first to be tried first; at most MOST_HELPERS. */
export function helpersFor(documentId: Bytes, seat: string, seats: readonly string[]): string[] {
  const ring = [...new Set(seats)]
    .map((name) => ({ name, place: sha256(documentId, utf8(name)) }))
    .sort((a, b) => compareBytes(a.place, b.place))
    .map(({ name }) => name);
  const own = ring.indexOf(seat);
  const others = ring.length - 1;
  if (own < 0 || others < 1) return [];
  const named = new Set<string>();
  for (const distance of distancesIn(ring.length))
    for (const step of [distance, ring.length - distance]) {
      const name = ring[(own + step) % ring.length]!;
      if (name !== seat && named.size < MOST_HELPERS) named.add(name);
    }
  return [...named];
}

/** Every distance where there are few seats, else growing ones: a near, a middle and a far one first. */
function distancesIn(seats: number): number[] {
  const half = Math.floor(seats / 2);
  const most = MOST_HELPERS / 2;
  if (half <= most) return Array.from({ length: half }, (_, i) => i + 1);
  const growing = Array.from({ length: most }, (_, i) => Math.round(half ** (i / (most - 1))));
  const distances = growing.map((distance, i) => Math.max(distance, i + 1));
  return distances.map((_, i) => distances[(i * 3) % most]!);
}

export class HelperNames {
  readonly #store: KeyValueStore;
  readonly #clock: Clock;
  readonly #ownSeat: string;
  #last: { documentId: Bytes; atMs: number; seats: Promise<string[]> } | undefined;

  constructor(components: { store: KeyValueStore; clock: Clock; self: Self }) {
    this.#ownSeat = components.self.seat;
    this.#store = components.store;
    this.#clock = components.clock;
  }

  /** The offer with the helpers its receiver may ask; as it is where it holds all its files, or is no circular. */
  async naming(row: DeliveryRow, { fields, pullBytes }: PreparedOffer): Promise<OfferFields> {
    if (row.statusSequence > 0 || pullBytes <= SHARED_BYTES || !isCircular(row.dispatch)) return fields;
    const helperSeats = helpersFor(row.documentId, row.seat, await this.#seats(row.documentId));
    return { ...fields, helperSeats };
  }

  #seats(documentId: Bytes): Promise<string[]> {
    const nowMs = this.#clock.nowMs();
    const last = this.#last;
    if (last && equalBytes(last.documentId, documentId) && nowMs - last.atMs < REMEMBERED_MS)
      return last.seats;
    const seats = deliveriesOf(this.#store, documentId).then((rows) =>
      rows
        .filter((row) => row.seat !== this.#ownSeat && mayHold(row) && isCircular(row.dispatch))
        .map(({ seat }) => seat),
    );
    this.#last = { documentId, atMs: nowMs, seats };
    return seats;
  }
}

/** Whether a dispatch, as its sender signed it, is one of a circular's. */
export const isCircular = (dispatch: Bytes): boolean =>
  dispatchCodec.parse(signedCodec.parse(dispatch).payload).circular;

const mayHold = ({ state }: DeliveryRow): boolean => {
  const parsed = parseTransportState(state);
  return !isSettled(parsed) || parsed === 'delivered';
};
