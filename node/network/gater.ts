/**
 * Who may connect. libp2p denies only on literal `true` and allows where a hook is missing, so every hook of
 * ConnectionGater is written out here and each ends in a literal. A peer is asked for three times on its way in
 * (dialled or known, encrypted, upgraded) because the policy may change between; noise has proved possession of the
 * key before the second. Relays, dnsaddr and addresses without /p2p/ are always denied.
 * Refusals are told to `onRefused`; an unknown PeerId also to `onUnknownPeer`, whose owner asks for a newer head
 * and limits how often. Nothing is thrown out of a hook.
 */
import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { isDialAddress } from './addresses.ts';
import {
  type Direction,
  isRefused,
  type PeerPolicy,
  type Refusal,
  type RefusalReason,
} from './peer-policy.ts';

export interface GaterComponents {
  readonly policy: PeerPolicy;
  readonly onRefused: (refusal: Refusal) => void;
  readonly onUnknownPeer: (peerId: string) => void;
  /** A connection that isn't encrypted yet: for tuning its socket. */
  readonly onRawConnection: (connection: MultiaddrConnection) => void;
  /** Why one more connection of an otherwise welcome peer is too many; undefined when it isn't. */
  readonly overLimit: (
    peerId: string,
    direction: Direction,
    isStranger: boolean,
  ) => RefusalReason | undefined;
}

export class Gater implements Required<ConnectionGater> {
  readonly #policy: PeerPolicy;
  readonly #onRefused: (refusal: Refusal) => void;
  readonly #onUnknownPeer: (peerId: string) => void;
  readonly #onRawConnection: (connection: MultiaddrConnection) => void;
  readonly #overLimit: GaterComponents['overLimit'];

  constructor(components: GaterComponents) {
    this.#policy = components.policy;
    this.#onRefused = components.onRefused;
    this.#onUnknownPeer = components.onUnknownPeer;
    this.#onRawConnection = components.onRawConnection;
    this.#overLimit = components.overLimit;
  }

  denyDialPeer(peerId: PeerId): boolean {
    return this.#denies(peerId, '', 'outbound');
  }

  denyDialMultiaddr(multiaddr: Multiaddr): boolean {
    const address = multiaddr.toString();
    if (isDialAddress(address)) return false;
    this.#onRefused({
      address,
      direction: 'outbound',
      reason: address.includes('/p2p/') ? 'not-an-address' : 'no-peer-id',
    });
    return true;
  }

  /** Nobody is known yet: how many come from one address and how many are pending is limited by the host's settings. */
  denyInboundConnection(connection: MultiaddrConnection): boolean {
    this.#onRawConnection(connection);
    return false;
  }

  denyOutboundConnection(peerId: PeerId, connection: MultiaddrConnection): boolean {
    this.#onRawConnection(connection);
    return this.#denies(peerId, connection.remoteAddr.toString(), 'outbound');
  }

  denyInboundEncryptedConnection(peerId: PeerId, connection: MultiaddrConnection): boolean {
    return this.#denies(peerId, connection.remoteAddr.toString(), 'inbound');
  }

  denyOutboundEncryptedConnection(peerId: PeerId, connection: MultiaddrConnection): boolean {
    return this.#denies(peerId, connection.remoteAddr.toString(), 'outbound');
  }

  denyInboundUpgradedConnection(peerId: PeerId, connection: MultiaddrConnection): boolean {
    return this.#denies(peerId, connection.remoteAddr.toString(), 'inbound');
  }

  denyOutboundUpgradedConnection(peerId: PeerId, connection: MultiaddrConnection): boolean {
    return this.#denies(peerId, connection.remoteAddr.toString(), 'outbound');
  }

  denyInboundRelayReservation(): boolean {
    return true;
  }

  denyOutboundRelayedConnection(): boolean {
    return true;
  }

  denyInboundRelayedConnection(): boolean {
    return true;
  }

  /** libp2p's own address book stays empty: addresses come from the directory with every dial. True would store. */
  filterMultiaddrForPeer(): boolean {
    return false;
  }

  #denies(peer: PeerId, address: string, direction: Direction): boolean {
    const peerId = peer.toString();
    const answer = this.#policy.mayConnect(peerId, direction);
    const reason = isRefused(answer)
      ? answer.refused
      : this.#overLimit(peerId, direction, answer === 'enrol-only');
    if (reason === undefined) return false;
    this.#onRefused({ peerId, address, direction, reason });
    if (reason === 'unknown') this.#onUnknownPeer(peerId);
    return true;
  }
}
