/**
 * Brings new entries of chains to disk and then to the courier; and lets go what waited for the outcome of its document:
 * nothing said about a document leaves before that is known. What waits is a row on disk, so a crash between the
 * outcome and the release is made up for at the next start.
 */
import type { DeliveryRow } from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import { storedTransportState } from '../core/transport.ts';
import {
  changeDeliveryWrites,
  type DeliveryKey,
  deliveryUnchanged,
  getDelivery,
  type QueuedDelivery,
  queuedOf,
  releaseWrite,
  statusDeliveriesOf,
} from '../store/deliveries.ts';
import type { Write } from '../store/key-value.ts';
import { allHeld, heldDelete, heldPresent, heldWrite, isHeld } from '../store/statuses.ts';
import type { Made } from './chains.ts';
import type { ExchangeComponents } from './ports.ts';

const [QUEUED, DELIVERED] = [storedTransportState('queued'), storedTransportState('delivered')];

export type StatusCarrierComponents = Pick<ExchangeComponents, 'store' | 'clock' | 'report'> & {
  onQueued: (delivery: QueuedDelivery) => void;
  /** Something was said about the document, here or by the other side. */
  onChanged: (documentId: Bytes) => void;
};

export class StatusCarrier {
  readonly #with: StatusCarrierComponents;
  /** Never fewer than the deliveries whose statuses wait: while it is none no outcome costs a look at the disk. */
  #waiting = 0;

  constructor(components: StatusCarrierComponents) {
    this.#with = components;
  }

  /** Before the courier starts: what waited for an outcome that is known by now goes. */
  async load(): Promise<void> {
    for await (const of of allHeld(this.#with.store)) {
      this.#waiting++;
      await this.release(of);
    }
  }

  /** Durable first, then on its way. `more` is committed along. Throws 'state-changed' where a chain has gone on. */
  async commit(
    of: DeliveryKey,
    made: Made,
    more: Partial<Pick<Made, 'require' | 'writes'>> = {},
  ): Promise<void> {
    const { store } = this.#with;
    await store.commit({
      require: [...made.require, ...(more.require ?? [])],
      writes: [...made.writes, ...(more.writes ?? [])],
      audit: made.audit,
    });
    this.committed(of, made);
  }

  /** After a commit that carried the entries along with something else. */
  committed(of: DeliveryKey, made: Made): void {
    for (const queued of made.carried) this.#with.onQueued(queued);
    this.#with.onChanged(of.documentId);
  }

  /** As `commit`, for entries that wait until the outcome of their document is known. */
  async commitHeld(of: DeliveryKey, made: Made, require: Made['require']): Promise<void> {
    // counted before it is there: its outcome may be the next thing that happens
    this.#waiting++;
    try {
      await this.commit(of, made, { require, writes: [heldWrite(of)] });
    } catch (error) {
      this.#waiting--;
      throw error;
    }
    await this.release(of);
  }

  /** Told of every outcome. */
  onSettled(row: DeliveryRow): void {
    const of = { documentId: row.documentId, unit: row.unit };
    if (this.#waiting === 0) return;
    this.release(of).catch((error: Error) => {
      this.#with.report('status.held', { unit: of.unit, reason: error.message });
    });
  }

  /** Lets go what waits for the delivery, if its outcome is known. */
  async release(of: DeliveryKey): Promise<void> {
    const { store, clock, onQueued } = this.#with;
    if (!(await isHeld(store, of))) return;
    const delivery = await getDelivery(store, of);
    if (delivery === undefined || delivery.state === QUEUED) return;
    const waiting = (await statusDeliveriesOf(store, of)).filter(({ state }) => state === QUEUED);
    const writes: Write[] = [heldDelete(of)];
    for (const row of waiting) {
      if (delivery.state === DELIVERED) {
        writes.push(releaseWrite(row));
      } else {
        // it never was there: there is nothing to tell
        const state = storedTransportState('cancelled');
        writes.push(
          ...changeDeliveryWrites(row, { ...row, state, settledAtMs: clock.nowMs() } as DeliveryRow),
        );
      }
    }
    try {
      await store.commit({ require: [heldPresent(of), ...waiting.map(deliveryUnchanged)], writes });
    } catch (error) {
      // another was first
      if (isLienthongError(error, 'state-changed')) return;
      throw error;
    }
    this.#waiting--;
    if (delivery.state === DELIVERED) for (const row of waiting) onQueued(queuedOf(row));
    this.#with.onChanged(of.documentId);
  }
}
