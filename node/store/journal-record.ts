/**
 * How a group of commits lies in the journal: length and CRC-32 (four big-endian bytes each), the group's sequence
 * number, then its rows as they are written to the database, sealed. The CRC begins with the store's id and the
 * length: another store's journal, and a page of zeros, hold no records. Pure. WARNING: persisted.
 */
import { crc32 } from 'node:zlib';
import { type Bytes, readUint64be } from '../core/bytes.ts';

/** A row as the database takes it. */
export type Operation = { type: 'put'; key: Bytes; value: Bytes } | { type: 'del'; key: Bytes };

export interface JournalRecord {
  sequence: number;
  operations: Operation[];
  /** Length of the whole record. */
  bytes: number;
}

const HEAD_BYTES = 16;
const ROW_HEAD_BYTES = 8;
/** In place of a value's length: the row is removed. */
const REMOVED = 0xffffffff;
/** No group comes near (committer's MAX_GROUP_BYTES with its keys and seals); a length above is damage. */
const MAX_RECORD_BYTES = 32 * 1024 * 1024;

export function recordBytes(operations: readonly Operation[]): number {
  let bytes = HEAD_BYTES;
  for (const one of operations)
    bytes += ROW_HEAD_BYTES + one.key.byteLength + (one.type === 'put' ? one.value.byteLength : 0);
  return bytes;
}

/** Writes the record at the start of `into`, which has room for it; the part it takes. */
export function writeRecord(
  into: Buffer,
  storeId: Bytes,
  sequence: number,
  operations: readonly Operation[],
): Bytes {
  into.writeBigUInt64BE(BigInt(sequence), 8);
  let at = HEAD_BYTES;
  for (const one of operations) {
    into.writeUInt32BE(one.key.byteLength, at);
    into.writeUInt32BE(one.type === 'put' ? one.value.byteLength : REMOVED, at + 4);
    at += ROW_HEAD_BYTES;
    into.set(one.key, at);
    at += one.key.byteLength;
    if (one.type === 'del') continue;
    into.set(one.value, at);
    at += one.value.byteLength;
  }
  into.writeUInt32BE(at, 0);
  into.writeUInt32BE(checksum(storeId, into.subarray(0, at)), 4);
  return into.subarray(0, at);
}

/** Length and sequence a record's first bytes claim; undefined when they can't be a record's. */
export function claimOf(bytes: Bytes): { bytes: number; sequence: number } | undefined {
  if (bytes.byteLength < HEAD_BYTES) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  if (length <= HEAD_BYTES || length > MAX_RECORD_BYTES) return undefined;
  if (bytes[8] !== 0 || bytes[9]! > 0x1f) return undefined;
  return { bytes: length, sequence: readUint64be(bytes.subarray(8, 16)) };
}

/** The record at the start of `bytes`; undefined when it isn't whole, or isn't what was written by this store. */
export function readRecord(bytes: Bytes, storeId: Bytes): JournalRecord | undefined {
  const claim = claimOf(bytes);
  if (claim === undefined || claim.bytes > bytes.byteLength) return undefined;
  const record = bytes.subarray(0, claim.bytes);
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (view.getUint32(4) !== checksum(storeId, record)) return undefined;
  const operations: Operation[] = [];
  for (let at = HEAD_BYTES; at < record.byteLength; ) {
    const keyEnd = at + ROW_HEAD_BYTES + view.getUint32(at);
    const length = view.getUint32(at + 4);
    const key = record.subarray(at + ROW_HEAD_BYTES, keyEnd);
    at = length === REMOVED ? keyEnd : keyEnd + length;
    operations.push(
      length === REMOVED ? { type: 'del', key } : { type: 'put', key, value: record.subarray(keyEnd, at) },
    );
  }
  return { sequence: claim.sequence, operations, bytes: claim.bytes };
}

const checksum = (storeId: Bytes, record: Bytes): number =>
  crc32(record.subarray(8), crc32(record.subarray(0, 4), crc32(storeId)));
