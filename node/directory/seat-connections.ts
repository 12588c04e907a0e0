/**
 * The way from a seat's name to a stream: looks the seat up in the directory, dials its announced addresses (and no
 * others), one connection per purpose. What the exchange calls `Peers`; made by the agency's composition root.
 */
import type { Clock } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { FrameStream } from '../network/framing.ts';
import type { Host } from '../network/host.ts';
import type { PeerConnection } from '../network/peer-connection.ts';
import { PROTOCOLS, type Protocol, type Purpose } from '../network/protocols.ts';
import { chunkFrameMemory } from '../store/chunk-buffer.ts';
import type { Directory } from './directory.ts';

/** Dialling, noise, yamux and Hello over a slow line. */
const CONNECT_MS = 20_000;

export class SeatConnections {
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #directory: () => Directory;

  constructor(components: { host: Host; directory: () => Directory; clock: Clock }) {
    this.#clock = components.clock;
    this.#host = components.host;
    this.#directory = components.directory;
  }

  async openDelivery(
    seat: string,
    signal: AbortSignal,
  ): Promise<{ frames: FrameStream; onRetired(call: () => void): void }> {
    const { connection, stream } = await this.#open(seat, PROTOCOLS.delivery, 'exchange', signal);
    return { frames: stream, onRetired: (call) => connection.onRetired(call) };
  }

  async openBlob(seat: string, signal: AbortSignal): Promise<FrameStream> {
    const { stream } = await this.#open(seat, PROTOCOLS.blob, 'bulk', signal);
    stream.useMemory(chunkFrameMemory);
    return stream;
  }

  async openLog(seat: string, signal: AbortSignal): Promise<FrameStream> {
    return (await this.#open(seat, PROTOCOLS.log, 'exchange', signal)).stream;
  }

  isConnected(seat: string): boolean {
    const facts = this.#directory().seat(seat);
    return facts?.peerIds.some((peerId) => this.#host.current(peerId, 'exchange') !== undefined) ?? false;
  }

  /** An exchange connection to the seat, dialled if there is none: also how a node that starts says Hello. */
  async connect(seat: string, purpose: Purpose, signal: AbortSignal): Promise<PeerConnection> {
    const directory = this.#directory();
    const facts = directory.seat(seat);
    if (facts === undefined)
      throw new LienthongError('unreachable', { seat, reason: 'not in the directory' });
    let failure: unknown;
    for (const peerId of facts.peerIds) {
      try {
        return await within(this.#clock, CONNECT_MS, signal, (inner) =>
          this.#host.connect(peerId, facts.addresses, { purpose, signal: inner }),
        );
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
    }
    if (isLienthongError(failure)) throw failure;
    throw new LienthongError('unreachable', { seat }, { cause: failure });
  }

  async #open(
    seat: string,
    protocol: Protocol,
    purpose: Purpose,
    signal: AbortSignal,
  ): Promise<{ connection: PeerConnection; stream: FrameStream }> {
    const connection = await this.connect(seat, purpose, signal);
    const stream = await within(this.#clock, CONNECT_MS, signal, (inner) =>
      connection.openStream(protocol, { signal: inner }),
    );
    return { connection, stream };
  }
}
