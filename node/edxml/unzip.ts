/**
 * The entries of a ZIP archive as a stream, front to back: local header, data (inflated by zlib, which alone knows where
 * it ends), checksum and sizes, and at the end the central directory, which must list as many entries. Encrypted and
 * odd archives are refused by name; an entry that swells beyond the limits is cut off at once. Memory: some pieces.
 * Libraries that stream (fflate) look for the next signature in compressed bytes and check no checksum. Called by
 * attachment-content.ts.
 */
import { crc32 } from 'node:zlib';
import type { ByteSource } from './byte-source.ts';
import { fault, tooLarge } from './fault.ts';
import { inflated, type Progress } from './inflate.ts';
import type { EdxmlLimits } from './limits.ts';
import {
  CENTRAL_HEADER,
  CENTRAL_HEADER_BYTES,
  DESCRIPTOR,
  END_LOCATOR_64,
  END_RECORD,
  END_RECORD_64,
  END_RECORD_BYTES,
  FLAG_DESCRIPTOR,
  FLAG_ENCRYPTED,
  LOCAL_HEADER,
  type LocalHeader,
  localHeaderAhead,
  METHOD_DEFLATED,
  METHOD_STORED,
} from './zip-format.ts';

export interface ZipEntry {
  name: string;
  mediaType?: string;
  /** To be read to its end before the next entry is asked for. */
  bytes: AsyncGenerator<Buffer>;
}

/** A size that stands elsewhere (ZIP64). */
const ELSEWHERE = 0xffffffff;

export async function* zipEntries(source: ByteSource, limits: EdxmlLimits): AsyncGenerator<ZipEntry> {
  let entries = 0;
  for (;;) {
    const signature = await signatureAhead(source);
    if (signature !== LOCAL_HEADER) break;
    const header = await localHeaderAhead(source);
    if (header === undefined) throw damaged();
    if (++entries > limits.attachments) throw tooLarge('attachments', limits.attachments);
    refuseUnsupported(header);
    source.take(header.length);
    const bytes = entryBytes(source, header, limits);
    if (header.name.endsWith('/')) await requireEmpty(bytes);
    else yield { name: header.name, bytes, ...(header.mediaType && { mediaType: header.mediaType }) };
  }
  if (entries === 0 || entries !== (await entriesListed(source, limits))) throw damaged();
}

/** A folder has no bytes: what has is no folder, and nobody would count them. */
async function requireEmpty(bytes: AsyncIterable<Buffer>): Promise<void> {
  for await (const piece of bytes) if (piece.length > 0) throw damaged();
}

const damaged = () => fault('edxml-attachment', 'edxml-zip-damaged');

async function signatureAhead(source: ByteSource): Promise<number> {
  const bytes = await source.ahead(4);
  if (bytes.length < 4) throw damaged();
  return bytes.readUInt32LE(0);
}

function refuseUnsupported({ flags, method, compressed }: LocalHeader): void {
  if (flags & FLAG_ENCRYPTED) throw fault('edxml-attachment', 'edxml-zip-encrypted');
  const sizeUnknown = (flags & FLAG_DESCRIPTOR) !== 0 || compressed === ELSEWHERE;
  if (method !== METHOD_DEFLATED && (method !== METHOD_STORED || sizeUnknown)) {
    throw fault('edxml-attachment', 'edxml-zip-method', {}, { method });
  }
}

async function* entryBytes(
  source: ByteSource,
  header: LocalHeader,
  limits: EdxmlLimits,
): AsyncGenerator<Buffer> {
  const progress: Progress = { consumed: 0 };
  const data =
    header.method === METHOD_STORED
      ? stored(source, header.compressed, progress)
      : inflated(source, progress);
  let size = 0;
  let crc = 0;
  for await (const bytes of data) {
    size += bytes.length;
    if (size > limits.zipRatioFromBytes && size > limits.zipRatio * progress.consumed) {
      throw tooLarge('zipRatio', limits.zipRatio);
    }
    crc = crc32(bytes, crc);
    yield bytes;
  }
  const found = { crc, size, compressed: progress.consumed };
  if (header.flags & FLAG_DESCRIPTOR) await takeDescriptor(source, found);
  else if (header.crc !== crc || !isSize(header.size, size) || !isSize(header.compressed, found.compressed)) {
    throw damaged();
  }
}

const isSize = (written: number, found: number) => written === ELSEWHERE || written === found;

async function* stored(source: ByteSource, size: number, progress: Progress): AsyncGenerator<Buffer> {
  while (progress.consumed < size) {
    const piece = await source.some();
    if (piece === undefined) throw damaged();
    const bytes = source.take(Math.min(piece.length, size - progress.consumed));
    progress.consumed += bytes.length;
    yield bytes;
  }
}

/**
 * Checksum and sizes after the data: with or without a signature, sizes of 64 or 32 bits. The wide form first: of an
 * empty file it begins like the narrow one.
 */
async function takeDescriptor(
  source: ByteSource,
  found: { crc: number; size: number; compressed: number },
): Promise<void> {
  for (const signed of [true, false]) {
    for (const wide of [true, false]) {
      const expected = descriptor(found, signed, wide);
      const bytes = await source.ahead(expected.length);
      if (bytes.length < expected.length || !bytes.subarray(0, expected.length).equals(expected)) continue;
      source.take(expected.length);
      return;
    }
  }
  throw damaged();
}

function descriptor(
  { crc, size, compressed }: { crc: number; size: number; compressed: number },
  signed: boolean,
  wide: boolean,
): Buffer {
  const bytes = Buffer.alloc(wide ? 24 : 16);
  bytes.writeUInt32LE(DESCRIPTOR, 0);
  bytes.writeUInt32LE(crc, 4);
  if (wide) {
    bytes.writeBigUInt64LE(BigInt(compressed), 8);
    bytes.writeBigUInt64LE(BigInt(size), 16);
  } else {
    bytes.writeUInt32LE(compressed % 2 ** 32, 8);
    bytes.writeUInt32LE(size % 2 ** 32, 12);
  }
  return signed ? bytes : bytes.subarray(4);
}

/** Reads the central directory to the end record; how many entries it lists. */
async function entriesListed(source: ByteSource, limits: EdxmlLimits): Promise<number> {
  let listed = 0;
  for (;;) {
    const signature = await signatureAhead(source);
    if (signature === CENTRAL_HEADER) {
      if (++listed > limits.attachments) throw damaged();
      const fixed = await whole(source, CENTRAL_HEADER_BYTES);
      const rest = fixed.readUInt16LE(28) + fixed.readUInt16LE(30) + fixed.readUInt16LE(32);
      await take(source, CENTRAL_HEADER_BYTES + rest);
    } else if (signature === END_RECORD_64) {
      const length = (await whole(source, 12)).readBigUInt64LE(4);
      if (length > 65_535n) throw damaged();
      await take(source, 12 + Number(length));
    } else if (signature === END_LOCATOR_64) await take(source, 20);
    else if (signature === END_RECORD) {
      await whole(source, END_RECORD_BYTES);
      return listed;
    } else throw damaged();
  }
}

async function whole(source: ByteSource, bytes: number): Promise<Buffer> {
  const found = await source.ahead(bytes);
  if (found.length < bytes) throw damaged();
  return found;
}

async function take(source: ByteSource, bytes: number): Promise<void> {
  await whole(source, bytes);
  source.take(bytes);
}
