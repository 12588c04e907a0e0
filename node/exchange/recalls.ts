/**
 * The sender's side of a recall (status 13, reason needed), one recipient at a time. Where nothing has left yet it is
 * settled at once: the delivery is cancelled, and the entry stays here as the record of why. Where the document is at
 * the recipient it is asked; where nobody knows yet, it is asked as soon as the outcome is known. Who said no (16) is asked
 * again by another reason alone: the same recall or update once more finds its answer there.
 */
import type { DeliveryRow } from '../../proto/messages.ts';
import { judgeStep, SENDER_SIDE } from '../core/business-status.ts';
import type { Bytes } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { RecallAnswer } from '../core/status-views.ts';
import { nextTransportState, parseTransportState, storedTransportState } from '../core/transport.ts';
import { changeDeliveryWrites, deliveriesOf, deliveryUnchanged, getDelivery } from '../store/deliveries.ts';
import { type Chains, chainsOf, type Made, type Said, type StatusMaker } from './chains.ts';
import type { DeliveryEvents } from './delivery-events.ts';
import { required } from './fields.ts';
import { type KeptMessage, keepWithEarlier } from './kept-message.ts';
import { namedDocument, requireOwn } from './named-documents.ts';
import type { ExchangeComponents } from './ports.ts';
import type { StatusCarrier } from './status-carrier.ts';

const MOST_ROUNDS = 8;

export type RecallsComponents = Pick<ExchangeComponents, 'store' | 'clock' | 'directory' | 'self'> & {
  maker: StatusMaker;
  carrier: StatusCarrier;
  events: DeliveryEvents;
  /** Keeps a queued delivery from leaving while `work` decides; undefined where it may have left. */
  withhold: <T>(row: DeliveryRow, work: () => Promise<T>) => Promise<T | undefined>;
};

export interface RecallRequest {
  reason: string;
  /** Recipient units; all when absent. */
  units?: readonly string[] | undefined;
  /** The unit of this node that recalls; the agency when absent. */
  by?: string | undefined;
  /** Of an imported status: who said it, what has no field, and its file. */
  staff?: Said['staff'];
  importedText?: string | undefined;
  message?: KeptMessage | undefined;
}

export class Recalls {
  readonly #with: RecallsComponents;

  constructor(components: RecallsComponents) {
    this.#with = components;
  }

  /** Throws 'field-missing' without a reason, 'not-found' for a unit it wasn't sent to, 'status-not-allowed' as `requireOwn`. */
  async recall(documentId: Bytes, { reason, units, by, ...more }: RecallRequest): Promise<RecallAnswer[]> {
    const { store, directory, self } = this.#with;
    const said: Said = { ...more, code: '13', reason: required('reason', reason) };
    const document = await namedDocument(store, documentId);
    if (document === undefined) throw new LienthongError('damaged', { where: 'document' });
    requireOwn(document, by ?? self.agency, directory());
    const deliveries = await deliveriesOf(store, documentId);
    for (const unit of units ?? []) {
      if (!deliveries.some((row) => row.unit === unit))
        throw new LienthongError('not-found', { what: 'delivery', id: unit });
    }
    const meant = deliveries.filter(({ unit }) => units?.includes(unit) ?? true);
    const answers: RecallAnswer[] = [];
    for (const row of meant) answers.push({ to: row.unit, outcome: await this.#one(row, said) });
    return answers;
  }

  async #one(first: DeliveryRow, said: Said): Promise<RecallAnswer['outcome']> {
    const of = { documentId: first.documentId, unit: first.unit };
    for (let round = 1; ; round++) {
      const row = (await getDelivery(this.#with.store, of)) ?? first;
      try {
        return await this.#decide(row, said);
      } catch (error) {
        if (!isLienthongError(error, 'state-changed') || round === MOST_ROUNDS) throw error;
      }
    }
  }

  async #decide(row: DeliveryRow, said: Said): Promise<RecallAnswer['outcome']> {
    const { store, carrier } = this.#with;
    const of = { documentId: row.documentId, unit: row.unit };
    const state = parseTransportState(row.state);
    if (state === 'refused' || state === 'cancelled') return 'settled';
    const chains = await chainsOf(store, of);
    const verdict = judgeStep(chains.state, '13');
    if (verdict === 'repeat') {
      await keepWithEarlier(store, chains, said);
      return chains.state.recall === 'agreed' ? 'settled' : 'repeated';
    }
    if (verdict === 'refused') return chains.state.stage === '02' ? 'settled' : 'finished';
    if (wasDeclined(chains, said)) {
      await keepWithEarlier(store, chains, said);
      return 'declined';
    }
    const make = (carried: 'now' | 'held' | 'never'): Promise<Made> =>
      this.#with.maker.make(chains, SENDER_SIDE, [said], {
        seat: carried === 'never' ? undefined : row.seat,
        urgency: row.urgency,
        exchangeId: row.exchangeId,
        held: carried === 'held',
      });
    if (state === 'delivered' || chains.receiver.length > 0) {
      await carrier.commit(of, await make('now'));
      return 'requested';
    }
    const isCancelled = await this.#with.withhold(row, async () => {
      await this.#cancel(row, chains, await make('never'));
      return true;
    });
    if (isCancelled) return 'cancelled';
    await carrier.commitHeld(of, await make('held'), [deliveryUnchanged(row)]);
    return 'waiting';
  }

  async #cancel(row: DeliveryRow, { of }: Chains, made: Made): Promise<void> {
    const { clock, carrier, events } = this.#with;
    const state = storedTransportState(nextTransportState('queued', 'cancel')!);
    const after = { ...row, state, settledAtMs: clock.nowMs(), nextAttemptAtMs: 0 } as DeliveryRow;
    await carrier.commit(of, made, {
      require: [deliveryUnchanged(row)],
      writes: changeDeliveryWrites(row, after),
    });
    events.changed(after);
  }
}

const wasDeclined = ({ sender, state }: Chains, { reason }: Said): boolean =>
  sender.some(({ entry, content }) => state.answers.get(entry.id) === '16' && content.reason === reason);
