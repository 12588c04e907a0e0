/**
 * What an admin sees of a registry, in the shapes of the command line's JSON: agencies with their certificates, and how
 * the registry stands. Only reads.
 */

import type { Clock } from '../core/clock.ts';
import { isoTime } from '../core/dates.ts';
import type { DirectoryStore } from '../directory/directory-store.ts';
import type { KeyValueStore } from '../store/key-value.ts';
import { openInvites } from './invites.ts';
import { allIssued, type IssuedRow } from './issued.ts';
import type { Publisher } from './publisher.ts';
import type { RegistryKeys } from './registry-folder.ts';
import { sealRequests } from './seal-requests.ts';

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
  certificates?: { serial: string; role: string; notAfter: string; state: string; seat: string | null }[];
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
  sealRequests: { agency: string; seat: string; fingerprint: string; askedAt: string }[];
}

const STATE_NAMES: Readonly<Record<number, string>> = { 1: 'active', 2: 'retired', 3: 'merged' };

export async function listAgencies(
  { directory, store, clock }: ViewComponents,
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
  return items.map((item) => ({
    ...item,
    certificates: (byAgency.get(item.code) ?? []).map((row) => ({
      serial: row.serial,
      role: row.role,
      notAfter: isoTime(row.notAfterMs),
      state: stateOf(row, nowMs),
      seat: row.seat ?? null,
    })),
  }));
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
    sealRequests: (await sealRequests(of.store)).map(({ agency, seat, fingerprint, askedAtMs }) => ({
      agency,
      seat,
      fingerprint,
      askedAt: isoTime(askedAtMs),
    })),
  };
}

function stateOf(row: IssuedRow, nowMs: number): string {
  if (row.revoked !== undefined) return 'revoked';
  return row.notAfterMs < nowMs ? 'expired' : 'valid';
}
