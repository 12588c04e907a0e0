/**
 * The question network/ asks of whoever knows the directory: may this PeerId connect, and for what? Declared here,
 * answered by a composition root. Answers must be immediate (from memory) and are asked again for every connection
 * and every stream, so that a revocation counts from the moment the directory knows it.
 */
import type { ProtocolId, Standing } from './protocols.ts';

export type Direction = 'inbound' | 'outbound';

/** Why a peer is refused: `unknown` (maybe only new: ask for a newer head), or what the directory says of it. */
export type RefusalReason =
  | 'unknown'
  | 'expired'
  | 'revoked'
  | 'retired'
  | 'self'
  | 'own-certificate'
  | 'too-many-strangers'
  | 'too-many-connections'
  | 'no-peer-id'
  | 'not-an-address'
  | 'no-hello'
  | 'protocol-not-allowed'
  | 'too-many-streams';

export interface Refused {
  readonly refused: RefusalReason;
}

export interface PeerPolicy {
  /** `direction` as this host sees it: inbound when the peer dialled. Must not throw. */
  mayConnect(peerId: string, direction: Direction): Standing | Refused;
  /** A further restriction on top of what the standing allows. Must not throw. */
  mayUse?(peerId: string, protocolId: ProtocolId): boolean;
}

export interface Refusal {
  /** Absent when it was refused before the peer was known. */
  readonly peerId?: string;
  readonly address: string;
  readonly direction: Direction;
  readonly reason: RefusalReason;
  /** The protocol, when a stream was refused and not a connection. */
  readonly protocol?: string;
}

export const isRefused = (answer: Standing | Refused): answer is Refused => typeof answer !== 'string';
