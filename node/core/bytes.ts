/** Small byte operations every folder needs: hex, comparison, concatenation, SHA-256. */
import { createHash, hash } from 'node:crypto';

export type Bytes = Uint8Array;

export const EMPTY: Bytes = new Uint8Array(0);
export const SHA256_BYTES = 32;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true });

export const utf8 = (text: string): Bytes => encoder.encode(text);

/** Throws TypeError on bytes that aren't UTF-8. */
export const fromUtf8 = (bytes: Bytes): string => strictDecoder.decode(bytes);

/** Lowercase hex. */
export const hex = (bytes: Bytes): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

/** Bytes of lowercase or uppercase hex; undefined when the text isn't hex. */
export function parseHex(text: string): Bytes | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, 'hex'));
}

export function concat(...parts: readonly Bytes[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.byteLength;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}

/** Order of keys: unsigned bytes, shorter first on a shared prefix. */
export const compareBytes = (a: Bytes, b: Bytes): number => Buffer.compare(a, b);
export const equalBytes = (a: Bytes, b: Bytes): boolean => Buffer.compare(a, b) === 0;

/** Above this, copying parts together costs more than a hash object. */
const CONCAT_BYTES = 4096;

/** SHA-256 of the parts one after another. */
export function sha256(...parts: readonly Bytes[]): Bytes {
  if (parts.length === 1) return hash('sha256', parts[0]!, 'buffer');
  let length = 0;
  for (const part of parts) length += part.byteLength;
  if (length <= CONCAT_BYTES) return hash('sha256', concat(...parts), 'buffer');
  const whole = createHash('sha256');
  for (const part of parts) whole.update(part);
  return whole.digest();
}

export function uint32be(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export function uint64be(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** A number of eight big-endian bytes; RangeError above 2^53 - 1. */
export function readUint64be(bytes: Bytes): number {
  const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError('number above 2^53 - 1');
  return Number(value);
}

/** A copy that no longer shares memory with a receive buffer. */
export const copyOf = (bytes: Bytes): Bytes => Uint8Array.prototype.slice.call(bytes);
