/**
 * Length-prefixed frames out of a byte stream: unsigned varint (LEB128, shortest form), then that many bytes.
 * What always holds: a length above the limit is refused when its prefix is read, before a byte of it is kept;
 * every frame is a fresh array that shares no memory with what was received. Pure; FrameStream feeds it.
 */
import { copyInto } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';

/** 2^28 - 1 is far above any protocol's frame; a longer prefix is refused. */
const MAX_PREFIX_BYTES = 4;

/** Prefix of a frame of `length` bytes. */
export function encodeLength(length: number): Uint8Array {
  const bytes: number[] = [];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** Memory for one frame of exactly so many bytes, that nobody else uses until the frame has been taken. */
export type FrameMemory = (bytes: number) => Uint8Array;

/** Not pooled: a frame may be kept for long, and must not keep its neighbours alive. */
const ownMemory: FrameMemory = (bytes) => new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);

export class FrameDecoder {
  readonly #maxFrameBytes: number;
  /** Where the next frames go. */
  memory: FrameMemory = ownMemory;
  #prefix = 0;
  #prefixBytes = 0;
  #frame: Uint8Array | undefined;
  #filled = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** A frame has begun and isn't whole yet. */
  get isPartial(): boolean {
    return this.#frame !== undefined || this.#prefixBytes > 0;
  }

  /**
   * Takes what arrived and answers the frames it completed, in order.
   * Throws `oversize` or `malformed`; the decoder isn't to be used after that.
   */
  push(chunk: Uint8Array, frames: Uint8Array[]): void {
    let at = 0;
    while (at < chunk.byteLength) {
      if (this.#frame === undefined) {
        at = this.#readPrefix(chunk, at, frames);
        if (this.#frame === undefined) continue;
      }
      const frame: Uint8Array = this.#frame;
      const take = Math.min(frame.byteLength - this.#filled, chunk.byteLength - at);
      copyInto(frame, this.#filled, chunk.subarray(at, at + take));
      this.#filled += take;
      at += take;
      if (this.#filled === frame.byteLength) {
        frames.push(frame);
        this.#frame = undefined;
      }
    }
  }

  #readPrefix(chunk: Uint8Array, at: number, frames: Uint8Array[]): number {
    const byte = chunk[at]!;
    this.#prefix += (byte & 0x7f) * 0x80 ** this.#prefixBytes;
    this.#prefixBytes++;
    if ((byte & 0x80) !== 0) {
      if (this.#prefixBytes === MAX_PREFIX_BYTES)
        throw new LienthongError('oversize', { limit: this.#maxFrameBytes });
      return at + 1;
    }
    if (byte === 0 && this.#prefixBytes > 1)
      throw new LienthongError('malformed', { reason: 'prefix-not-shortest' });
    if (this.#prefix > this.#maxFrameBytes) {
      throw new LienthongError('oversize', { bytes: this.#prefix, limit: this.#maxFrameBytes });
    }
    const frame = this.memory(this.#prefix);
    if (frame.byteLength === 0) frames.push(frame);
    else this.#frame = frame;
    this.#filled = 0;
    this.#prefix = 0;
    this.#prefixBytes = 0;
    return at + 1;
  }
}
