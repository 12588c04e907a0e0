/**
 * Streams of frames between nodes that each have a line of some rate both ways, in a time of their own: packets of the
 * streams that leave a node take turns on its line, cross over, and queue for the other's. Nothing takes time but lines,
 * so that what is measured is what was decided, on whatever machine. A chunk stands for CHUNK_BYTES, however short.
 */

import type { Clock } from '../../node/core/clock.ts';
import { LienthongError } from '../../node/core/errors.ts';
import type { Frames } from '../../node/exchange/ports.ts';

const PACKET_BYTES = 64 * 1024;
/** What a socket takes before it makes the writer wait. */
const SOCKET_BYTES = 512 * 1024;
/** Frames this long carry a chunk. */
export const CHUNK_STANDIN_BYTES = 1024;
const CHUNK_BYTES = 1024 * 1024;

/** Time that goes on only when nothing is left to do. */
export class LineClock implements Clock {
  #nowMs = 1_000_000;
  #order = 0;
  readonly #waiting: { atMs: number; order: number; call: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, call: () => void): () => void {
    const one = { atMs: this.#nowMs + ms, order: this.#order++, call };
    let low = 0;
    for (let high = this.#waiting.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#waiting[middle]!.atMs > one.atMs) low = middle + 1;
      else high = middle;
    }
    this.#waiting.splice(low, 0, one);
    return () => {
      const at = this.#waiting.indexOf(one);
      if (at >= 0) this.#waiting.splice(at, 1);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Lets time go on until it is done. */
  async until(isDone: () => boolean): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone()) return;
      const next = this.#waiting.pop();
      if (next === undefined) throw new Error('nothing will ever happen');
      this.#nowMs = next.atMs;
      next.call();
    }
  }
}

interface Packet {
  bytes: number;
  /** When it has left the line. */
  left?: (() => void) | undefined;
  arrive: () => void;
}

/** One direction of a node's line: streams take turns, a packet each. */
class Direction {
  readonly #clock: LineClock;
  readonly #bytesPerMs: number;
  readonly #flows = new Map<object, Packet[]>();
  #isBusy = false;
  bytes = 0;

  constructor(clock: LineClock, mbit: number) {
    this.#clock = clock;
    this.#bytesPerMs = (mbit * 1e6) / 8 / 1000;
  }

  send(flow: object, packet: Packet): void {
    const queue = this.#flows.get(flow);
    if (queue === undefined) this.#flows.set(flow, [packet]);
    else queue.push(packet);
    this.#next();
  }

  #next(): void {
    if (this.#isBusy) return;
    const [first] = this.#flows;
    if (first === undefined) return;
    const [flow, queue] = first;
    const packet = queue.shift()!;
    this.#flows.delete(flow);
    if (queue.length > 0) this.#flows.set(flow, queue);
    this.#isBusy = true;
    this.bytes += packet.bytes;
    this.#clock.after(packet.bytes / this.#bytesPerMs, () => {
      this.#isBusy = false;
      packet.left?.();
      packet.arrive();
      this.#next();
    });
  }
}

export class Line {
  readonly up: Direction;
  readonly down: Direction;

  constructor(clock: LineClock, mbit: number) {
    this.up = new Direction(clock, mbit);
    this.down = new Direction(clock, mbit);
  }
}

class LineEnd implements Frames {
  other!: LineEnd;
  readonly #clock: LineClock;
  readonly #own: Line;
  readonly #theirs: Line;
  readonly #delayMs: number;
  readonly #inbox: (Uint8Array | undefined)[] = [];
  readonly #room: { below: number; call: () => void }[] = [];
  #unsent = 0;
  #error: Error | undefined;
  #wake = () => {};

  constructor(clock: LineClock, own: Line, theirs: Line, delayMs: number) {
    this.#clock = clock;
    this.#own = own;
    this.#theirs = theirs;
    this.#delayMs = delayMs;
  }

  async read(options: { signal?: AbortSignal } = {}): Promise<Uint8Array | undefined> {
    const { signal } = options;
    for (;;) {
      if (this.#inbox.length > 0) {
        const frame = this.#inbox[0];
        if (frame !== undefined) this.#inbox.shift();
        return frame;
      }
      if (this.#error !== undefined) throw this.#error;
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => {
        const done = () => {
          signal?.removeEventListener('abort', done);
          resolve();
        };
        this.#wake = done;
        signal?.addEventListener('abort', done);
      });
    }
  }

  async write(frame: Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    this.#send(frame);
    if (this.#unsent <= SOCKET_BYTES) return;
    await new Promise<void>((resolve) => this.#room.push({ below: SOCKET_BYTES, call: resolve }));
    if (this.#error !== undefined) throw this.#error;
  }

  async close(): Promise<void> {
    if (this.#error === undefined) this.#send(undefined);
  }

  abort(error: Error): void {
    this.#break(error);
    this.#clock.after(this.#delayMs, () => this.other.#break(new LienthongError('unreachable')));
  }

  #break(error: Error): void {
    this.#error ??= error;
    this.#inbox.length = 0;
    this.#wake();
    for (const { call } of this.#room.splice(0)) call();
  }

  #send(frame: Uint8Array | undefined): void {
    const length = frame?.byteLength ?? 0;
    let left = length >= CHUNK_STANDIN_BYTES ? CHUNK_BYTES : length + 60;
    for (; left > 0; left -= PACKET_BYTES) {
      const bytes = Math.min(left, PACKET_BYTES);
      const isLast = left <= PACKET_BYTES;
      this.#unsent += bytes;
      this.#own.up.send(this, {
        bytes,
        left: () => {
          this.#unsent -= bytes;
          if (this.#unsent <= SOCKET_BYTES) for (const { call } of this.#room.splice(0)) call();
        },
        arrive: () => this.#clock.after(this.#delayMs, () => this.#arrive(bytes, isLast, frame)),
      });
    }
  }

  #arrive(bytes: number, isLast: boolean, frame: Uint8Array | undefined): void {
    this.#theirs.down.send(this, {
      bytes,
      arrive: () => {
        if (!isLast || this.#error !== undefined) return;
        this.other.#inbox.push(frame);
        this.other.#wake();
      },
    });
  }
}

/** A stream between two nodes. */
export function lineFrames(
  clock: LineClock,
  [client, server]: readonly [Line, Line],
  delayMs: number,
): { client: Frames; server: Frames } {
  const ends = {
    client: new LineEnd(clock, client, server, delayMs),
    server: new LineEnd(clock, server, client, delayMs),
  };
  ends.client.other = ends.server;
  ends.server.other = ends.client;
  return ends;
}
