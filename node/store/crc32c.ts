/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), eight bytes a step: what LevelDB's tables carry. Pure. */
import type { Bytes } from '../core/bytes.ts';

const POLYNOMIAL = 0x82f63b78;
const STEPS = 8;
const tables = new Uint32Array(256 * STEPS);

for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  tables[byte] = crc;
}
for (let byte = 0; byte < 256; byte++)
  for (let step = 1; step < STEPS; step++) {
    const before = tables[(step - 1) * 256 + byte]!;
    tables[step * 256 + byte] = (before >>> 8) ^ tables[before & 0xff]!;
  }

export function crc32c(bytes: Bytes): number {
  let crc = 0xffffffff;
  let at = 0;
  for (const end = bytes.byteLength - 7; at < end; at += 8) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      tables[0x700 + (low & 0xff)]! ^
      tables[0x600 + ((low >>> 8) & 0xff)]! ^
      tables[0x500 + ((low >>> 16) & 0xff)]! ^
      tables[0x400 + (low >>> 24)]! ^
      tables[0x300 + bytes[at + 4]!]! ^
      tables[0x200 + bytes[at + 5]!]! ^
      tables[0x100 + bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!;
  }
  for (; at < bytes.byteLength; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}
