/**
 * What the exchange needs of the rest of the node, in its own words: who is who, the way to a seat, its own keys.
 * A composition root fills these in; nothing here knows libp2p, HTTP or level.
 */
import type { Bytes } from '../core/bytes.ts';
import type { Clock, Random } from '../core/clock.ts';
import type { ErrorCode, ErrorDetails } from '../core/errors.ts';
import type { PdfTrust } from '../pdf/pdf-judgement.ts';
import type { SearchIndex } from '../search/search-index.ts';
import type { SigningIdentity } from '../signing/sign.ts';
import type { SignerCertificate } from '../signing/verify.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { KeyValueStore } from '../store/key-value.ts';

/** Who answers for a unit. `unit` is the code as the directory writes it. */
export type Service =
  | { kind: 'served'; unit: string; seat: string; agency: string; name: string }
  | { kind: 'unknown' }
  | { kind: 'retired'; name: string }
  | { kind: 'merged'; name: string; into: string }
  | { kind: 'no-node'; name: string };

/** Of a signature: when it is known to have been there, and what its signer's clock said. */
export interface PastMoment {
  knownMs: number;
  claimedMs: number;
}

export interface ListedCertificate extends SignerCertificate {
  readonly serial: string;
  /** Agency it speaks for, as the directory says. */
  readonly agency: string;
  readonly der: Bytes;
}

/** One adopted version of the directory, verified: every answer is the registry's word. */
export interface TrustedDirectory {
  readonly federationId: Bytes;
  readonly epoch: number;
  readonly version: number;
  /** SHA-256 of the Signed head. */
  readonly headHash: Bytes;
  readonly validUntilMs: number;
  /** Of either code form. */
  service(unit: string): Service;
  seats(): readonly { readonly seat: string }[];
  agencyOfSeat(seat: string): string | undefined;
  agencyName(agency: string): string | undefined;
  certificate(sha256: Bytes): ListedCertificate | undefined;
  /** Certificates between a listed one and its anchor, and the anchor, DER: for evidence. */
  chainOf(sha256: Bytes): readonly Bytes[];
  /**
   * Why this service certificate doesn't count for the seat at this time; undefined when it does. Of a time that is past
   * when `nowMs` is given: in force then, and not revoked to this day.
   */
  serviceFault(sha256: Bytes, seat: string, atMs: number, nowMs?: number): ErrorCode | undefined;
  /**
   * Why a listed certificate didn't count, in its own role, when a signature was made, by what is known at `nowMs`.
   * A revocation counts from its date, after the loss of a key from the date of that, against when the signature is known
   * to have been there; of one that merely ran out since, its signer's claim is enough.
   */
  pastFault(sha256: Bytes, at: PastMoment, nowMs: number): ErrorCode | undefined;
  /** Whether who signed inside a PDF chains to a listed anchor. */
  readonly signerVerdict: PdfTrust['signerVerdict'];
  /** Why this seal doesn't count for the unit at this time; undefined when it does. */
  sealFault(sha256: Bytes, unit: string, atMs: number): ErrorCode | undefined;
}

/** Frames of one stream, in order, each a whole message. */
export interface Frames {
  /** Next frame, undefined at the clean end. Rejects at the deadline or when the stream breaks. */
  read(options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<Bytes | undefined>;
  /** Resolves when there is room for more. */
  write(frame: Bytes): Promise<void>;
  close(): Promise<void>;
  abort(error: Error): void;
}

/** A stream to a seat, and when its connection gives way to another: finish what is in flight and open a new one. */
export interface Lane {
  frames: Frames;
  onRetired(call: () => void): void;
}

/** The way to a seat: dials if need be, says Hello, opens a stream. Rejects with 'unreachable' or 'peer-refused'. */
export interface Peers {
  openDelivery(seat: string, signal: AbortSignal): Promise<Lane>;
  openBlob(seat: string, signal: AbortSignal): Promise<Frames>;
  openLog(seat: string, signal: AbortSignal): Promise<Frames>;
  /** Whether there is a live connection to the seat. */
  isConnected(seat: string): boolean;
}

/** This node: which seat it is, for whom it speaks, with which keys. */
export interface Self {
  readonly seat: string;
  readonly agency: string;
  service(): SigningIdentity;
  /** What seals a unit's documents; undefined until the registry's admin has granted a seal. */
  seal(unit: string): SigningIdentity | undefined;
  /** Of the seal key, hex: whom to name when it isn't granted yet. */
  readonly sealFingerprint: string;
}

export interface LogHead {
  epoch: number;
  size: number;
  root: Bytes;
}

/** This node's audit log. */
export interface OwnLog {
  /** The last durable head. */
  head(): LogHead;
  /** RFC 6962 §2.1.2, within the newest epoch. Throws 'not-found', 'damaged'. */
  proveConsistency(oldSize: number, size: number): Promise<Bytes[]>;
  /** What the newest epoch goes on after; undefined in a log that lost nothing. */
  readonly gap: { held: LogHead; shown: LogHead | undefined } | undefined;
  /** Called after each growth of the durable head; one listener. */
  onGrown?(call: () => void): void;
  /** Remembers, whatever state the store is in, that a peer showed a larger head of this log. */
  keepShown(statement: Bytes): void;
}

/** A line for the operator. Never carries contents of documents. */
export type Report = (event: string, details: ErrorDetails) => void;

export interface ExchangeComponents {
  store: KeyValueStore;
  blobs: BlobStore;
  auditLog: OwnLog;
  directory: () => TrustedDirectory;
  self: Self;
  peers: Peers;
  clock: Clock;
  random: Random;
  report: Report;
  /** Throws 'disk-full' where the disk has no room for new documents; statuses and outcomes go on then. */
  room: () => Promise<void>;
  /** Without it lists have no words, and filters pass over rows. `room` throws where the disk has no room for more. */
  search?: { index: SearchIndex; room: () => Promise<void> };
  /** A peer's statement named a newer or unknown head: exchange heads. */
  onUnknownHead: (seat: string) => void;
}
