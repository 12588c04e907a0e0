/**
 * The inbox: takes an offer to its outcome. A receipt is signed over what is about to be committed and leaves only
 * after the commit: document, arrival, receipt, small attachments, references of large ones and the audit entry are
 * one batch. A crash before it leaves nothing but unreferenced files the collector removes; a crash after it means
 * the sender offers again and gets the stored, byte-identical receipt. The same offer twice at once is worked on
 * once; two that still race meet in the commit's preconditions. Called by delivery-server only.
 */
import { stringify as uuidText } from 'uuid';
import { type DocumentRow, type OfferFrame, receipt as receiptCodec } from '../../proto/messages.ts';
import { type Bytes, equalBytes, hex, sha256 } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { raceSignal } from '../core/race-signal.ts';
import type { BatchSigner } from '../signing/batch-signer.ts';
import { KINDS } from '../signing/envelope.ts';
import { arrivalAbsent, getArrival, getRefusal } from '../store/arrivals.ts';
import { getDocument, senderExchangeIdKey } from '../store/documents.ts';
import type { Precondition, Write } from '../store/key-value.ts';
import { Admission, bytesOf, isAllInline, type Offered, signaturesOf } from './admission.ts';
import { arrivalOf, rowsOf } from './arriving.ts';
import type { CollectedAttachments, Collector } from './collector.ts';
import type { Outcome } from './delivery-link.ts';
import { type Fault, later, refusable, unreadable } from './faults.ts';
import type { FreshSignatures } from './fresh-signatures.ts';
import type { LogWitness } from './log-witness.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Quotas } from './quotas.ts';
import type { Refuser } from './refuser.ts';
import type { StatusCarrier } from './status-carrier.ts';
import type { StatusInbox } from './status-inbox.ts';
import { readDispatch, readDocument, type Trust } from './trust.ts';
import type { UpdateAnswers } from './update-answers.ts';

/** Commits wait in thousands: a moment later there is room again. */
const BUSY_MS = 1_000;

export type InboxComponents = Pick<
  ExchangeComponents,
  'store' | 'auditLog' | 'directory' | 'self' | 'clock' | 'report' | 'onUnknownHead' | 'room'
> & {
  signer: BatchSigner;
  signatures: FreshSignatures;
  trust: Trust;
  collector: Collector;
  refuser: Refuser;
  quotas: Quotas;
  witness: LogWitness;
  statuses: StatusInbox;
  carrier: StatusCarrier;
  updates: UpdateAnswers;
  onReceived: (documentId: Bytes) => void;
};

export class Inbox {
  readonly #with: InboxComponents;
  readonly #admission: Admission;
  /** Deliveries being worked on, by key: the same offer again waits for the same outcome. */
  readonly #working = new Map<string, Promise<Outcome>>();

  constructor(components: InboxComponents) {
    this.#with = components;
    this.#admission = new Admission({ ...components, seat: components.self.seat });
  }

  /** One outcome for each dispatch of the offer, in order. Rejects only when this node is at fault: no outcome then. */
  async receive(fromSeat: string, offer: OfferFrame, signal: AbortSignal): Promise<Outcome[]> {
    if (offer.status.byteLength > 0) return [await this.#with.statuses.receive(fromSeat, offer.status)];
    if (offer.dispatches.length === 0)
      throw new LienthongError('malformed', { field: 'OfferFrame.dispatches' });
    const outcomes: Outcome[] = [];
    for (const [index, dispatch] of offer.dispatches.entries()) {
      const outcome = await this.#one(fromSeat, dispatch, offer, signal);
      outcomes.push({ ...outcome, index } as Outcome);
    }
    return outcomes;
  }

  async #one(
    fromSeat: string,
    dispatchBytes: Bytes,
    offer: OfferFrame,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { directory, refuser } = this.#with;
    const { federationId } = directory();
    const dispatch = readDispatch(dispatchBytes, federationId);
    const document = readDocument(offer.document, federationId);
    if (dispatch === undefined || document === undefined) {
      return refuser.refuse(
        unreadable(
          dispatch === undefined ? 'dispatch' : 'document',
          [KINDS.document, KINDS.dispatch],
          [offer.document, dispatchBytes],
        ),
        { document: sha256(offer.document), dispatch: sha256(dispatchBytes) },
        fromSeat,
      );
    }
    const offered: Offered = { dispatch, document, fromSeat, helpers: offer.helperSeats };
    const name = `${fromSeat} ${hex(dispatch.id)} ${hex(document.hash)}`;
    const under = this.#working.get(name);
    if (under !== undefined) {
      // work begun by a stream that has broken since ends with that stream: this one does it anew
      const outcome = await raceSignal(under, signal).catch((error: unknown) => {
        if (signal.aborted) throw error;
      });
      return outcome ?? this.#one(fromSeat, dispatchBytes, offer, signal);
    }
    const work = this.#work(offered, offer.inlineBlobs, signal).finally(() => this.#working.delete(name));
    this.#working.set(name, work);
    return work;
  }

  /**
   * A small document is taken as new at first: its commit's preconditions say so if it isn't, and only then the disk is
   * asked what is known of it. One that has files to pull asks first.
   */
  async #work(offered: Offered, inlineBlobs: readonly Bytes[], signal: AbortSignal): Promise<Outcome> {
    for (let seemsNew = !this.#isOwn(offered) && isAllInline(offered, inlineBlobs); ; seemsNew = false) {
      try {
        const sender = this.#admission.senderFault(offered);
        if (sender !== undefined) return await this.#sign(sender, offered);
        const repeat = seemsNew ? undefined : await this.#repeated(offered);
        return repeat ?? (await this.#take(offered, inlineBlobs, seemsNew, signal));
      } catch (error) {
        if (isLienthongError(error, 'state-changed')) continue;
        if (isLienthongError(error, 'busy')) return { busy: { retryAfterMs: BUSY_MS } } as Outcome;
        const fault = refusable(error);
        if (fault === undefined) throw error;
        return this.#refuse(fault, offered);
      }
    }
  }

  /** The stored outcome of a delivery already made or refused for good; who asks has been found to be its sender. */
  async #repeated({ dispatch, document }: Offered): Promise<Outcome | undefined> {
    const { store, signatures } = this.#with;
    const refusal = await getRefusal(store, dispatch.hash, document.hash);
    if (refusal !== undefined) return { refusal } as Outcome;
    const arrival = await getArrival(store, document.id, dispatch.content.unit);
    if (arrival === undefined || !equalBytes(dispatch.content.documentId, document.id)) return undefined;
    return { receipt: await signatures.ofArrival(arrival) } as Outcome;
  }

  async #take(
    offered: Offered,
    inlineBlobs: readonly Bytes[],
    seemsNew: boolean,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { quotas } = this.#with;
    const { senderAgency } = offered.document.content;
    // its own units count against nobody
    if (this.#isOwn(offered)) return this.#admit(offered, inlineBlobs, seemsNew, signal);
    // before a signature is checked
    const uncount = quotas.countDocument(senderAgency, bytesOf(offered));
    try {
      quotas.spendVerifications(senderAgency, signaturesOf(offered));
      const outcome = await this.#admit(offered, inlineBlobs, seemsNew, signal);
      if (!outcome.receipt) uncount();
      return outcome;
    } catch (error) {
      uncount();
      throw error;
    }
  }

  async #admit(
    offered: Offered,
    inlineBlobs: readonly Bytes[],
    seemsNew: boolean,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { clock, collector, quotas, room, store } = this.#with;
    const { document } = offered;
    const { senderAgency } = document.content;
    const fault = this.#admission.fault(offered, clock.nowMs());
    if (fault !== undefined) return this.#refuse(fault, offered);
    const exchangeId = uuidText(document.content.exchangeId);
    const conflictKey = senderExchangeIdKey(senderAgency, exchangeId);
    const known = seemsNew ? undefined : await store.get(conflictKey);
    if (known !== undefined && !equalBytes(known, document.id)) {
      const text = `exchange id ${exchangeId} is another document`;
      return this.#refuse({ code: 'conflict', retry: 'never', text }, offered);
    }
    const held = seemsNew ? undefined : await getDocument(store, document.id);
    const isOwn = this.#isOwn(offered);
    // a clone of this node, not one of its units
    if (isOwn && !held?.outgoing)
      return this.#refuse(later('sender-mismatch', 'not sent from here'), offered);
    await room();
    const attachments = isOwn
      ? await collector.here(document.content, held)
      : await collector.collect(offered, inlineBlobs, held, signal);
    try {
      // every document received writes its conflict row: none means no such document, and so no arrival of it
      const guard: Precondition[] = [{ key: conflictKey, expect: known ?? 'absent' }];
      if (known !== undefined) guard.push(arrivalAbsent(document.id, offered.dispatch.content.unit));
      const counted = isOwn ? [] : quotas.writes(senderAgency);
      const more = [{ put: conflictKey, value: document.id }, ...counted];
      return await this.#commit(offered, attachments, held, exchangeId, guard, more);
    } catch (error) {
      await attachments.release();
      throw error;
    } finally {
      attachments.end();
    }
  }

  async #commit(
    offered: Offered,
    attachments: CollectedAttachments,
    held: DocumentRow | undefined,
    exchangeId: string,
    guard: readonly Precondition[],
    more: readonly Write[],
  ): Promise<Outcome> {
    const { store, clock, witness, statuses, carrier, report, onReceived } = this.#with;
    const { dispatch, document, fromSeat } = offered;
    const { unit } = dispatch.content;
    const storedAtMs = clock.nowMs();
    const receipt = await this.#receipt(offered, storedAtMs);
    const arrival = arrivalOf(offered, receipt, storedAtMs);
    const fields = [
      { name: 'id', value: exchangeId },
      { name: 'document', value: hex(document.id) },
      { name: 'unit', value: unit },
      { name: 'from', value: fromSeat },
    ];
    const along = await this.#with.updates.toArriving(document, arrival);
    const rows = rowsOf(offered, held, attachments, arrival);
    await store.commit({
      require: [...guard, ...rows.require, ...along.flatMap(({ made }) => made.require)],
      writes: [
        ...rows.writes,
        ...witness.writesFor(fromSeat, dispatch.content.logHead, dispatch.bytes),
        ...more,
        ...along.flatMap(({ made }) => made.writes),
      ],
      audit: [
        { atMs: storedAtMs, event: 'document.received', fields },
        ...along.flatMap(({ made }) => made.audit),
      ],
    });
    for (const { of, made } of along) carrier.committed(of, made);
    await statuses.arrived(arrival);
    report('document.received', { from: fromSeat, id: exchangeId, to: unit });
    onReceived(document.id);
    return { receipt } as Outcome;
  }

  /** From one unit of this seat to another: the document is here, and all that belongs to it. */
  #isOwn({ fromSeat }: Offered): boolean {
    return fromSeat === this.#with.self.seat;
  }

  #receipt({ dispatch, document }: Offered, storedAtMs: number): Promise<Bytes> {
    const { signer, self, auditLog } = this.#with;
    const payload = receiptCodec.encode({
      dispatchId: dispatch.id,
      documentId: document.id,
      unit: dispatch.content.unit,
      documentEnvelope: document.hash,
      dispatchEnvelope: dispatch.hash,
      storedAtMs,
      logHead: auditLog.head(),
    });
    return signer.sign({ kind: KINDS.receipt, payload }, self.service());
  }

  /** A delivery already made stays made, whatever speaks against it now: its receipt, else the refusal. */
  async #refuse(fault: Fault, offered: Offered): Promise<Outcome> {
    return (await this.#repeated(offered)) ?? this.#sign(fault, offered);
  }

  async #sign(fault: Fault, { dispatch, document, fromSeat }: Offered): Promise<Outcome> {
    if (fault.retry === 'later') this.#with.onUnknownHead(fromSeat);
    const envelopes = { document: document.hash, dispatch: dispatch.hash };
    return this.#with.refuser.refuse(fault, envelopes, fromSeat, {
      document: document.id,
      dispatch: dispatch.id,
    });
  }
}
