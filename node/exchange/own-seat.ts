/**
 * The way to this node's own seat, for what one of its units sends another: a stream in memory, served as a peer's is. So
 * all that holds between seats holds between units of one: queue, outcome, receipt, retry, statuses; only nothing is
 * dialled, and nothing pulled. Both ends are in one store: what the other side is told of is there already, and whoever
 * receives it does what its coming sets in motion. Made by Exchange, around the way to all other seats.
 */
import {
  type ReadableStreamDefaultReader,
  TransformStream,
  type WritableStreamDefaultWriter,
} from 'node:stream/web';
import type { Bytes } from '../core/bytes.ts';
import type { Frames, Lane, Peers } from './ports.ts';

/** Frames written and not yet read: a courier's window bounds their bytes. */
const ROOM = 64;

type Pipe = TransformStream<Bytes, Bytes>;
const pipe = (): Pipe => new TransformStream<Bytes, Bytes>(undefined, undefined, { highWaterMark: ROOM });

class End implements Frames {
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  readonly #writer: WritableStreamDefaultWriter<Bytes>;

  constructor(from: Pipe, to: Pipe) {
    this.#reader = from.readable.getReader();
    this.#writer = to.writable.getWriter();
  }

  async read(): Promise<Bytes | undefined> {
    const { done, value } = await this.#reader.read();
    return done ? undefined : value;
  }

  write(frame: Bytes): Promise<void> {
    return this.#writer.write(frame);
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  /** Both ends, in both directions. */
  abort(error: Error): void {
    this.#writer.abort(error).catch(() => {});
    this.#reader.cancel(error).catch(() => {});
  }
}

/** Both ends of a stream within this process. */
export function ownStream(): { near: Frames; far: Frames } {
  const [there, back] = [pipe(), pipe()];
  return { near: new End(back, there), far: new End(there, back) };
}

/** `peers` reach every other seat; `serve` serves the far end of a delivery stream, and never rejects. */
export function withOwnSeat(
  peers: Peers,
  { seat: own }: { seat: string },
  serve: (frames: Frames) => Promise<void>,
): Peers {
  return {
    async openDelivery(seat, signal): Promise<Lane> {
      if (seat !== own) return peers.openDelivery(seat, signal);
      const { near, far } = ownStream();
      void serve(far);
      return { frames: near, onRetired: () => {} };
    },
    openBlob: (seat, signal) => peers.openBlob(seat, signal),
    openLog: (seat, signal) => peers.openLog(seat, signal),
    isConnected: (seat) => seat === own || peers.isConnected(seat),
  };
}
