/**
 * Takes statuses of other seats into the chains here: signature, form, and whether that seat may say it, before a byte
 * is stored; one commit with what this node answers by itself; acknowledged by its id only after it. The same again is
 * acknowledged again. One that comes before its document is kept (early-statuses), and counts from the document's arrival on.
 */
import type { Signed, Status } from '../../proto/messages.ts';
import {
  type ChainSide,
  needsReason,
  RECEIVER_SIDE,
  SENDER_SIDE,
  sideOf,
  statusCodeOf,
} from '../core/business-status.ts';
import { type Bytes, EMPTY, equalBytes, hex, sha256 } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import { KINDS } from '../signing/envelope.ts';
import { getArrival } from '../store/arrivals.ts';
import { type DeliveryKey, getDelivery } from '../store/deliveries.ts';
import { getDocument } from '../store/documents.ts';
import { getStatus, MOST_ENTRIES, nextAbsent, statusWrite } from '../store/statuses.ts';
import {
  auditOf,
  automaticAnswers,
  type ChainStatement,
  type Chains,
  chainsFrom,
  chainsOf,
  type Made,
  readStatement,
  type StatusMaker,
  unchanged,
} from './chains.ts';
import type { Outcome } from './delivery-link.ts';
import { EarlyStatuses } from './early-statuses.ts';
import { type Fault, later, never, refusable, unreadable } from './faults.ts';

import { held } from './library.ts';
import type { LogWitness } from './log-witness.ts';
import type { ExchangeComponents } from './ports.ts';
import type { Quotas } from './quotas.ts';
import type { Refuser } from './refuser.ts';
import type { StatusCarrier } from './status-carrier.ts';
import { readStatus, type Statement, type Trust } from './trust.ts';

const MOST_ROUNDS = 8;
const BUSY_MS = 1_000;
/** Until what was said of a document before a loss is back, nothing is answered about it. */
const RECOVERING_MS = 30_000;
/** Recalls of one document that wait for an answer: asking again while one waits is no use. */
const MOST_WAITING = 8;

export type StatusInboxComponents = Pick<
  ExchangeComponents,
  'store' | 'directory' | 'self' | 'clock' | 'report' | 'onUnknownHead'
> & {
  trust: Trust;
  refuser: Refuser;
  quotas: Quotas;
  witness: LogWitness;
  maker: StatusMaker;
  carrier: StatusCarrier;
  /** What a seat holds of this node's lost statuses isn't all back yet. */
  isTakingBack: (seat: string) => boolean;
};

/** Where a status that is in order goes. */
type Place = ({ kind: 'chain' } & Origin) | { kind: 'early' };

/** Of a delivery: where its other side is, and what its statuses inherit. */
interface Origin {
  toSeat: string;
  urgency: number;
  exchangeId: Bytes;
}

export class StatusInbox {
  readonly #with: StatusInboxComponents;
  readonly #early: EarlyStatuses;

  constructor(components: StatusInboxComponents) {
    this.#with = components;
    this.#early = new EarlyStatuses(components);
  }

  async load(): Promise<void> {
    for (const of of await this.#early.load()) await this.arrived(of);
  }

  /** Rejects only when this node is at fault. `keptAtMs`: since when it is here, of one that was kept. */
  async receive(fromSeat: string, bytes: Bytes, keptAtMs?: number): Promise<Outcome> {
    const status = readStatus(bytes, this.#with.directory().federationId);
    if (status === undefined)
      return this.#refuse(unreadable('status', [KINDS.status], [bytes]), bytes, fromSeat);
    const { documentId, unit } = status.content;
    const of = { documentId, unit };
    const found =
      formFault(status.content) ??
      // one that was kept is checked of this node's own will
      (keptAtMs === undefined ? this.#limitFault(status.signed, fromSeat) : undefined) ??
      this.#signatureFault(status.signed, fromSeat, keptAtMs);
    if (found !== undefined) return this.#refuse(found, bytes, fromSeat, status);
    for (let round = 1; ; round++) {
      try {
        const place = await this.#place(of, status.content, fromSeat);
        if ('code' in place) return this.#refuse(place, bytes, fromSeat, status);
        const taken = await this.#take(of, status, fromSeat, place);
        return 'code' in taken ? this.#refuse(taken, bytes, fromSeat, status) : taken;
      } catch (error) {
        if (isLienthongError(error, 'state-changed') && round < MOST_ROUNDS) continue;
        if (isLienthongError(error, 'busy') || isLienthongError(error, 'state-changed'))
          return { busy: { retryAfterMs: BUSY_MS } } as Outcome;
        const fault = refusable(error);
        if (fault === undefined) throw error;
        return this.#refuse(fault, bytes, fromSeat, status);
      }
    }
  }

  /** After a document's arrival is durable: what was said about it before counts now. */
  arrived(of: DeliveryKey): Promise<void> {
    return this.#early.release(of, (seat, { envelope, storedAtMs }) =>
      this.receive(seat, envelope, storedAtMs),
    );
  }

  async #take(
    of: DeliveryKey,
    status: Statement<Status>,
    fromSeat: string,
    place: Place,
  ): Promise<Outcome | Fault> {
    const { store, carrier, clock, quotas, report, witness, self } = this.#with;
    const { side, sequence } = status.content as Status & { side: ChainSide };
    const stored = { statusStored: status.id } as Outcome;
    const nowMs = clock.nowMs();
    const row = { statusId: status.id, envelope: status.bytes, fromSeat, storedAtMs: nowMs };
    const statement = readStatement(row as ChainStatement['row']);
    if (place.kind === 'early') {
      const fault = await this.#early.keep(of, fromSeat, sequence, statement.row);
      if (fault !== undefined) return fault;
      // the document may have come while this was written
      if (await getArrival(store, of.documentId, of.unit)) await this.arrived(of);
      return stored;
    }
    const known = await getStatus(store, of, side, sequence);
    if (known !== undefined) {
      if (!equalBytes(known.statusId, status.id))
        return never('conflict', `entry ${sequence} of the chain is another`);
      // said by a unit of this seat, it has been here since; only now it has come to the other one
      if (fromSeat === self.seat && side === SENDER_SIDE) await this.answer(of);
      return stored;
    }
    if (this.#with.isTakingBack(fromSeat)) return { busy: { retryAfterMs: RECOVERING_MS } } as Outcome;
    const before = await chainsOf(store, of);
    if (side === SENDER_SIDE && unansweredOf(before) >= MOST_WAITING)
      return later('quota', `${MOST_WAITING} recalls wait for an answer`);
    const entry = statusWrite(of, side, sequence, statement.row);
    const isRecall = side === SENDER_SIDE;
    const after = isRecall
      ? chainsFrom(of, [...before.sender, statement], before.receiver)
      : chainsFrom(of, before.sender, [...before.receiver, statement]);
    const made = isRecall ? await this.#answered(after, place) : NOTHING;
    const agency = this.#agencyOf(fromSeat);
    const uncount = quotas.countStatus(agency);
    const taken: Made = {
      ...made,
      require: [nextAbsent(of, side, sequence), ...unchanged(before), ...made.require],
      writes: [
        entry,
        ...made.writes,
        ...witness.writesFor(fromSeat, status.content.logHead, status.bytes),
        ...quotas.writes(agency),
      ],
      audit: [auditOf(of, statement, 'status.received', nowMs), ...made.audit],
    };
    await carrier.commit(of, taken).catch((error: Error) => {
      uncount();
      throw error;
    });
    report('status.received', {
      from: fromSeat,
      code: statement.entry.code,
      document: hex(of.documentId),
      to: of.unit,
    });
    return stored;
  }

  /** What this node says by itself to a recall that is here already: taken back from a peer, or of a unit of its own. */
  async answer(of: DeliveryKey): Promise<void> {
    const arrival = await getArrival(this.#with.store, of.documentId, of.unit);
    if (arrival === undefined) return;
    const { fromSeat, urgency, exchangeId } = arrival;
    const made = await this.#answered(await chainsOf(this.#with.store, of), {
      toSeat: fromSeat,
      urgency,
      exchangeId,
    });
    if (made.statements.length > 0) await this.#with.carrier.commit(of, made);
  }

  #answered(chains: Chains, { toSeat, urgency, exchangeId }: Origin): Promise<Made> {
    const said = automaticAnswers(chains, chains.state.stage);
    return this.#with.maker.make(chains, RECEIVER_SIDE, said, { seat: toSeat, urgency, exchangeId });
  }

  /** Whether the seat may say it of this delivery, and where it goes. A fault that time may cure is `later`. */
  async #place(of: DeliveryKey, { side }: Status, fromSeat: string): Promise<Place | Fault> {
    const { store, directory } = this.#with;
    if (side === RECEIVER_SIDE) {
      const delivery = await getDelivery(store, of);
      if (delivery === undefined) return later('not-found', `no delivery to ${of.unit}`);
      const service = directory().service(of.unit);
      const serves = service.kind === 'served' && service.seat === fromSeat;
      if (delivery.seat !== fromSeat && !serves)
        return later('sender-mismatch', `${of.unit} is served by ${delivery.seat}`);
      return { kind: 'chain', toSeat: fromSeat, urgency: delivery.urgency, exchangeId: delivery.exchangeId };
    }
    const arrival = await getArrival(store, of.documentId, of.unit);
    const document = arrival && (await getDocument(store, of.documentId));
    if (arrival === undefined || document === undefined) {
      const service = directory().service(of.unit);
      return service.kind === 'served' && service.seat === this.#with.self.seat
        ? { kind: 'early' }
        : later('unknown-recipient', `${of.unit} is not served here`);
    }
    const { senderAgency, issuer } = held(document).content;
    const agency = directory().agencyOfSeat(fromSeat);
    const service = directory().service(issuer.code);
    const isSuccessor = service.kind === 'served' && service.agency === agency;
    if (agency !== senderAgency && !isSuccessor)
      return later('sender-mismatch', `document is from ${senderAgency}`);
    return { kind: 'chain', toSeat: fromSeat, urgency: arrival.urgency, exchangeId: arrival.exchangeId };
  }

  #signatureFault(signed: Signed, fromSeat: string, keptAtMs?: number): Fault | undefined {
    const nowMs = this.#with.clock.nowMs();
    const code = this.#with.trust.serviceFault(signed, fromSeat, keptAtMs ?? nowMs, nowMs);
    if (code === undefined) return undefined;
    return code === 'signature-invalid' ? never(code, 'status') : later(code, `status by ${fromSeat}`);
  }

  #refuse(fault: Fault, bytes: Bytes, fromSeat: string, of?: Statement<Status>): Promise<Outcome> {
    if (fault.retry === 'later') this.#with.onUnknownHead(fromSeat);
    const envelopes = { document: NO_DOCUMENT, dispatch: sha256(bytes) };
    const ids = { document: of?.content.documentId ?? EMPTY, dispatch: of?.id ?? EMPTY };
    return this.#with.refuser.refuse(fault, envelopes, fromSeat, ids);
  }

  #limitFault({ signatures }: Signed, fromSeat: string): Fault | undefined {
    try {
      const agency = this.#agencyOf(fromSeat);
      this.#with.quotas.spendVerifications(agency, signatures.length, { isReserved: true });
      return undefined;
    } catch (error) {
      return refusable(error);
    }
  }

  #agencyOf(seat: string): string {
    return this.#with.directory().agencyOfSeat(seat) ?? seat;
  }
}

/** A status comes with no document: what a refusal of one names instead of the envelope's hash. */
const NO_DOCUMENT = sha256(EMPTY);
const NOTHING: Made = { require: [], writes: [], audit: [], carried: [], statements: [] };

const unansweredOf = ({ sender, state }: Chains): number =>
  sender.filter(({ entry }) => !state.answers.has(entry.id)).length;

/** What no receiver can take, now or later, of a status by its content alone. */
export function formFault(status: Status): Fault | undefined {
  const code = statusCodeOf(status.code);
  if (code === undefined) return never('malformed', `status ${status.code}`);
  if (sideOf(code) !== status.side) return never('malformed', `status ${code} on side ${status.side}`);
  if (status.sequence > MOST_ENTRIES) return never('malformed', `entry ${status.sequence}`);
  if (status.previous.byteLength > 0 !== status.sequence > 1)
    return never('malformed', `entry ${status.sequence} after none`);
  const isAnswer = code === '15' || code === '16';
  if (isAnswer !== status.answers.byteLength > 0)
    return never('malformed', `status ${code}: what it answers`);
  if (needsReason(code) && status.reason === '' && status.reasonCode === '')
    return never('malformed', `status ${code} without a reason`);
  if (code !== '03' && (status.arrivalNumber > 0 || status.arrivalYear > 0 || status.registerUnit !== ''))
    return never('malformed', `status ${code} with a number of arrival`);
  return undefined;
}
