/**
 * What this node says by itself when an update arrives: yes, where nobody has taken the document it updates. Where someone
 * has, a person answers (15 or 16, naming the update). Used by inbox, for the commit of the update's own arrival.
 */
import type { Document } from '../../proto/messages.ts';
import { RECEIVER_SIDE } from '../core/business-status.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import { getArrival } from '../store/arrivals.ts';
import type { DeliveryKey } from '../store/deliveries.ts';
import { RELATION } from '../store/relations.ts';
import { chainsOf, type Made, type StatusMaker } from './chains.ts';
import { namedDocument } from './named-documents.ts';
import type { ExchangeComponents } from './ports.ts';

export interface MadeOf {
  of: DeliveryKey;
  made: Made;
}

export type UpdateAnswersComponents = Pick<ExchangeComponents, 'store'> & {
  maker: StatusMaker;
  /** Until what was said of a document before a loss is back, a person answers. */
  isTakingBack: (seat: string) => boolean;
};

export class UpdateAnswers {
  readonly #with: UpdateAnswersComponents;

  constructor(components: UpdateAnswersComponents) {
    this.#with = components;
  }

  async toArriving(
    { id, content }: { id: Bytes; content: Document },
    { unit, fromSeat }: { unit: string; fromSeat: string },
  ): Promise<MadeOf[]> {
    const found: MadeOf[] = [];
    if (content.relations.length === 0 || this.#with.isTakingBack(fromSeat)) return found;
    for (const { kind, documentId } of content.relations) {
      if (kind !== RELATION.updates && kind !== RELATION.corrects) continue;
      if (!documentId?.byteLength || found.some(({ of }) => hex(of.documentId) === hex(documentId))) continue;
      const made = await this.#answer({ documentId, unit }, id, content.senderAgency, fromSeat);
      if (made !== undefined) found.push({ of: { documentId, unit }, made });
    }
    return found;
  }

  async #answer(of: DeliveryKey, update: Bytes, agency: string, seat: string): Promise<Made | undefined> {
    const { store, maker } = this.#with;
    const arrival = await getArrival(store, of.documentId, of.unit);
    const target = arrival && (await namedDocument(store, of.documentId));
    if (arrival === undefined || target?.content.senderAgency !== agency) return undefined;
    const chains = await chainsOf(store, of);
    const { stage, recall, answers } = chains.state;
    if (stage !== 'sent' || recall === 'agreed' || answers.has(hex(update))) return undefined;
    const said = [{ code: '15', answers: update, reasonCode: 'nobody-has-taken-it' }] as const;
    const { urgency, exchangeId } = arrival;
    return maker.make(chains, RECEIVER_SIDE, said, { seat, urgency, exchangeId });
  }
}
