/**
 * The sending half of a FrameStream: prefixes frames, puts the writes of one turn together and hands them to the
 * stream no faster than the peer reads. What always holds: beside what the stream itself holds (one batch) at most
 * `maxUnwrittenBytes` wait here, and a write that isn't taken within its deadline ends the stream, since half a
 * frame can't be taken back. Frames are kept by reference until they are sent: callers don't change them after write().
 */
import type { Stream } from '@libp2p/interface';
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import { encodeLength } from './frame-decoder.ts';
import type { ProtocolLimits } from './protocols.ts';

/** Small frames are joined up to this: one message of the cipher (64 KiB) and one system call. */
const JOIN_BYTES = 60 * 1024;
/** Handed over before looking whether the peer keeps up: bounds what libp2p holds for us. */
const BATCH_BYTES = 256 * 1024;

interface Waiting {
  readonly parts: Uint8Array[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  readonly release: () => void;
}

export class FrameWriter {
  readonly #stream: Stream;
  readonly #limits: ProtocolLimits;
  readonly #clock: Clock;
  readonly #abort: (error: LienthongError) => void;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  #failed: unknown;
  #flushWaiters: (() => void)[] = [];

  constructor(stream: Stream, limits: ProtocolLimits, clock: Clock, abort: (error: LienthongError) => void) {
    this.#stream = stream;
    this.#limits = limits;
    this.#clock = clock;
    this.#abort = abort;
    stream.addEventListener('drain', () => this.#schedule());
  }

  /** Bytes that wait here and in the stream below. */
  get unwrittenBytes(): number {
    return this.#queuedBytes + this.#stream.writeBufferLength;
  }

  write(frame: Uint8Array, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    if (frame.byteLength > this.#limits.maxFrameBytes) {
      const details = { bytes: frame.byteLength, limit: this.#limits.maxFrameBytes };
      return Promise.reject(new LienthongError('oversize', details));
    }
    if (this.#queuedBytes + frame.byteLength > this.#limits.maxUnwrittenBytes) {
      return Promise.reject(new LienthongError('too-many-waiting', { waitingBytes: this.#queuedBytes }));
    }
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    return new Promise((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? this.#limits.writeTimeoutMs;
      const cancelTimer = this.#clock.after(timeoutMs, () =>
        this.#abort(new LienthongError('timeout', { reason: 'peer-does-not-read', timeoutMs })),
      );
      const onAbort = () => this.#abort(new LienthongError('timeout', { reason: 'cancelled' }));
      options.signal?.addEventListener('abort', onAbort, { once: true });
      const release = () => {
        cancelTimer();
        options.signal?.removeEventListener('abort', onAbort);
      };
      const parts = partsOf(frame);
      this.#queue.push({ parts, bytes: frame.byteLength, resolve, reject, release });
      this.#queuedBytes += frame.byteLength;
      this.#schedule();
    });
  }

  /** Resolves when nothing waits here any more, or all of it failed; the stream below may still hold a batch. */
  flushed(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#flushWaiters.push(resolve));
  }

  /** Every write that waits, and every later one, is rejected with the error. */
  fail(error: unknown): void {
    if (this.#failed !== undefined) return;
    this.#failed = error;
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const waiting of queue) {
      waiting.release();
      waiting.reject(error);
    }
    this.#callFlushWaiters();
  }

  #callFlushWaiters(): void {
    if (this.#queue.length > 0) return;
    const waiters = this.#flushWaiters;
    this.#flushWaiters = [];
    for (const call of waiters) call();
  }

  #schedule(): void {
    if (this.#scheduled || this.#queue.length === 0) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#queue.length > 0 && this.#failed === undefined && !this.#stream.writableNeedsDrain) {
      const batch: Waiting[] = [];
      for (let bytes = 0; bytes < BATCH_BYTES && batch.length < this.#queue.length; ) {
        const next = this.#queue[batch.length]!;
        batch.push(next);
        bytes += next.bytes;
      }
      this.#queue.splice(0, batch.length);
      for (const waiting of batch) this.#queuedBytes -= waiting.bytes;
      try {
        for (const piece of joined(batch)) this.#stream.send(piece);
      } catch (error) {
        for (const waiting of batch) waiting.release();
        const lost = new LienthongError('unreachable', { reason: 'stream-closed' }, { cause: error });
        for (const waiting of batch) waiting.reject(lost);
        this.fail(lost);
        return;
      }
      for (const waiting of batch) {
        waiting.release();
        waiting.resolve();
      }
    }
    this.#callFlushWaiters();
  }
}

/** Prefix and frame; a large frame goes without being copied, but for its beginning, which travels with the prefix. */
function partsOf(frame: Uint8Array): Uint8Array[] {
  const prefix = encodeLength(frame.byteLength);
  if (frame.byteLength <= JOIN_BYTES) return [prefix, frame];
  return [prefix, frame.subarray(0, JOIN_BYTES), frame.subarray(JOIN_BYTES)];
}

/** The batch's bytes in as few pieces as copying small ones together gives. */
function* joined(batch: readonly Waiting[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  let bytes = 0;
  for (const part of batch.flatMap((waiting) => waiting.parts)) {
    if (small.length > 0 && (part.byteLength > JOIN_BYTES || bytes + part.byteLength > 2 * JOIN_BYTES)) {
      yield small.length === 1 ? small[0]! : Buffer.concat(small, bytes);
      small = [];
      bytes = 0;
    }
    if (part.byteLength > JOIN_BYTES) {
      yield part;
      continue;
    }
    small.push(part);
    bytes += part.byteLength;
  }
  if (small.length > 0) yield small.length === 1 ? small[0]! : Buffer.concat(small, bytes);
}
