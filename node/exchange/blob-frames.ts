/**
 * The frame that carries a chunk, made around the chunk where it lies: the general encoder copies it once or twice,
 * which for a mebibyte costs more than reading it from disk. The bytes are those of `blobResponse.encode`, and the
 * tests hold them against it. WARNING: on the wire. Called by blob-server.
 */
import type { Bytes } from '../core/bytes.ts';
import type { ChunkBuffer } from '../store/blob-facts.ts';

/** BlobResponse.sequence, a varint. */
const SEQUENCE_TAG = 0x08;
/** BlobResponse.chunk, length-delimited. */
const CHUNK_TAG = 0x1a;

/** BlobResponse { sequence, chunk } over the buffer's own memory. `sequence` is a safe integer above 0. */
export function chunkFrame(sequence: number, buffer: ChunkBuffer): Bytes {
  const head: number[] = [SEQUENCE_TAG];
  pushVarint(head, sequence);
  head.push(CHUNK_TAG);
  pushVarint(head, buffer.length);
  return buffer.after(Uint8Array.from(head));
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
}
