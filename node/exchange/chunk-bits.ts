/** Sets of chunks as they travel: a bit a chunk, the first the lowest bit of the first byte. WARNING: on the wire. */
import type { Bytes } from '../core/bytes.ts';

export const bitsFor = (chunks: number): Bytes => new Uint8Array(Math.ceil(chunks / 8));

/** Beyond its end a set has nothing. */
export const hasBit = (bits: Bytes, index: number): boolean =>
  ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;

export function setBit(bits: Bytes, index: number): void {
  bits[index >> 3]! |= 1 << (index & 7);
}

/** The set of those chunks of a file for which `isIn` says so. */
export function bitsOf(chunks: number, isIn: (index: number) => boolean): Bytes {
  const bits = bitsFor(chunks);
  for (let index = 0; index < chunks; index++) if (isIn(index)) setBit(bits, index);
  return bits;
}
