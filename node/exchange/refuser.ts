/**
 * Signed refusals. One that follows from the offered bytes alone (`never`) is stored with its audit entry and the
 * same bytes are sent at every repeat of the same envelopes; `later` is signed anew each time and kept nowhere.
 */
import { refusal as refusalCodec } from '../../proto/messages.ts';
import { type Bytes, EMPTY, hex } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import type { BatchSigner } from '../signing/batch-signer.ts';
import { KINDS } from '../signing/envelope.ts';
import { getRefusal, refusalWrite } from '../store/arrivals.ts';
import type { Outcome } from './delivery-link.ts';
import type { Fault } from './faults.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Quotas } from './quotas.ts';

export interface Envelopes {
  document: Bytes;
  dispatch: Bytes;
}

export type RefuserComponents = Pick<
  ExchangeComponents,
  'store' | 'directory' | 'self' | 'clock' | 'report'
> & {
  signer: BatchSigner;
  quotas: Quotas;
};

export class Refuser {
  readonly #with: RefuserComponents;

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
    const now = directory();
    const agency = now.agencyOfSeat(fromSeat) ?? fromSeat;
    const retryAfterMs = fault.retry === 'never' ? this.#count(agency) : undefined;
    if (retryAfterMs !== undefined) return { busy: { retryAfterMs } } as Outcome;
    // of a limit quotas tell, once
    if (fault.retryAfterMs === undefined)
      report('offer.refused', { seat: fromSeat, code: fault.code, retry: fault.retry, text: fault.text });
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
    if (fault.retry === 'never') await this.#keep(fault, envelopes, fromSeat, agency, refusal);
    return { refusal, retryAfterMs: fault.retryAfterMs ?? 0 } as Outcome;
  }

  /** Garbage must not grow store and audit log without end: undefined, or how long its sender waits instead. */
  #count(agency: string): number | undefined {
    try {
      this.#with.quotas.countRefusal(agency);
      return undefined;
    } catch (error) {
      if (!isLienthongError(error, 'quota')) throw error;
      return Number(error.details.retryAfterMs);
    }
  }

  async #keep(
    fault: Fault,
    envelopes: Envelopes,
    fromSeat: string,
    agency: string,
    refusal: Bytes,
  ): Promise<void> {
    const { store, clock, quotas } = this.#with;
    const fields = [
      { name: 'from', value: fromSeat },
      { name: 'code', value: fault.code },
      { name: 'text', value: fault.text },
      { name: 'envelope', value: hex(envelopes.document) },
    ];
    try {
      await store.commit({
        writes: [refusalWrite(envelopes.dispatch, envelopes.document, refusal), ...quotas.writes(agency)],
        audit: [{ atMs: clock.nowMs(), event: 'offer.refused', fields }],
      });
    } catch (error) {
      // a full disk or a read-only store must not turn a refusal into silence; it is merely not replayed
      if (!isLienthongError(error, 'read-only') && !isLienthongError(error, 'disk-full')) throw error;
    }
  }
}
