/**
 * An agency node on the network: host, Hello, directory sync, the link to its registry, the way to other seats. Each
 * new head is applied at once: peers it no longer allows are cut off. A node that starts says Hello once to every
 * seat, jittered, so that queues waiting for it begin to move. Ended by stop(), in reverse. Made by agency.ts.
 */
import type { KeyObject } from 'node:crypto';
import { type Clock, fraction, type Random } from '../core/clock.ts';
import { type ErrorDetails, isLienthongError, LienthongError } from '../core/errors.ts';
import { SOFTWARE } from '../core/version.ts';
import type { FrameStream } from '../network/framing.ts';
import { Host } from '../network/host.ts';
import { peerIdOfKey } from '../network/peer-id.ts';
import { PROTOCOLS, type Protocol } from '../network/protocols.ts';
import type { DirectoryStore } from './directory-store.ts';
import { DirectoryHello } from './hello.ts';
import { RegistryLink } from './registry-link.ts';
import { SeatConnections } from './seat-connections.ts';
import { SeatPolicy } from './seat-policy.ts';
import { serveDirectory } from './serve.ts';
import { DirectorySync } from './sync.ts';

/** A node that starts says Hello to every seat within this; less where there are few. */
const GREET_WITHIN_MS = 10_000;
const GREET_PER_SEAT_MS = 105;

export interface SeatNetworkComponents {
  directory: DirectoryStore;
  privateKey: KeyObject;
  listen: readonly string[];
  announce: readonly string[];
  /** The registry as enrolment told it, for the time before the first directory. */
  registryPeerIds: readonly string[];
  seat: string;
  clock: Clock;
  random: Random;
  report: (event: string, details: ErrorDetails) => void;
  /** Any sign of life of another seat. */
  onContact: (seat: string) => void;
  /** What to show a seat of its own audit log, and what a peer shows of ours. */
  logs: { statementFor(seat: string): Uint8Array | undefined; shown(statement: Uint8Array): void };
}

export class SeatNetwork {
  readonly host: Host;
  readonly sync: DirectorySync;
  readonly seats: SeatConnections;
  readonly registryLink: RegistryLink;
  readonly #with: SeatNetworkComponents;
  readonly #hello: DirectoryHello;
  readonly #stopping = new AbortController();
  readonly #working = new Set<Promise<void>>();
  readonly #unsubscribe: (() => void)[] = [];

  constructor(components: SeatNetworkComponents) {
    this.#with = components;
    const { directory, clock, privateKey, report } = components;
    this.sync = new DirectorySync({
      store: directory,
      clock,
      open: (peerId, signal) => this.host.openStream(peerId, PROTOCOLS.directory, { signal }),
      sources: () => this.#sources(),
      report,
    });
    this.#hello = new DirectoryHello({
      store: directory,
      clock,
      software: SOFTWARE,
      onHead: (peerId, claim) => this.sync.claimed(peerId, claim),
      logs: {
        statementFor: (peerId) => {
          const seat = directory.current?.seatOfPeer(peerId);
          return seat && components.logs.statementFor(seat.seat);
        },
        shown: (statement) => components.logs.shown(statement),
      },
    });
    this.host = new Host({
      privateKey,
      listen: components.listen,
      announce: components.announce,
      policy: new SeatPolicy({
        directory: () => directory.current,
        clock,
        ownPeerId: peerIdOfKey(privateKey),
        registryPeerIds: components.registryPeerIds,
      }),
      hello: this.#hello,
      clock,
      onRefused: ({ peerId = '', address, reason, protocol = '' }) =>
        report('peer.refused', { peer: peerId, address, reason, ...(protocol === '' ? {} : { protocol }) }),
      onUnknownPeer: () => this.sync.askForNewer(),
      onHandlerError: (error, peer, protocol) =>
        report('stream.broken', { peer, protocol: protocol.name, reason: (error as Error).message }),
    });
    this.seats = new SeatConnections({ host: this.host, directory: () => directory.require(), clock });
    this.registryLink = new RegistryLink({
      host: this.host,
      clock,
      random: components.random,
      registry: () => directory.require().registry ?? { peerIds: [], addresses: [] },
      report,
    });
  }

  /** Serves a protocol to seats; a stream of a peer that is no seat is refused. Before start(). */
  handleSeats(
    protocol: Protocol,
    serve: (frames: FrameStream, seat: string) => Promise<void>,
  ): Promise<void> {
    const { directory } = this.#with;
    return this.host.handle(protocol, (stream, { peerId }) => {
      const seat = directory.require().seatOfPeer(peerId);
      if (seat === undefined) throw new LienthongError('peer-refused', { peer: peerId, reason: 'unknown' });
      return serve(stream, seat.seat);
    });
  }

  /** Listens, follows the registry, greets the seats. Throws 'address-in-use', 'usage'. */
  async start(): Promise<void> {
    const { directory, onContact, report } = this.#with;
    await this.host.handle(PROTOCOLS.directory, (stream, { peerId }) =>
      serveDirectory(stream, peerId, {
        directory,
        onAnnounced: (head, from) => this.sync.announced(head, from),
      }),
    );
    await this.host.start();
    this.#unsubscribe.push(
      directory.onHead(() => this.host.recheck()),
      this.host.onConnect(({ peerId, purpose }) => {
        if (purpose === 'exchange') this.#hello.accepted(peerId);
        const seat = directory.current?.seatOfPeer(peerId);
        if (seat === undefined) return;
        report('peer.connected', { seat: seat.seat, peer: peerId });
        onContact(seat.seat);
      }),
    );
    this.registryLink.start();
    this.#greetAll();
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#stopping.abort(new LienthongError('not-running', { what: 'network' }));
    await Promise.all([...this.#working]);
    await this.registryLink.stop();
    await this.sync.stop();
    await this.host.stop();
  }

  #sources(): string[] {
    const registry = this.#with.directory.current?.registry?.peerIds ?? this.#with.registryPeerIds;
    const seats = this.host.connections().map(({ peerId }) => peerId);
    return [...new Set([...registry, ...seats])].filter(
      (peerId) => this.host.current(peerId, 'exchange') !== undefined,
    );
  }

  #greetAll(): void {
    const others = this.#with.directory
      .require()
      .seats()
      .filter(({ seat }) => seat !== this.#with.seat);
    const withinMs = Math.min(GREET_WITHIN_MS, others.length * GREET_PER_SEAT_MS);
    for (const { seat } of others) {
      const mine = this.#greet(seat, fraction(this.#with.random) * withinMs).finally(() =>
        this.#working.delete(mine),
      );
      this.#working.add(mine);
    }
  }

  /** A seat that can't be reached says Hello itself when it starts. */
  async #greet(seat: string, afterMs: number): Promise<void> {
    const { clock, report } = this.#with;
    const { signal } = this.#stopping;
    try {
      await clock.sleep(afterMs, signal);
      await this.seats.connect(seat, 'exchange', signal);
    } catch (error) {
      if (signal.aborted) return;
      report('seat.unreachable', { seat, reason: isLienthongError(error) ? error.code : 'internal' });
    }
  }
}
