/**
 * Makes every new version of the directory: entries, revocation lists, signed head and whatever act caused them, in
 * one durable commit. What always holds: one version at a time, each names the one before; a head's lists live at
 * least as long as the head; a head is signed again before it stops being fresh. After a crash the last committed
 * version is the newest there ever was, for nothing is sent before its commit.
 */

import type { HeadResponse } from '../../proto/messages.ts';
import { type Bytes, EMPTY, sha256 } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import type { Directory } from '../directory/directory.ts';
import type { DirectoryStore } from '../directory/directory-store.ts';
import {
  ANCHOR_USE,
  anchorKey,
  crlKey,
  type EntryFacts,
  encodeEntry,
  REGISTRY_GROUP,
  REGISTRY_KEY,
} from '../directory/entries.ts';
import { makeHead, readHead } from '../directory/head.ts';
import type { AuditEntry, KeyValueStore, Precondition, Write } from '../store/key-value.ts';
import { key, PREFIX } from '../store/keys.ts';
import type { Authority } from './authority.ts';
import { allIssued, type IssuedRow, revokedOf } from './issued.ts';
import { decodeRow, encodeRow } from './json-row.ts';
import type { RegistryKeys } from './registry-folder.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Nodes say "stale" after a day without news … */
export const FRESH_MS = DAY_MS;
/** … and stop trusting after two months: the registry may be off for weeks. */
export const VALID_MS = 60 * DAY_MS;
/** Twice a head's life: a list is made again only every two months if nothing is revoked. */
const CRL_MS = 2 * VALID_MS;
/** Signed again at half of its freshness. */
const RESIGN_MS = FRESH_MS / 2;

/** One act: the entries it changes, and what must be written and hold along with them. */
export interface Act {
  /** Facts without `changedIn`. */
  entries: Omit<EntryFacts, 'changedIn'>[];
  writes?: readonly Write[];
  require?: readonly Precondition[];
  audit?: readonly AuditEntry[];
  /** Rows of certificates this act issues or revokes; revocations make a new list. */
  issued?: readonly IssuedRow[];
}

type Decide = (current: Directory | undefined) => Act | undefined | Promise<Act | undefined>;

export interface PublisherComponents {
  store: KeyValueStore;
  directory: DirectoryStore;
  keys: RegistryKeys;
  authority: Authority;
  clock: Clock;
}

interface CrlState {
  number: number;
  nextUpdateMs: number;
}

const CRL_STATE = key(PREFIX.registryState, 'crl');

export class Publisher {
  readonly #components: PublisherComponents;
  #last: Promise<unknown> = Promise.resolve();
  #behind = 0;

  constructor(components: PublisherComponents) {
    this.#components = components;
  }

  /**
   * Makes a version out of what `decide` answers; it is asked when all acts before are done, so it may look at the
   * current directory and throw, or answer undefined when there is nothing to change: no version is made then. 'fork' when a newer head of ours is known to exist (a restored backup).
   */
  publish(decide: Decide): Promise<Directory> {
    const mine = this.#last.then(() => this.#publish(decide));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Somebody holds a genuine head newer than ours: we were restored from a backup, and must not sign another one. */
  isBehind(version: number): void {
    this.#behind = Math.max(this.#behind, version);
  }

  get behindVersion(): number {
    return this.#behind;
  }

  /** When the present head is to be signed again; now when there is none. */
  dueAtMs(): number {
    const head = this.#components.directory.current?.head.facts;
    return head === undefined ? 0 : head.issuedAtMs + RESIGN_MS;
  }

  /** Waits for the acts under way. */
  async idle(): Promise<void> {
    await this.#last;
  }

  async #publish(decide: Decide): Promise<Directory> {
    const { directory, keys, clock } = this.#components;
    const current = directory.current;
    if (current !== undefined && this.#behind > current.version) {
      throw new LienthongError('fork', { version: current.version, seen: this.#behind });
    }
    const act = await decide(current);
    if (act === undefined) return directory.require();
    const nowMs = clock.nowMs();
    const version = (current?.version ?? 0) + 1;
    const lists = await this.#lists(act, current === undefined, nowMs);
    const facts = [...act.entries, ...lists.entries].map((entry) =>
      encodeEntry({ ...entry, changedIn: version }),
    );
    const epoch = current?.epoch ?? 1;
    const prepared = await directory.prepare(epoch, facts, current === undefined);
    const bytes = await makeHead(
      {
        epoch,
        version,
        root: prepared.root,
        entries: prepared.entries,
        previous: current?.headHash ?? EMPTY,
        issuedAtMs: nowMs,
        freshUntilMs: nowMs + FRESH_MS,
        validUntilMs: nowMs + VALID_MS,
        epochStatement: current?.head.facts.epochStatement ?? EMPTY,
      },
      {
        certificateSha256: sha256(keys.directory.certificate.bytes),
        role: 'directory',
        sign: (data: Bytes) => keys.directory.signer.sign(data),
      },
      directory.federationId,
    );
    const head = readHead({
      head: bytes,
      certificates: [keys.directory.certificate.bytes, keys.issuing.certificate.bytes],
      epochStatement: current?.head.epochStatement ?? EMPTY,
    } as unknown as HeadResponse)!;
    return directory.adopt(prepared, head, {
      require: act.require,
      writes: [...(act.writes ?? []), ...lists.writes],
      audit: act.audit,
    });
  }

  /** New revocation lists when this act revokes something, or the present one would end before the new head. */
  async #lists(
    act: Act,
    isFirst: boolean,
    nowMs: number,
  ): Promise<{ entries: Act['entries']; writes: Write[] }> {
    const { store, keys, authority } = this.#components;
    const issued = act.issued ?? [];
    const writes: Write[] = issued.map((row) => ({
      put: key(PREFIX.issuedCertificate, row.serial),
      value: encodeRow(row),
    }));
    const stored = await store.get(CRL_STATE);
    const state = stored && decodeRow<CrlState>(stored, 'CRL state');
    const isDue = state === undefined || state.nextUpdateMs < nowMs + VALID_MS;
    if (!isDue && !issued.some(({ revoked }) => revoked !== undefined)) return { entries: [], writes };
    const rows = new Map((await allIssued(store)).map((row) => [row.serial, row]));
    for (const row of issued) rows.set(row.serial, row);
    const next: CrlState = { number: (state?.number ?? 0) + 1, nextUpdateMs: nowMs + CRL_MS };
    const crl = await authority.crl(revokedOf(rows.values()), next.number, nowMs, next.nextUpdateMs);
    writes.push({ put: CRL_STATE, value: encodeRow(next) });
    const entries = [crlEntry(sha256(keys.issuing.certificate.bytes), crl)];
    if (isFirst) entries.push(crlEntry(sha256(keys.root.bytes), keys.rootCrl));
    return { entries, writes };
  }
}

/** The registry's own entries: itself, and its root with the issuing CA. */
export function registryEntries(
  keys: RegistryKeys,
  name: string,
  peerId: string,
  addresses: readonly string[],
): Act['entries'] {
  return [
    {
      group: REGISTRY_GROUP,
      key: REGISTRY_KEY,
      registry: {
        name,
        peerIds: [peerId],
        addresses: [...addresses],
        certificates: [keys.directory.certificate.bytes],
      },
    },
    {
      group: REGISTRY_GROUP,
      key: anchorKey(sha256(keys.root.bytes)),
      anchor: {
        certificate: keys.root.bytes,
        intermediates: [keys.issuing.certificate.bytes],
        use: ANCHOR_USE.federation,
      },
    },
  ];
}

export const crlEntry = (issuerSha256: Bytes, crl: Bytes): Act['entries'][number] => ({
  group: REGISTRY_GROUP,
  key: crlKey(issuerSha256),
  crl: { issuerSha256, crl },
});
