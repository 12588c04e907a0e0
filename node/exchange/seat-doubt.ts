/**
 * Whether what is queued for a seat may have left already though no outcome is known: a process may die, or a stream
 * break, between an offer and its outcome. One small row a seat, written when a stream opens and when it ends, tells it
 * afterwards: what was queued since the last end of a stream has certainly not left. The death of the process is an end
 * too, written down at the next start. Used by seat-courier, for recalls.
 */
import type { DeliveryRow } from '../../proto/messages.ts';
import { newestQueuedMs } from '../store/deliveries.ts';
import { getSeatLink, seatLinkWrite } from '../store/seat-links.ts';
import type { ExchangeComponents } from './ports.ts';

export class SeatDoubt {
  readonly #seat: string;
  readonly #with: Pick<ExchangeComponents, 'store' | 'clock'>;
  #doubtUntilMs = 0;
  #lastOfferedMs = 0;
  #loading: Promise<void> | undefined;

  constructor(seat: string, components: Pick<ExchangeComponents, 'store' | 'clock'>) {
    this.#seat = seat;
    this.#with = components;
  }

  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    const { store } = this.#with;
    const row = await getSeatLink(store, this.#seat);
    this.#doubtUntilMs = row?.doubtUntilMs ?? 0;
    if (!row?.open) return;
    // open when the process died: whatever is queued may have been offered, by whatever clock it was queued
    this.#lastOfferedMs = await newestQueuedMs(store, this.#seat);
    this.doubted();
    // where nothing can be written now it stays open: later more is in doubt than need be, never less
    await this.closed().catch(() => {});
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
