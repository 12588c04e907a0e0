/**
 * FrameStream: one libp2p stream as frames in both directions, with the limits of its protocol. It owns the stream
 * from the moment it is made. What always holds: a frame above the limit is refused before it is kept; a peer that
 * sends faster than we read is paused at `maxUnreadBytes`; a peer that drips, stalls or doesn't read meets a deadline;
 * a stream that ends inside a frame is `malformed`, one whose connection broke is `unreachable`, never a clean end.
 * Everything above network/ talks to peers through this class alone.
 *
 * pause() and resume() of libp2p: yamux stops opening its window while paused, so at most one window more arrives,
 * which libp2p keeps. pause() must not be called while resume() is handing over kept bytes: the end of resume()
 * would open the window again behind our back, hence #resuming.
 */
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface';
import type { Clock } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { FrameDecoder, type FrameMemory } from './frame-decoder.ts';
import { FrameQueue } from './frame-queue.ts';
import { FrameWriter } from './frame-writer.ts';
import type { Protocol } from './protocols.ts';
import { openWindow } from './stream-window.ts';

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

interface Reader {
  readonly resolve: (frame: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
  readonly release: () => void;
}

export class FrameStream {
  readonly protocol: Protocol;
  /** PeerId of the other side, as text. */
  readonly peerId: string;
  readonly #stream: Stream;
  readonly #clock: Clock;
  readonly #decoder: FrameDecoder;
  readonly #queue = new FrameQueue();
  readonly #writer: FrameWriter;
  readonly #onClosed = new Set<() => void>();
  #reader: Reader | undefined;
  #error: LienthongError | undefined;
  #peerEnded = false;
  #paused = false;
  #resuming = false;
  #sawFrame = false;
  #closed = false;
  #cancelFrameTimer: (() => void) | undefined;

  constructor(stream: Stream, protocol: Protocol, peerId: string, clock: Clock) {
    this.protocol = protocol;
    this.peerId = peerId;
    this.#stream = stream;
    this.#clock = clock;
    this.#decoder = new FrameDecoder(protocol.maxFrameBytes);
    this.#writer = new FrameWriter(stream, protocol, clock, (error) => this.abort(error));
    stream.addEventListener('message', (event: StreamMessageEvent) => this.#onMessage(event.data));
    stream.addEventListener('remoteCloseWrite', () => {
      this.#peerEnded = true;
    });
    stream.addEventListener('end', () => this.#finishReading());
    stream.addEventListener('close', (event: StreamCloseEvent) => this.#onClose(event.error));
    // what happened before we listened: a peer that wrote, ended its side and is done already
    if (stream.status !== 'open') this.#onClose(undefined);
    else if (stream.remoteWriteStatus === 'closed') this.#peerEnded = true;
    openWindow(stream, protocol.maxUnreadBytes);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Where frames that begin from now on are put. */
  useMemory(memory: FrameMemory): void {
    this.#decoder.memory = memory;
  }

  /** Bytes of whole frames nobody has read yet. */
  get unreadBytes(): number {
    return this.#queue.bytes;
  }

  /** Bytes given to write() that the connection hasn't taken yet. */
  get unwrittenBytes(): number {
    return this.#writer.unwrittenBytes;
  }

  /** Called once when the stream is over, whatever the reason; at once when it already is. */
  onClosed(call: () => void): void {
    if (this.#closed) call();
    else this.#onClosed.add(call);
  }

  /**
   * The next frame, in an array of its own; undefined when the peer ended its side cleanly.
   * One read at a time. Errors: `timeout`, `oversize`, `malformed` (truncated or a bad prefix), `unreachable`
   * (reset or connection lost). A read that times out or is cancelled takes nothing: the stream goes on.
   */
  read(options: WaitOptions = {}): Promise<Uint8Array | undefined> {
    if (this.#reader !== undefined)
      return Promise.reject(new LienthongError('internal', { reason: 'two-reads-at-once' }));
    const frame = this.#queue.shift();
    if (frame !== undefined) {
      this.#maybeResume();
      return Promise.resolve(frame);
    }
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#isOver()) return Promise.resolve(undefined);
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    return new Promise((resolve, reject) => {
      const timeoutMs =
        options.timeoutMs ??
        (this.#sawFrame ? this.protocol.idleTimeoutMs : this.protocol.firstFrameTimeoutMs);
      const end = (error: unknown) => {
        this.#reader?.release();
        this.#reader = undefined;
        reject(error);
      };
      const cancelTimer = this.#clock.after(timeoutMs, () =>
        end(new LienthongError('timeout', { reason: 'no-frame', timeoutMs })),
      );
      const onAbort = () => end(options.signal?.reason);
      options.signal?.addEventListener('abort', onAbort, { once: true });
      const release = () => {
        cancelTimer();
        options.signal?.removeEventListener('abort', onAbort);
      };
      this.#reader = { resolve, reject, release };
      this.#maybeResume();
    });
  }

  /** The next frame; `malformed` when the peer ended its side instead. */
  async require(options: WaitOptions = {}): Promise<Uint8Array> {
    const frame = await this.read(options);
    if (frame === undefined) throw new LienthongError('malformed', { reason: 'ended-without-a-frame' });
    return frame;
  }

  /**
   * Sends one frame; resolves when the connection has taken it (not: when the peer has read it). The bytes must not
   * be changed afterwards. Writes of one turn travel together. Errors: `oversize`, `too-many-waiting` (the stream
   * stays usable after these two), `timeout` (the peer doesn't read; the stream is over), `unreachable`.
   */
  write(frame: Uint8Array, options: WaitOptions = {}): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return this.#writer.write(frame, options);
  }

  /** Ends our side after what was written; the peer may still send. Never throws: a stream that broke is over too. */
  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#writer.flushed();
    try {
      await within(this.#clock, this.protocol.writeTimeoutMs, undefined, (signal) =>
        this.#stream.close({ signal }),
      );
    } catch (error) {
      this.abort(new LienthongError('unreachable', { reason: 'not-closed' }, { cause: error }));
    }
  }

  /** Ends both sides at once; waiting reads and writes get the error, the peer sees a reset. */
  abort(error: LienthongError): void {
    if (this.#closed) return;
    this.#error ??= error;
    this.#stream.abort(error);
    this.#onClose(error);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let frame = await this.read(); frame !== undefined; frame = await this.read()) yield frame;
  }

  #onMessage(data: Uint8Array | Iterable<Uint8Array>): void {
    if (this.#error !== undefined) return;
    const frames: Uint8Array[] = [];
    try {
      if (data instanceof Uint8Array) this.#decoder.push(data, frames);
      else for (const chunk of data) this.#decoder.push(chunk, frames);
    } catch (error) {
      this.#queue.push(frames);
      this.abort(isLienthongError(error) ? error : new LienthongError('malformed', {}, { cause: error }));
      return;
    }
    if (frames.length > 0) {
      this.#sawFrame = true;
      this.#queue.push(frames);
      this.#stopFrameTimer();
    }
    if (this.#decoder.isPartial) this.#startFrameTimer();
    this.#hand();
    if (!this.#resuming) this.#maybePause();
  }

  /** Gives the waiting reader its frame. */
  #hand(): void {
    if (this.#reader === undefined) return;
    const frame = this.#queue.shift();
    if (frame === undefined) return;
    const reader = this.#reader;
    this.#reader = undefined;
    reader.release();
    reader.resolve(frame);
  }

  #startFrameTimer(): void {
    if (this.#cancelFrameTimer !== undefined || this.#paused) return;
    const timeoutMs = this.protocol.frameTimeoutMs;
    this.#cancelFrameTimer = this.#clock.after(timeoutMs, () => {
      this.abort(new LienthongError('timeout', { reason: 'unfinished-frame', timeoutMs }));
    });
  }

  #stopFrameTimer(): void {
    this.#cancelFrameTimer?.();
    this.#cancelFrameTimer = undefined;
  }

  #maybePause(): void {
    if (this.#paused || this.#queue.bytes < this.protocol.maxUnreadBytes || this.#stream.status !== 'open')
      return;
    this.#paused = true;
    // while paused the rest of a begun frame is late because of us
    this.#stopFrameTimer();
    this.#stream.pause();
  }

  #maybeResume(): void {
    if (!this.#paused || this.#queue.bytes > this.protocol.maxUnreadBytes / 2) return;
    this.#paused = false;
    this.#resuming = true;
    try {
      this.#stream.resume();
    } catch {
      // the stream closed while paused: what it still held has been handed over before it threw
    } finally {
      this.#resuming = false;
    }
    if (this.#decoder.isPartial) this.#startFrameTimer();
    this.#maybePause();
    this.#finishReading();
  }

  #onClose(error: Error | undefined): void {
    this.#writer.fail(
      this.#error ?? new LienthongError('unreachable', { reason: 'stream-closed' }, { cause: error }),
    );
    if (error !== undefined) this.#error ??= translateReset(error);
    this.#stopFrameTimer();
    if (!this.#closed) {
      this.#closed = true;
      for (const call of this.#onClosed) call();
      this.#onClosed.clear();
    }
    this.#finishReading();
  }

  /** Everything the peer sent has been handed over, and nothing more will come. */
  #isOver(): boolean {
    return this.#stream.readableEnded || (this.#closed && !this.#paused);
  }

  #finishReading(): void {
    if (this.#error === undefined && this.#isOver()) {
      this.#stopFrameTimer();
      if (!this.#peerEnded) this.#error = new LienthongError('unreachable', { reason: 'connection-lost' });
      else if (this.#decoder.isPartial) {
        this.abort(new LienthongError('malformed', { reason: 'truncated-frame' }));
        this.#error ??= new LienthongError('malformed', { reason: 'truncated-frame' });
      }
    }
    const reader = this.#reader;
    if (reader === undefined || (this.#error === undefined && !this.#isOver())) return;
    this.#reader = undefined;
    reader.release();
    const frame = this.#queue.shift();
    if (frame !== undefined) reader.resolve(frame);
    else if (this.#error !== undefined) reader.reject(this.#error);
    else reader.resolve(undefined);
  }
}

function translateReset(error: Error): LienthongError {
  if (isLienthongError(error)) return error;
  return new LienthongError('unreachable', { reason: 'stream-reset' }, { cause: error });
}
