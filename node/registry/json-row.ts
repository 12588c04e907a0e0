/**
 * Rows of the registry's own bookkeeping: JSON in UTF-8, bytes as Base64. There are few of them, and an admin's tools
 * can read them. WARNING: persisted; fields are only ever added.
 */
import { type Bytes, utf8 } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';

export const encodeRow = (row: object): Bytes => utf8(JSON.stringify(row));

/** Throws 'damaged' when the value isn't JSON. */
export function decodeRow<T>(value: Bytes, where: string): T {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value)) as T;
  } catch (cause) {
    throw new LienthongError('damaged', { where }, { cause });
  }
}

export const toBase64 = (bytes: Bytes): string => Buffer.from(bytes).toString('base64');
export const fromBase64 = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'base64'));
