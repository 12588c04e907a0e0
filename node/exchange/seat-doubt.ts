/**
 * Whether what is queued for a seat may have left already though no outcome is known: a process may die, or a stream
 * break, between an offer and its outcome. One small row a seat, written when a stream opens and when it ends, tells it
 * afterwards: what was queued since the last end of a stream has certainly not left. Used by seat-courier, for recalls.
 */
import type { DeliveryRow } from '../../proto/messages.ts';
import { getSeatLink, seatLinkWrite } from '../store/seat-links.ts';
import type { ExchangeComponents } from './ports.ts';

export class SeatDoubt {
  readonly #seat: string;
  readonly #with: Pick<ExchangeComponents, 'store' | 'clock'>;
  #doubtUntilMs = 0;
  #lastOfferedMs = 0;
  #isLoaded = false;

  constructor(seat: string, components: Pick<ExchangeComponents, 'store' | 'clock'>) {
    this.#seat = seat;
    this.#with = components;
  }

  async load(): Promise<void> {
    if (this.#isLoaded) return;
    const row = await getSeatLink(this.#with.store, this.#seat);
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    // open when the process died: whatever was queued then may have been offered
    this.#doubtUntilMs = row?.open ? this.#with.clock.nowMs() : (row?.doubtUntilMs ?? 0);
  }

  /** Before the first offer on a stream. */
  async opened(): Promise<void> {
    await this.#write(true);
  }

  /** An offer is about to leave. */
  offered(row: DeliveryRow): void {
    this.#lastOfferedMs = Math.max(this.#lastOfferedMs, row.queuedAtMs);
  }

  /** An outcome proved nothing, or a stream broke with offers in flight. */
  doubted(): void {
    this.#doubtUntilMs = Math.max(this.#doubtUntilMs, this.#lastOfferedMs, this.#with.clock.nowMs());
  }

  /** After the stream has ended. */
  async closed(): Promise<void> {
    await this.#write(false);
  }

  mayHaveLeft(row: DeliveryRow): boolean {
    return row.queuedAtMs <= this.#doubtUntilMs;
  }

  async #write(open: boolean): Promise<void> {
    const writes = [seatLinkWrite(this.#seat, { open, doubtUntilMs: this.#doubtUntilMs })];
    await this.#with.store.commit({ writes });
  }
}
