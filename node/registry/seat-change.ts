/**
 * A seat that is enrolled already and asks without an invite, with the keys the directory lists for it: what others
 * dial and what it reads are changed to what it says, and each of its certificates that is past half of its life (or
 * over: the key is still its own) gets a successor for the same key. A seal is renewed for the very key it was granted
 * to. Revoked and unknown keys get nothing. A request that changes nothing makes no new head, so it may come again after
 * a crash on either side. Called by Enrolment, with the connection's PeerId as the proof of who asks.
 */
import { checkRequest } from '../../certs/request.ts';
import type { EnrolmentRequest } from '../../proto/messages.ts';
import { type Bytes, EMPTY } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import type { SeatFacts } from '../directory/entries.ts';
import type { ListedCertificate } from '../directory/listed-certificate.ts';
import { isDueToGrant, isRenewable, type SeatRole, standingCertificate } from '../directory/renewal-rule.ts';
import type { AuditEntry } from '../store/key-value.ts';
import type { Authority } from './authority.ts';
import type { Publisher } from './publisher.ts';
import { renewed, renewedAudit, sealEntries, seatEntry, seatWith } from './renewal.ts';

export interface SeatChangeComponents {
  directory: () => Directory | undefined;
  publisher: Publisher;
  authority: Authority;
  clock: Clock;
}

/** Certificates that count now for the keys of the request; the seal is empty unless it was asked about and granted. */
export interface CurrentCertificates {
  seat: string;
  node: Bytes;
  service: Bytes;
  seal: Bytes;
}

interface Asking {
  seat: SeatFacts;
  standing: Record<'node' | 'service', ListedCertificate> & { seal: ListedCertificate | undefined };
}

export class SeatChange {
  readonly #with: SeatChangeComponents;

  constructor(components: SeatChangeComponents) {
    this.#with = components;
  }

  /** Whether this PeerId is a seat's whose key stands, its certificate in force or run out: others need an invite. */
  isSeat(peerId: string): boolean {
    const verdict = this.#with.directory()?.nodeMayConnect(peerId, this.#with.clock.nowMs());
    return verdict !== undefined && (verdict.ok || verdict.code === 'expired');
  }

  /**
   * Lists what the request says of the seat behind `peerId`, whose possession of the keys was proved, and renews what is
   * due. 'invite-invalid' with the reason when an invite would be needed after all: another agency, a service key that
   * isn't the listed one.
   */
  async apply(request: EnrolmentRequest, peerId: string): Promise<CurrentCertificates> {
    if (request.addresses.length === 0) throw new LienthongError('request-invalid', { reason: 'no-address' });
    const directory = await this.#with.publisher.publish(async (current) => {
      const asking = this.#check(current, request, peerId);
      const nowMs = this.#with.clock.nowMs();
      const renewals = await this.#renew(current!, asking, request, nowMs);
      const isMoved = !says(asking.seat, request);
      if (!isMoved && renewals.length === 0) return undefined;
      const { addresses, reads } = request;
      const seat = seatWith(asking.seat, renewals);
      seat.addresses = [...addresses];
      seat.reads = [...reads];
      return {
        entries: [seatEntry(seat), ...sealEntries(current!, renewals)],
        issued: renewals.map(({ row }) => row),
        audit: [
          ...(isMoved ? [changed(asking.seat, request, nowMs)] : []),
          ...renewals.map((one) => renewedAudit(one, nowMs)),
        ],
      };
    });
    const { seat, standing } = this.#check(directory, request, peerId);
    const { node, service, seal } = standing;
    // another CA's seal counts by the directory alone
    const ownSeal = seal === undefined || seal.pathRole === 'foreign-seal' ? EMPTY : seal.der;
    return { seat: seat.seat, node: node.der, service: service.der, seal: ownSeal };
  }

  #renew(current: Directory, { seat, standing }: Asking, request: EnrolmentRequest, nowMs: number) {
    const due = (one: ListedCertificate | undefined, csr: Bytes) =>
      one !== undefined && isRenewable(one) && isDueToGrant(one.certificate, nowMs)
        ? [{ standing: one, request: csr, seat: seat.seat }]
        : [];
    const all = [
      ...due(standing.node, request.nodeCsr),
      ...due(standing.service, request.serviceCsr),
      ...due(standing.seal, request.sealCsr),
    ];
    return renewed(this.#with.authority, current, all, nowMs);
  }

  #check(current: Directory | undefined, request: EnrolmentRequest, peerId: string): Asking {
    const seat = current?.seatOfPeer(peerId);
    if (current === undefined || seat === undefined || !this.isSeat(peerId)) throw needsInvite('signature');
    if (seat.agency !== request.agency) throw needsInvite('other-agency');
    const standing = (role: SeatRole, csr: Bytes) => {
      const verdict = checkRequest(csr, role);
      if (!verdict.ok) return undefined;
      const { spki } = verdict.request;
      return standingCertificate(current, { role, agency: seat.agency, seat: seat.seat, spki });
    };
    const node = standing('node', request.nodeCsr);
    const service = standing('service', request.serviceCsr);
    if (node?.certificate.peerId !== peerId || service === undefined) throw needsInvite('other-key');
    const seal = request.sealCsr.byteLength === 0 ? undefined : standing('seal', request.sealCsr);
    return { seat, standing: { node, service, seal } };
  }
}

const needsInvite = (reason: string): LienthongError => new LienthongError('invite-invalid', { reason });

const says = (seat: SeatFacts, { addresses, reads }: EnrolmentRequest): boolean =>
  sameTexts(seat.addresses, addresses) && sameTexts(seat.reads, reads);

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, at) => text === b[at]);

const changed = (seat: SeatFacts, request: EnrolmentRequest, atMs: number): AuditEntry => ({
  atMs,
  event: 'seat.changed',
  fields: [
    { name: 'agency', value: seat.agency },
    { name: 'seat', value: seat.seat },
    { name: 'addresses', value: request.addresses.join(' ') },
    { name: 'before', value: seat.addresses.join(' ') },
    { name: 'reads', value: request.reads.join(' ') },
  ],
});
