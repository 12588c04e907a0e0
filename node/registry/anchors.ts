/**
 * CAs of others whose seals may count here: listed, refreshed with their revocation lists, taken off the list again.
 * A listed CA gives nobody anything: each seal is granted apart (seal-grants.ts), and for no other role is it asked.
 * Every act is one version of the directory with its audit entry. Called by RegistryService.
 */

import { type Certificate, readCertificates } from '../../certs/certificate.ts';
import { parseFingerprint } from '../../certs/fingerprint.ts';
import { authorityFault } from '../../certs/foreign-ca.ts';
import { type Bytes, equalBytes, parseHex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { isoTime } from '../core/dates.ts';
import { LienthongError } from '../core/errors.ts';
import type { AnchorItem } from '../core/node-views.ts';
import type { Directory } from '../directory/directory.ts';
import type { DirectoryStore } from '../directory/directory-store.ts';
import { ANCHOR_USE, anchorKey, REGISTRY_GROUP } from '../directory/entries.ts';
import type { AuditEntry, KeyValueStore } from '../store/key-value.ts';
import { anchorItems, anchorRow, nameWrite } from './anchor-views.ts';
import { listEntries, readForeignList } from './foreign-lists.ts';
import type { Act, Publisher } from './publisher.ts';
import {
  authoritiesOf,
  endedEntries,
  type ForeignAnchor,
  foreignAnchors,
  foreignSeals,
  ownAuthorities,
} from './seal-scopes.ts';

/**
 * Enough for a government's CAs, old and new. Each brings to every node a list of at most 768 KiB of itself, of each CA
 * listed below it and of each its seals were granted with; the last ones stay when it is removed.
 */
export const MAX_FOREIGN_ANCHORS = 8;
/** AnchorEntry (directory.proto); a chain of four has two. */
const MAX_INTERMEDIATES = 3;
const MAX_NAME_BYTES = 200;

export interface AnchorsComponents {
  store: KeyValueStore;
  directory: DirectoryStore;
  publisher: Publisher;
  clock: Clock;
}

export interface NewAnchor {
  /** PEM (the anchor first, then CAs below it) or one certificate in DER. */
  certificates: Bytes;
  /** More CAs below the anchor, PEM or DER; of one listed already, those it has stay where none is given. */
  intermediates?: readonly Bytes[];
  /** SHA-256 of the anchor's certificate as the admin compared it, any usual spelling. */
  fingerprint: string;
  /** What the admin calls it; without, the name it has, or its subject. */
  name?: string;
  /** Revocation lists of the anchor and of those below it, DER or PEM. */
  crls?: readonly Bytes[];
}

export class Anchors {
  readonly #with: AnchorsComponents;

  constructor(components: AnchorsComponents) {
    this.#with = components;
  }

  /**
   * Lists a CA for seals; again changes what is given of its name, its CAs below and lists, and nothing else. 'does-not-verify' when the
   * fingerprint isn't the certificate's, 'certificate-refused' with the reason, 'certificate-expired', 'usage'.
   */
  async add(given: NewAnchor): Promise<AnchorItem> {
    const name = given.name?.normalize('NFC').trim();
    if (name !== undefined && (name === '' || Buffer.byteLength(name) > MAX_NAME_BYTES))
      throw new LienthongError('usage', { what: 'name' });
    const [anchor, ...below] = read(given.certificates);
    const brought = [...below, ...(given.intermediates ?? []).flatMap(read)];
    const wanted = parseFingerprint(given.fingerprint);
    if (wanted === undefined) throw new LienthongError('usage', { what: 'fingerprint' });
    if (wanted !== anchor!.sha256)
      throw new LienthongError('does-not-verify', {
        what: 'fingerprint',
        given: wanted,
        found: anchor!.sha256,
      });
    await this.#publish(async (current, nowMs) => {
      this.#check(current, anchor!, brought, nowMs);
      const held = foreignAnchors(current).find(({ certificate }) => certificate.sha256 === anchor!.sha256);
      const intermediates = brought.length === 0 ? (held?.intermediates ?? []) : brought;
      const lists = (given.crls ?? []).map((crl) => readForeignList(crl, [anchor!, ...intermediates], nowMs));
      const entry = entryOf(anchor!, intermediates);
      const isSame = held !== undefined && sameList(held.intermediates, intermediates);
      const entries = [...(isSame ? [] : [entry]), ...lists.flatMap((list) => listEntries(current, list))];
      if (entries.length === 0 && name === undefined) return undefined;
      const fingerprint = anchor!.sha256;
      // what an anchor was called that was taken off the list since isn't held
      const row = held && (await anchorRow(this.#with.store, fingerprint));
      const named = { name: name ?? row?.name ?? anchor!.subject, addedAtMs: row?.addedAtMs ?? nowMs };
      return {
        entries,
        writes: [nameWrite({ fingerprint, ...named })],
        audit: [audit('anchor.added', nowMs, { fingerprint, subject: anchor!.subject })],
      };
    });
    return this.#item(anchor!.sha256);
  }

  /** Every foreign CA that is listed, with its lists and the seals that count by it. */
  list(): Promise<AnchorItem[]> {
    const { store, directory, clock } = this.#with;
    return anchorItems(directory.require(), store, clock.nowMs());
  }

  /**
   * Takes a CA off the list: nothing new is accepted by it, the seals it certified end with this version; their entries
   * keep the chain, and the CA's last revocation lists stay, so that what was stored before can still be verified.
   * 'not-found' when it isn't listed.
   */
  async remove(fingerprint: string): Promise<{ fingerprint: string; seals: number; version: number }> {
    let seals = 0;
    let sha256 = '';
    const { version } = await this.#publish((current, nowMs) => {
      sha256 = this.#require(current, fingerprint).certificate.sha256;
      const under = foreignSeals(current).filter((one) => one.anchor === sha256 && one.isOpen);
      seals = under.length;
      const key = anchorKey(parseHex(sha256)!);
      return {
        entries: [
          { group: REGISTRY_GROUP, key, deleted: { deletedAtMs: nowMs } },
          ...under.flatMap((one) => endedEntries(current, one)),
        ],
        audit: [audit('anchor.removed', nowMs, { fingerprint: sha256, seals: String(seals) })],
      };
    });
    return { fingerprint: sha256, seals, version };
  }

  /** Takes a newer revocation list of a listed CA or of one below it; the very one that is held changes nothing. */
  async refresh(fingerprint: string, file: Bytes): Promise<AnchorItem> {
    let sha256 = '';
    await this.#publish((current, nowMs) => {
      const anchor = this.#require(current, fingerprint);
      sha256 = anchor.certificate.sha256;
      const list = readForeignList(file, authoritiesOf(current, anchor), nowMs);
      const entries = listEntries(current, list);
      if (entries.length === 0) return undefined;
      const { issuer, crl } = list;
      return {
        entries,
        audit: [
          audit('anchor.list', nowMs, {
            fingerprint: sha256,
            issuer: issuer.sha256,
            from: isoTime(crl.thisUpdateMs),
            until: isoTime(crl.nextUpdateMs),
          }),
        ],
      };
    });
    return this.#item(sha256);
  }

  #check(
    current: Directory,
    anchor: Certificate,
    intermediates: readonly Certificate[],
    nowMs: number,
  ): void {
    if (intermediates.length > MAX_INTERMEDIATES)
      throw refused('too-many', { most: String(MAX_INTERMEDIATES) });
    const own = ownAuthorities(current);
    for (const authority of [anchor, ...intermediates]) {
      if (own.some((ours) => isConfusable(ours, authority)))
        throw refused('federation-name', subjectOf(authority));
      const fault = authorityFault(authority, anchor, intermediates, nowMs);
      if (fault?.reason === 'expired')
        throw new LienthongError('certificate-expired', {
          serial: authority.serial,
          notAfter: isoTime(authority.notAfterMs),
        });
      if (fault !== undefined) throw refused(fault.reason, subjectOf(authority));
    }
    const others = foreignAnchors(current).filter(({ certificate }) => certificate.sha256 !== anchor.sha256);
    if (others.length >= MAX_FOREIGN_ANCHORS)
      throw refused('too-many', { most: String(MAX_FOREIGN_ANCHORS) });
  }

  #require(current: Directory, fingerprint: string): ForeignAnchor {
    const wanted = parseFingerprint(fingerprint);
    if (wanted === undefined) throw new LienthongError('usage', { what: 'fingerprint' });
    const found = foreignAnchors(current).find(({ certificate }) => certificate.sha256 === wanted);
    if (found === undefined) throw new LienthongError('not-found', { what: 'anchor', fingerprint: wanted });
    return found;
  }

  async #item(sha256: string): Promise<AnchorItem> {
    const found = (await this.list()).find(({ fingerprint }) => fingerprint === sha256);
    if (found === undefined) throw new LienthongError('state-changed', { what: 'anchor' });
    return found;
  }

  #publish(
    decide: (current: Directory, nowMs: number) => Act | undefined | Promise<Act | undefined>,
  ): Promise<Directory> {
    const { publisher, clock } = this.#with;
    return publisher.publish((current) => decide(current!, clock.nowMs()));
  }
}

const entryOf = (anchor: Certificate, intermediates: readonly Certificate[]): Act['entries'][number] => ({
  group: REGISTRY_GROUP,
  key: anchorKey(parseHex(anchor.sha256)!),
  anchor: {
    certificate: anchor.bytes,
    intermediates: intermediates.map(({ bytes }) => bytes),
    use: ANCHOR_USE.seal,
  },
});

/** A CA that bears the name, the key or the key identifier of ours could be taken for it. */
const isConfusable = (ours: Certificate, other: Certificate): boolean =>
  equalBytes(ours.subjectDer, other.subjectDer) ||
  equalBytes(ours.spki, other.spki) ||
  (ours.extensions.subjectKeyId !== undefined &&
    ours.extensions.subjectKeyId === other.extensions.subjectKeyId);

function read(file: Bytes): Certificate[] {
  try {
    return readCertificates(file);
  } catch (cause) {
    throw new LienthongError('certificate-refused', { reason: 'malformed' }, { cause });
  }
}

const sameList = (a: readonly Certificate[], b: readonly Certificate[]): boolean =>
  a.length === b.length && a.every(({ sha256 }, at) => sha256 === b[at]!.sha256);

const subjectOf = ({ subject }: Certificate) => ({ subject });

const refused = (reason: string, details: Record<string, string> = {}): LienthongError =>
  new LienthongError('certificate-refused', { reason, ...details });

function audit(event: string, atMs: number, values: Record<string, string>): AuditEntry {
  return { atMs, event, fields: Object.entries(values).map(([name, value]) => ({ name, value })) };
}
