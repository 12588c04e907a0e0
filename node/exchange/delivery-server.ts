/**
 * The receiver's end of a delivery stream: reads offers, hands each to the inbox, writes outcomes as they come.
 * At most WINDOW offers of a stream are worked on at once; beyond that it stops reading and the sender feels it.
 */
import { offerFrame, outcomeFrame } from '../../proto/messages.ts';
import { isLienthongError } from '../core/errors.ts';
import { OVERTAKING } from './flights.ts';
import type { Inbox } from './inbox.ts';
import type { Frames, Report } from './ports.ts';

/** As many as a courier keeps in flight, with those that overtake. */
const WINDOW = 256 + OVERTAKING;

export class DeliveryServer {
  readonly #inbox: Inbox;
  readonly #report: Report;

  constructor(components: { inbox: Inbox; report: Report }) {
    this.#inbox = components.inbox;
    this.#report = components.report;
  }

  /** Serves one stream of a seat until it ends. Never rejects. */
  async serve(frames: Frames, seat: string): Promise<void> {
    const working = new Set<Promise<void>>();
    const stop = new AbortController();
    try {
      for (;;) {
        const bytes = await frames.read();
        if (bytes === undefined) break;
        const offer = offerFrame.parse(bytes);
        const work: Promise<void> = this.#inbox
          .receive(seat, offer, stop.signal)
          .then((outcomes) => frames.write(outcomeFrame.encode({ sequence: offer.sequence, outcomes })))
          .catch((error: Error) => frames.abort(error))
          .finally(() => working.delete(work));
        working.add(work);
        if (working.size >= WINDOW) await Promise.race(working);
      }
      await Promise.all(working);
      await frames.close();
    } catch (error) {
      stop.abort(error);
      frames.abort(error as Error);
      if (!(isLienthongError(error, 'timeout') && working.size === 0))
        this.#report('stream.broken', { seat, protocol: 'delivery', reason: (error as Error).message });
      await Promise.all(working);
    }
  }
}
