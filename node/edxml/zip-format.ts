/**
 * What of the ZIP format (PKWARE APPNOTE 6.3) reader and writer share: signatures, flags, the local header's fields,
 * and the private extra field in which our writer keeps an attachment's media type, which edXML has no room for beside
 * `application/zip`. WARNING: written. Others skip extra fields they don't know.
 */
import type { ByteSource } from './byte-source.ts';

export const LOCAL_HEADER = 0x04034b50;
export const DESCRIPTOR = 0x08074b50;
export const CENTRAL_HEADER = 0x02014b50;
export const END_RECORD = 0x06054b50;
export const END_RECORD_64 = 0x06064b50;
export const END_LOCATOR_64 = 0x07064b50;

export const LOCAL_HEADER_BYTES = 30;
export const CENTRAL_HEADER_BYTES = 46;
export const END_RECORD_BYTES = 22;

export const FLAG_ENCRYPTED = 1 << 0;
export const FLAG_DESCRIPTOR = 1 << 3;
export const FLAG_UTF8 = 1 << 11;
export const METHOD_STORED = 0;
export const METHOD_DEFLATED = 8;

/** "lt", of the range APPNOTE 4.5.2 leaves to others. */
const MEDIA_TYPE_FIELD = 0x746c;

export interface LocalHeader {
  flags: number;
  method: number;
  crc: number;
  compressed: number;
  size: number;
  /** As it stands in the archive: never a path to use. */
  name: string;
  mediaType?: string;
  /** Bytes of the header with name and extra fields. */
  length: number;
}

/** The local header `source` stands at, not taken; undefined when there is none or it is cut. */
export async function localHeaderAhead(source: ByteSource): Promise<LocalHeader | undefined> {
  const fixed = await source.ahead(LOCAL_HEADER_BYTES);
  if (fixed.length < LOCAL_HEADER_BYTES || fixed.readUInt32LE(0) !== LOCAL_HEADER) return undefined;
  const nameLength = fixed.readUInt16LE(26);
  const length = LOCAL_HEADER_BYTES + nameLength + fixed.readUInt16LE(28);
  const bytes = await source.ahead(length);
  if (bytes.length < length) return undefined;
  const nameEnd = LOCAL_HEADER_BYTES + nameLength;
  const mediaType = mediaTypeIn(bytes.subarray(nameEnd, length));
  return {
    flags: bytes.readUInt16LE(6),
    method: bytes.readUInt16LE(8),
    crc: bytes.readUInt32LE(14),
    compressed: bytes.readUInt32LE(18),
    size: bytes.readUInt32LE(22),
    name: bytes.toString('utf8', LOCAL_HEADER_BYTES, nameEnd),
    ...(mediaType !== undefined && { mediaType }),
    length,
  };
}

export function mediaTypeExtra(mediaType: string): Buffer {
  const value = Buffer.from(mediaType);
  const extra = Buffer.alloc(4 + value.length);
  extra.writeUInt16LE(MEDIA_TYPE_FIELD, 0);
  extra.writeUInt16LE(value.length, 2);
  value.copy(extra, 4);
  return extra;
}

function mediaTypeIn(extra: Buffer): string | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) return undefined;
    if (extra.readUInt16LE(at) === MEDIA_TYPE_FIELD) return extra.toString('utf8', at + 4, end);
    at = end;
  }
  return undefined;
}
