/**
 * What Hello says: the purpose, the federation, the directory head held, the clock, the readable versions. Both sides
 * learn who holds the lower head; that one pulls. A peer of another federation is refused before anything else. Made
 * for Host by both composition roots.
 */
import { type Hello, hello as helloCodec } from '../../proto/messages.ts';
import { type Bytes, EMPTY, equalBytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import type { HelloAnswer, HelloBook } from '../network/hello.ts';
import type { Purpose } from '../network/protocols.ts';
import type { DirectoryStore } from './directory-store.ts';
import type { HeadClaim } from './sync.ts';

/** What a peer said of itself when it last connected. */
export interface PeerFacts {
  readonly head: HeadClaim;
  /** Its clock minus ours, the journey included. */
  readonly clockOffsetMs: number;
  readonly reads: readonly string[];
  readonly software: string;
}

/** WARNING: on the wire (Purpose). 3 is a directory-only connection: here an exchange connection whose peer may do no more. */
const PURPOSES: Readonly<Record<number, Purpose>> = {
  1: 'exchange',
  2: 'bulk',
  3: 'exchange',
  4: 'enrolment',
};
const WIRE: Readonly<Record<Purpose, number>> = { exchange: 1, bulk: 2, enrolment: 4 };

/** Protocols and kinds this release reads. */
export const READS: readonly string[] = [
  'delivery/1',
  'blob/1',
  'log/1',
  'directory/1',
  'document/1',
  'dispatch/1',
  'receipt/1',
  'refusal/1',
  'status/1',
  'log-head/1',
  'head/1',
  'epoch/1',
];

/** Peers remembered at most; a federation has some hundreds. */
const MAX_PEERS = 4096;

export interface HelloComponents {
  store: DirectoryStore;
  clock: Clock;
  /** "lienthong/0.1.0" */
  software: string;
  /** A peer's head, once its connection is accepted: usually DirectorySync.claimed. */
  onHead: (peerId: string, claim: HeadClaim) => void;
  /** Audit logs witnessed: what to show a peer of its own log, and what a peer shows of ours. Registries have none. */
  logs?: {
    statementFor(peerId: string): Bytes | undefined;
    shown(statement: Bytes): void;
  };
}

export class DirectoryHello implements HelloBook {
  readonly #components: HelloComponents;
  readonly #peers = new Map<string, PeerFacts>();

  constructor(components: HelloComponents) {
    this.#components = components;
  }

  compose(peerId: string, purpose: Purpose): Bytes {
    return this.#encode(peerId, purpose);
  }

  answer(peerId: string, bytes: Bytes): HelloAnswer {
    const hello = this.#read(peerId, bytes);
    const purpose = PURPOSES[hello.purpose];
    if (purpose === undefined || purpose === 'enrolment') throw refused('no-purpose');
    return { purpose, answer: this.#encode(peerId, purpose) };
  }

  answered(peerId: string, purpose: Purpose, bytes: Bytes): void {
    const hello = this.#read(peerId, bytes);
    if (PURPOSES[hello.purpose] !== purpose) throw refused('another-purpose');
  }

  /** To be called when the peer's connection is accepted: only then may it be asked. */
  accepted(peerId: string): void {
    const facts = this.#peers.get(peerId);
    if (facts !== undefined) this.#components.onHead(peerId, facts.head);
  }

  facts(peerId: string): PeerFacts | undefined {
    return this.#peers.get(peerId);
  }

  #encode(peerId: string, purpose: Purpose): Bytes {
    const { store, clock, software, logs } = this.#components;
    const { current } = store;
    return helloCodec.encode({
      purpose: WIRE[purpose],
      federationId: store.federationId,
      directoryEpoch: current?.epoch ?? 0,
      directoryVersion: current?.version ?? 0,
      directoryHead: current?.headHash ?? EMPTY,
      clockMs: clock.nowMs(),
      reads: [...READS],
      software,
      seenLogHead: logs?.statementFor(peerId) ?? EMPTY,
    });
  }

  #read(peerId: string, bytes: Bytes): Hello {
    const hello = parse(bytes);
    if (hello.refused !== '') throw refused(hello.refused);
    if (!equalBytes(hello.federationId, this.#components.store.federationId))
      throw refused('other-federation');
    if (this.#peers.size >= MAX_PEERS) this.#peers.delete(this.#peers.keys().next().value!);
    this.#peers.delete(peerId);
    this.#peers.set(peerId, {
      head: {
        epoch: hello.directoryEpoch,
        version: hello.directoryVersion,
        hash: new Uint8Array(hello.directoryHead),
      },
      clockOffsetMs: hello.clockMs - this.#components.clock.nowMs(),
      reads: [...hello.reads],
      software: hello.software,
    });
    if (hello.seenLogHead.byteLength > 0) this.#components.logs?.shown(hello.seenLogHead);
    return hello;
  }
}

function parse(bytes: Bytes): Hello {
  try {
    return helloCodec.parse(bytes);
  } catch (cause) {
    throw new LienthongError('malformed', { what: 'hello' }, { cause });
  }
}

const refused = (reason: string): LienthongError => new LienthongError('peer-refused', { reason });
