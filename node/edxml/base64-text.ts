/** Bytes as Base64 text, one line, piece by piece. Used by write-edxml.ts. */

/** Encoded at once; a multiple of three, so that no padding falls between pieces. */
const PIECE_BYTES = 49_152;

export async function* base64Text(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const whole = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const all = rest.length === 0 ? whole : Buffer.concat([rest, whole]);
    const end = all.length - (all.length % 3);
    for (let at = 0; at < end; at += PIECE_BYTES) {
      yield Buffer.from(all.toString('base64', at, Math.min(end, at + PIECE_BYTES)), 'latin1');
    }
    rest = Buffer.from(all.subarray(end));
  }
  if (rest.length > 0) yield Buffer.from(rest.toString('base64'), 'latin1');
}
