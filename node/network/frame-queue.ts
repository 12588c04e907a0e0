/** Whole frames that arrived and wait for a reader, counted in bytes so that a queue of empty frames has a cost too. */

/** What an entry costs beside its bytes. */
const ENTRY_BYTES = 64;

export class FrameQueue {
  #frames: Uint8Array[] = [];
  #head = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#head === this.#frames.length;
  }

  push(frames: readonly Uint8Array[]): void {
    for (const frame of frames) {
      this.#frames.push(frame);
      this.#bytes += frame.byteLength + ENTRY_BYTES;
    }
  }

  shift(): Uint8Array | undefined {
    const frame = this.#frames[this.#head];
    if (frame === undefined) return undefined;
    this.#frames[this.#head++] = undefined as unknown as Uint8Array;
    this.#bytes -= frame.byteLength + ENTRY_BYTES;
    if (this.#head === this.#frames.length) {
      this.#frames = [];
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
    return frame;
  }

  clear(): void {
    this.#frames = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}
