/**
 * Bytes pulled from an AsyncIterable, with a look ahead and a count: what the reader, the Base64 text and unzip read
 * from. Holds one chunk at a time; never more than the look ahead asked for beyond it.
 */

export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);
  #ended = false;
  #taken = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes taken so far. */
  get offset(): number {
    return this.#taken;
  }

  /** What is at hand, at least one byte; undefined at the end. Not taken yet, and valid until the next call. */
  async some(): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const chunk = await this.#next();
      if (chunk === undefined) return undefined;
      this.#rest = chunk;
    }
    return this.#rest;
  }

  /** At least `bytes` bytes, fewer only at the end. Not taken yet. Joins chunks once. */
  async ahead(bytes: number): Promise<Buffer> {
    if (this.#rest.length >= bytes) return this.#rest;
    const parts = [this.#rest];
    let length = this.#rest.length;
    while (length < bytes) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      parts.push(chunk);
      length += chunk.length;
    }
    this.#rest = parts.length === 1 ? this.#rest : Buffer.concat(parts, length);
    return this.#rest;
  }

  /** Takes `bytes` of what `some` or `ahead` showed. */
  take(bytes: number): Buffer {
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    this.#taken += taken.length;
    return taken;
  }

  /** Gives back the end of what was taken last. */
  giveBack(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([bytes, this.#rest]);
    this.#taken -= bytes.length;
  }

  /** Ends the iterable early, so that what lies behind it is closed. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#chunks.return?.();
    this.#ended = true;
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#ended) return undefined;
    const { done, value } = await this.#chunks.next();
    if (done) {
      this.#ended = true;
      return undefined;
    }
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}
