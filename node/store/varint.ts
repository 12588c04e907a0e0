/** Walks the varints and length-prefixed parts of LevelDB's files; RangeError where the bytes end too soon. Pure. */
import type { Bytes } from '../core/bytes.ts';

export class VarintReader {
  readonly #bytes: Bytes;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.byteLength;
  }

  next(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || scale > 2 ** 49) throw new RangeError('bad varint');
      value += (byte & 0x7f) * scale;
      if (byte < 128) return value;
    }
  }

  take(length: number): Bytes {
    if (this.#at + length > this.#bytes.byteLength) throw new RangeError('block too short');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
