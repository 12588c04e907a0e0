/**
 * Puts statuses back that this node had lost and a peer still holds: each verified as when it was new, ours by our own
 * signature, theirs by that seat's. Arrival numbers given before the loss stay given. Called by restorer, after the
 * delivery itself is back.
 */
import type { StatusRow } from '../../proto/messages.ts';
import { RECEIVER_SIDE, SENDER_SIDE } from '../core/business-status.ts';
import { type Bytes, copyOf, equalBytes, hex } from '../core/bytes.ts';
import type { DeliveryKey } from '../store/deliveries.ts';
import type { Precondition, Write } from '../store/key-value.ts';
import { countEntries, getStatus, givenArrivalNumber, nextAbsent, statusWrite } from '../store/statuses.ts';
import { auditOf, readStatement } from './chains.ts';
import type { HeldKeyFields } from './held.ts';
import type { ExchangeComponents } from './ports.ts';
import { formFault } from './status-inbox.ts';
import { readStatus, type Trust } from './trust.ts';

export type StatusRestorerComponents = Pick<
  ExchangeComponents,
  'store' | 'directory' | 'self' | 'clock' | 'report'
> & { trust: Trust; onChanged: (documentId: Bytes) => void };

export class StatusRestorer {
  readonly #with: StatusRestorerComponents;

  constructor(components: StatusRestorerComponents) {
    this.#with = components;
  }

  /** Whether as many are here as the peer holds. */
  async areHere(key: HeldKeyFields): Promise<boolean> {
    return (await countEntries(this.#with.store, key)) >= key.statuses;
  }

  /** One commit each: what can't be believed is left out and said. */
  async restore(seat: string, key: HeldKeyFields, statuses: readonly Bytes[]): Promise<void> {
    let isChanged = false;
    for (const bytes of statuses) isChanged = (await this.#one(seat, key, copyOf(bytes))) || isChanged;
    if (isChanged) this.#with.onChanged(key.documentId);
  }

  async #one(seat: string, key: HeldKeyFields, bytes: Bytes): Promise<boolean> {
    const { store, directory, self, trust, clock, report } = this.#with;
    const of: DeliveryKey = { documentId: key.documentId, unit: key.unit };
    const status = readStatus(bytes, directory().federationId);
    const refuse = (reason: string): false => {
      report('recovery.refused', { seat, unit: key.unit, reason: `status: ${reason}` });
      return false;
    };
    if (status === undefined) return refuse('malformed');
    const { side, sequence, documentId, unit, happenedAtMs } = status.content;
    if (!equalBytes(documentId, of.documentId) || unit !== of.unit) return refuse('malformed');
    if (side !== SENDER_SIDE && side !== RECEIVER_SIDE) return refuse('malformed');
    const form = formFault(status.content);
    if (form !== undefined) return refuse(form.text);
    const isOwn = (side === SENDER_SIDE) === key.sent;
    const fault = trust.serviceFault(status.signed, isOwn ? self.seat : seat, happenedAtMs, clock.nowMs());
    if (fault !== undefined) return refuse(fault);
    const held = await getStatus(store, of, side, sequence);
    if (held !== undefined) return equalBytes(held.statusId, status.id) ? false : refuse('conflict');
    const nowMs = clock.nowMs();
    const fromSeat = isOwn ? '' : seat;
    const row = { statusId: status.id, envelope: bytes, fromSeat, storedAtMs: nowMs } as StatusRow;
    const require: Precondition[] = [nextAbsent(of, side, sequence)];
    const writes: Write[] = [statusWrite(of, side, sequence, row)];
    const { arrivalNumber, arrivalYear, registerUnit } = status.content;
    if (isOwn && arrivalNumber > 0) {
      const register = { unit: registerUnit, year: arrivalYear };
      const given = await givenArrivalNumber(store, register, arrivalNumber, of);
      require.push(...given.require);
      writes.push(...given.writes);
      if (given.isTaken)
        report('recovery.number-lost', { id: hex(of.documentId), number: `${arrivalNumber}/${arrivalYear}` });
    }
    await store.commit({
      require,
      writes,
      audit: [auditOf(of, readStatement(row), 'status.received', nowMs)],
    });
    return true;
  }
}
