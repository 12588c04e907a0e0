/**
 * Statuses whose document hasn't come: kept with the seat they came from, and handed on as if they came again once it has.
 * Only a seat that lost data, or one of another make, sends any; so few are kept, and few of one seat. A crash between a
 * document's arrival and this is made up for at the next start.
 */
import { refusal as refusalCodec, type StatusRow, signed as signedCodec } from '../../proto/messages.ts';
import { equalBytes } from '../core/bytes.ts';
import { getArrival } from '../store/arrivals.ts';
import type { DeliveryKey } from '../store/deliveries.ts';
import { allEarly, earlyDelete, earlyOf, earlyWrite, getEarly } from '../store/statuses.ts';
import type { Outcome } from './delivery-link.ts';
import { type Fault, later, never } from './faults.ts';
import type { ExchangeComponents } from './ports.ts';
import { deliveryName } from './ready-queue.ts';

const MOST = 10_000;
const MOST_OF_SEAT = 500;

export class EarlyStatuses {
  readonly #with: Pick<ExchangeComponents, 'store'>;
  /** Deliveries with something kept → seats, one for each that is. */
  readonly #kept = new Map<string, string[]>();

  constructor(components: Pick<ExchangeComponents, 'store'>) {
    this.#with = components;
  }

  /** Which of them have their document by now. */
  async load(): Promise<DeliveryKey[]> {
    const arrived = new Map<string, DeliveryKey>();
    for (const { seat, ...of } of await allEarly(this.#with.store, MOST)) {
      this.#note(of, seat);
      if (await getArrival(this.#with.store, of.documentId, of.unit)) arrived.set(deliveryName(of), of);
    }
    return [...arrived.values()];
  }

  /** Undefined once it is durable, or was before. */
  async keep(of: DeliveryKey, seat: string, sequence: number, row: StatusRow): Promise<Fault | undefined> {
    const { store } = this.#with;
    const known = await getEarly(store, of, seat, sequence);
    if (known !== undefined)
      return equalBytes(known.statusId, row.statusId)
        ? undefined
        : never('conflict', `entry ${sequence} of the chain is another`);
    const seats = [...this.#kept.values()].flat();
    if (seats.length >= MOST || seats.filter((one) => one === seat).length >= MOST_OF_SEAT)
      return later('quota', 'statuses without their document');
    // noted first: an arrival that is committed meanwhile finds it
    this.#note(of, seat);
    await store.commit({ writes: [earlyWrite(of, seat, sequence, row)] });
    // and one that was committed before this was, looked in vain: who keeps it looks again
    if (!this.#kept.has(deliveryName(of))) this.#note(of, seat);
    return undefined;
  }

  /**
   * After the document's arrival is durable: each goes where it would go now. One that can't be taken yet stays for the
   * next start.
   */
  async release(of: DeliveryKey, receive: (seat: string, row: StatusRow) => Promise<Outcome>): Promise<void> {
    const name = deliveryName(of);
    if (!this.#kept.has(name)) return;
    const { store } = this.#with;
    const left = new Set<string>();
    const next = async () =>
      (await earlyOf(store, of)).find(({ seat, sequence }) => !left.has(`${seat} ${sequence}`));
    // read anew after each: one may have been kept meanwhile
    for (let one = await next(); one !== undefined; one = await next()) {
      const { seat, sequence, row } = one;
      if (isSettled(await receive(seat, row)))
        await store.commit({ writes: [earlyDelete(of, seat, sequence)] });
      else left.add(`${seat} ${sequence}`);
    }
    if (left.size === 0) this.#kept.delete(name);
  }

  #note(of: DeliveryKey, seat: string): void {
    const name = deliveryName(of);
    this.#kept.set(name, [...(this.#kept.get(name) ?? []), seat]);
  }
}

/** Taken, or refused for what it is. */
function isSettled({ statusStored, refusal }: Outcome): boolean {
  if (statusStored) return true;
  return Boolean(refusal) && refusalCodec.parse(signedCodec.parse(refusal!).payload).retry === 1;
}
