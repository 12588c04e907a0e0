/**
 * Puts one delivery back that this node had lost and a peer still holds: the document, its dispatch and its receipt as
 * they were, verified before anything is stored. What proves it is this node's own word in both directions: the
 * dispatch it signed, or the receipt it signed. One commit each, with its audit entry, so a crash leaves a delivery
 * back whole or not at all. A number or exchange id that something else has taken meanwhile keeps its holder, and that
 * is said. Called by take-back.
 */
import { stringify as uuidText } from 'uuid';
import type {
  ArrivalRow,
  DeliveryRow,
  Dispatch,
  Document,
  DocumentRow,
  Receipt,
} from '../../proto/messages.ts';
import { equalBytes, hex } from '../core/bytes.ts';
import type { ErrorCode } from '../core/errors.ts';
import { storedTransportState } from '../core/transport.ts';
import { arrivalAbsent, arrivalWrite, getArrival } from '../store/arrivals.ts';
import { type DeliveryKey, deliveryAbsent, getDelivery, settledDeliveryWrites } from '../store/deliveries.ts';
import {
  blobReferenceWrites,
  documentAbsent,
  documentWrites,
  getDocument,
  getNumberHolder,
  numberUnchanged,
  numberWrite,
  senderExchangeIdKey,
} from '../store/documents.ts';
import type { Precondition, Write } from '../store/key-value.ts';
import { legalIdWrites, relationWrites } from '../store/relations.ts';
import { smallBlobWrite } from '../store/small-blobs.ts';
import type { CollectedAttachments, Collector } from './collector.ts';
import type { DeliveryEvents } from './delivery-events.ts';
import type { HeldItemFields, HeldKeyFields } from './held.ts';
import { statedHead } from './log-heads.ts';
import type { LogWitness } from './log-witness.ts';
import type { ExchangeComponents } from './ports.ts';
import type { StatusRestorer } from './status-restorer.ts';
import { readDispatch, readDocument, readReceipt, type Statement, type Trust } from './trust.ts';

export type RestorerComponents = Pick<
  ExchangeComponents,
  'store' | 'directory' | 'self' | 'clock' | 'report'
> & {
  trust: Trust;
  collector: Collector;
  witness: LogWitness;
  events: DeliveryEvents;
  statuses: StatusRestorer;
  /** A delivery received is here again. */
  onArrived: (of: DeliveryKey) => Promise<void>;
};

/** Statements that belong together. */
interface Held {
  key: HeldKeyFields;
  seat: string;
  document: Statement<Document>;
  dispatch: Statement<Dispatch>;
  receipt: Statement<Receipt>;
}

export class Restorer {
  readonly #with: RestorerComponents;

  constructor(components: RestorerComponents) {
    this.#with = components;
  }

  /** Whether this delivery is here: settled, or still in the queue and then settled by the courier. */
  async isHere(key: HeldKeyFields): Promise<boolean> {
    return (await this.#hasDelivery(key)) && (await this.#with.statuses.areHere(key));
  }

  async #hasDelivery({ documentId, unit, sent }: HeldKeyFields): Promise<boolean> {
    const { store } = this.#with;
    const row = sent
      ? await getDelivery(store, { documentId, unit })
      : await getArrival(store, documentId, unit);
    return row !== undefined;
  }

  /**
   * Durable when it resolves: names of attachments that seat can't give any more, or why it can't be believed. Throws
   * 'blob-unavailable' when the way to them broke, 'state-changed' when something raced it.
   */
  async restore(
    seat: string,
    key: HeldKeyFields,
    item: HeldItemFields,
    signal: AbortSignal,
  ): Promise<{ missing: readonly string[] } | { fault: ErrorCode }> {
    const { federationId } = this.#with.directory();
    const document = readDocument(item.document, federationId);
    const dispatch = readDispatch(item.dispatch, federationId);
    const receipt = readReceipt(item.receipt, federationId);
    if (document === undefined || dispatch === undefined || receipt === undefined)
      return { fault: 'malformed' };
    const held = { key, seat, document, dispatch, receipt };
    const fault = this.#fault(held);
    if (fault !== undefined) return { fault };
    if (await this.#hasDelivery(key)) {
      await this.#with.statuses.restore(seat, key, item.statuses);
      if (!key.sent) await this.#with.onArrived(key);
      return { missing: [] };
    }
    const known = await getDocument(this.#with.store, document.id);
    const offered = { dispatch, document, fromSeat: seat };
    const options = { isOwn: key.sent, withoutMissing: true };
    const attachments = await this.#with.collector.collect(offered, item.inlineBlobs, known, signal, options);
    try {
      await this.#commit(held, known, attachments);
      await this.#with.statuses.restore(seat, key, item.statuses);
      if (!key.sent) await this.#with.onArrived(key);
      return attachments;
    } catch (error) {
      await attachments.release();
      throw error;
    }
  }

  /** Each names the others, this node signed its half, and the other seat the other half. */
  #fault({ key, seat, document, dispatch, receipt }: Held): ErrorCode | undefined {
    const { trust, self, directory } = this.#with;
    const { documentId, unit } = key;
    const belongs =
      equalBytes(document.id, documentId) &&
      equalBytes(dispatch.content.documentId, documentId) &&
      dispatch.content.unit === unit &&
      equalBytes(receipt.content.documentId, documentId) &&
      receipt.content.unit === unit &&
      equalBytes(receipt.content.dispatchId, dispatch.id) &&
      equalBytes(receipt.content.dispatchEnvelope, dispatch.hash);
    if (!belongs) return 'malformed';
    const [sender, receiver] = key.sent ? [self.seat, seat] : [seat, self.seat];
    const agency = key.sent ? self.agency : directory().agencyOfSeat(seat);
    if (document.content.senderAgency !== agency) return 'sender-mismatch';
    if (trust.signatures(document.signed).some(({ fault }) => fault !== undefined))
      return 'signature-invalid';
    return (
      this.#serviceFault(dispatch, sender, receipt.content.storedAtMs) ??
      this.#serviceFault(receipt, receiver, receipt.content.storedAtMs)
    );
  }

  /** As for a repeat's receipt: a certificate may have run out in the ordinary way since. */
  #serviceFault(of: Statement<unknown>, seat: string, storedAtMs: number): ErrorCode | undefined {
    const { trust, clock } = this.#with;
    const fault = trust.serviceFault(of.signed, seat, clock.nowMs());
    return fault === 'certificate-expired' ? trust.serviceFault(of.signed, seat, storedAtMs) : fault;
  }

  async #commit(
    held: Held,
    known: DocumentRow | undefined,
    { small, files, missing, writes: leases }: CollectedAttachments,
  ): Promise<void> {
    const { store, clock, witness, events, report } = this.#with;
    const { key, seat, document, dispatch, receipt } = held;
    const id = uuidText(document.content.exchangeId);
    const index = key.sent ? await this.#numberOf(held, id) : await this.#exchangeIdOf(held, id);
    const fields = [
      { name: 'id', value: id },
      { name: 'document', value: hex(document.id) },
      { name: 'unit', value: key.unit },
      { name: key.sent ? 'to' : 'from', value: seat },
      ...(missing.length > 0 ? [{ name: 'without', value: missing.join(', ') }] : []),
    ];
    const row = known ?? documentRow(held);
    await store.commit({
      require: [
        ...index.require,
        ...(known ? [] : [documentAbsent(document.id)]),
        key.sent ? deliveryAbsent(key) : arrivalAbsent(document.id, key.unit),
      ],
      writes: [
        ...(known
          ? blobReferenceWrites(files, document.id)
          : [
              ...documentWrites(row, id, files),
              ...relationWrites(document.content, row),
              ...legalIdWrites(document.content, row),
            ]),
        ...small.map(({ sha256, bytes }) => smallBlobWrite(row, sha256, bytes)),
        ...(key.sent ? settledDeliveryWrites(deliveryRow(held)) : [arrivalWrite(arrivalRow(held))]),
        ...index.writes,
        ...leases,
        ...witness.writesFor(seat, ...(key.sent ? stated(receipt) : stated(dispatch))),
      ],
      audit: [{ atMs: clock.nowMs(), event: 'recovered', fields }],
    });
    events.forget(document.id);
    report('delivery.recovered', { id, seat, unit: key.unit, sent: key.sent });
    if (missing.length > 0) report('recovery.files-lost', { id, seat, files: missing });
  }

  /** R9: the number is taken again, unless another document took it meanwhile. */
  async #numberOf({ document }: Held, id: string): Promise<Index> {
    const { issuer, date, number, notation } = document.content;
    const numberKey = { issuer: issuer.code!, year: date.slice(0, 4), number, notation };
    const holder = await getNumberHolder(this.#with.store, numberKey);
    const isFree = holder === undefined || equalBytes(holder, document.id);
    if (!isFree) this.#with.report('recovery.number-lost', { id, number: `${number}/${notation}` });
    return {
      require: [numberUnchanged(numberKey, holder)],
      writes: isFree ? [numberWrite(numberKey, document.id)] : [],
    };
  }

  async #exchangeIdOf({ document }: Held, id: string): Promise<Index> {
    const key = senderExchangeIdKey(document.content.senderAgency, id);
    const holder = await this.#with.store.get(key);
    return {
      require: [{ key, expect: holder ?? 'absent' }],
      writes: holder === undefined ? [{ put: key, value: document.id }] : [],
    };
  }
}

interface Index {
  require: Precondition[];
  writes: Write[];
}

const stated = ({ bytes }: Statement<unknown>) => {
  const head = statedHead(bytes);
  return [head, bytes] as const;
};

/** When the sender handed it in: its clock when it signed the dispatch. */
const queuedAtMs = ({ dispatch, receipt }: Held): number =>
  statedHead(dispatch.bytes)?.claimedAtMs ?? receipt.content.storedAtMs;

function documentRow(held: Held): DocumentRow {
  const { key, seat, document, receipt } = held;
  return {
    documentId: document.id,
    exchangeId: document.content.exchangeId,
    envelope: document.bytes,
    outgoing: key.sent,
    storedAtMs: key.sent ? queuedAtMs(held) : receipt.content.storedAtMs,
    fromSeat: key.sent ? '' : seat,
  } as DocumentRow;
}

function deliveryRow(held: Held): DeliveryRow {
  const { key, seat, document, dispatch, receipt } = held;
  return {
    documentId: document.id,
    exchangeId: document.content.exchangeId,
    unit: key.unit,
    seat,
    dispatchId: dispatch.id,
    dispatch: dispatch.bytes,
    state: storedTransportState('delivered'),
    urgency: dispatch.content.urgency,
    queuedAtMs: queuedAtMs(held),
    attempts: 1,
    settledAtMs: Math.max(queuedAtMs(held), receipt.content.storedAtMs),
    outcome: receipt.bytes,
  } as DeliveryRow;
}

function arrivalRow(held: Held): ArrivalRow {
  const { key, seat, document, dispatch, receipt } = held;
  return {
    documentId: document.id,
    exchangeId: document.content.exchangeId,
    unit: key.unit,
    fromSeat: seat,
    dispatchId: dispatch.id,
    dispatch: dispatch.bytes,
    receipt: receipt.bytes,
    storedAtMs: receipt.content.storedAtMs,
    urgency: dispatch.content.urgency,
  } as ArrivalRow;
}
