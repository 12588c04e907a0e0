/**
 * How a value lies on disk: encoding byte, CRC-32 of key and value, the value. LevelDB reads tables without
 * looking at its checksums, so every row proves itself, key included: a row that surfaces under another key is
 * damaged too. The encoding byte leaves room for encryption at rest. WARNING: persisted.
 */
import { crc32 } from 'node:zlib';
import { allocate, type Bytes, putUint32be } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { spaceOf } from './keys.ts';

const PLAIN = 1;
export const SEAL_BYTES = 5;

/** `memory` gives room for so many bytes. */
export function sealValue(key: Bytes, value: Bytes, memory = allocate): Bytes {
  const out = memory(SEAL_BYTES + value.byteLength);
  out[0] = PLAIN;
  putUint32be(out, crc32(value, crc32(key)), 1);
  out.set(value, SEAL_BYTES);
  return out;
}

/** The value inside; throws 'damaged' with the name of the key space when it isn't what was written. */
export function unsealValue(key: Bytes, stored: Bytes): Bytes {
  if (stored.byteLength < SEAL_BYTES || stored[0] !== PLAIN) throw damaged(key);
  // A plain view: what LevelDB gives is a Buffer, whose `slice` shares memory where callers expect a copy.
  const value = new Uint8Array(stored.buffer, stored.byteOffset + SEAL_BYTES, stored.byteLength - SEAL_BYTES);
  const crc = new DataView(stored.buffer, stored.byteOffset, stored.byteLength).getUint32(1);
  if (crc32(value, crc32(key)) !== crc) throw damaged(key);
  return value;
}

export const damaged = (key: Bytes): LienthongError => new LienthongError('damaged', { where: spaceOf(key) });
