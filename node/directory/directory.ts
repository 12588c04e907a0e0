/**
 * One adopted version of the directory, in memory, verified: every answer is the registry's word at that version.
 * Immutable; a newer head makes a new one that shares unchanged groups. Certificates count by full path validation
 * with the anchors and lists of this version; past the head's hard limit nothing counts any more. Asked by the
 * gater's policy, the exchange, the doors; made by DirectoryStore alone.
 */
import type { Certificate } from '../../certs/certificate.ts';
import type { RequiredRole } from '../../certs/rules.ts';
import type { PathVerdict } from '../../certs/verdict.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import { fromLegacy } from '../core/codes.ts';
import type { ErrorCode } from '../core/errors.ts';
import { CertificateTrust, type VerdictOptions } from './certificate-trust.ts';
import {
  type AgencyFacts,
  ANCHOR_USE,
  REGISTRY_GROUP,
  type RegistryFacts,
  type SeatFacts,
  type UnitFacts,
} from './entries.ts';
import { emptyGroup, type GroupView } from './group-view.ts';
import type { SignedHead } from './head.ts';
import { listedAnchors } from './listed-anchors.ts';
import { isOpen, type ListedCertificate, listCertificates } from './listed-certificate.ts';
import { ancestorsOf, groupOf, type Service, seatOrder, serviceOf } from './seat-lookup.ts';
import { type SignerMoment, SignerTrust, type SignerVerdict } from './signer-verdict.ts';

export type Freshness = 'fresh' | 'stale' | 'expired';

export type Connectable = { ok: true; seat: string } | { ok: false; code: 'unknown' | 'expired' | 'revoked' };

export class Directory {
  readonly head: SignedHead;
  readonly federationId: Bytes;
  readonly #groups: ReadonlyMap<string, GroupView>;
  readonly #trust: CertificateTrust;
  readonly #signers: SignerTrust;
  readonly #registry: GroupView;
  readonly #seats = new Map<string, SeatFacts>();
  readonly #peers = new Map<string, string>();
  readonly #certificates: ReadonlyMap<string, ListedCertificate>;
  readonly #certificatesOfSeat = new Map<string, ListedCertificate[]>();

  constructor(head: SignedHead, federationId: Bytes, root: Bytes, groups: ReadonlyMap<string, GroupView>) {
    this.head = head;
    this.federationId = federationId;
    this.#groups = groups;
    this.#registry = groups.get(REGISTRY_GROUP) ?? emptyGroup(REGISTRY_GROUP);
    const own = listedAnchors(groups, ANCHOR_USE.federation);
    const foreign = listedAnchors(groups, ANCHOR_USE.seal);
    this.#trust = new CertificateTrust({
      roots: [root, ...own.map(({ certificate }) => certificate)],
      intermediates: own.flatMap(({ intermediates }) => intermediates),
      foreignRoots: foreign.map(({ certificate }) => certificate),
      foreignIntermediates: foreign.flatMap(({ intermediates }) => intermediates),
      sealChains: [...groups.values()].flatMap(({ seals }) =>
        [...seals.values()].flatMap(({ chain }) => chain),
      ),
      crls: [...this.#registry.crls.values()].map(({ crl }) => crl),
    });
    this.#signers = new SignerTrust(this.#trust, this.crls);
    for (const group of groups.values()) for (const seat of group.seats.values()) this.#addSeat(seat);
    this.#certificates = listCertificates(groups.values(), (certificate) =>
      this.#trust.verdict(certificate, 'seal', certificate.notAfterMs - 1, { revocation: 'at' }),
    );
    for (const one of this.#certificates.values())
      if (one.seat !== undefined)
        this.#certificatesOfSeat.set(one.seat, [...this.certificatesOfSeat(one.seat), one]);
  }

  #addSeat(seat: SeatFacts): void {
    this.#seats.set(seat.seat, seat);
    for (const peerId of seat.peerIds) this.#peers.set(peerId, seat.seat);
  }

  get epoch(): number {
    return this.head.facts.epoch;
  }

  get version(): number {
    return this.head.facts.version;
  }

  /** SHA-256 of the Signed head. */
  get headHash(): Bytes {
    return this.head.hash;
  }

  get freshUntilMs(): number {
    return this.head.facts.freshUntilMs;
  }

  get validUntilMs(): number {
    return this.head.facts.validUntilMs;
  }

  freshness(atMs: number): Freshness {
    if (atMs > this.validUntilMs) return 'expired';
    return atMs > this.freshUntilMs ? 'stale' : 'fresh';
  }

  get registry(): RegistryFacts | undefined {
    return this.#registry.registry;
  }

  isRegistryPeer(peerId: string): boolean {
    return this.registry?.peerIds.includes(peerId) ?? false;
  }

  /** Revocation lists of this version, DER. */
  get crls(): Bytes[] {
    return [...this.#registry.crls.values()].map(({ crl }) => crl);
  }

  get groups(): ReadonlyMap<string, GroupView> {
    return this.#groups;
  }

  agency(code: string): AgencyFacts | undefined {
    return this.#groups.get(code)?.agency;
  }

  /** In the order of their codes. */
  agencies(): AgencyFacts[] {
    const found = [...this.#groups.values()].flatMap(({ agency }) => agency ?? []);
    return found.sort((a, b) => (a.code < b.code ? -1 : 1));
  }

  agencyName(code: string): string | undefined {
    return this.agency(code)?.name;
  }

  unit(code: string): UnitFacts | undefined {
    return this.#groups.get(groupOf(code))?.units.get(code);
  }

  units(agency: string): UnitFacts[] {
    return [...(this.#groups.get(agency)?.units.values() ?? [])];
  }

  /** The code as the directory writes it, of either form: as it stands, then by table, then by the plain rule. */
  canonicalCode(text: string): string | undefined {
    const code = text.trim().toUpperCase();
    if (this.#has(code)) return code;
    for (const group of this.#groups.values()) {
      const found = group.legacy.get(code);
      if (found !== undefined) return found;
    }
    const converted = fromLegacy(code);
    return converted !== undefined && this.#has(converted) ? converted : undefined;
  }

  #has(code: string): boolean {
    return this.agency(code) !== undefined || this.unit(code) !== undefined;
  }

  seat(id: string): SeatFacts | undefined {
    return this.#seats.get(id);
  }

  seats(): SeatFacts[] {
    return [...this.#seats.values()];
  }

  /** Seats of an agency, its first one first. */
  seatsOf(agency: string): SeatFacts[] {
    return [...(this.#groups.get(agency)?.seats.values() ?? [])].sort(
      (a, b) => seatOrder(a.seat) - seatOrder(b.seat),
    );
  }

  agencyOfSeat(seat: string): string | undefined {
    return this.#seats.get(seat)?.agency;
  }

  seatOfPeer(peerId: string): SeatFacts | undefined {
    const seat = this.#peers.get(peerId);
    return seat === undefined ? undefined : this.#seats.get(seat);
  }

  /** Who answers for a unit, of either code form. */
  service(text: string): Service {
    return serviceOf(this, text);
  }

  certificate(sha256: Bytes): ListedCertificate | undefined {
    return this.#certificates.get(hex(sha256));
  }

  certificatesOfSeat(seat: string): readonly ListedCertificate[] {
    return this.#certificatesOfSeat.get(seat) ?? [];
  }

  /** Node, service and seal certificates of an agency. */
  certificatesOf(agency: string): ListedCertificate[] {
    return [...this.#certificates.values()].filter((one) => one.agency === agency);
  }

  /** Certificates between a listed one and its anchor, and the anchor, DER; empty for one that isn't listed. */
  chainOf(sha256: Bytes): readonly Bytes[] {
    const listed = this.certificate(sha256);
    return listed === undefined ? [] : this.#trust.chainOf(listed.certificate, listed.pathRole, listed.chain);
  }

  isRevoked(certificate: Certificate): boolean {
    return this.#trust.isRevoked(certificate);
  }

  /** Full verdict on a certificate, also on one that isn't listed, and about the past (`revocation: 'at'`). */
  verdict(
    certificate: Certificate,
    role: RequiredRole,
    atMs: number,
    options: VerdictOptions = {},
  ): PathVerdict {
    return this.#trust.verdict(certificate, role, atMs, options);
  }

  /** Whether who signed inside a file chains to a listed anchor, with certificates that came along between. */
  signerVerdict(certificate: Certificate, embedded: readonly Bytes[], moment: SignerMoment): SignerVerdict {
    return this.#signers.verdict(certificate, embedded, moment);
  }

  /**
   * Why this service certificate doesn't count for the seat at this time; undefined when it does. Of a time that is past
   * when `nowMs` is given: in force then, and not revoked to this day.
   */
  serviceFault(sha256: Bytes, seat: string, atMs: number, nowMs = atMs): ErrorCode | undefined {
    const listed = this.certificate(sha256);
    if (listed === undefined || listed.role !== 'service' || listed.seat !== seat)
      return 'unknown-certificate';
    return this.#fault(listed, atMs, nowMs);
  }

  /**
   * Why a listed certificate didn't count in its role when a signature is known to have been there, by what is known at
   * `nowMs`; one that merely ran out meanwhile counts if it did when its signer says it was made.
   */
  pastFault(
    sha256: Bytes,
    { knownMs, claimedMs }: { knownMs: number; claimedMs: number },
    nowMs: number,
  ): ErrorCode | undefined {
    const listed = this.certificate(sha256);
    if (listed === undefined) return 'unknown-certificate';
    const { certificate, pathRole, chain } = listed;
    const at = (atMs: number) => this.#trust.pastFault(certificate, pathRole, atMs, nowMs, chain);
    const fault = at(knownMs);
    return fault === 'certificate-expired' && !this.isRevoked(certificate) ? at(claimedMs) : fault;
  }

  /** Why this seal doesn't count for the unit at this time; undefined when it does. */
  sealFault(sha256: Bytes, unit: string, atMs: number): ErrorCode | undefined {
    const listed = this.certificate(sha256);
    if (listed?.scope === undefined) return 'unknown-certificate';
    return this.isInScope(listed, unit) ? this.#fault(listed, atMs) : 'seal-scope';
  }

  /** Whether the directory lets a seal speak for the unit now, its certificate apart. */
  isInScope({ scope }: ListedCertificate, unit: string): boolean {
    if (scope === undefined || !isOpen(scope, this.version)) return false;
    return scope.unit === unit || (scope.subtree && this.ancestorsOf(unit).includes(scope.unit));
  }

  /** The unit a seal was granted for ("sealed by X for Y"). */
  sealedBy(sha256: Bytes): string | undefined {
    return this.certificate(sha256)?.scope?.unit;
  }

  /** Units above this one, nearest first; the successor of a merged agency counts as above it. */
  ancestorsOf(code: string): string[] {
    return ancestorsOf(this, code);
  }

  /** May the holder of this PeerId connect at this time, as which seat? */
  nodeMayConnect(peerId: string, atMs: number): Connectable {
    const seat = this.seatOfPeer(peerId);
    if (seat === undefined) return { ok: false, code: 'unknown' };
    const own = this.certificatesOfSeat(seat.seat).filter(
      (one) => one.role === 'node' && one.certificate.peerId === peerId,
    );
    let code: 'unknown' | 'expired' | 'revoked' = 'unknown';
    for (const listed of own) {
      const fault = this.#trust.fault(listed.certificate, 'node', atMs);
      if (fault === undefined) return { ok: true, seat: seat.seat };
      // revoked stays revoked when it has run out too; a key whose certificate merely ran out stands
      if (this.isRevoked(listed.certificate)) code = code === 'unknown' ? 'revoked' : code;
      else if (fault !== 'unknown-certificate') code = 'expired';
    }
    return { ok: false, code };
  }

  #fault(listed: ListedCertificate, atMs: number, nowMs = atMs): ErrorCode | undefined {
    if (nowMs > this.validUntilMs) return 'directory-expired';
    return this.#trust.fault(listed.certificate, listed.pathRole, atMs, listed.chain, nowMs);
  }
}
