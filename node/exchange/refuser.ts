/**
 * Signed refusals. One that follows from the offered bytes alone (`never`) is stored with its audit entry and the
 * same bytes are sent at every repeat of the same envelopes; `later` is signed anew each time and kept nowhere.
 */
import { refusal as refusalCodec } from '../../proto/messages.ts';
import { type Bytes, EMPTY, hex } from '../core/bytes.ts';
import { dayOf } from '../core/dates.ts';
import { isLienthongError } from '../core/errors.ts';
import type { BatchSigner } from '../signing/batch-signer.ts';
import { KINDS } from '../signing/envelope.ts';
import { getRefusal, refusalWrite } from '../store/arrivals.ts';
import type { Outcome } from './delivery-link.ts';
import type { Fault } from './faults.ts';
import type { ExchangeComponents } from './ports.ts';

/** Refusals kept for one seat in a day; a seat with more faulty documents than this is broken or hostile. */
const KEPT_PER_DAY = 10_000;
const HOUR_MS = 3_600_000;

export interface Envelopes {
  document: Bytes;
  dispatch: Bytes;
}

export type RefuserComponents = Pick<
  ExchangeComponents,
  'store' | 'directory' | 'self' | 'clock' | 'report'
> & {
  signer: BatchSigner;
};

export class Refuser {
  readonly #with: RefuserComponents;
  readonly #kept = new Map<string, number>();
  #day = '';

  constructor(components: RefuserComponents) {
    this.#with = components;
  }

  /** `ids` are empty where the offer couldn't be read. */
  async refuse(
    fault: Fault,
    envelopes: Envelopes,
    fromSeat: string,
    ids: Envelopes = { document: EMPTY, dispatch: EMPTY },
  ): Promise<Outcome> {
    const { clock, directory, report, store } = this.#with;
    const before =
      fault.retry === 'never' && (await getRefusal(store, envelopes.dispatch, envelopes.document));
    if (before) return { refusal: before } as Outcome;
    if (fault.retry === 'never' && !this.#mayKeep(fromSeat))
      return { busy: { retryAfterMs: HOUR_MS } } as Outcome;
    report('offer.refused', { seat: fromSeat, code: fault.code, retry: fault.retry, text: fault.text });
    const now = directory();
    const payload = refusalCodec.encode({
      dispatchId: ids.dispatch,
      documentId: ids.document,
      documentEnvelope: envelopes.document,
      dispatchEnvelope: envelopes.dispatch,
      code: fault.code,
      retry: fault.retry === 'never' ? 1 : 2,
      text: fault.text.slice(0, 250),
      directoryVersion: now.version,
      directoryHead: now.headHash,
      refusedAtMs: clock.nowMs(),
      movedTo: fault.movedTo ?? '',
    });
    const refusal = await this.#with.signer.sign({ kind: KINDS.refusal, payload }, this.#with.self.service());
    if (fault.retry === 'never') await this.#keep(fault, envelopes, fromSeat, refusal);
    return { refusal } as Outcome;
  }

  /** Counts what a seat makes this node keep in a day: garbage must not grow store and audit log without end. */
  #mayKeep(seat: string): boolean {
    const day = dayOf(this.#with.clock.nowMs());
    if (day !== this.#day) this.#kept.clear();
    this.#day = day;
    const kept = (this.#kept.get(seat) ?? 0) + 1;
    this.#kept.set(seat, kept);
    return kept <= KEPT_PER_DAY;
  }

  async #keep(fault: Fault, envelopes: Envelopes, fromSeat: string, refusal: Bytes): Promise<void> {
    const { store, clock } = this.#with;
    const fields = [
      { name: 'from', value: fromSeat },
      { name: 'code', value: fault.code },
      { name: 'text', value: fault.text },
      { name: 'envelope', value: hex(envelopes.document) },
    ];
    try {
      await store.commit({
        writes: [refusalWrite(envelopes.dispatch, envelopes.document, refusal)],
        audit: [{ atMs: clock.nowMs(), event: 'offer.refused', fields }],
      });
    } catch (error) {
      // a full disk or a read-only store must not turn a refusal into silence; it is merely not replayed
      if (!isLienthongError(error, 'read-only') && !isLienthongError(error, 'disk-full')) throw error;
    }
  }
}
