/** What the doors show of the directory: agencies in the order of their codes, one agency in full. Pure. */
import { isoTime } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';
import type { CertificateSummary, DirectoryDetail, DirectoryItem } from '../core/node-views.ts';
import type { Directory } from './directory.ts';
import { type AgencyFacts, STATE } from './entries.ts';
import { isOpen, type ListedCertificate } from './listed-certificate.ts';
import { standingCertificate } from './renewal-rule.ts';

/** Units listed of one agency; a ministry has some thousands. */
const MOST_UNITS = 5_000;

export const directoryItems = (directory: Directory): DirectoryItem[] =>
  directory.agencies().map((agency) => itemOf(directory, agency));

/** By any code, of either form, of the agency or one of its units. Throws 'not-found'. */
export function directoryDetail(directory: Directory, code: string): DirectoryDetail {
  const canonical = directory.canonicalCode(code);
  const agency = canonical && directory.agency(canonical.split('.', 1)[0]!);
  if (!agency) throw new LienthongError('not-found', { what: 'agency', code: code.slice(0, 60) });
  const units = directory.units(agency.code).slice(0, MOST_UNITS);
  return {
    ...itemOf(directory, agency),
    kind: agency.kind,
    provisional: agency.provisional,
    seatList: directory
      .seatsOf(agency.code)
      .map(({ seat, peerIds, addresses }) => ({ seat, peerIds, addresses })),
    units: units.map((unit) => ({
      code: unit.code,
      name: unit.name,
      seat: unit.seat,
      state: stateName(unit.state),
    })),
    certificates: directory
      .certificatesOf(agency.code)
      .map((listed) => certificateSummary(directory, listed)),
  };
}

export function certificateSummary(
  directory: Directory,
  listed: ListedCertificate,
  nowMs?: number,
): CertificateSummary {
  const { role, serial, certificate, pathRole } = listed;
  const summary = { role, serial, notAfter: isoTime(certificate.notAfterMs) };
  const state = directory.isRevoked(certificate)
    ? 'revoked'
    : isReplaced(directory, listed)
      ? 'replaced'
      : nowMs !== undefined && nowMs >= certificate.notAfterMs
        ? 'expired'
        : 'valid';
  if (pathRole !== 'foreign-seal') return { ...summary, state };
  const { sha256: fingerprint, subject, issuer } = certificate;
  return {
    ...summary,
    state: foreignState(directory, listed, nowMs) ?? state,
    foreign: { fingerprint, subject, issuer },
  };
}

/** What else a seal of another CA may be: ended by the registry, or stopped by what lies above it. */
function foreignState(directory: Directory, listed: ListedCertificate, nowMs?: number): string | undefined {
  const { certificate, chain, scope } = listed;
  if (scope !== undefined && !isOpen(scope, directory.version)) return 'withdrawn';
  if (nowMs === undefined) return undefined;
  const verdict = directory.verdict(certificate, 'foreign-seal', nowMs, { chain });
  if (verdict.ok) return undefined;
  const states: Record<string, string> = {
    'crl-expired': 'list-ended',
    expired: 'expired',
    revoked: 'revoked',
  };
  return states[verdict.reason];
}

/** Whether the same key has a newer certificate that stands. */
function isReplaced(directory: Directory, { role, agency, seat = agency, certificate }: ListedCertificate) {
  const standing = standingCertificate(directory, { role, agency, seat, spki: certificate.spki });
  return standing !== undefined && standing.certificate.notAfterMs > certificate.notAfterMs;
}

function itemOf(directory: Directory, agency: AgencyFacts): DirectoryItem {
  return {
    code: agency.code,
    legacyCode: agency.legacyCodes[0] ?? null,
    name: agency.name,
    state: stateName(agency.state),
    ...(agency.mergedInto === '' ? {} : { mergedInto: agency.mergedInto }),
    seats: directory.seatsOf(agency.code).length,
  };
}

const stateName = (state: number): string =>
  state === STATE.merged ? 'merged' : state === STATE.retired ? 'retired' : 'active';
