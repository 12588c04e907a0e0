/**
 * What an admin can do with a registry: the functions the command line and the HTTP API call, whether it is running or
 * its folder was just opened. Every act is one durable commit with its audit entry; answers have the shapes of the
 * command line's JSON.
 */

import type { RevocationReason } from '../../certs/crl.ts';
import { issuableReasons } from '../../certs/revocation-list.ts';
import { enrolmentAnswer } from '../../proto/messages.ts';
import { type Bytes, sha256 } from '../core/bytes.ts';
import type { Clock, Random } from '../core/clock.ts';
import { isAgencyCode } from '../core/codes.ts';
import { isoTime } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';
import type { AnchorItem } from '../core/node-views.ts';
import type { DirectoryStore } from '../directory/directory-store.ts';
import { STATE } from '../directory/entries.ts';
import type { AuditEntry, KeyValueStore } from '../store/key-value.ts';
import { importEntries } from './agencies.ts';
import { Anchors, type NewAnchor } from './anchors.ts';
import type { Authority } from './authority.ts';
import type { Enrolment } from './enrolment.ts';
import { DEFAULT_EXPIRY_MS, MAX_EXPIRY_MS, newInvite } from './invites.ts';
import { allIssued, getIssued, type IssuedRow, keyIdOf } from './issued.ts';
import type { Act, Publisher } from './publisher.ts';
import type { RegistryKeys } from './registry-folder.ts';
import { listAgencies, type RegistryItem, type RegistryStatus, statusOf } from './registry-views.ts';
import {
  type RenewAnswer,
  type Renewed,
  renewablesOf,
  renewed,
  renewedAudit,
  renewedView,
  sealEntries,
  seatEntry,
  seatWith,
} from './renewal.ts';
import { type GrantOptions, type SealGranted, SealGrants } from './seal-grants.ts';
import { endedEntries, type ForeignSealEntry } from './seal-scopes.ts';

export interface RegistryServiceComponents {
  store: KeyValueStore;
  directory: DirectoryStore;
  publisher: Publisher;
  authority: Authority;
  enrolment: Enrolment;
  keys: RegistryKeys;
  clock: Clock;
  random: Random;
  name: string;
  peerId: string;
  /** Multiaddrs of the registry with /p2p/: what invites and answers carry. */
  addresses: () => readonly string[];
}

export class RegistryService {
  readonly #components: RegistryServiceComponents;
  readonly #seals: SealGrants;
  readonly #anchors: Anchors;

  constructor(components: RegistryServiceComponents) {
    this.#components = components;
    this.#seals = new SealGrants(components);
    this.#anchors = new Anchors(components);
  }

  /** A one-time token for an agency. 'not-found' for one that isn't in the directory, 'retired-recipient' for one that is gone. */
  async invite(
    code: string,
    options: { expiresMs?: number } = {},
  ): Promise<{ token: string; agency: string; expiresAt: string }> {
    const { store, clock, random, addresses, keys } = this.#components;
    const agency = this.#agency(code);
    if (agency.state !== STATE.active)
      throw new LienthongError('retired-recipient', { code: agency.code, name: agency.name });
    const { expiresMs = DEFAULT_EXPIRY_MS } = options;
    if (!(expiresMs > 0 && expiresMs <= MAX_EXPIRY_MS))
      throw new LienthongError('usage', { what: 'expires' });
    const nowMs = clock.nowMs();
    const { token, expiresAtMs, write } = newInvite(
      {
        agency: agency.code,
        addresses: addresses(),
        rootFingerprint: sha256(keys.root.bytes),
        nowMs,
        expiresMs,
      },
      random,
    );
    const audit = [this.#audit('invite.made', { agency: agency.code, expires: isoTime(expiresAtMs) })];
    await store.commit({ writes: [write], audit });
    return { token, agency: agency.code, expiresAt: isoTime(expiresAtMs) };
  }

  /** Grants the seal an agency asked for, once an admin has compared its fingerprint; errors of SealGrants. */
  async grantSeal(code: string, fingerprint: string, options: GrantOptions = {}): Promise<SealGranted> {
    return this.#seals.grant(this.#agency(code), fingerprint, options);
  }

  /** Foreign CAs listed for seals; errors of each: Anchors. */
  anchors = (): Promise<AnchorItem[]> => this.#anchors.list();
  addAnchor = (anchor: NewAnchor): Promise<AnchorItem> => this.#anchors.add(anchor);
  removeAnchor = (fingerprint: string) => this.#anchors.remove(fingerprint);
  refreshAnchor = (fingerprint: string, list: Bytes): Promise<AnchorItem> =>
    this.#anchors.refresh(fingerprint, list);

  /** Answers an offline request file: certificates, root and the directory as it stands, for `node install`. */
  async issue(request: Bytes): Promise<Bytes> {
    const answer = enrolmentAnswer.parse(await this.#components.enrolment.enrol(request, undefined));
    const { directory } = this.#components;
    const { head } = directory.require();
    const entries: Bytes[] = [];
    for await (const row of directory.entriesSince(0)) entries.push(row.bytes);
    return enrolmentAnswer.encode({
      ...answer,
      directory: {
        head: head.bytes,
        certificates: [...head.certificates],
        entries,
        epochStatement: head.epochStatement,
      },
    });
  }

  /**
   * Revokes one certificate by serial, or all of an agency's. `sinceMs` is when the key may have been lost; a lost key
   * takes every certificate it has with it, those it was renewed by too. A seal of another CA (also by the fingerprint of
   * its certificate) ends with the present version: only its CA can revoke it, and say since when ('usage').
   * 'ambiguous' for a serial that two other CAs gave; 'not-found' when there is nothing to revoke; a serial revoked already is no error and changes nothing.
   */
  async revoke(
    serialOrCode: string,
    options: { reason?: string; sinceMs?: number } = {},
  ): Promise<{ revoked: { serial: string; role: string; agency: string }[]; version: number }> {
    const reason = reasonOf(options.reason ?? 'unspecified');
    const { publisher, clock } = this.#components;
    const text = serialOrCode.trim();
    const nowMs = clock.nowMs();
    if (options.sinceMs !== undefined && options.sinceMs > nowMs)
      throw new LienthongError('invalid-date', { field: 'since' });
    let revoked: IssuedRow[] = [];
    let ended: ForeignSealEntry[] = [];
    const { version } = await publisher.publish(async (current) => {
      const rows = await this.#revocable(text, reason);
      // a serial is its CA's own: where one of ours has it, that one is meant
      const foreign = rows.some(({ serial }) => serial === serialOf(text))
        ? []
        : this.#seals.named(current!, text);
      if (rows.length + foreign.length === 0)
        throw new LienthongError('not-found', { what: 'certificate', code: text.slice(0, 60) });
      if (rows.length === 0 && options.sinceMs !== undefined)
        throw new LienthongError('usage', { what: 'since' });
      ended = foreign.filter(({ isOpen }) => isOpen);
      revoked = rows
        .filter((row) => row.revoked === undefined)
        .map((row) => ({
          ...row,
          revoked: {
            atMs: nowMs,
            reason,
            ...(options.sinceMs === undefined ? {} : { sinceMs: options.sinceMs }),
          },
        }));
      if (revoked.length + ended.length === 0) return undefined;
      const serials = [...revoked, ...ended.map(({ certificate }) => certificate)]
        .map(({ serial }) => serial)
        .join(',')
        .slice(0, 1900);
      return {
        entries: ended.flatMap((one) => endedEntries(current!, one)),
        issued: revoked,
        audit: [this.#audit('certificate.revoked', { serials, reason })],
      };
    });
    const seals = ended.map(({ agency, certificate }) => ({
      serial: certificate.serial,
      role: 'seal',
      agency,
    }));
    return {
      revoked: [...revoked.map(({ serial, role, agency }) => ({ serial, role, agency })), ...seals],
      version,
    };
  }

  /**
   * New certificates for keys that have one, by serial, or all of an agency's: for a node that can't ask itself.
   * 'not-found', 'certificate-revoked'; empty when the issuing CA ends too soon to make any that last longer.
   */
  async renew(serialOrCode: string): Promise<RenewAnswer> {
    const { publisher, authority, clock } = this.#components;
    let all: Renewed[] = [];
    const { version } = await publisher.publish(async (current) => {
      const nowMs = clock.nowMs();
      const wanted = renewablesOf(current!, await this.#issuedNamed(serialOrCode.trim()));
      all = await renewed(authority, current!, wanted, nowMs);
      if (all.length === 0) return undefined;
      const seats = new Set(all.flatMap(({ standing }) => current!.seat(standing.seat ?? '') ?? []));
      return {
        entries: [...[...seats].map((seat) => seatEntry(seatWith(seat, all))), ...sealEntries(current!, all)],
        issued: all.map(({ row }) => row),
        audit: all.map((one) => renewedAudit(one, nowMs)),
      };
    });
    return { renewed: all.map(renewedView), version };
  }

  /** Takes a list of agencies, units and seats. Nothing changes when any of it is wrong ('invalid-file'). */
  async import(json: unknown): Promise<{ changed: number; version: number }> {
    const { directory, publisher } = this.#components;
    const before = directory.current;
    const wanted = importEntries(json, before);
    if (wanted.length === 0) return { changed: 0, version: directory.require().version };
    let changed = 0;
    const { version } = await publisher.publish((current) => {
      const entries = current === before ? wanted : importEntries(json, current);
      changed = entries.length;
      return { entries, audit: [this.#audit('list.imported', { changed: String(changed) })] };
    });
    return { changed, version };
  }

  /** Every agency; with `certificates` also what was issued to it and what became of that. */
  list(options: { certificates?: boolean } = {}): Promise<RegistryItem[]> {
    return listAgencies(this.#components, options.certificates === true);
  }

  status(): Promise<RegistryStatus> {
    return statusOf(this.#components);
  }

  /** Signs the head again when it is time to, or when the registry's own entry changed. */
  async refresh(entries: Act['entries'] = []): Promise<void> {
    await this.#components.publisher.publish(() => ({ entries }));
  }

  #agency(text: string) {
    const code = text.trim().toUpperCase();
    const current = this.#components.directory.require();
    const canonical = current.canonicalCode(code) ?? code;
    const agency = current.agency(canonical);
    if (agency === undefined)
      throw new LienthongError('not-found', { what: 'agency', code: code.slice(0, 60) });
    return agency;
  }

  async #issuedNamed(text: string): Promise<IssuedRow[]> {
    const { store } = this.#components;
    const bySerial = await getIssued(store, serialOf(text));
    if (bySerial !== undefined) return [bySerial];
    const code = text.toUpperCase();
    return isAgencyCode(code) ? (await allIssued(store)).filter(({ agency }) => agency === code) : [];
  }

  /** What is named, and where its keys are lost every other certificate of the same keys. */
  async #revocable(text: string, reason: RevocationReason): Promise<IssuedRow[]> {
    const named = await this.#issuedNamed(text);
    if (reason !== 'key-compromise') return named;
    const keys = new Set(named.map(keyIdOf));
    return (await allIssued(this.#components.store)).filter((row) => keys.has(keyIdOf(row)));
  }

  #audit(event: string, values: Record<string, string>): AuditEntry {
    const fields = Object.entries(values).map(([name, value]) => ({ name, value }));
    return { atMs: this.#components.clock.nowMs(), event, fields };
  }
}

const serialOf = (text: string): string => text.toLowerCase().replaceAll(':', '');

function reasonOf(text: string): RevocationReason {
  const reason = issuableReasons.find((one) => one === text.trim().toLowerCase());
  if (reason === undefined) throw new LienthongError('usage', { what: 'reason', allowed: issuableReasons });
  return reason;
}
