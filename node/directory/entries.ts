/**
 * Entries of the directory: one message each, hashed and served as the exact bytes the registry made. An entry is
 * named by its group (one per agency, "" for the registry's own) and its key within it; the order of both is the
 * order of their UTF-8 bytes everywhere: in the trees, on the wire, on disk.
 * WARNING: keys are persisted and signed.
 */
import { directoryEntry, lienthong } from '../../proto/messages.ts';
import { type Bytes, compareBytes, hex, utf8 } from '../core/bytes.ts';

export type EntryFacts = lienthong.v1.DirectoryEntry.$Properties;
export type AgencyFacts = lienthong.v1.AgencyEntry;
export type SeatFacts = lienthong.v1.SeatEntry;
export type UnitFacts = lienthong.v1.UnitEntry;
export type SealFacts = lienthong.v1.SealEntry;
export type RegistryFacts = lienthong.v1.RegistryEntry;
export type AnchorFacts = lienthong.v1.AnchorEntry;
export type CrlFacts = lienthong.v1.CrlEntry;

/** An entry with the bytes it came in. */
export interface Entry {
  readonly group: string;
  readonly key: string;
  readonly changedIn: number;
  readonly bytes: Bytes;
  readonly facts: lienthong.v1.DirectoryEntry;
}

/** Group of what belongs to the registry itself. */
export const REGISTRY_GROUP = '';
export const REGISTRY_KEY = 'registry';
export const AGENCY_KEY = 'agency';
export const seatKey = (seat: string): string => `seat/${seat}`;
export const unitKey = (code: string): string => `unit/${code}`;
export const sealKey = (certificateSha256: Bytes): string => `seal/${hex(certificateSha256)}`;
export const anchorKey = (certificateSha256: Bytes): string => `anchor/${hex(certificateSha256)}`;
export const crlKey = (issuerSha256: Bytes): string => `crl/${hex(issuerSha256)}`;

/** WARNING: on the wire (AgencyState). */
export const STATE = { active: 1, retired: 2, merged: 3 } as const;
/** WARNING: on the wire (AnchorUse). */
export const ANCHOR_USE = { federation: 1, seal: 2 } as const;

const BODIES = ['registry', 'agency', 'seat', 'unit', 'seal', 'anchor', 'crl', 'deleted'] as const;
type Body = (typeof BODIES)[number];

/** Throws WireError when the facts are over a limit. */
export function encodeEntry(facts: EntryFacts): Entry {
  const bytes = directoryEntry.encode(facts);
  return named(bytes, lienthong.v1.DirectoryEntry.decode(bytes));
}

/** Throws WireError on bytes that aren't one entry, TypeError when its key doesn't name its body. */
export const parseEntry = (bytes: Bytes): Entry => named(bytes, directoryEntry.parse(bytes));

function named(bytes: Bytes, facts: lienthong.v1.DirectoryEntry): Entry {
  if (!fits(facts)) throw new TypeError(`entry ${facts.group}/${facts.key} isn't what its key says`);
  return { group: facts.group, key: facts.key, changedIn: facts.changedIn, bytes, facts };
}

/** Order of names: unsigned UTF-8 bytes. Plain ASCII, the ordinary case, compares as text. */
export function compareNames(a: string, b: string): number {
  if (ASCII.test(a) && ASCII.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  return compareBytes(utf8(a), utf8(b));
}

export const compareEntries = (a: Entry, b: Entry): number =>
  compareNames(a.group, b.group) || compareNames(a.key, b.key);

const ASCII = /^[\x00-\x7f]*$/;

function bodyOf(facts: lienthong.v1.DirectoryEntry): Body | undefined {
  return BODIES.find((body) => facts[body] !== null && facts[body] !== undefined);
}

function fits(facts: lienthong.v1.DirectoryEntry): boolean {
  const body = bodyOf(facts);
  if (body === undefined) return false;
  if (body === 'deleted') return facts.key !== REGISTRY_KEY;
  const isRegistrys = body === 'registry' || body === 'anchor' || body === 'crl';
  if (isRegistrys !== (facts.group === REGISTRY_GROUP)) return false;
  if (body === 'registry' || body === 'agency') return facts.key === body && namesAgency(facts);
  return facts.key.startsWith(`${body}/`) && nameFits(body, facts);
}

const namesAgency = (facts: lienthong.v1.DirectoryEntry): boolean =>
  !facts.agency || facts.agency.code === facts.group;

function nameFits(body: Body, facts: lienthong.v1.DirectoryEntry): boolean {
  const name = facts.key.slice(body.length + 1);
  if (body === 'seat') return facts.seat!.seat === name && facts.seat!.agency === facts.group;
  if (body === 'unit') return facts.unit!.code === name && name.startsWith(`${facts.group}.`);
  if (body === 'crl') return hex(facts.crl!.issuerSha256) === name;
  return /^[0-9a-f]{64}$/.test(name);
}
