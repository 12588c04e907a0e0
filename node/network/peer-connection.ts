/**
 * One connection to one peer, as the layers above see it: who, which side dialled, for which purpose, and the streams
 * on it. States: `new` → `accepted` (its Hello was answered) → `retired` (another of the same purpose is kept instead:
 * no new work, closes when its last stream ends or at the drain limit; or a bulk connection nobody uses) → `closed`.
 * Made by Host only.
 */
import type { Connection } from '@libp2p/interface';
import type { Clock } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import { LienthongError } from '../core/errors.ts';
import { FrameStream } from './framing.ts';
import type { HostLimits } from './host-limits.ts';
import { translateStreamError } from './network-errors.ts';
import type { Direction } from './peer-policy.ts';
import type { Protocol, Purpose, Standing } from './protocols.ts';

export type ConnectionState = 'new' | 'accepted' | 'retired' | 'closed';

/** Between the last stream's end and closing: a stream the peer opened just before it learnt of the end still counts. */
const LINGER_MS = 500;
/** For what was written to leave. */
const CLOSE_MS = 1_000;

export class PeerConnection {
  readonly peerId: string;
  readonly direction: Direction;
  /** The address it was dialled at, or came from. */
  readonly address: string;
  readonly openedAtMs: number;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #streams = new Set<FrameStream>();
  readonly #onClosed = new Set<() => void>();
  readonly #onRetired = new Set<() => void>();
  #onSettled: ((accepted: boolean) => void)[] = [];
  readonly #limits: Pick<HostLimits, 'bulkIdleMs' | 'drainTimeoutMs'>;
  #isIdle = false;
  #standing: Standing;
  #state: ConnectionState = 'new';
  #purpose: Purpose | undefined;
  #cancelTimer: (() => void) | undefined;
  #cancelLinger: (() => void) | undefined;

  constructor(
    connection: Connection,
    standing: Standing,
    clock: Clock,
    limits: Pick<HostLimits, 'bulkIdleMs' | 'drainTimeoutMs'>,
  ) {
    this.#limits = limits;
    this.peerId = connection.remotePeer.toString();
    this.direction = connection.direction;
    this.#standing = standing;
    this.address = connection.remoteAddr.toString();
    this.openedAtMs = clock.nowMs();
    this.#connection = connection;
    this.#clock = clock;
  }

  get id(): string {
    return this.#connection.id;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** What the peer was allowed when it connected, or since it was promoted. */
  get standing(): Standing {
    return this.#standing;
  }

  /** Known once it is accepted. */
  get purpose(): Purpose | undefined {
    return this.#purpose;
  }

  /** May new work be started on it? */
  get isUsable(): boolean {
    return this.#state === 'accepted' && this.#connection.status === 'open';
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** Round trip in milliseconds, as the last ping measured it. */
  get roundTripMs(): number | undefined {
    return this.#connection.rtt;
  }

  /**
   * A new stream of the protocol on this very connection. Errors: `unreachable` (closed, or retired: take the
   * current one), `version-unsupported` (the peer doesn't speak it), `too-many-waiting`, `timeout`.
   */
  async openStream(protocol: Protocol, options: { signal: AbortSignal }): Promise<FrameStream> {
    if (this.#state === 'retired' || this.#state === 'closed') {
      throw new LienthongError('unreachable', { peer: this.peerId, reason: `connection-${this.#state}` });
    }
    if (this.#state === 'new' && protocol.afterHello) {
      throw new LienthongError('peer-refused', {
        peer: this.peerId,
        reason: 'before-hello',
        protocol: protocol.name,
      });
    }
    if (this.#purpose !== undefined && !protocol.purposes.includes(this.#purpose)) {
      const details = {
        peer: this.peerId,
        reason: 'another-purpose',
        protocol: protocol.name,
        purpose: this.#purpose,
      };
      throw new LienthongError('peer-refused', details);
    }
    try {
      const stream = await this.#connection.newStream(protocol.id, {
        signal: options.signal,
        maxOutboundStreams: protocol.maxOutboundStreams,
      });
      return this.adopt(new FrameStream(stream, protocol, this.peerId, this.#clock));
    } catch (error) {
      throw translateStreamError(error, this.peerId, protocol.name, options.signal);
    }
  }

  /** Called once when the connection is gone; at once when it already is. */
  onClosed(call: () => void): void {
    if (this.#state === 'closed') call();
    else this.#onClosed.add(call);
  }

  /** Called once when another connection replaces this one: finish what is in flight and end your streams. */
  onRetired(call: () => void): void {
    if (this.#state === 'retired' || this.#state === 'closed') call();
    else this.#onRetired.add(call);
  }

  /** Ends what is on it and closes; resolves when it is closed. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    try {
      await within(this.#clock, CLOSE_MS, undefined, (signal) => this.#connection.close({ signal }));
    } catch (error) {
      this.#connection.abort(error as Error);
    }
  }

  /** Ends it at once; its streams end with the error. */
  abort(error: LienthongError): void {
    for (const stream of [...this.#streams]) stream.abort(error);
    this.#connection.abort(error);
  }

  /** @internal Counts a stream as open on this connection until it ends. */
  adopt(stream: FrameStream): FrameStream {
    this.#streams.add(stream);
    if (this.#isIdle) this.clearTimer();
    this.#isIdle = false;
    stream.onClosed(() => {
      this.#streams.delete(stream);
      if (this.#state === 'retired') this.#closeWhenDrained();
      else if (this.#streams.size === 0) this.#rest();
    });
    return stream;
  }

  /** Bulk connections are many where circulars go round, and each is used for a while only. */
  #rest(): void {
    const { bulkIdleMs, drainTimeoutMs } = this.#limits;
    if (this.#purpose !== 'bulk' || this.direction !== 'outbound' || this.#state !== 'accepted') return;
    this.#isIdle = true;
    this.setTimer(bulkIdleMs, () => this.retire(drainTimeoutMs));
  }

  /** @internal Whether it was accepted, once that is decided: false when it closed instead. */
  settled(): Promise<boolean> {
    if (this.#state !== 'new') return Promise.resolve(this.#state !== 'closed');
    return new Promise((resolve) => this.#onSettled.push(resolve));
  }

  /** @internal Hello was answered. False when it was already accepted for another purpose. */
  accept(purpose: Purpose): boolean {
    if (this.#purpose !== undefined && this.#purpose !== purpose) return false;
    this.#purpose = purpose;
    if (this.#state !== 'new') return true;
    this.#state = 'accepted';
    this.#callSettled(true);
    return true;
  }

  /** @internal Another connection is kept instead. */
  retire(drainTimeoutMs: number): void {
    if (this.#state !== 'accepted') return;
    this.#state = 'retired';
    this.setTimer(drainTimeoutMs, () => this.abort(new LienthongError('timeout', { reason: 'not-drained' })));
    for (const call of this.#onRetired) call();
    this.#onRetired.clear();
    this.#closeWhenDrained();
  }

  /** @internal The directory allows the peer everything now. */
  promote(): void {
    this.#standing = 'allow';
  }

  /** @internal The one timer of the connection's present state; a new one replaces it. */
  setTimer(ms: number, call: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.after(ms, call);
  }

  /** @internal */
  clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** @internal libp2p says the connection is gone. */
  closed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.clearTimer();
    this.#cancelLinger?.();
    for (const call of [...this.#onRetired, ...this.#onClosed]) call();
    this.#onRetired.clear();
    this.#onClosed.clear();
    this.#callSettled(false);
  }

  #callSettled(accepted: boolean): void {
    for (const call of this.#onSettled) call(accepted);
    this.#onSettled = [];
  }

  #closeWhenDrained(): void {
    if (this.#streams.size > 0) return;
    this.#cancelLinger?.();
    this.#cancelLinger = this.#clock.after(LINGER_MS, () => {
      if (this.#streams.size === 0) void this.close();
    });
  }
}
