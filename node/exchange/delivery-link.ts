/**
 * The sender's end of one delivery stream: many offers in flight, each answered by the outcome that names it.
 * A broken stream rejects everything in flight with 'unreachable': in doubt, to be offered again. Made by the
 * courier, one per seat.
 */
import { type lienthong, offerFrame, outcomeFrame } from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import type { Frames } from './ports.ts';

export type OfferFields = lienthong.v1.OfferFrame.$Properties;
export type Outcome = lienthong.v1.Outcome.$Shape;

/** A receiver answers small documents at once; this long without an answer means it is stuck. */
const ANSWER_MS = 60_000;
/** Bytes per second below which pulling attachments counts as stuck: a slow line of 256 kbit/s. */
const SLOWEST_PULL = 32 * 1024;

interface Waiting {
  resolve: (outcomes: Outcome[]) => void;
  reject: (error: Error) => void;
  cancelDeadline: () => void;
}

export class DeliveryLink {
  readonly #frames: Frames;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #sequence = 0;
  #broken: Error | undefined;
  /** Settles when the stream has ended, with why. */
  readonly ended: Promise<Error>;

  constructor(frames: Frames, clock: Clock) {
    this.#frames = frames;
    this.#clock = clock;
    this.ended = this.#readOutcomes();
  }

  get inFlight(): number {
    return this.#waiting.size;
  }

  /** Outcomes of one offer. `pullBytes` is what the receiver has to pull before it can answer. */
  async offer(fields: OfferFields, pullBytes: number): Promise<Outcome[]> {
    if (this.#broken !== undefined) throw this.#broken;
    const sequence = ++this.#sequence;
    const frame: Bytes = offerFrame.encode({ ...fields, sequence });
    const answer = new Promise<Outcome[]>((resolve, reject) => {
      const deadlineMs = ANSWER_MS + (pullBytes / SLOWEST_PULL) * 1000;
      const cancelDeadline = this.#clock.after(deadlineMs, () =>
        this.abort(new LienthongError('timeout', { waitedMs: deadlineMs })),
      );
      this.#waiting.set(sequence, { resolve, reject, cancelDeadline });
    });
    // a write that fails breaks the stream, which rejects the answer
    this.#frames.write(frame).catch((error: Error) => this.abort(error));
    return answer;
  }

  /** Ends the stream; what is in flight is in doubt. */
  abort(error: Error): void {
    this.#frames.abort(error);
    this.#break(error);
  }

  async close(): Promise<void> {
    await this.#frames.close().catch(() => {});
    this.#break(new LienthongError('unreachable', { reason: 'closed' }));
  }

  async #readOutcomes(): Promise<Error> {
    try {
      for (;;) {
        const bytes = await this.#frames.read();
        if (bytes === undefined) throw new LienthongError('unreachable', { reason: 'stream ended' });
        const { sequence, outcomes } = outcomeFrame.parse(bytes);
        const waiting = this.#waiting.get(sequence);
        if (waiting === undefined) throw new LienthongError('malformed', { field: 'OutcomeFrame.sequence' });
        this.#waiting.delete(sequence);
        waiting.cancelDeadline();
        waiting.resolve(outcomes as Outcome[]);
      }
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)));
      return this.#broken!;
    }
  }

  #break(error: Error): void {
    this.#broken ??= error;
    for (const waiting of this.#waiting.values()) {
      waiting.cancelDeadline();
      waiting.reject(this.#broken);
    }
    this.#waiting.clear();
  }
}
