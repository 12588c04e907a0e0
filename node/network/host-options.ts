/** What a composition root gives to Host. */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { HelloBook } from './hello.ts';
import type { HostLimits } from './host-limits.ts';
import type { PeerPolicy, Refusal } from './peer-policy.ts';
import type { Protocol } from './protocols.ts';

export interface HostOptions {
  /** The seat's Ed25519 key; its public half is the PeerId. */
  readonly privateKey: KeyObject;
  /** Multiaddrs to listen on; port 0 takes any free one; none makes a host that only dials. */
  readonly listen: readonly string[];
  /** What others are told instead of the listening addresses, e.g. behind NAT. */
  readonly announce?: readonly string[];
  readonly policy: PeerPolicy;
  /** Without one, Hello isn't spoken: such a host can only enrol, or serve enrolment. */
  readonly hello?: HelloBook;
  readonly clock: Clock;
  readonly limits?: Partial<HostLimits>;
  /** Every refusal, for the log. */
  readonly onRefused?: (refusal: Refusal) => void;
  /** A PeerId nobody knows knocked: its owner asks for a newer head, as often as it sees fit. */
  readonly onUnknownPeer?: (peerId: string) => void;
  /** A handler ended with an error (its stream was reset). */
  readonly onHandlerError?: (error: unknown, peerId: string, protocol: Protocol) => void;
}
