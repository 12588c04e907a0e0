/**
 * Serves attachments to whoever holds a ticket (blob-access says who), whole files and what of a circular's has come so
 * far. One answer for "not here", "not yours" and "no such thing", so that nobody learns what is held. What is in
 * memory is bounded, whoever asks, and urgent documents' chunks go first (turns). Each stream is served by blob-serving.
 */
import type { Clock } from '../core/clock.ts';
import type { BlobAccess } from './blob-access.ts';
import { type BlobServing, ServedStream } from './blob-serving.ts';
import type { DeliveryEvents } from './delivery-events.ts';
import type { Frames, Report } from './ports.ts';
import type { Quotas } from './quotas.ts';
import { Spreading } from './spreading.ts';
import { Turns } from './turns.ts';

/** Chunks going out at once: four fast streams. */
const TURNS = 16;
/**
 * Of circulars, counted until they have arrived: as many as fill a line whose round trip takes as long as a chunk or two.
 * With more each takes as many times longer, and so does every step from one recipient to the next.
 */
const SHARED_TURNS = 3;

export interface BlobServerComponents {
  access: BlobAccess;
  directory: BlobServing['directory'];
  quotas: Quotas;
  events: DeliveryEvents;
  report: Report;
  clock: Clock;
}

export class BlobServer {
  readonly #with: BlobServing;

  constructor(components: BlobServerComponents) {
    const { clock } = components;
    this.#with = {
      ...components,
      turns: new Turns(clock, TURNS),
      sharedTurns: new Turns(clock, SHARED_TURNS),
      spreading: new Spreading(),
    };
  }

  /** Serves one stream of a seat until it ends. Never rejects. */
  serve(frames: Frames, seat: string): Promise<void> {
    return new ServedStream(frames, seat, this.#with).run();
  }
}
