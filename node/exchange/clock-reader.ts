/**
 * The law's clocks of a document at each of its units, from what the store holds: deliveries or arrivals, both chains,
 * and what names the document. Read only. Three shapes of the same: for one document in full, for a list of what waits
 * or is overdue, and as moments for the search index (which must not depend on the time of day: a clock that runs is
 * kept by its end). Used by library, finder and index-reader.
 */
import {
  dispatch as dispatchCodec,
  receipt as receiptCodec,
  signed as signedCodec,
} from '../../proto/messages.ts';
import type { StatusCode } from '../core/business-status.ts';
import type { Bytes } from '../core/bytes.ts';
import type { ClockView, DeliveryClocks, ItemClocks } from '../core/clock-views.ts';
import { dayOf, isoTime } from '../core/dates.ts';
import { type Clock as LawClock, type LawClocks, lawClocks } from '../core/law-clocks.ts';
import { parseTransportState, type TransportState } from '../core/transport.ts';
import { urgencyOfWire } from '../core/urgency.ts';
import type { WorkingCalendar } from '../core/working-days.ts';
import type { Moment } from '../search/index-calls.ts';
import { arrivalsOf } from '../store/arrivals.ts';
import { type DeliveryKey, deliveriesOf } from '../store/deliveries.ts';
import { type Box, boxesOf } from '../store/documents.ts';
import type { Reader } from '../store/key-value.ts';
import { type Chains, chainsOf } from './chains.ts';
import type { NamedDocument } from './named-documents.ts';
import { Naming } from './naming.ts';
import type { ExchangeComponents } from './ports.ts';

export type ClockReaderComponents = Pick<ExchangeComponents, 'store' | 'directory' | 'clock'> & {
  calendar: WorkingCalendar;
};

/** Of one delivery. */
export interface UnitClocks extends LawClocks {
  unit: string;
  state: TransportState;
  dueText: string;
  takenMs: number | undefined;
  takenKnownMs: number | undefined;
  /** Sent or arrived, and nobody has taken it: since when. */
  waitingSinceMs: number | undefined;
}

interface Carried extends DeliveryKey {
  state: TransportState;
  urgency: number;
  dispatch: Bytes;
  /** Outgoing only. */
  sentMs: number | undefined;
  queuedMs: number;
  arrivedMs: number | undefined;
  settledMs: number | undefined;
}

export class ClockReader {
  readonly #with: ClockReaderComponents;

  constructor(components: ClockReaderComponents) {
    this.#with = components;
  }

  /** By unit, as the store and the time are now: for who sent it, or for who received it. */
  async of(
    document: NamedDocument,
    box: Box = boxesOf(document.row)[0]!,
    store: Reader = this.#with.store,
  ): Promise<UnitClocks[]> {
    const naming = await Naming.of(store, document, this.#with.directory());
    const found: UnitClocks[] = [];
    for (const carried of await carriedOf(store, document, box)) {
      const chains = await chainsOf(store, carried);
      found.push(await this.#at(carried, chains, document, naming));
    }
    return found;
  }

  /** What of it waits, and what is overdue. */
  async shortOf(document: NamedDocument, box: Box, store?: Reader): Promise<ItemClocks> {
    const { calendar, clock } = this.#with;
    const all = await this.of(document, box, store);
    return {
      waiting: all.flatMap((one) => waitingView(one, calendar, clock.nowMs()) ?? []),
      overdue: all.flatMap(({ unit, due, dueText }) =>
        due?.state !== 'breached' || due.by !== undefined
          ? []
          : { unit, due: dueText, until: isoTime(due.untilMs), lateWorkingDays: due.lateWorkingDays },
      ),
    };
  }

  viewOf(of: UnitClocks): DeliveryClocks {
    const { sendBy, confirmBy, due, dueText, takenMs, takenKnownMs } = of;
    return {
      sendBy: sendBy === undefined ? null : viewOfClock(sendBy),
      confirmBy: confirmBy === undefined ? null : viewOfClock(confirmBy),
      due:
        due === undefined
          ? null
          : {
              ...viewOfClock(due),
              due: dueText,
              by: due.by ?? null,
              lateWorkingDays: due.lateWorkingDays,
            },
      takenAt: takenMs === undefined ? null : isoTime(takenMs),
      takenKnownAt: takenKnownMs === undefined ? null : isoTime(takenKnownMs),
      waiting: waitingView(of, this.#with.calendar, this.#with.clock.nowMs()) ?? null,
    };
  }

  async #at(carried: Carried, chains: Chains, document: NamedDocument, naming: Naming): Promise<UnitClocks> {
    const { clock, calendar } = this.#with;
    const { unit, state, queuedMs, arrivedMs, settledMs } = carried;
    const effects = await naming.at(unit);
    const replacedMs = effects.replacedBy[0]?.row.storedAtMs;
    const taken = firstOf(chains, (code) => code !== '15' && code !== '16');
    const isAgreed = chains.state.recall === 'agreed';
    const recalledMs = isAgreed ? lastMs(chains, '15') : state === 'cancelled' ? settledMs : undefined;
    const dueText = dispatchCodec.parse(signedCodec.parse(carried.dispatch).payload).due;
    const clocks = lawClocks(
      {
        signedDay: document.content.date,
        sentMs: carried.sentMs,
        isUrgent: urgencyOfWire(carried.urgency) !== 'thuong',
        due: dueText,
        arrivedMs,
        takenMs: taken?.content.happenedAtMs,
        finishedMs: chains.state.stage === '06' ? lastMs(chains, '06') : undefined,
        refusedMs:
          chains.state.stage === '02' ? lastMs(chains, '02') : state === 'refused' ? settledMs : undefined,
        recalledMs,
        repliedMs: effects.answeredBy[0]?.row.storedAtMs,
        replacedMs,
      },
      calendar,
      clock.nowMs(),
    );
    const isOpen = state === 'delivered' || state === 'queued';
    const isWaiting = isOpen && taken === undefined && !isAgreed && replacedMs === undefined;
    return {
      ...clocks,
      unit,
      state,
      dueText,
      takenMs: taken?.content.happenedAtMs,
      takenKnownMs: taken?.row.storedAtMs,
      waitingSinceMs: isWaiting ? (arrivedMs ?? queuedMs) : undefined,
    };
  }
}

async function carriedOf(store: Reader, { row }: NamedDocument, box: Box): Promise<Carried[]> {
  if (box === 'inbox')
    return (await arrivalsOf(store, row.documentId)).map((one) => ({
      ...pick(one),
      state: 'delivered',
      sentMs: undefined,
      queuedMs: one.storedAtMs,
      arrivedMs: one.storedAtMs,
      settledMs: undefined,
    }));
  return (await deliveriesOf(store, row.documentId)).map((one) => {
    const state = parseTransportState(one.state);
    return {
      ...pick(one),
      state,
      // R3 is about the document: a recipient added later isn't a late sending
      sentMs: row.storedAtMs,
      queuedMs: one.queuedAtMs,
      arrivedMs: state === 'delivered' ? storedBy(one.outcome) : undefined,
      settledMs: state === 'cancelled' || state === 'refused' ? one.settledAtMs : undefined,
    };
  });
}

/** What the index keeps: the ends of clocks that run, or were passed. */
export function momentsOf(all: readonly UnitClocks[]): Moment[] {
  const counts = new Map<string, Moment>();
  const add = (kind: Moment['kind'], atMs: number, most = Number.POSITIVE_INFINITY) => {
    const name = `${kind} ${atMs}`;
    counts.set(name, { kind, atMs, count: Math.min(most, (counts.get(name)?.count ?? 0) + 1) });
  };
  for (const { due, confirmBy, sendBy, waitingSinceMs } of all) {
    if (due !== undefined && due.by === undefined) add('due', due.untilMs);
    if (waitingSinceMs !== undefined) add('waiting', waitingSinceMs);
    if (confirmBy?.state === 'open' || confirmBy?.state === 'breached') add('confirm', confirmBy.untilMs);
    // once for the document, when it was sent: a document may be years old by then
    if (sendBy?.state === 'breached') add('send', sendBy.atMs ?? sendBy.untilMs, 1);
  }
  return [...counts.values()];
}

const pick = ({
  documentId,
  unit,
  urgency,
  dispatch,
}: Pick<Carried, 'documentId' | 'unit' | 'urgency' | 'dispatch'>) => ({
  documentId,
  unit,
  urgency,
  dispatch,
});

const storedBy = (receipt: Bytes): number =>
  receiptCodec.parse(signedCodec.parse(receipt).payload).storedAtMs;

const firstOf = ({ receiver }: Chains, is: (code: StatusCode) => boolean) =>
  receiver.find(({ entry }) => is(entry.code));

const lastMs = ({ receiver }: Chains, code: StatusCode): number | undefined =>
  receiver.findLast(({ entry }) => entry.code === code)?.content.happenedAtMs;

function waitingView({ unit, state, waitingSinceMs }: UnitClocks, calendar: WorkingCalendar, nowMs: number) {
  if (waitingSinceMs === undefined) return undefined;
  const workingDays = calendar.workingDaysBetween(dayOf(waitingSinceMs), dayOf(nowMs));
  return { unit, since: isoTime(waitingSinceMs), workingDays, state };
}

const viewOfClock = ({ untilMs, state, atMs, lateMs }: LawClock): ClockView => ({
  until: isoTime(untilMs),
  state,
  at: atMs === undefined ? null : isoTime(atMs),
  lateMs,
});
