/**
 * What an admin sees of a registry, in the shapes of the command line's JSON: agencies with their certificates, and how
 * the registry stands. Only reads.
 */

import { type Certificate, parseCertificate } from '../../certs/certificate.ts';
import { profiles } from '../../certs/profiles.ts';
import type { Clock } from '../core/clock.ts';
import { isoTime } from '../core/dates.ts';
import type { Directory } from '../directory/directory.ts';
import type { DirectoryStore } from '../directory/directory-store.ts';
import type { KeyValueStore } from '../store/key-value.ts';
import { openInvites } from './invites.ts';
import { allIssued, type IssuedRow, keyIdOf } from './issued.ts';
import { fromBase64 } from './json-row.ts';
import type { Publisher } from './publisher.ts';
import type { RegistryKeys } from './registry-folder.ts';
import { type SealRequestRow, sealRequests } from './seal-requests.ts';
import { foreignSeals } from './seal-scopes.ts';

export interface ViewComponents {
  store: KeyValueStore;
  directory: DirectoryStore;
  publisher: Publisher;
  keys: RegistryKeys;
  clock: Clock;
  name: string;
  peerId: string;
  addresses: () => readonly string[];
}

export interface RegistryItem {
  code: string;
  name: string;
  state: string;
  seats: number;
  certificates?: CertificateItem[];
}

export interface CertificateItem {
  serial: string;
  role: string;
  notAfter: string;
  /** "valid", "expired", "revoked", "replaced" (the same key has a newer one), "withdrawn" (another CA's seal) */
  state: string;
  seat: string | null;
  /** In force, and an admin should see to it now. */
  endsSoon: boolean;
  /** Of a seal that another CA certified: SHA-256 of the certificate, hex. */
  fingerprint?: string;
}

export interface RegistryStatus {
  name: string;
  peerId: string;
  /** Multiaddrs with /p2p/ that invites carry. */
  listening: string[];
  /** SHA-256 of the first root certificate, hex. */
  federationId: string;
  rootFingerprint: string;
  epoch: number;
  version: number;
  directory: { epoch: number; version: number; freshUntil: string; validUntil: string; state: string };
  agencies: number;
  seats: number;
  openInvites: number;
  sealRequests: SealRequestItem[];
}

export interface SealRequestItem {
  agency: string;
  seat: string;
  fingerprint: string;
  askedAt: string;
  /** Of a seal that another CA certified: whose it says it is, and what granting it would meet now. */
  certificate?: { subject: string; issuer: string; notAfter: string; fault: string | null };
}

const DAY_MS = 86_400_000;
const STATE_NAMES: Readonly<Record<number, string>> = { 1: 'active', 2: 'retired', 3: 'merged' };

/** A seat's certificate is renewed by its node eight months before the end: with so little left somebody should look. */
const SOON_MS = 90 * DAY_MS;
/** What the issuing CA signs can't outlast it: while less is left than a leaf lives, every renewal gets shorter. */
const CA_SOON_MS = profiles.node.lifetimeMs + SOON_MS;

/** Every agency; with certificates, last the registry itself (code "", state "registry") with what it signs with. */
export async function listAgencies(
  { directory, store, clock, keys, name }: ViewComponents,
  withCertificates: boolean,
): Promise<RegistryItem[]> {
  const current = directory.require();
  const items = current.agencies().map(
    ({ code, name, state }): RegistryItem => ({
      code,
      name,
      state: STATE_NAMES[state] ?? 'active',
      seats: current.seatsOf(code).length,
    }),
  );
  if (!withCertificates) return items;
  const nowMs = clock.nowMs();
  const byAgency = Map.groupBy(await allIssued(store), ({ agency }) => agency);
  const foreign = foreignItems(current, nowMs);
  const own = [
    ownItem('root', keys.root, CA_SOON_MS, nowMs),
    ownItem('issuing', keys.issuing.certificate, CA_SOON_MS, nowMs),
    ownItem('directory', keys.directory.certificate, SOON_MS, nowMs),
  ];
  return [
    ...items.map((item) => ({
      ...item,
      certificates: [...issuedItems(byAgency.get(item.code) ?? [], nowMs), ...(foreign.get(item.code) ?? [])],
    })),
    { code: '', name, state: 'registry', seats: 0, certificates: own },
  ];
}

function issuedItems(rows: readonly IssuedRow[], nowMs: number): CertificateItem[] {
  const newestMs = new Map<string, number>();
  for (const row of rows) {
    if (row.revoked !== undefined) continue;
    const key = `${row.role} ${keyIdOf(row)}`;
    newestMs.set(key, Math.max(newestMs.get(key) ?? 0, row.notAfterMs));
  }
  return rows.map((row) => {
    const isNewest = row.notAfterMs >= (newestMs.get(`${row.role} ${keyIdOf(row)}`) ?? 0);
    const isExpired = row.notAfterMs < nowMs;
    const inForce = isNewest ? (isExpired ? 'expired' : 'valid') : 'replaced';
    const state = row.revoked !== undefined ? 'revoked' : inForce;
    const { serial, role, notAfterMs, seat = null } = row;
    const endsSoon = state === 'valid' && notAfterMs - nowMs < SOON_MS;
    return { serial, role, notAfter: isoTime(notAfterMs), state, seat, endsSoon };
  });
}

function ownItem(
  role: string,
  { serial, notAfterMs }: Certificate,
  soonMs: number,
  nowMs: number,
): CertificateItem {
  const leftMs = notAfterMs - nowMs;
  const state = leftMs < 0 ? 'expired' : 'valid';
  return { serial, role, notAfter: isoTime(notAfterMs), state, seat: null, endsSoon: leftMs < soonMs };
}

export async function statusOf(of: ViewComponents): Promise<RegistryStatus> {
  const current = of.directory.require();
  const nowMs = of.clock.nowMs();
  const isBehind = of.publisher.behindVersion > current.version;
  return {
    name: of.name,
    peerId: of.peerId,
    listening: [...of.addresses()],
    federationId: of.keys.root.sha256,
    rootFingerprint: of.keys.root.sha256,
    epoch: current.epoch,
    version: current.version,
    directory: {
      epoch: current.epoch,
      version: current.version,
      freshUntil: isoTime(current.freshUntilMs),
      validUntil: isoTime(current.validUntilMs),
      state: isBehind ? 'fork' : current.freshness(nowMs),
    },
    agencies: current.agencies().length,
    seats: current.seats().length,
    openInvites: (await openInvites(of.store, nowMs)).length,
    sealRequests: (await sealRequests(of.store)).map((row) => requestItem(row, current, nowMs)),
  };
}

function requestItem(row: SealRequestRow, current: Directory, nowMs: number): SealRequestItem {
  const { agency, seat, fingerprint, askedAtMs } = row;
  const item = { agency, seat, fingerprint, askedAt: isoTime(askedAtMs) };
  const [leaf, ...above] = (row.chain ?? []).map(fromBase64);
  const certificate = leaf && parseCertificate(leaf);
  if (certificate === undefined) return item;
  const { subject, issuer, notAfterMs } = certificate;
  const verdict = current.verdict(certificate, 'foreign-seal', nowMs, { chain: above });
  const fault = verdict.ok ? null : verdict.reason;
  return { ...item, certificate: { subject, issuer, notAfter: isoTime(notAfterMs), fault } };
}

/** Seals of other CAs, by agency. */
function foreignItems(current: Directory, nowMs: number): Map<string, CertificateItem[]> {
  const found = new Map<string, CertificateItem[]>();
  for (const { agency, certificate, isOpen } of foreignSeals(current)) {
    const { serial, notAfterMs, sha256: fingerprint } = certificate;
    const inForce = isOpen ? (notAfterMs <= nowMs ? 'expired' : 'valid') : 'withdrawn';
    const state = current.isRevoked(certificate) ? 'revoked' : inForce;
    const notAfter = isoTime(notAfterMs);
    const endsSoon = state === 'valid' && notAfterMs - nowMs < SOON_MS;
    const item = { serial, role: 'seal', notAfter, state, seat: null, endsSoon, fingerprint };
    found.set(agency, [...(found.get(agency) ?? []), item]);
  }
  return found;
}
