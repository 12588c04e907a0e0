/**
 * Dials peers: one dial per peer and purpose however many ask, one after another per peer (libp2p would join two
 * dials to one peer into a single connection, forced or not), then Hello. Belongs to Host.
 */
import type { Libp2p } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import { LienthongError } from '../core/errors.ts';
import { raceSignal } from '../core/race-signal.ts';
import { isDialAddress, withPeer } from './addresses.ts';
import type { Connections } from './connections.ts';
import { type HelloBook, sayHello } from './hello.ts';
import type { HostLimits } from './host-limits.ts';
import { translateDialError } from './network-errors.ts';
import type { PeerConnection } from './peer-connection.ts';
import { parsePeerId } from './peer-id.ts';
import { isRefused, type PeerPolicy, type Refusal } from './peer-policy.ts';
import type { Purpose } from './protocols.ts';

export interface DiallerComponents {
  readonly node: Libp2p;
  readonly connections: Connections;
  readonly policy: PeerPolicy;
  readonly hello: HelloBook | undefined;
  readonly limits: HostLimits;
  readonly clock: Clock;
  readonly onRefused: (refusal: Refusal) => void;
  readonly accept: (connection: PeerConnection, purpose: Purpose) => void;
}

/** More addresses than any seat has; the rest is ignored. */
const MAX_ADDRESSES = 8;

export class Dialler {
  readonly #components: DiallerComponents;
  readonly #stopping = new AbortController();
  /** peer and purpose → the dial that everyone waits for */
  readonly #dials = new Map<string, Promise<PeerConnection>>();
  /** peer → the end of its last dial */
  readonly #lastOfPeer = new Map<string, Promise<unknown>>();

  constructor(components: DiallerComponents) {
    this.#components = components;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new LienthongError('not-running', { what: 'network' }));
    await Promise.allSettled(this.#dials.values());
  }

  async connect(
    peerText: string,
    addresses: readonly string[],
    purpose: Purpose,
    signal?: AbortSignal,
  ): Promise<PeerConnection> {
    signal?.throwIfAborted();
    const existing = this.#components.connections.current(peerText, purpose);
    if (existing !== undefined) return existing;
    const dialable = this.#dialable(peerText, addresses);
    const key = `${peerText} ${purpose}`;
    let dial = this.#dials.get(key);
    if (dial === undefined) {
      dial = this.#afterOthers(peerText, () => this.#dial(peerText, dialable, purpose)).finally(() =>
        this.#dials.delete(key),
      );
      this.#dials.set(key, dial);
    }
    return signal === undefined ? dial : raceSignal(dial, signal);
  }

  #dialable(peerText: string, addresses: readonly string[]): string[] {
    const peerId = parsePeerId(peerText);
    if (peerId === undefined) throw new LienthongError('usage', { what: 'peer-id', peer: peerText });
    const answer = this.#components.policy.mayConnect(peerId, 'outbound');
    if (isRefused(answer)) {
      const refusal = {
        peerId,
        address: addresses[0] ?? '',
        direction: 'outbound',
        reason: answer.refused,
      } as const;
      this.#components.onRefused(refusal);
      throw new LienthongError('peer-refused', { peer: peerId, reason: answer.refused });
    }
    const dialable = addresses
      .map((address) => withPeer(address, peerId))
      .filter((address) => address !== undefined && isDialAddress(address)) as string[];
    if (dialable.length === 0)
      throw new LienthongError('unreachable', { peer: peerId, reason: 'no-address' });
    return dialable.slice(0, MAX_ADDRESSES);
  }

  async #afterOthers<T>(peerId: string, call: () => Promise<T>): Promise<T> {
    const before = this.#lastOfPeer.get(peerId);
    const mine = (async () => {
      await before?.catch(() => {});
      return call();
    })();
    this.#lastOfPeer.set(peerId, mine);
    try {
      return await mine;
    } finally {
      if (this.#lastOfPeer.get(peerId) === mine) this.#lastOfPeer.delete(peerId);
    }
  }

  async #dial(peerId: string, addresses: readonly string[], purpose: Purpose): Promise<PeerConnection> {
    const { node, connections, hello, limits, clock } = this.#components;
    const existing = connections.current(peerId, purpose);
    if (existing !== undefined) return existing;
    const connection = await this.#open(node, peerId, addresses);
    try {
      if (purpose !== 'enrolment') {
        if (hello === undefined) throw new LienthongError('internal', { reason: 'no-hello-book' });
        await within(clock, limits.helloTimeoutMs, this.#stopping.signal, (signal) =>
          sayHello(connection, purpose, hello, signal),
        );
      }
      this.#components.accept(connection, purpose);
    } catch (error) {
      connection.abort(
        error instanceof LienthongError ? error : new LienthongError('internal', {}, { cause: error }),
      );
      throw error;
    }
    return connections.current(peerId, purpose) ?? connection;
  }

  async #open(node: Libp2p, peerId: string, addresses: readonly string[]): Promise<PeerConnection> {
    const { clock, limits, connections } = this.#components;
    const raw = await within(clock, limits.dialTimeoutMs, this.#stopping.signal, (signal) =>
      node
        .dial(
          addresses.map((address) => multiaddr(address)),
          { force: true, signal },
        )
        .catch((error) => {
          throw translateDialError(error, peerId, signal);
        }),
    );
    const connection = connections.get(raw.id);
    if (connection !== undefined) return connection;
    throw new LienthongError('peer-refused', { peer: peerId, reason: 'closed-before-hello' });
  }
}
