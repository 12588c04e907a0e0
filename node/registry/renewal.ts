/**
 * New certificates for keys that have one: the same key and holder, listed beside the old one, which stays for what it
 * signed. A seal keeps its scope. Nothing is issued that wouldn't outlast what there is (the issuing CA's end bounds
 * all). Used by who asks for its own seat (seat-change.ts) and by the admin's `renew`; both commit through the publisher.
 */
import { parseCertificate } from '../../certs/certificate.ts';
import { type Bytes, equalBytes, sha256 } from '../core/bytes.ts';
import { isoTime } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import { type SeatFacts, sealKey, seatKey } from '../directory/entries.ts';
import type { ListedCertificate } from '../directory/listed-certificate.ts';
import { isRenewable, standingCertificate } from '../directory/renewal-rule.ts';
import type { AuditEntry } from '../store/key-value.ts';
import type { Authority } from './authority.ts';
import { derOf, type IssuedRow, issuedRow, requestOf } from './issued.ts';
import type { Act } from './publisher.ts';

/** Service certificates of a seat that stay listed (directory.proto): four decades of renewals, for what they signed. */
const MAX_SERVICE_CERTIFICATES = 32;

/** A certificate that stands, and the request that proves its key. */
export interface Renewable {
  standing: ListedCertificate;
  request: Bytes;
  /** Of a seal too: the seat that asked for it. */
  seat: string;
}

export interface Renewed {
  standing: ListedCertificate;
  certificate: Bytes;
  row: IssuedRow;
}

/** Issues the next certificate of each; those the issuing CA can't make last longer are left out. */
export async function renewed(
  authority: Authority,
  current: Directory,
  all: readonly Renewable[],
  nowMs: number,
): Promise<Renewed[]> {
  const found: Renewed[] = [];
  for (const { standing, request, seat } of all) {
    const { role, agency } = standing;
    const holder = { agency, name: current.agencyName(agency) ?? agency, seat };
    const certificate = await authority.issue(role, request, holder, nowMs);
    if (!equalBytes(certificate.spki, standing.certificate.spki))
      throw new LienthongError('request-invalid', { role, reason: 'other-key' });
    if (certificate.notAfterMs <= standing.certificate.notAfterMs) continue;
    const row = issuedRow(certificate, { role, agency, seat, request, nowMs });
    found.push({ standing, certificate: certificate.bytes, row });
  }
  return found;
}

/** The seat with its new node and service certificates, newest last. */
export function seatWith(seat: SeatFacts, all: readonly Renewed[]): SeatFacts {
  const next = { ...seat } as SeatFacts;
  for (const { standing, certificate } of all) {
    if (standing.seat !== seat.seat) continue;
    if (standing.role === 'node')
      next.nodeCertificates = withNode(next.nodeCertificates, standing, certificate);
    if (standing.role === 'service')
      next.serviceCertificates = [...next.serviceCertificates, certificate].slice(-MAX_SERVICE_CERTIFICATES);
  }
  return next;
}

/** Nothing that is kept was signed with a node key: of one key two certificates are enough, those of other keys stay. */
const withNode = (listed: readonly Bytes[], standing: ListedCertificate, certificate: Bytes): Bytes[] => [
  ...listed.filter((der) => {
    const other = parseCertificate(der);
    return other?.peerId !== standing.certificate.peerId || other?.sha256 === standing.certificate.sha256;
  }),
  certificate,
];

export const seatEntry = (seat: SeatFacts): Act['entries'][number] => ({
  group: seat.agency,
  key: seatKey(seat.seat),
  seat,
});

/** Entries of the new seals: each counts from the next version on, for what its predecessor counts for. */
export function sealEntries(current: Directory, all: readonly Renewed[]): Act['entries'] {
  return all.flatMap(({ standing, certificate }) => {
    if (standing.role !== 'seal') return [];
    const before = current.groups.get(standing.agency)?.seals.get(sealKey(standing.sha256));
    if (before === undefined) return [];
    const seal = { ...before, certificate, fromVersion: current.version + 1 };
    return [{ group: standing.agency, key: sealKey(sha256(certificate)), seal }];
  });
}

/** As the command line's JSON says it. */
export interface RenewAnswer {
  renewed: { agency: string; role: string; old: string; serial: string; notAfter: string }[];
  version: number;
}

export const renewedView = ({ standing, row }: Renewed): RenewAnswer['renewed'][number] => ({
  agency: standing.agency,
  role: standing.role,
  old: standing.serial,
  serial: row.serial,
  notAfter: isoTime(row.notAfterMs),
});

export const renewedAudit = ({ standing, row }: Renewed, atMs: number): AuditEntry => ({
  atMs,
  event: 'certificate.renewed',
  fields: [
    { name: 'agency', value: standing.agency },
    { name: 'role', value: standing.role },
    { name: 'old', value: standing.serial },
    { name: 'serial', value: row.serial },
  ],
});

/**
 * What an admin's `renew` is about: the standing certificate of each key these rows name. 'certificate-revoked' when
 * every one of them is revoked, 'not-found' when none is listed any more or none can be renewed here.
 */
export function renewablesOf(current: Directory, rows: readonly IssuedRow[]): Renewable[] {
  const found = new Map<string, Renewable>();
  for (const row of rows) {
    if (row.revoked !== undefined || row.role === 'directory') continue;
    const certificate = parseCertificate(derOf(row));
    if (certificate === undefined) continue;
    const { role, agency, seat = agency } = row;
    const standing = standingCertificate(current, { role, agency, seat, spki: certificate.spki });
    if (standing === undefined || !isRenewable(standing)) continue;
    found.set(standing.serial, { standing, request: requestOf(row), seat });
  }
  if (found.size > 0) return [...found.values()];
  const [first] = rows;
  if (first !== undefined && rows.every(({ revoked }) => revoked !== undefined))
    throw new LienthongError('certificate-revoked', { serial: first.serial, reason: first.revoked!.reason });
  throw new LienthongError('not-found', { what: 'certificate' });
}
