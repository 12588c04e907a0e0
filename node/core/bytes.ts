/**
 * Small byte operations every folder needs: hex, comparison, concatenation, SHA-256. A document takes hundreds of them, so
 * none makes an ArrayBuffer for a few bytes: that costs ten times what they take, and V8's collector the same again.
 */
import { createHash, hash } from 'node:crypto';

export type Bytes = Uint8Array;

export const EMPTY: Bytes = new Uint8Array(0);
export const SHA256_BYTES = 32;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true });

const SHARED_BYTES = 16 * 1024;
/** What holds on to a few bytes holds on to all they were cut from. */
const SMALL_BYTES = 2048;
let shared = new ArrayBuffer(SHARED_BYTES);
let used = 0;

/** So many zeros. Small ones share their `buffer` with others, each of them in a part of its own. */
export function allocate(length: number): Bytes {
  if (length > SMALL_BYTES) return new Uint8Array(length);
  if (used + length > SHARED_BYTES) {
    shared = new ArrayBuffer(SHARED_BYTES);
    used = 0;
  }
  const bytes = new Uint8Array(shared, used, length);
  used += length;
  return bytes;
}

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
  const all = allocate(lengthOf(parts));
  joinInto(all, parts);
  return all;
}

function lengthOf(parts: readonly Bytes[]): number {
  let length = 0;
  for (const part of parts) length += part.byteLength;
  return length;
}

function joinInto(into: Bytes, parts: readonly Bytes[]): void {
  let at = 0;
  for (const part of parts) {
    into.set(part, at);
    at += part.byteLength;
  }
}

/** Order of keys: unsigned bytes, shorter first on a shared prefix. */
export const compareBytes = (a: Bytes, b: Bytes): number => Buffer.compare(a, b);
export const equalBytes = (a: Bytes, b: Bytes): boolean => Buffer.compare(a, b) === 0;

/** Above this, copying parts together costs more than a hash object. */
const JOINED_BYTES = 4096;
const joined = new Uint8Array(JOINED_BYTES);

/** SHA-256 of the parts one after another. */
export function sha256(...parts: readonly Bytes[]): Bytes {
  if (parts.length === 1) return digestOf(parts[0]!);
  const length = lengthOf(parts);
  if (length > JOINED_BYTES) {
    const whole = createHash('sha256');
    for (const part of parts) whole.update(part);
    return whole.digest();
  }
  joinInto(joined, parts);
  return digestOf(joined.subarray(0, length));
}

/** Through a string of one character a byte: half of what a Buffer from crypto costs. */
function digestOf(bytes: Bytes): Bytes {
  const text = hash('sha256', bytes, 'binary');
  const digest = allocate(SHA256_BYTES);
  for (let i = 0; i < SHA256_BYTES; i++) digest[i] = text.charCodeAt(i);
  return digest;
}

export function uint32be(value: number): Bytes {
  const bytes = allocate(4);
  putUint32be(bytes, value, 0);
  return bytes;
}

export function putUint32be(into: Bytes, value: number, at: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

const HIGH = 2 ** 32;

/** RangeError unless it is a whole number of 0 … 2^53 - 1. */
export function uint64be(value: number): Bytes {
  const bytes = allocate(8);
  putUint64be(bytes, value, 0);
  return bytes;
}

export function putUint64be(into: Bytes, value: number, at: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a whole number: ${value}`);
  putUint32be(into, Math.floor(value / HIGH), at);
  putUint32be(into, value % HIGH, at + 4);
}

/** A number of eight big-endian bytes; RangeError above 2^53 - 1. */
export function readUint64be(bytes: Bytes): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const value = view.getUint32(0) * HIGH + view.getUint32(4);
  if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('number above 2^53 - 1');
  return value;
}

/** A copy that no longer shares memory with a receive buffer. */
export const copyOf = (bytes: Bytes): Bytes => Uint8Array.prototype.slice.call(bytes);

/**
 * Copies `bytes` into `target` from `at` on, where they must fit. What `set` does, but it copies into or out of shared memory
 * word by word: ten times the processor time (measured, Node 24).
 */
export function copyInto(target: Bytes, at: number, bytes: Bytes): void {
  // an empty value is refused
  if (bytes.byteLength > 0) Buffer.prototype.fill.call(target, bytes, at, at + bytes.byteLength);
}
