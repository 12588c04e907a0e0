/**
 * The one file of key prefixes, and the one way keys are built. A key is its prefix byte, then its parts, each
 * order-preserving and self-delimiting: numbers as eight big-endian bytes; texts and bytes with 0x00 written as
 * 00 FF and ended by 00 01. So no two lists of parts share a key, and keys sort as their parts do.
 * WARNING: persisted. Prefixes are never renumbered or reused; 1-15 belong to the engine, repositories start at 16.
 */
import { allocate, type Bytes, fromUtf8, putUint64be, readUint64be } from '../core/bytes.ts';

export const PREFIX = {
  /** sequence → hash of the commit before, number of writes. */
  commit: 1,
  /** epoch → size, frontier, length of the audit file. */
  auditState: 2,
  /** epoch, index → leaf bytes. */
  auditLeaf: 3,
  /** epoch, level, index → hash of a full subtree. */
  auditNode: 4,
  /** SHA-256 of a blob, lease id → since when. */
  blobLease: 5,
  /** Facts about this store: its id. */
  store: 6,
  /** epoch → LogGapRow: why the audit log went on in it. */
  auditGap: 7,
  /** SHA-256 of a blob, seat → since when: pulled from it whole, and no document that names it is stored yet. */
  pulledBlob: 8,
  /** epoch, group, entry key, changed in → exact bytes of a DirectoryEntry; older versions stay for proofs. */
  directoryEntry: 16,
  /** epoch, version → HeadResponse: the Signed head with the certificates that vouch for it. */
  directoryHead: 17,
  /** "adopted", "group" + epoch + name, "fork" + hash: what this node holds to be so. */
  directoryState: 18,
  /** invite key → InviteRow of the registry. */
  invite: 32,
  /** serial → IssuedRow. */
  issuedCertificate: 33,
  /** SHA-256 of an enrolment request → its stored answer. */
  enrolment: 34,
  /** agency, fingerprint of the seal key → seal request awaiting its grant. */
  sealRequest: 35,
  /** name → state of the registry: CRL number and revocations. */
  registryState: 36,
  /** document id → DocumentRow. */
  document: 40,
  /** exchange id as text → document id. */
  exchangeId: 41,
  /** document id, unit → DeliveryRow (outgoing). */
  delivery: 42,
  /**
   * seat, rank (urgent first), queued at or put last at, document id, unit, of a status also side and sequence → nothing,
   * or for what was put last since when it waits: what the courier takes next.
   */
  queue: 43,
  /** seat, not before, document id, unit, of a status also side and sequence → rank, place in the queue, for what was put last since when it waits. */
  delayed: 44,
  /** document id, unit → ArrivalRow (incoming). */
  arrival: 45,
  /** dispatch id → document id, unit: the ticket a reader of attachments names. */
  ticket: 46,
  /** issuer, year, number, notation → document id: R9. */
  documentNumber: 47,
  /** local system, key → document id, hash of the submission. */
  submission: 48,
  /** stored at, document id → nothing: lists newest first. */
  outboxList: 49,
  inboxList: 50,
  /** envelope of the dispatch, envelope of the document → Signed refusal (never). */
  refusal: 51,
  // 52: attachments of up to 64 KiB under their SHA-256 alone, before 0.2
  /** SHA-256, document id → nothing: what keeps a blob's file. */
  blobReference: 53,
  /** sender agency, exchange id as text → document id: a second content under it is a conflict. */
  senderExchangeId: 54,
  /** seat → SeenLogRow. */
  seenLog: 55,
  /** Stored at, document id, SHA-256 → bytes of an attachment of up to 64 KiB. */
  smallBlob: 56,
  /** document id, unit, side, sequence → StatusRow: the two chains. */
  status: 57,
  /** document id, unit, side, sequence → DeliveryRow of a status of this node's. */
  statusDelivery: 58,
  /** document id, unit → nothing: statuses that wait for the outcome of their document. */
  heldStatus: 59,
  /** document id, unit, seat, sequence → StatusRow: from a sender whose document hasn't come. */
  earlyStatus: 60,
  /** unit, year → the last number of arrival given. */
  arrivalCounter: 61,
  /** unit, year, number of arrival → document id, unit. */
  arrivalRegister: 62,
  /** document id, kind of relation, sender of the one that names it, its document id → RelationRow. */
  relation: 63,
  /** DocumentId of edXML, sender of the document, stored at, document id → nothing. */
  legalId: 64,
  /** seat → SeatLinkRow. */
  seatLink: 65,
  /** document id → ImportedOriginalRow: the edXML message it was imported from. */
  importedOriginal: 66,
  /** seat, epoch → SeenGapRow. */
  seenGap: 70,
  /** seat, SHA-256 of the later statement → LogEvidenceRow. */
  logEvidence: 71,
  /** document id, SHA-256 → Signed: another form of the document, a dispatch or a receipt, that a statement names. */
  earlierEnvelope: 72,
  /** seat → SeenLogRow: the head of its newest epoch from which its log was last proven to go on. */
  provenLog: 73,
  /** epoch, seat → TakeBackRow. */
  takeBack: 74,
  /** document id, unit, side, sequence → ImportedOriginalRow: the edXML message a status was imported from. */
  importedStatus: 75,
  /** document id, unit → ImportedRecipientRow (outgoing). */
  importedRecipient: 76,
  /** agency → DayCountRow: what it made this node take in on its last day. */
  dayCount: 80,
} as const;

export type Prefix = number;
export type KeyPart = number | string | Bytes;
export type PartKind = 'number' | 'text' | 'bytes';
type PartOf<K extends PartKind> = K extends 'number' ? number : K extends 'text' ? string : Bytes;

export type PartsOf<K extends readonly PartKind[]> = { [I in keyof K]: PartOf<K[I]> };

const ESCAPED_ZERO = 0xff;
const END = 0x01;
/** Keys are built here and copied out: one allocation each. Longer ones get a buffer of their own. */
const SCRATCH_BYTES = 2048;
const scratch = Buffer.allocUnsafe(SCRATCH_BYTES);

/** A key of the given space. RangeError on a number that isn't a whole one of 0 … 2^53 - 1. */
export function key(prefix: Prefix, ...parts: readonly KeyPart[]): Bytes {
  let most = 1;
  for (const part of parts)
    most += typeof part === 'number' ? 8 : part.length * (typeof part === 'string' ? 3 : 2) + 2;
  const all = most <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafe(most);
  all[0] = prefix;
  let at = 1;
  for (const part of parts) {
    if (typeof part === 'number') {
      putUint64be(all, part, at);
      at += 8;
    } else {
      at = terminate(all, at, part);
    }
  }
  const made = allocate(at);
  made.set(all.subarray(0, at));
  return made;
}

/** The bounds of every key that starts with these parts. */
export function prefixRange(prefix: Prefix, ...parts: readonly KeyPart[]): { gte: Bytes; lt: Bytes } {
  const gte = key(prefix, ...parts);
  return { gte, lt: after(gte) };
}

/** The bounds of every key whose next part is a text starting with `start` (in UTF-8 bytes). */
export function textRange(
  start: string,
  prefix: Prefix,
  ...parts: readonly KeyPart[]
): { gte: Bytes; lt: Bytes } {
  const head = key(prefix, ...parts);
  const tail = key(prefix, start).subarray(1, -2);
  const gte = new Uint8Array(head.byteLength + tail.byteLength);
  gte.set(head);
  gte.set(tail, head.byteLength);
  return { gte, lt: after(gte) };
}

/** The parts of a key, by the shape its space declares; RangeError when it isn't such a key. */
export function partsOf<const K extends readonly PartKind[]>(from: Bytes, shape: K): PartsOf<K> {
  const { parts, rest } = prefixOf(from, shape);
  if (rest.byteLength > 0) throw new RangeError('key too long');
  return parts;
}

/** The first parts of a key, and the bytes behind them; RangeError when it doesn't begin so. */
export function prefixOf<const K extends readonly PartKind[]>(
  from: Bytes,
  shape: K,
): { parts: PartsOf<K>; rest: Bytes } {
  let at = 1;
  const parts: KeyPart[] = [];
  for (const kind of shape) {
    if (kind === 'number') {
      if (at + 8 > from.byteLength) throw new RangeError('key too short');
      parts.push(readUint64be(from.subarray(at, at + 8)));
      at += 8;
    } else {
      const { bytes, next } = unterminated(from, at);
      parts.push(kind === 'text' ? fromUtf8(bytes) : bytes);
      at = next;
    }
  }
  return { parts: parts as PartsOf<K>, rest: from.subarray(at) };
}

/** Name of the space a key belongs to, for messages. */
export function spaceOf(of: Bytes): string {
  const found = Object.entries(PREFIX).find(([, prefix]) => prefix === of[0]);
  return found === undefined ? `space ${of[0] ?? 'none'}` : found[0];
}

/** The first key after all that start with `start`; a start of only 0xFF bytes doesn't occur (prefix < 255). */
function after(start: Bytes): Bytes {
  let last = start.byteLength - 1;
  while (last > 0 && start[last] === 0xff) last--;
  const next = start.slice(0, last + 1);
  next[last]!++;
  return next;
}

/** Writes the part and its end; the position after it. */
function terminate(into: Buffer, start: number, part: string | Bytes): number {
  let end: number;
  if (typeof part === 'string') {
    end = start + into.write(part, start, 'utf8');
  } else {
    into.set(part, start);
    end = start + part.byteLength;
  }
  let zeros = 0;
  for (let at = start; at < end; at++) if (into[at] === 0) zeros++;
  for (let from = end - 1, to = end - 1 + zeros; to > from; from--) {
    const byte = into[from]!;
    if (byte === 0) into[to--] = ESCAPED_ZERO;
    into[to--] = byte;
  }
  end += zeros;
  into[end] = 0;
  into[end + 1] = END;
  return end + 2;
}

function unterminated(from: Bytes, start: number): { bytes: Bytes; next: number } {
  const out = new Uint8Array(from.byteLength - start);
  let length = 0;
  for (let at = start; at < from.byteLength; at++) {
    const byte = from[at]!;
    if (byte === 0) {
      at++;
      if (from[at] === END) return { bytes: out.slice(0, length), next: at + 1 };
      if (from[at] !== ESCAPED_ZERO) break;
    }
    out[length++] = byte;
  }
  throw new RangeError('key part has no end');
}
