/**
 * How a group of commits lies in the journal: length of the whole, length of its index, CRC-32 of the index (four
 * big-endian bytes each) and the group's sequence number; the index, that is each row's lengths, key and seal; then what
 * the values hold, each proved by its seal (sealed-value). The CRC begins with the store's id: another store's journal,
 * and a page of zeros, hold no records. Pure. WARNING: persisted.
 */
import { crc32 } from 'node:zlib';
import { type Bytes, concat, readUint64be } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import { SEAL_BYTES, unsealValue } from './sealed-value.ts';

/** A row as the database takes it. */
export type Operation = { type: 'put'; key: Bytes; value: Bytes } | { type: 'del'; key: Bytes };

export interface JournalRecord {
  sequence: number;
  operations: Operation[];
  /** Length of the whole record. */
  bytes: number;
}

export const HEAD_BYTES = 20;
const CRC_AT = 8;
const SEQUENCE_AT = 12;
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
  let at = HEAD_BYTES;
  for (const one of operations) {
    into.writeUInt32BE(one.key.byteLength, at);
    into.writeUInt32BE(one.type === 'put' ? one.value.byteLength : REMOVED, at + 4);
    into.set(one.key, at + ROW_HEAD_BYTES);
    at += ROW_HEAD_BYTES + one.key.byteLength;
    if (one.type === 'del') continue;
    into.set(one.value.subarray(0, SEAL_BYTES), at);
    at += SEAL_BYTES;
  }
  const indexEnd = at;
  for (const one of operations) {
    if (one.type === 'del') continue;
    into.set(one.value.subarray(SEAL_BYTES), at);
    at += one.value.byteLength - SEAL_BYTES;
  }
  into.writeUInt32BE(at, 0);
  into.writeUInt32BE(indexEnd, 4);
  into.writeBigUInt64BE(BigInt(sequence), SEQUENCE_AT);
  into.writeUInt32BE(checksum(storeId, into.subarray(0, indexEnd)), CRC_AT);
  return into.subarray(0, at);
}

/** Length and sequence a record's first bytes claim; undefined when they can't be a record's. */
export function claimOf(bytes: Bytes): { bytes: number; indexBytes: number; sequence: number } | undefined {
  if (bytes.byteLength < HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  const length = view.getUint32(0);
  const indexBytes = view.getUint32(4);
  if (indexBytes <= HEAD_BYTES || length < indexBytes || length > MAX_RECORD_BYTES) return undefined;
  if (view.getUint32(SEQUENCE_AT) > 0x1fffff) return undefined;
  const sequence = readUint64be(bytes.subarray(SEQUENCE_AT, HEAD_BYTES));
  return { bytes: length, indexBytes, sequence };
}

/** The record at the start of `bytes`; undefined when it isn't whole, or isn't what was written by this store. */
export function readRecord(bytes: Bytes, storeId: Bytes): JournalRecord | undefined {
  const claim = claimOf(bytes);
  if (claim === undefined || claim.bytes > bytes.byteLength) return undefined;
  const index = bytes.subarray(0, claim.indexBytes);
  const view = new DataView(index.buffer, index.byteOffset, index.byteLength);
  if (view.getUint32(CRC_AT) !== checksum(storeId, index)) return undefined;
  const operations: Operation[] = [];
  let valueAt = claim.indexBytes;
  for (let at = HEAD_BYTES; at < index.byteLength; ) {
    const keyEnd = at + ROW_HEAD_BYTES + view.getUint32(at);
    const length = view.getUint32(at + 4);
    const key = index.subarray(at + ROW_HEAD_BYTES, keyEnd);
    at = keyEnd;
    if (length === REMOVED) {
      operations.push({ type: 'del', key });
      continue;
    }
    at += SEAL_BYTES;
    const valueEnd = valueAt + length - SEAL_BYTES;
    const value = concat(index.subarray(keyEnd, at), bytes.subarray(valueAt, valueEnd));
    if (!isSealed(key, value)) return undefined;
    operations.push({ type: 'put', key, value });
    valueAt = valueEnd;
  }
  return valueAt === claim.bytes ? { sequence: claim.sequence, operations, bytes: claim.bytes } : undefined;
}

const checksum = (storeId: Bytes, index: Bytes): number =>
  crc32(index.subarray(SEQUENCE_AT), crc32(index.subarray(0, CRC_AT), crc32(storeId)));

function isSealed(key: Bytes, value: Bytes): boolean {
  try {
    unsealValue(key, value);
    return true;
  } catch (error) {
    if (isLienthongError(error, 'damaged')) return false;
    throw error;
  }
}
