/**
 * The transport state of one outgoing delivery: a pure table. Business states (01–16) are another table and never
 * mixed with this one. WARNING: the numbers are persisted.
 *
 *              offer            outcome: receipt
 *   queued ───────────▶ sending ────────────────▶ delivered
 *     │ ▲                │  │   outcome: refusal (never)
 *     │ └────────────────┘  └───────────────────▶ refused
 *     │   broken, busy, refusal (later)
 *     └──────────────────────────────────────────▶ cancelled   (recalled before anything left)
 *
 * `sending` is never stored: a delivery in flight when a node dies is queued again, in doubt, and offered again.
 */
export const TRANSPORT_STATES = ['queued', 'sending', 'delivered', 'refused', 'cancelled'] as const;
export type TransportState = (typeof TRANSPORT_STATES)[number];
export type TransportEvent = 'offer' | 'receipt' | 'refused-never' | 'in-doubt' | 'cancel';

const NEXT: Record<TransportState, Partial<Record<TransportEvent, TransportState>>> = {
  queued: { offer: 'sending', cancel: 'cancelled' },
  sending: { receipt: 'delivered', 'refused-never': 'refused', 'in-doubt': 'queued' },
  delivered: {},
  refused: {},
  cancelled: {},
};

/** The state after `event`, or undefined where the table has no such step: the event changes nothing. */
export const nextTransportState = (from: TransportState, event: TransportEvent): TransportState | undefined =>
  NEXT[from][event];

export const isSettled = (state: TransportState): boolean => Object.keys(NEXT[state]).length === 0;

const STORED: readonly TransportState[] = ['queued', 'delivered', 'refused', 'cancelled'];
/** Number of a state on disk: 1 queued, 2 delivered, 3 refused, 4 cancelled. */
export const storedTransportState = (state: TransportState): number => {
  const index = STORED.indexOf(state);
  if (index < 0) throw new RangeError(`${state} is never stored`);
  return index + 1;
};
export function parseTransportState(stored: number): TransportState {
  const state = STORED[stored - 1];
  if (state === undefined) throw new RangeError(`no transport state ${stored}`);
  return state;
}

/** What a document with several deliveries shows: the state that still wants attention first. */
export function leastAdvanced(states: readonly TransportState[]): TransportState {
  const order: readonly TransportState[] = ['refused', 'queued', 'sending', 'delivered', 'cancelled'];
  return order.find((state) => states.includes(state)) ?? 'cancelled';
}
