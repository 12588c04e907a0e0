/**
 * All open connections, by peer and purpose. What always holds: of several accepted connections of one purpose to
 * one peer, both sides keep the same one: dialled by the lower PeerId, of two by the same side the newest; the others
 * are retired. Pure bookkeeping; Host tells it what opens, is accepted and closes.
 */
import type { LienthongError } from '../core/errors.ts';
import type { PeerConnection } from './peer-connection.ts';
import type { Purpose } from './protocols.ts';

export class Connections {
  readonly #ownPeerId: string;
  readonly #drainTimeoutMs: number;
  readonly #byId = new Map<string, PeerConnection>();
  readonly #byPeer = new Map<string, Set<PeerConnection>>();

  constructor(ownPeerId: string, drainTimeoutMs: number) {
    this.#ownPeerId = ownPeerId;
    this.#drainTimeoutMs = drainTimeoutMs;
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): PeerConnection[] {
    return [...this.#byId.values()];
  }

  get(id: string): PeerConnection | undefined {
    return this.#byId.get(id);
  }

  ofPeer(peerId: string): PeerConnection[] {
    return [...(this.#byPeer.get(peerId) ?? [])];
  }

  /** The one that new work of the purpose goes to. */
  current(peerId: string, purpose: Purpose): PeerConnection | undefined {
    return this.ofPeer(peerId).find((connection) => connection.isUsable && connection.purpose === purpose);
  }

  add(connection: PeerConnection): void {
    this.#byId.set(connection.id, connection);
    const ofPeer = this.#byPeer.get(connection.peerId) ?? new Set();
    ofPeer.add(connection);
    this.#byPeer.set(connection.peerId, ofPeer);
  }

  remove(connection: PeerConnection): void {
    this.#byId.delete(connection.id);
    const ofPeer = this.#byPeer.get(connection.peerId);
    ofPeer?.delete(connection);
    if (ofPeer?.size === 0) this.#byPeer.delete(connection.peerId);
  }

  /** Hello was answered: false when the connection was accepted for another purpose before. */
  accept(connection: PeerConnection, purpose: Purpose): boolean {
    const isFirst = connection.purpose === undefined;
    if (!connection.accept(purpose)) return false;
    if (!isFirst) return true;
    // insertion order tells the newest: accepted last stands last
    this.remove(connection);
    this.add(connection);
    if (purpose !== 'enrolment') this.#settle(connection.peerId, purpose);
    return true;
  }

  abortPeer(peerId: string, error: LienthongError): number {
    const ofPeer = this.ofPeer(peerId);
    for (const connection of ofPeer) connection.abort(error);
    return ofPeer.length;
  }

  #settle(peerId: string, purpose: Purpose): void {
    const usable = this.ofPeer(peerId).filter(
      (connection) => connection.isUsable && connection.purpose === purpose,
    );
    const lower = this.#ownPeerId < peerId ? 'outbound' : 'inbound';
    const kept = usable.findLast((connection) => connection.direction === lower) ?? usable.at(-1);
    for (const connection of usable) if (connection !== kept) connection.retire(this.#drainTimeoutMs);
  }
}
