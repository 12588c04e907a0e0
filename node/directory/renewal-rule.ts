/**
 * Which certificate of a key stands, and when it is time for the next one: the same rule for the node that asks and
 * the registry that grants, so that neither keeps a list of its own. Pure, over one version of the directory.
 */
import type { Certificate } from '../../certs/certificate.ts';
import type { LeafRole } from '../../certs/profiles.ts';
import { type Bytes, equalBytes } from '../core/bytes.ts';
import type { Directory } from './directory.ts';
import type { ListedCertificate } from './listed-certificate.ts';

/** Roles a seat's certificates have. */
export type SeatRole = Exclude<LeafRole, 'directory'>;

export interface KeyOfSeat {
  role: SeatRole;
  agency: string;
  seat: string;
  /** SubjectPublicKeyInfo, DER. */
  spki: Bytes;
}

/** A node asks when a third of the lifetime is left: eight months of two years, longer than any outage … */
const ASK_WITHIN = 1 / 3;
/** … and the registry grants from half on: clocks differ, and a key gets no more than a certificate a year. */
const GRANT_WITHIN = 1 / 2;

/** The certificate listed for a key that lasts longest and isn't revoked; expired or not. */
export function standingCertificate(directory: Directory, of: KeyOfSeat): ListedCertificate | undefined {
  return certificatesOfKey(directory, of).find(({ certificate }) => !directory.isRevoked(certificate));
}

/** Every certificate listed for a key, the one that lasts longest first. A seal is its agency's, not one seat's. */
export function certificatesOfKey(
  directory: Directory,
  { role, agency, seat, spki }: KeyOfSeat,
): ListedCertificate[] {
  return directory
    .certificatesOf(agency)
    .filter((one) => one.role === role && (role === 'seal' || one.seat === seat))
    .filter(({ certificate }) => equalBytes(certificate.spki, spki))
    .sort((a, b) => b.certificate.notAfterMs - a.certificate.notAfterMs);
}

/** Whether the federation's registry can make the next one: not of a foreign seal, not of one that was withdrawn. */
export const isRenewable = ({ pathRole, scope }: ListedCertificate): boolean =>
  pathRole !== 'foreign-seal' && (scope === undefined || scope.toVersion === 0);

export const isDueToAsk = (of: Certificate, nowMs: number): boolean => leftOf(of, nowMs) <= ASK_WITHIN;
export const isDueToGrant = (of: Certificate, nowMs: number): boolean => leftOf(of, nowMs) <= GRANT_WITHIN;

/** What is left of a lifetime, from 1 down to 0 and below. */
const leftOf = ({ notBeforeMs, notAfterMs }: Certificate, nowMs: number): number =>
  (notAfterMs - nowMs) / (notAfterMs - notBeforeMs);
