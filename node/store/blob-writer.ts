/**
 * Writes one new file from a stream of bytes of any granularity: memory is a few chunks, whatever the size. Each
 * chunk is written off the main thread while the next one gathers. Nothing is visible under
 * the file's name before `finish`; `abort`, or a crash, leaves a temporary file that the next start removes.
 */
import { constants, unlink } from 'node:fs/promises';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { type BlobFacts, CHUNK_BYTES, factsOf } from './blob-facts.ts';
import { type ChunkBuffer, giveChunkBuffer, takeChunkBuffer } from './chunk-buffer.ts';
import { ChunkFile, type DirectAccess } from './chunk-file.ts';
import { diskError } from './folder.ts';
import { type FileHashes, hashesOf } from './hash-thread.ts';

const NEW_FILE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;

/** Chunks being written or hashed while the next gathers: enough to keep disk and hashing busy. */
const IN_FLIGHT = 3;
/** Free room is asked for again after this many bytes. */
const ROOM_CHECK_BYTES = 16 * 1024 * 1024;

export interface BlobExpectation {
  sha256?: Bytes;
  size?: number;
  /** 'oversize' as soon as more arrives. */
  maxBytes?: number;
}

export interface BlobWriterComponents {
  temporaryPath: string;
  access: DirectAccess;
  /** Throws 'disk-full' when this many more bytes would touch the reserve. */
  requireRoom(bytes: number): Promise<void>;
  /** Gives the synced temporary file its name; resolves when that is durable. */
  place<T extends BlobFacts>(facts: BlobFacts, temporaryPath: string): Promise<T>;
  /** Called once, whatever the end. */
  ended(): void;
}

export class BlobWriter<Stored extends BlobFacts> {
  readonly #components: BlobWriterComponents;
  readonly #expected: BlobExpectation;
  readonly #fileHashes: FileHashes;
  readonly #hashes: Bytes[] = [];
  readonly #checksums: number[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #file: ChunkFile | undefined;
  #buffer: ChunkBuffer = takeChunkBuffer();
  #size = 0;
  #chunks = 0;
  #roomCheckedAt = 0;
  #failure: unknown;
  #ended = false;

  constructor(components: BlobWriterComponents, expected: BlobExpectation) {
    this.#components = components;
    this.#expected = expected;
    this.#fileHashes = hashesOf(expected.size ?? 0);
  }

  /** Resolves when there is room for more; the bytes may be reused then. */
  async write(bytes: Bytes): Promise<void> {
    const { size, maxBytes = size } = this.#expected;
    this.#requireRunning();
    try {
      if (maxBytes !== undefined && this.#size + bytes.byteLength > maxBytes)
        throw new LienthongError('oversize', { what: 'file', maxBytes });
      for (let rest = bytes; rest.byteLength > 0; ) {
        const taken = this.#buffer.fill(rest);
        this.#size += taken;
        rest = rest.subarray(taken);
        if (this.#buffer.length === CHUNK_BYTES) await this.#sendOffBuffer();
      }
    } catch (error) {
      await this.abort();
      throw diskError(error, 'blobs');
    }
  }

  /** Takes over a whole chunk, of which only the last may be shorter; resolves when there is room for more. */
  async take(chunk: ChunkBuffer): Promise<void> {
    this.#requireRunning();
    this.#size += chunk.length;
    try {
      await this.#sendOff(chunk);
    } catch (error) {
      await this.abort();
      throw diskError(error, 'blobs');
    }
  }

  /**
   * The file is durable under its name when this resolves. Throws 'blob-mismatch' when it isn't what was expected,
   * 'disk-full', 'internal'; then nothing is left behind.
   */
  async finish(): Promise<Stored> {
    this.#requireRunning();
    try {
      if (this.#buffer.length > 0) await this.#sendOffBuffer();
      const file = await this.#opened();
      await Promise.all(this.#inFlight);
      if (this.#failure !== undefined) throw this.#failure;
      const facts = factsOf(await this.#fileHashes.digest(), this.#size, this.#hashes, this.#checksums);
      this.#compare(facts);
      this.#file = undefined;
      await file.finish(this.#size);
      const stored = await this.#components.place<Stored>(facts, this.#components.temporaryPath);
      this.#end();
      giveChunkBuffer(this.#buffer);
      return stored;
    } catch (error) {
      await this.abort();
      throw diskError(error, 'blobs');
    }
  }

  /** Drops what was written. Safe at any time, also after the end. */
  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#end();
    await Promise.all(this.#inFlight);
    await this.#file?.close();
    await unlink(this.#components.temporaryPath).catch(() => undefined);
  }

  #compare({ sha256, size }: BlobFacts): void {
    const { sha256: expectedSha256, size: expectedSize } = this.#expected;
    if (expectedSize !== undefined && expectedSize !== size)
      throw new LienthongError('blob-mismatch', { expectedBytes: expectedSize, bytes: size });
    if (expectedSha256 !== undefined && !equalBytes(expectedSha256, sha256))
      throw new LienthongError('blob-mismatch', { expected: hex(expectedSha256), found: hex(sha256) });
  }

  async #sendOffBuffer(): Promise<void> {
    const buffer = this.#buffer;
    this.#buffer = takeChunkBuffer();
    await this.#sendOff(buffer);
  }

  async #sendOff(buffer: ChunkBuffer): Promise<void> {
    if (this.#size - this.#roomCheckedAt >= ROOM_CHECK_BYTES) {
      this.#roomCheckedAt = this.#size;
      await this.#components.requireRoom(ROOM_CHECK_BYTES);
    }
    const file = await this.#opened();
    while (this.#inFlight.size >= IN_FLIGHT) await Promise.race(this.#inFlight);
    if (this.#failure !== undefined) throw this.#failure;
    const index = this.#chunks++;
    this.#hashes[index] = buffer.leafHash();
    this.#checksums[index] = buffer.checksum();
    const work = Promise.all([file.write(buffer, index), this.#fileHashes.update(buffer)])
      .then(() => undefined)
      .catch((error) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#inFlight.delete(work);
        giveChunkBuffer(buffer);
      });
    this.#inFlight.add(work);
  }

  async #opened(): Promise<ChunkFile> {
    const { temporaryPath, access } = this.#components;
    const large = this.#size >= CHUNK_BYTES;
    this.#file ??= await ChunkFile.open(temporaryPath, NEW_FILE, { access, large });
    return this.#file;
  }

  #requireRunning(): void {
    if (this.#ended) throw new LienthongError('internal', { reason: 'blob writer has ended' });
  }

  #end(): void {
    this.#ended = true;
    this.#fileHashes.end();
    this.#components.ended();
  }
}
