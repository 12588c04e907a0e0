/**
 * A document that was sent, to more recipients: one more dispatch each, of the same document under the same terms. Who has
 * it already is left as it is, also where another added it at the same time. One commit with an audit entry that keeps the reason.
 */
import { stringify as uuidText } from 'uuid';
import { dispatch as dispatchCodec, signed as signedCodec } from '../../proto/messages.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { parseTransportState } from '../core/transport.ts';
import type { DeliverySummary } from '../core/views.ts';
import {
  deliveriesOf,
  deliveryAbsent,
  newDeliveryWrites,
  type QueuedDelivery,
  queuedOf,
} from '../store/deliveries.ts';
import { requireNotTo, resolveRecipients } from './compose.ts';
import type { DeliveryEvents } from './delivery-events.ts';
import { type DispatchingComponents, newDeliveries } from './dispatching.ts';
import { required } from './fields.ts';
import { namedDocument, requireOwn } from './named-documents.ts';
import type { ExchangeComponents } from './ports.ts';

/** Two who add to one document: each round one of them has. */
const MOST_ROUNDS = 8;

export type MoreRecipientsComponents = DispatchingComponents &
  Pick<ExchangeComponents, 'store' | 'clock' | 'room'> & {
    events: DeliveryEvents;
    onQueued: (delivery: QueuedDelivery) => void;
  };

export class MoreRecipients {
  readonly #with: MoreRecipientsComponents;

  constructor(components: MoreRecipientsComponents) {
    this.#with = components;
  }

  /**
   * Every delivery to these units, new or there before. `by`: the unit of this node that adds them, the agency when absent.
   * Throws as a submission's recipients, 'status-not-allowed' as `requireOwn`.
   */
  async add(
    documentId: Bytes,
    to: readonly string[],
    reason: string,
    by?: string,
  ): Promise<DeliverySummary[]> {
    for (let round = 1; ; round++) {
      try {
        return await this.#add(documentId, to, reason, by);
      } catch (error) {
        if (!isLienthongError(error, 'state-changed') || round === MOST_ROUNDS) throw error;
      }
    }
  }

  async #add(
    documentId: Bytes,
    to: readonly string[],
    reason: string,
    by: string | undefined,
  ): Promise<DeliverySummary[]> {
    const { store, directory, self, clock, events, onQueued, room } = this.#with;
    const text = required('reason', reason);
    const named = await namedDocument(store, documentId);
    if (named === undefined) throw new LienthongError('damaged', { where: 'document' });
    requireOwn(named, by ?? self.agency, directory());
    const document = named.row;
    const before = await deliveriesOf(store, documentId);
    const id = uuidText(document.exchangeId);
    if (before[0] === undefined) throw new LienthongError('damaged', { where: 'deliveries' });
    const { recipients } = resolveRecipients({ to: [...to] }, directory());
    requireNotTo(named.content.issuer.code!, recipients, directory());
    const known = new Map(before.map((row) => [row.unit, row]));
    if (recipients.some(({ unit }) => !known.has(unit))) await room();
    const nowMs = clock.nowMs();
    const { urgency, due, circular } = dispatchCodec.parse(signedCodec.parse(before[0].dispatch).payload);
    const rows = await newDeliveries(
      document,
      recipients.filter(({ unit }) => !known.has(unit)),
      { urgency, due, circular },
      nowMs,
      this.#with,
    );
    if (rows.length > 0) {
      const fields = [
        { name: 'id', value: id },
        { name: 'document', value: hex(documentId) },
        { name: 'to', value: rows.map(({ unit }) => unit).join(', ') },
        { name: 'reason', value: text },
      ];
      await store.commit({
        require: rows.map(deliveryAbsent),
        writes: rows.flatMap(newDeliveryWrites),
        audit: [{ atMs: nowMs, event: 'document.recipients-added', fields }],
      });
      events.forget(documentId);
      for (const row of rows) onQueued(queuedOf(row));
    }
    return recipients.map(({ unit }) => {
      const row = known.get(unit);
      return { to: unit, state: row === undefined ? 'queued' : parseTransportState(row.state) };
    });
  }
}
