/**
 * Takes statuses of other seats into the chains here: signature, form, and whether that seat may say it, before a byte
 * is stored; one commit with what this node answers by itself; acknowledged by its id only after it. The same again is
 * acknowledged again. A recall that comes before its document is kept, and counts from the document's arrival on.
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
import {
  allEarly,
  earlyDelete,
  earlyOf,
  earlyWrite,
  getStatus,
  MOST_ENTRIES,
  nextAbsent,
  statusWrite,
} from '../store/statuses.ts';
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
import { type Fault, later, never, refusable, unreadable } from './faults.ts';

import { held } from './library.ts';
import type { LogWitness } from './log-witness.ts';
import type { ExchangeComponents } from './ports.ts';
import { deliveryName } from './ready-queue.ts';
import type { Refuser } from './refuser.ts';
import type { StatusCarrier } from './status-carrier.ts';
import { readStatus, type Statement, type Trust } from './trust.ts';

const MOST_ROUNDS = 8;
const BUSY_MS = 1_000;
/** Statuses kept whose document hasn't come: only a seat that lost data, or a broken one, makes any. */
const MOST_EARLY = 10_000;

export type StatusInboxComponents = Pick<
  ExchangeComponents,
  'store' | 'directory' | 'self' | 'clock' | 'report' | 'onUnknownHead'
> & {
  trust: Trust;
  refuser: Refuser;
  witness: LogWitness;
  maker: StatusMaker;
  carrier: StatusCarrier;
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
  /** Deliveries with something kept early. */
  readonly #early = new Set<string>();
  #earlyCount = 0;

  constructor(components: StatusInboxComponents) {
    this.#with = components;
  }

  async load(): Promise<void> {
    for (const of of await allEarly(this.#with.store, MOST_EARLY)) this.#keepEarly(of);
  }

  /** Rejects only when this node is at fault. */
  async receive(fromSeat: string, bytes: Bytes): Promise<Outcome> {
    const status = readStatus(bytes, this.#with.directory().federationId);
    if (status === undefined)
      return this.#refuse(unreadable('status', [KINDS.status], [bytes]), bytes, fromSeat);
    const { documentId, unit } = status.content;
    const of = { documentId, unit };
    const found = formFault(status.content) ?? this.#signatureFault(status.signed, fromSeat);
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

  /**
   * What was kept for a document that arrives now, for its commit: the sender's entries, and what this node says to a
   * recall among them. Undefined where nothing was: nearly always.
   */
  async kept(
    of: DeliveryKey,
    { fromSeat, urgency, exchangeId }: { fromSeat: string; urgency: number; exchangeId: Bytes },
  ): Promise<Made | undefined> {
    if (!this.#early.has(deliveryName(of))) return undefined;
    const early = await earlyOf(this.#with.store, of, fromSeat);
    const sender = early.map(({ row }) => readStatement(row));
    const chains = chainsFrom(of, sender, []);
    const made = await this.#answered(chains, { toSeat: fromSeat, urgency, exchangeId });
    const moved = early.flatMap(({ sequence, row }) => [
      earlyDelete(of, fromSeat, sequence),
      statusWrite(of, SENDER_SIDE, sequence, row),
    ]);
    return { ...made, require: [], writes: [...moved, ...made.writes] };
  }

  /** After the commit that carried `kept` along. */
  committed(of: DeliveryKey, kept: Made): void {
    this.#with.carrier.committed(of, kept);
  }

  async #take(
    of: DeliveryKey,
    status: Statement<Status>,
    fromSeat: string,
    place: Place,
  ): Promise<Outcome | Fault> {
    const { store, carrier, clock, report, witness } = this.#with;
    const { side, sequence } = status.content as Status & { side: ChainSide };
    const stored = { statusStored: status.id } as Outcome;
    const nowMs = clock.nowMs();
    const row = { statusId: status.id, envelope: status.bytes, fromSeat, storedAtMs: nowMs };
    const statement = readStatement(row as ChainStatement['row']);
    if (place.kind === 'early') {
      if (this.#earlyCount >= MOST_EARLY) return later('quota', 'statuses without their document');
      await store.commit({ writes: [earlyWrite(of, fromSeat, sequence, statement.row)] });
      this.#keepEarly(of);
      return stored;
    }
    const known = await getStatus(store, of, side, sequence);
    if (known !== undefined)
      return equalBytes(known.statusId, status.id)
        ? stored
        : never('conflict', `entry ${sequence} of the chain is another`);
    const before = await chainsOf(store, of);
    const entry = statusWrite(of, side, sequence, statement.row);
    const isRecall = side === SENDER_SIDE;
    const after = isRecall
      ? chainsFrom(of, [...before.sender, statement], before.receiver)
      : chainsFrom(of, before.sender, [...before.receiver, statement]);
    const made = isRecall ? await this.#answered(after, place) : NOTHING;
    await carrier.commit(of, {
      ...made,
      require: [nextAbsent(of, side, sequence), ...unchanged(before), ...made.require],
      writes: [entry, ...made.writes, ...witness.writesFor(fromSeat, status.content.logHead, status.bytes)],
      audit: [auditOf(of, statement, 'status.received', nowMs), ...made.audit],
    });
    report('status.received', {
      from: fromSeat,
      code: statement.entry.code,
      document: hex(of.documentId),
      to: of.unit,
    });
    return stored;
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

  #signatureFault(signed: Signed, fromSeat: string): Fault | undefined {
    const code = this.#with.trust.serviceFault(signed, fromSeat, this.#with.clock.nowMs());
    if (code === undefined) return undefined;
    return code === 'signature-invalid' ? never(code, 'status') : later(code, `status by ${fromSeat}`);
  }

  #refuse(fault: Fault, bytes: Bytes, fromSeat: string, of?: Statement<Status>): Promise<Outcome> {
    if (fault.retry === 'later') this.#with.onUnknownHead(fromSeat);
    const envelopes = { document: NO_DOCUMENT, dispatch: sha256(bytes) };
    const ids = { document: of?.content.documentId ?? EMPTY, dispatch: of?.id ?? EMPTY };
    return this.#with.refuser.refuse(fault, envelopes, fromSeat, ids);
  }

  #keepEarly(of: DeliveryKey): void {
    this.#early.add(deliveryName(of));
    this.#earlyCount++;
  }
}

/** A status comes with no document: what a refusal of one names instead of the envelope's hash. */
const NO_DOCUMENT = sha256(EMPTY);
const NOTHING: Made = { require: [], writes: [], audit: [], carried: [], statements: [] };

/** What no receiver can take, now or later, of a status by its content alone. */
function formFault(status: Status): Fault | undefined {
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
