/**
 * Who may connect to an agency node, and what for, by the directory as it is at that moment: seats with a valid node
 * certificate may everything, the registry only speak of the directory. Past the directory's hard limit seats may only
 * exchange heads: no trust decision is made blindly, and news can still arrive. Asked by Host for every connection
 * and every stream.
 */
import type { Clock } from '../core/clock.ts';
import type { Direction, PeerPolicy, Refused } from '../network/peer-policy.ts';
import { PROTOCOLS, type ProtocolId, type Standing } from '../network/protocols.ts';
import type { Directory } from './directory.ts';

export interface SeatPolicyComponents {
  directory: () => Directory | undefined;
  clock: Clock;
  ownPeerId: string;
  /** The registry's PeerIds as enrolment told them, for the time before the first directory. */
  registryPeerIds: readonly string[];
}

const WITH_REGISTRY: ReadonlySet<ProtocolId> = new Set([PROTOCOLS.hello.id, PROTOCOLS.directory.id]);

export class SeatPolicy implements PeerPolicy {
  readonly #components: SeatPolicyComponents;

  constructor(components: SeatPolicyComponents) {
    this.#components = components;
  }

  mayConnect(peerId: string, direction: Direction): Standing | Refused {
    const { directory, clock, ownPeerId } = this.#components;
    if (peerId === ownPeerId) return { refused: 'self' };
    if (this.#isRegistry(peerId)) return 'allow';
    const current = directory();
    if (current === undefined) return { refused: 'unknown' };
    const nowMs = clock.nowMs();
    const verdict = current.nodeMayConnect(peerId, nowMs);
    if (!verdict.ok) return { refused: verdict.code };
    if (direction === 'outbound' && current.nodeMayConnect(ownPeerId, nowMs).ok === false) {
      return { refused: 'own-certificate' };
    }
    return current.freshness(nowMs) === 'expired' ? 'head-only' : 'allow';
  }

  mayUse(peerId: string, protocolId: ProtocolId): boolean {
    return !this.#isRegistry(peerId) || WITH_REGISTRY.has(protocolId);
  }

  #isRegistry(peerId: string): boolean {
    const { directory, registryPeerIds } = this.#components;
    return directory()?.isRegistryPeer(peerId) ?? registryPeerIds.includes(peerId);
  }
}
