/**
 * What is known of a stored file besides its bytes: size, SHA-256 and the hashes of its chunks (the leaves of the
 * signed chunk tree), kept in a small file beside it so that serving never hashes again. The hashes prove
 * themselves: their root is what the sender signed; the CRC only tells damage early. Behind the hashes stand the CRC-32s of the
 * chunks, where whoever wrote the file made them: a file without them is as good. WARNING: persisted.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Bytes, concat, readUint64be, SHA256_BYTES, uint32be, uint64be } from '../core/bytes.ts';
import { rootOf } from '../core/merkle.ts';

/** 1 MiB: a document of 5 GB has 5,000 leaves, and a chunk is verified in about a millisecond. On the wire. */
export const CHUNK_BYTES = 1024 * 1024;
/** Hashes of 32 GiB, far above the largest attachment. */
export const MAX_SIDECAR_BYTES = 24 + 32 * 1024 * (SHA256_BYTES + 4);

export interface BlobFacts {
  sha256: Bytes;
  size: number;
  chunkSize: number;
  /** RFC 6962 root over the chunks; of no chunks when the file is empty. */
  chunkRoot: Bytes;
  chunkHashes: readonly Bytes[];
  /** CRC-32 of each chunk. */
  checksums?: readonly number[] | undefined;
}

const MAGIC = uint32be(0x4c544331);
const HEADER_BYTES = 20;
/** Size and chunk size. */
const BODY_HEAD_BYTES = 12;
const CHECKSUM_BYTES = 4;

export function factsOf(
  sha256: Bytes,
  size: number,
  chunkHashes: readonly Bytes[],
  checksums?: readonly number[],
): BlobFacts {
  return { sha256, size, chunkSize: CHUNK_BYTES, chunkRoot: rootOf(chunkHashes), chunkHashes, checksums };
}

export const chunkCount = (size: number): number => Math.ceil(size / CHUNK_BYTES);

/** Bytes of chunk `index` of a file of `size`. */
export const chunkLength = (size: number, index: number): number =>
  Math.min(CHUNK_BYTES, size - index * CHUNK_BYTES);

export function encodeFacts({ size, chunkHashes, checksums = [] }: BlobFacts): Bytes {
  const body = concat(uint64be(size), uint32be(CHUNK_BYTES), ...chunkHashes, ...checksums.map(uint32be));
  return concat(MAGIC, uint32be(0), uint32be(crc32(body)), body);
}

/** Undefined when these bytes aren't what was written. */
export function decodeFacts(sha256: Bytes, bytes: Bytes): BlobFacts | undefined {
  const body = bytes.subarray(12);
  if (bytes.byteLength < HEADER_BYTES + 4 || Buffer.compare(bytes.subarray(0, 4), MAGIC) !== 0)
    return undefined;
  if (new DataView(bytes.buffer, bytes.byteOffset, 12).getUint32(8) !== crc32(body)) return undefined;
  const size = readUint64be(body);
  const count = chunkCount(size);
  const end = BODY_HEAD_BYTES + count * SHA256_BYTES;
  if (body.byteLength !== end && body.byteLength !== end + count * CHECKSUM_BYTES) return undefined;
  const chunkHashes = Array.from({ length: count }, (_, index) => {
    const at = BODY_HEAD_BYTES + index * SHA256_BYTES;
    return body.slice(at, at + SHA256_BYTES);
  });
  if (body.byteLength === end) return factsOf(sha256, size, chunkHashes);
  const view = new DataView(body.buffer, body.byteOffset + end);
  const checksums = chunkHashes.map((_, index) => view.getUint32(index * CHECKSUM_BYTES));
  return factsOf(sha256, size, chunkHashes, checksums);
}

export const newSha256 = () => createHash('sha256');
