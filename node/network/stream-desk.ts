/**
 * Where streams that peers open are received: each is checked against the policy, the standing, the connection's
 * purpose and the limits before its handler sees it; the handler's end is the stream's end. A peer's right is asked
 * again for every stream, however long its connection has been open. Host hands every inbound stream over.
 */
import type { Stream } from '@libp2p/interface';
import type { Clock } from '../core/clock.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { FrameStream } from './framing.ts';
import type { PeerConnection } from './peer-connection.ts';
import { isRefused, type PeerPolicy, type Refusal, type RefusalReason } from './peer-policy.ts';
import type { Protocol } from './protocols.ts';

export type StreamHandler = (stream: FrameStream, connection: PeerConnection) => Promise<void>;

export interface StreamDeskComponents {
  readonly policy: PeerPolicy;
  readonly clock: Clock;
  readonly onRefused: (refusal: Refusal) => void;
  readonly onHandlerError: (error: unknown, peerId: string, protocol: Protocol) => void;
  /** The peer lost its right to be connected at all. */
  readonly onPeerRefused: (peerId: string, reason: RefusalReason) => void;
}

export class StreamDesk {
  readonly #components: StreamDeskComponents;
  /** peer and protocol → streams it has open */
  readonly #open = new Map<string, number>();
  readonly #running = new Set<Promise<void>>();

  constructor(components: StreamDeskComponents) {
    this.#components = components;
  }

  /** Takes a stream a peer opened; never throws. */
  receive(stream: Stream, connection: PeerConnection, protocol: Protocol, handler: StreamHandler): void {
    const running = this.#serve(stream, connection, protocol, handler).catch((error: unknown) => {
      this.#components.onHandlerError(error, connection.peerId, protocol);
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  /** Resolves when every handler has ended. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #serve(
    stream: Stream,
    connection: PeerConnection,
    protocol: Protocol,
    handler: StreamHandler,
  ): Promise<void> {
    const { peerId } = connection;
    const reason =
      this.#refuses(connection, protocol) ?? (await this.#refusesConnection(connection, protocol));
    const key = `${peerId} ${protocol.name}`;
    const open = this.#open.get(key) ?? 0;
    const refusal = reason ?? (open >= protocol.maxInboundStreamsPerPeer ? 'too-many-streams' : undefined);
    if (refusal !== undefined) {
      stream.abort(
        new LienthongError('peer-refused', { peer: peerId, reason: refusal, protocol: protocol.name }),
      );
      const { address, direction } = connection;
      this.#components.onRefused({ peerId, address, direction, reason: refusal, protocol: protocol.id });
      return;
    }
    const frames = connection.adopt(new FrameStream(stream, protocol, peerId, this.#components.clock));
    this.#open.set(key, open + 1);
    frames.onClosed(() => this.#closed(key));
    try {
      await handler(frames, connection);
      await frames.close();
    } catch (error) {
      frames.abort(isLienthongError(error) ? error : new LienthongError('internal', {}, { cause: error }));
      throw error;
    }
  }

  #refuses(connection: PeerConnection, protocol: Protocol): RefusalReason | undefined {
    const { policy, onPeerRefused } = this.#components;
    const answer = policy.mayConnect(connection.peerId, connection.direction);
    if (isRefused(answer)) {
      onPeerRefused(connection.peerId, answer.refused);
      return answer.refused;
    }
    const allowed =
      protocol.standings.includes(answer) && policy.mayUse?.(connection.peerId, protocol.id) !== false;
    return allowed ? undefined : 'protocol-not-allowed';
  }

  async #refusesConnection(
    connection: PeerConnection,
    protocol: Protocol,
  ): Promise<RefusalReason | undefined> {
    if (protocol.afterHello) {
      // a peer we dialled may use the connection before we have read its answer
      const accepted =
        connection.direction === 'outbound' ? await connection.settled() : connection.state !== 'new';
      if (!accepted) return 'no-hello';
    }
    const { purpose } = connection;
    if (purpose !== undefined && !protocol.purposes.includes(purpose)) return 'protocol-not-allowed';
    return undefined;
  }

  #closed(key: string): void {
    const open = (this.#open.get(key) ?? 1) - 1;
    if (open === 0) this.#open.delete(key);
    else this.#open.set(key, open);
  }
}
