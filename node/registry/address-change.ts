/**
 * A seat that moved: an enrolment request without an invite, from a seat that is enrolled already and with the keys the
 * directory lists for it, changes the addresses others dial and the versions it reads, and nothing else. What it says
 * already changes nothing and makes no new head, so the same request may come again after a crash on either side.
 * Called by Enrolment, with the connection's PeerId as the proof of who asks.
 */
import { checkRequest } from '../../certs/request.ts';
import type { EnrolmentRequest } from '../../proto/messages.ts';
import { type Bytes, EMPTY, equalBytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import { type SeatFacts, seatKey } from '../directory/entries.ts';
import type { ListedCertificate } from '../directory/listed-certificate.ts';
import type { AuditEntry } from '../store/key-value.ts';
import type { Publisher } from './publisher.ts';

export interface AddressChangeComponents {
  directory: () => Directory | undefined;
  publisher: Publisher;
  clock: Clock;
}

/** Certificates that count now for the keys of the request; the seal is empty unless it was asked about and granted. */
export interface CurrentCertificates {
  seat: string;
  node: Bytes;
  service: Bytes;
  seal: Bytes;
}

export class AddressChange {
  readonly #with: AddressChangeComponents;

  constructor(components: AddressChangeComponents) {
    this.#with = components;
  }

  /** Whether this PeerId is a seat's whose node certificate counts now: others need an invite. */
  isSeat(peerId: string): boolean {
    return this.#with.directory()?.nodeMayConnect(peerId, this.#with.clock.nowMs()).ok === true;
  }

  /**
   * Lists what the request says of the seat behind `peerId`, whose possession of the keys was proved. 'invite-invalid'
   * with the reason when an invite would be needed after all: another agency, a service key that isn't the listed one.
   */
  async apply(request: EnrolmentRequest, peerId: string): Promise<CurrentCertificates> {
    if (request.addresses.length === 0) throw new LienthongError('request-invalid', { reason: 'no-address' });
    const directory = await this.#with.publisher.publish((current) => {
      const { seat } = this.#check(current, request, peerId);
      if (says(seat, request)) return undefined;
      const { addresses, reads } = request;
      return {
        entries: [
          {
            group: seat.agency,
            key: seatKey(seat.seat),
            seat: { ...seat, addresses: [...addresses], reads: [...reads] },
          },
        ],
        audit: [changed(seat, request, this.#with.clock.nowMs())],
      };
    });
    return this.#check(directory, request, peerId).certificates;
  }

  #check(
    current: Directory | undefined,
    request: EnrolmentRequest,
    peerId: string,
  ): { seat: SeatFacts; certificates: CurrentCertificates } {
    const seat = current?.seatOfPeer(peerId);
    if (current === undefined || seat === undefined || !this.isSeat(peerId)) throw needsInvite('signature');
    if (seat.agency !== request.agency) throw needsInvite('other-agency');
    const listed = current.certificatesOf(seat.agency).filter((one) => !current.isRevoked(one.certificate));
    const ofSeat = listed.filter((one) => one.seat === seat.seat);
    const node = newest(
      ofSeat.filter(({ role, certificate }) => role === 'node' && certificate.peerId === peerId),
    );
    const service = newest(
      ofSeat.filter((one) => one.role === 'service' && isFor(one, request.serviceCsr, 'service')),
    );
    if (node === undefined || service === undefined) throw needsInvite('other-key');
    const hasSeal = request.sealCsr.byteLength > 0;
    const seal = newest(
      listed.filter((one) => hasSeal && one.role === 'seal' && isFor(one, request.sealCsr, 'seal')),
    );
    const certificates = { seat: seat.seat, node: node.der, service: service.der, seal: seal?.der ?? EMPTY };
    return { seat, certificates };
  }
}

const needsInvite = (reason: string): LienthongError => new LienthongError('invite-invalid', { reason });

function isFor({ certificate }: ListedCertificate, csr: Bytes, role: 'service' | 'seal'): boolean {
  const verdict = checkRequest(csr, role);
  return verdict.ok && equalBytes(verdict.request.spki, certificate.spki);
}

const newest = (listed: readonly ListedCertificate[]): ListedCertificate | undefined =>
  [...listed].sort((a, b) => b.certificate.notAfterMs - a.certificate.notAfterMs)[0];

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
