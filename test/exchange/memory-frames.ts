/**
 * Streams of frames between two nodes of one process: in order, bounded, closed cleanly or broken, and with faults a
 * test puts in at any frame. What one side writes waits until the other has room, as on a real stream.
 */
import { LienthongError } from '../../node/core/errors.ts';
import type { Frames } from '../../node/exchange/ports.ts';

/** Frames written and not yet read. */
const ROOM = 64;

/** What becomes of a frame: itself, others in its place, nothing (lost: a stall), or the end of the stream. */
export type Fate = Uint8Array[] | 'cut';
export type Tap = (frame: Uint8Array, toward: 'server' | 'client') => Fate | Promise<Fate>;

class End implements Frames {
  readonly toward: 'server' | 'client';
  other!: End;
  readonly #tap: Tap;
  readonly #inbox: Uint8Array[] = [];
  #ended = false;
  #error: Error | undefined;
  readonly #changed = new Set<() => void>();
  #writing: Promise<void> = Promise.resolve();

  constructor(toward: 'server' | 'client', tap: Tap) {
    this.toward = toward;
    this.#tap = tap;
  }

  async read(options: { signal?: AbortSignal } = {}): Promise<Uint8Array | undefined> {
    const { signal } = options;
    const onAbort = () => this.#wake();
    signal?.addEventListener('abort', onAbort);
    try {
      for (;;) {
        const frame = this.#inbox.shift();
        if (frame !== undefined) {
          this.#wake();
          return frame;
        }
        if (this.#error !== undefined) throw this.#error;
        if (this.#ended) return undefined;
        signal?.throwIfAborted();
        await this.#change();
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  write(frame: Uint8Array): Promise<void> {
    const writing = this.#writing.then(() => this.#send(Uint8Array.from(frame)));
    this.#writing = writing.catch(() => {});
    return writing;
  }

  async #send(frame: Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    const fate = await this.#tap(frame, this.toward);
    if (fate === 'cut') this.abort(new LienthongError('unreachable', { reason: 'cut' }));
    else for (const one of fate) await this.other.#take(one);
    if (this.#error !== undefined) throw this.#error;
  }

  async #take(frame: Uint8Array): Promise<void> {
    while (this.#inbox.length >= ROOM && this.#error === undefined) await this.#change();
    if (this.#error !== undefined) return;
    this.#inbox.push(frame);
    this.#wake();
  }

  async close(): Promise<void> {
    await this.#writing;
    this.other.#ended = true;
    this.other.#wake();
  }

  abort(error: Error): void {
    for (const end of [this, this.other]) {
      end.#error ??= error;
      end.#inbox.length = 0;
      end.#wake();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#changed) resolve();
    this.#changed.clear();
  }
}

/** Both ends of a stream: what the client writes goes toward the server, and back. */
export function memoryFrames(tap: Tap): { client: Frames; server: Frames } {
  const client = new End('server', tap);
  const server = new End('client', tap);
  client.other = server;
  server.other = client;
  return { client, server };
}
