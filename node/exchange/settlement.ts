/**
 * Writes down what an outcome means for a delivery: delivered, refused, or later. One commit each, with its audit
 * entry; only then is anyone told. Called by seat-courier.
 */
import { stringify as uuidText } from 'uuid';
import type { DeliveryRow } from '../../proto/messages.ts';
import { backoffMs } from '../core/backoff.ts';
import { RECEIVER_SIDE } from '../core/business-status.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import { parseTransportState } from '../core/transport.ts';
import { changeDeliveryWrites, type QueuedDelivery, queuedOf } from '../store/deliveries.ts';
import type { Write } from '../store/key-value.ts';
import { judge, type PreparedOffer, stepped, type Verdict } from './attempt.ts';
import type { DeliveryEvents } from './delivery-events.ts';
import type { Outcome } from './delivery-link.ts';
import type { LogWitness } from './log-witness.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Trust } from './trust.ts';

/** Breaks while alone in flight after which a delivery goes last within its urgency. */
const BREAKS_BEFORE_LAST = 3;
/** The longest a receiver's word makes a delivery wait: limits are raised, days end, and who says it may be hostile. */
const MOST_WAIT_MS = 3_600_000;
/** And the shortest. */
const LEAST_WAIT_MS = 250;
/** The first time set aside is 16 to 32 s: longer than the seat's own backoff after three breaks. */
const ASIDE_DOUBLINGS = 6;

export type SettlementComponents = Pick<
  ExchangeComponents,
  'store' | 'directory' | 'clock' | 'random' | 'report' | 'onUnknownHead'
> & {
  trust: Trust;
  events: DeliveryEvents;
  witness: LogWitness;
  reroute: (delivery: QueuedDelivery) => void;
  /** After the outcome of a document is durable: what was said about it may follow. */
  onSettled: (row: DeliveryRow) => void;
};

export interface Settled {
  after: DeliveryRow;
  /** The outcome proved nothing. */
  isDoubtful: boolean;
}

export class Settlement {
  readonly #with: SettlementComponents;

  constructor(components: SettlementComponents) {
    this.#with = components;
  }

  /** The row where the outcome leads, once it is durable; an outcome that proves nothing leaves it queued for later. */
  async settle(row: DeliveryRow, offered: PreparedOffer, outcome: Outcome): Promise<Settled> {
    const { trust, directory, clock } = this.#with;
    const nowMs = clock.nowMs();
    const verdict = judge(outcome, row, offered, trust, directory().federationId, nowMs);
    return { after: await this.#write(row, verdict, nowMs), isDoubtful: verdict.kind === 'doubtful' };
  }

  async #write(row: DeliveryRow, verdict: Verdict, nowMs: number): Promise<DeliveryRow> {
    const settled = (bytes: Bytes, lastError: string): Partial<DeliveryRow> => ({
      attempts: row.attempts + 1,
      outcome: bytes,
      lastError,
      settledAtMs: nowMs,
      nextAttemptAtMs: 0,
    });
    switch (verdict.kind) {
      case 'delivered':
        return this.#change(
          row,
          stepped(row, 'receipt', settled(verdict.outcome, '')),
          this.#with.witness.writesFor(row.seat, verdict.logHead, verdict.outcome),
        );
      case 'refused':
        return this.#change(row, stepped(row, 'refused-never', settled(verdict.outcome, worded(verdict))));
      case 'later':
        return this.#later(row, worded(verdict), verdict.retryAfterMs, this.#successor(row, verdict.code));
      case 'doubtful':
        this.#with.report('outcome.doubtful', { seat: row.seat, unit: row.unit, reason: verdict.reason });
        return this.#later(row, verdict.reason, undefined, row.seat);
    }
  }

  /** Sets a delivery aside until its own time; `seat` is another one when it is rerouted, and then it is due now. */
  async #later(
    row: DeliveryRow,
    lastError: string,
    afterMs: number | undefined,
    seat: string,
  ): Promise<DeliveryRow> {
    const { clock, random, onUnknownHead, reroute } = this.#with;
    const attempts = row.attempts + 1;
    const told = afterMs && Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, afterMs));
    const waitMs = Math.max(1, told ?? backoffMs(attempts, random));
    const nextAttemptAtMs = seat === row.seat ? clock.nowMs() + waitMs : 0;
    const after = stepped(row, 'in-doubt', {
      attempts,
      lastError: lastError.slice(0, 300),
      nextAttemptAtMs,
      seat,
    });
    await this.#change(row, after);
    onUnknownHead(row.seat);
    if (seat !== row.seat) reroute(queuedOf(after));
    return after;
  }

  /** A delivery this node can't make an offer of (damage): the rest of the queue goes on. */
  setAside(row: DeliveryRow, reason: string): Promise<DeliveryRow> {
    this.#with.report('delivery.set-aside', { unit: row.unit, document: hex(row.documentId), reason });
    return this.#later(row, reason, undefined, row.seat);
  }

  /**
   * The stream broke while this delivery was alone in flight. After three breaks it goes last within its urgency and,
   * where others wait, is set aside for a while: less urgent ones would wait behind it for ever.
   */
  async countBreak(row: DeliveryRow, reason: string, othersWait: boolean): Promise<DeliveryRow> {
    const { store, clock, random } = this.#with;
    const nowMs = clock.nowMs();
    const breaks = row.breaks + 1;
    const attempts = row.attempts + 1;
    const aside = {
      attempts,
      lastError: reason.slice(0, 300),
      nextAttemptAtMs: nowMs + backoffMs(attempts + ASIDE_DOUBLINGS, random),
    };
    const last = { breaks: 0, putLastAtMs: nowMs, ...(othersWait ? aside : {}) };
    const after = { ...row, ...(breaks < BREAKS_BEFORE_LAST ? { breaks } : last) } as DeliveryRow;
    await store.commit({ writes: changeDeliveryWrites(row, after) });
    return after;
  }

  /** A seat that signs `moved` frees its delivery for the seat the directory names now. */
  #successor(row: DeliveryRow, code: string): string {
    // what a receiver says goes back to where the document came from
    if (code !== 'moved' || row.statusSide === RECEIVER_SIDE) return row.seat;
    const service = this.#with.directory().service(row.unit);
    return service.kind === 'served' ? service.seat : row.seat;
  }

  async #change(before: DeliveryRow, after: DeliveryRow, more: readonly Write[] = []): Promise<DeliveryRow> {
    const { store, events, clock, report, onSettled } = this.#with;
    const state = parseTransportState(after.state);
    const isStatus = after.statusSequence > 0;
    const what = isStatus ? 'status' : 'delivery';
    const fields = [
      { name: 'document', value: hex(before.documentId) },
      { name: 'unit', value: before.unit },
      ...(isStatus ? [{ name: 'status', value: hex(after.dispatchId) }] : []),
      { name: 'attempts', value: String(after.attempts) },
      ...(after.lastError === '' ? [] : [{ name: 'reason', value: after.lastError }]),
    ];
    const isFinal = state === 'delivered' || state === 'refused';
    const audit = isFinal ? [{ atMs: clock.nowMs(), event: `${what}.${state}`, fields }] : [];
    await store.commit({ writes: [...changeDeliveryWrites(before, after), ...more], audit });
    if (!isStatus) {
      events.changed(after);
      if (isFinal) onSettled(after);
    }
    if (isFinal)
      report(`${what}.${state}`, {
        id: uuidText(after.exchangeId),
        to: after.unit,
        elapsedMs: after.settledAtMs - after.queuedAtMs,
      });
    return after;
  }
}

const worded = ({ code, text }: { code: string; text: string }): string =>
  text === '' ? code : `${code}: ${text}`;
