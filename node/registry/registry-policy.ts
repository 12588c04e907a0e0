/**
 * Who may do what at the registry: seats with a valid certificate fetch and hear of the directory and ask for changes,
 * expired ones may too, revoked ones only fetch it, strangers may only enrol. Never more than that, for anybody.
 */
import type { Clock } from '../core/clock.ts';
import type { Directory } from '../directory/directory.ts';
import type { Direction, PeerPolicy, Refused } from '../network/peer-policy.ts';
import { PROTOCOLS, type ProtocolId, type Standing } from '../network/protocols.ts';

const ALLOWED: ReadonlySet<ProtocolId> = new Set([
  PROTOCOLS.hello.id,
  PROTOCOLS.directory.id,
  PROTOCOLS.enrolment.id,
]);

export class RegistryPolicy implements PeerPolicy {
  readonly #directory: () => Directory | undefined;
  readonly #clock: Clock;
  readonly #ownPeerId: string;

  constructor(components: { directory: () => Directory | undefined; clock: Clock; ownPeerId: string }) {
    this.#directory = components.directory;
    this.#clock = components.clock;
    this.#ownPeerId = components.ownPeerId;
  }

  mayConnect(peerId: string, direction: Direction): Standing | Refused {
    if (peerId === this.#ownPeerId) return { refused: 'self' };
    const verdict = this.#directory()?.nodeMayConnect(peerId, this.#clock.nowMs());
    if (verdict?.ok || verdict?.code === 'expired') return 'allow';
    if (verdict?.code === 'revoked') return 'head-only';
    return direction === 'outbound' ? { refused: 'unknown' } : 'enrol-only';
  }

  mayUse(_peerId: string, protocolId: ProtocolId): boolean {
    return ALLOWED.has(protocolId);
  }
}
