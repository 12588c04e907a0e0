/**
 * The receiver's side of a document's life: what a clerk or the local system says about a document this node received.
 * Each act is one commit: the signed entry, its place in the courier's queue, the arrival number with 03 (R10), and what
 * the node says by itself to a recall that waits. Saying again what is so already changes nothing.
 */
import { stringify as uuidText } from 'uuid';
import type { ArrivalRow } from '../../proto/messages.ts';
import { judgeStep, needsReason, RECEIVER_SIDE, shownStatus } from '../core/business-status.ts';
import { type Bytes, hex, parseHex } from '../core/bytes.ts';
import { dayOf } from '../core/dates.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { StatusAct, StatusAnswer } from '../core/status-views.ts';
import { arrivalsOf, getArrival } from '../store/arrivals.ts';
import { getDocument } from '../store/documents.ts';
import { KeyedLock } from '../store/keyed-lock.ts';
import { nextArrivalNumber } from '../store/statuses.ts';
import {
  automaticAnswers,
  type Chains,
  chainsFrom,
  chainsOf,
  type Said,
  type StatusMaker,
} from './chains.ts';
import { limited, optional, required } from './fields.ts';
import { type KeptMessage, keepWithEarlier } from './kept-message.ts';
import type { ExchangeComponents } from './ports.ts';
import type { StatusCarrier } from './status-carrier.ts';

/** Two clerks on one document, or a clerk and a recall: each round one of them has moved on. */
const MOST_ROUNDS = 8;

/** Whose register gives arrival numbers: the agency's one series, or each unit's own (R10). */
export type Registers = 'agency' | 'unit';

export type StatusDeskComponents = Pick<ExchangeComponents, 'store' | 'clock' | 'self'> & {
  maker: StatusMaker;
  carrier: StatusCarrier;
  registers: Registers;
};

/** An act, with what it answers found. */
export type Act = Omit<StatusAct, 'answers' | 'unit'> & {
  unit?: string | undefined;
  answers?: Bytes | undefined;
  /** What an imported status said that has no field, and its file. */
  importedText?: string | undefined;
  message?: KeptMessage | undefined;
};

export class StatusDesk {
  readonly #with: StatusDeskComponents;
  readonly #numbering = new KeyedLock();

  constructor(components: StatusDeskComponents) {
    this.#with = components;
  }

  /** Throws 'status-not-allowed', 'field-missing', 'several-units' (which one has to be named), 'not-found'. */
  async say(documentId: Bytes, act: Act): Promise<StatusAnswer> {
    const said = saidOf(act);
    const arrival = await this.#arrivalFor(documentId, act.unit);
    // one after another take a number; everything else meets in its commit's preconditions
    if (said.code !== '03') return this.#untilSaid(arrival, said);
    return this.#numbering.run(this.#registerOf(arrival), () => this.#untilSaid(arrival, said));
  }

  async #untilSaid(arrival: ArrivalRow, said: Said): Promise<StatusAnswer> {
    for (let round = 1; ; round++) {
      try {
        return await this.#say(arrival, said);
      } catch (error) {
        if (!isLienthongError(error, 'state-changed') || round === MOST_ROUNDS) throw error;
      }
    }
  }

  /**
   * 01 for every unit's copy, or the one named, that nobody has said anything about. Of a document sent: nothing; where it
   * went to a unit of this seat the unit has to be named, since whoever reads it may be the one who sent it.
   */
  async taken(documentId: Bytes, unit?: string): Promise<void> {
    const { store } = this.#with;
    if (unit === undefined && (await getDocument(store, documentId))?.outgoing) return;
    const arrivals = await arrivalsOf(store, documentId);
    if (unit !== undefined && arrivals.length > 0 && !arrivals.some((one) => one.unit === unit))
      throw new LienthongError('not-found', { what: 'delivery', id: unit });
    for (const { unit: of } of arrivals) {
      if (unit !== undefined && unit !== of) continue;
      try {
        await this.say(documentId, { code: '01', unit: of });
      } catch (error) {
        // refused or recalled: reading it changes nothing
        if (!isLienthongError(error, 'status-not-allowed')) throw error;
      }
    }
  }

  async #say(arrival: ArrivalRow, said: Said): Promise<StatusAnswer> {
    const { store, carrier, maker } = this.#with;
    const { documentId, unit, exchangeId, urgency, fromSeat } = arrival;
    const chains = await chainsOf(store, { documentId, unit });
    const answers =
      said.code === '15' || said.code === '16' ? (said.answers ?? waitingOf(chains)) : undefined;
    const verdict = judged(chains, said, answers);
    if (verdict === 'repeat') {
      await keepWithEarlier(store, chains, said);
      return answerOf(arrival, chains, true);
    }
    if (verdict === 'refused') throw notAllowed(uuidText(exchangeId), said, chains);
    const number = said.code === '03' ? await this.#nextNumber(arrival) : undefined;
    const ends = said.code === '02' || said.code === '06' ? said.code : undefined;
    const alsoSaid = ends === undefined ? [] : automaticAnswers(chains, ends);
    const whole: Said[] = [{ ...said, answers, arrival: number }, ...alsoSaid];
    const made = await maker.make(chains, RECEIVER_SIDE, whole, { seat: fromSeat, urgency, exchangeId });
    await carrier.commit(chains.of, made, number && { require: [number.require], writes: number.writes });
    return answerOf(
      arrival,
      chainsFrom(chains.of, chains.sender, [...chains.receiver, ...made.statements]),
      false,
    );
  }

  #registerOf({ unit }: ArrivalRow): string {
    const { self, registers } = this.#with;
    return registers === 'agency' ? self.agency : unit;
  }

  async #nextNumber(arrival: ArrivalRow) {
    const { store, clock } = this.#with;
    const year = Number(dayOf(clock.nowMs()).slice(0, 4));
    const unit = this.#registerOf(arrival);
    return { ...(await nextArrivalNumber(store, { unit, year }, arrival)), unit, year };
  }

  /** The delivery that is meant: the only one, or the one to the unit named. */
  async #arrivalFor(documentId: Bytes, unit: string | undefined): Promise<ArrivalRow> {
    const { store } = this.#with;
    if (unit !== undefined) {
      const found = await getArrival(store, documentId, unit);
      if (found === undefined) throw new LienthongError('not-found', { what: 'delivery', id: unit });
      return found;
    }
    const arrivals = await arrivalsOf(store, documentId);
    if (arrivals.length > 1)
      throw new LienthongError('several-units', { units: arrivals.map(({ unit: of }) => of) });
    if (arrivals[0] === undefined) throw new LienthongError('status-not-allowed', { side: 'sender' });
    return arrivals[0];
  }
}

function saidOf({ code, reason, note, staff, answers, importedText, message }: Act): Said {
  return {
    code,
    importedText,
    message,
    answers,
    reason: needsReason(code) ? required('reason', reason) : optional('reason', reason),
    note: optional('note', note),
    staff: staff && {
      name: limited('staff.name', staff.name ?? ''),
      department: limited('staff.department', staff.department ?? ''),
      email: limited('staff.email', staff.email ?? ''),
      mobile: limited('staff.mobile', staff.mobile ?? ''),
    },
  };
}

const waitingOf = ({ state }: Chains): Bytes | undefined =>
  state.waitingRecall === undefined ? undefined : parseHex(state.waitingRecall);

/** An answer to an update is judged by whether it was answered; everything else by the table. */
function judged({ state, sender }: Chains, { code }: Said, answers: Bytes | undefined) {
  const isOfUpdate = answers !== undefined && !sender.some(({ entry }) => entry.id === hex(answers));
  if (!isOfUpdate) return judgeStep(state, code);
  if (state.recall === 'agreed') return 'refused';
  const before = state.answers.get(hex(answers));
  return before === undefined ? 'step' : before === code ? 'repeat' : 'refused';
}

function answerOf(
  { exchangeId, unit }: ArrivalRow,
  { state, receiver }: Chains,
  repeated: boolean,
): StatusAnswer {
  const registered = receiver.find(({ content }) => content.arrivalNumber > 0)?.content;
  return {
    id: uuidText(exchangeId),
    unit,
    status: shownStatus(state),
    recall: state.recall,
    arrivalNumber: registered?.arrivalNumber ?? null,
    arrivalYear: registered?.arrivalYear ?? null,
    repeated,
  };
}

function notAllowed(id: string, { code }: Said, { state }: Chains): LienthongError {
  return new LienthongError('status-not-allowed', { id, code, stage: state.stage, recall: state.recall });
}
