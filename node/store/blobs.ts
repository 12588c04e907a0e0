/**
 * Content-addressed files of any size. Order of a new one: temporary file, sync, lease row, rename, sync of the
 * folder; then the caller commits its reference and, in the same batch, ends the lease (`lease.writes`). So a
 * crash anywhere leaves either a referenced whole file or something the collector removes.
 * The collector takes a file only under that file's lock, when no lease names it and, asked after that, nothing
 * refers to it: a reference is only ever committed by who holds a lease.
 */
import type { Bytes } from '../core/bytes.ts';
import { equalBytes, hex, uint64be } from '../core/bytes.ts';
import type { Clock, Random } from '../core/clock.ts';
import { LienthongError } from '../core/errors.ts';
import {
  type BlobFacts,
  CHUNK_BYTES,
  ChunkBuffer,
  chunkCount,
  chunkLength,
  factsOf,
  newSha256,
} from './blob-facts.ts';
import { BlobFolder } from './blob-folder.ts';
import { BlobReader } from './blob-reader.ts';
import { BlobReceiver } from './blob-receiver.ts';
import { type BlobExpectation, BlobWriter, type BlobWriterComponents } from './blob-writer.ts';
import { freeBytes } from './folder.ts';
import type { KeyValueStore, Precondition, Write } from './key-value.ts';
import { KeyedLock } from './keyed-lock.ts';
import { key, PREFIX, prefixRange } from './keys.ts';
import { FILE_RESERVE_BYTES } from './room-guard.ts';

/** A transfer nobody has gone on with for this long is dropped. */
const KEEP_PARTIAL_MS = 7 * 24 * 60 * 60 * 1000;
const LEASE_ID_BYTES = 16;

export type BlobVerdict = 'ok' | 'missing' | 'damaged';

export interface Lease {
  /** Goes into the batch that commits the reference. */
  readonly writes: readonly Write[];
  /** Goes there too where someone else may end the lease meanwhile: 'state-changed' then, and no reference. */
  readonly require: readonly Precondition[];
  /** For when there will be no reference. */
  release(): Promise<void>;
}

/** A file that is durable and can't be collected until its lease ends. */
export interface LeasedBlob extends BlobFacts {
  lease: Lease;
}

export interface BlobStoreComponents {
  store: KeyValueStore;
  folder: string;
  clock: Clock;
  random: Random;
  reserveBytes?: number;
  /** Free bytes of the disk; for tests. */
  freeBytes?: () => Promise<number>;
}

export class BlobStore {
  readonly #components: BlobStoreComponents;
  readonly #files: BlobFolder;
  readonly #locks = new KeyedLock();
  readonly #active = new Set<string>();

  private constructor(components: BlobStoreComponents) {
    this.#components = components;
    this.#files = new BlobFolder(components.folder);
  }

  /** Ends the leases and removes the temporary files of an earlier run: its references are committed or never will be. */
  static async open(components: BlobStoreComponents): Promise<BlobStore> {
    const blobs = new BlobStore(components);
    await blobs.#files.make();
    if (components.store.health.state === 'ok') await blobs.#endOldLeases();
    await blobs.#files.removeUnfinished(() => false, 0);
    return blobs;
  }

  /** Free bytes above the reserve: what may still be taken in. */
  async availableBytes(): Promise<number> {
    const {
      folder,
      reserveBytes = FILE_RESERVE_BYTES,
      freeBytes: ask = () => freeBytes(folder),
    } = this.#components;
    return Math.max(0, (await ask()) - reserveBytes);
  }

  /** A new file from a stream. Throws 'disk-full' before anything is written. */
  async create(expected: BlobExpectation = {}): Promise<BlobWriter<LeasedBlob>> {
    await this.#requireRoom(expected.size ?? 0);
    const path = this.#files.temporaryPath(this.#components.random(LEASE_ID_BYTES));
    return new BlobWriter<LeasedBlob>(this.#writerOf(path), expected);
  }

  /** A file from its chunks, whose hashes the caller has checked against the signed root; goes on where it stopped. */
  async receive(
    promised: { sha256: Bytes; size: number; chunkHashes: readonly Bytes[] },
    signal?: AbortSignal,
  ): Promise<BlobReceiver<LeasedBlob>> {
    const path = this.#files.partialPath(promised.sha256);
    if (this.#active.has(path)) throw new LienthongError('busy', { reason: 'file is being received' });
    const facts = factsOf(promised.sha256, promised.size, promised.chunkHashes);
    return BlobReceiver.open<LeasedBlob>(this.#writerOf(path), facts, signal);
  }

  /** Leases a file that is here already, after reading all of it; undefined when it is missing or damaged. */
  async reuse(sha256: Bytes, signal?: AbortSignal): Promise<LeasedBlob | undefined> {
    const lease = await this.#lease(sha256);
    try {
      const facts = await this.#locks.run(hex(sha256), () => this.#hashAgain(sha256, signal));
      if (facts !== undefined) return { ...facts, lease };
      await lease.release();
      return undefined;
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  async has(sha256: Bytes): Promise<boolean> {
    return (await this.sizeOf(sha256)) !== undefined;
  }

  /** Of the file, without reading it; undefined when there is none. */
  sizeOf(sha256: Bytes): Promise<number | undefined> {
    return this.#files.sizeOf(sha256);
  }

  /** For reading; undefined when there is no such file. Close it. */
  open(sha256: Bytes): Promise<BlobReader | undefined> {
    return BlobReader.open(this.#files.pathOf(sha256));
  }

  /** Size and chunk hashes, without reading the file; made again from it when they were lost. */
  async facts(sha256: Bytes, signal?: AbortSignal): Promise<BlobFacts | undefined> {
    const [size, facts] = await Promise.all([this.#files.sizeOf(sha256), this.#files.readFacts(sha256)]);
    if (size === undefined) return undefined;
    if (facts?.size === size) return facts;
    return this.#locks.run(hex(sha256), () => this.#hashAgain(sha256, signal));
  }

  /** Reads all of the file. */
  async verify(sha256: Bytes, signal?: AbortSignal): Promise<BlobVerdict> {
    if (!(await this.has(sha256))) return 'missing';
    const facts = await this.#locks.run(hex(sha256), () => this.#hashAgain(sha256, signal));
    return facts === undefined ? 'damaged' : 'ok';
  }

  /** Removes what nothing refers to and nobody holds; `isReferenced` asks the database. */
  async collect(components: {
    isReferenced: (sha256: Bytes) => Promise<boolean>;
    signal?: AbortSignal;
  }): Promise<{ removed: number; unfinished: number }> {
    let removed = 0;
    for await (const sha256 of this.#files.names()) {
      components.signal?.throwIfAborted();
      if (await this.collectOne(sha256, components.isReferenced)) removed++;
    }
    const before = this.#components.clock.nowMs() - KEEP_PARTIAL_MS;
    const unfinished = await this.#files.removeUnfinished((path) => this.#active.has(path), before);
    return { removed, unfinished };
  }

  /** Removes one file if nothing refers to it and nobody holds it; whether it did. */
  collectOne(sha256: Bytes, isReferenced: (sha256: Bytes) => Promise<boolean>): Promise<boolean> {
    return this.#locks.run(hex(sha256), async () => {
      await this.#files.tidy(sha256);
      if ((await this.#isLeased(sha256)) || (await isReferenced(sha256))) return false;
      await this.#files.remove(sha256);
      return true;
    });
  }

  #writerOf(temporaryPath: string): BlobWriterComponents {
    this.#active.add(temporaryPath);
    return {
      temporaryPath,
      requireRoom: (bytes) => this.#requireRoom(bytes),
      place: <T extends BlobFacts>(facts: BlobFacts, path: string) =>
        this.#place(facts, path) as Promise<BlobFacts> as Promise<T>,
      ended: () => this.#active.delete(temporaryPath),
    };
  }

  async #place(facts: BlobFacts, temporaryPath: string): Promise<LeasedBlob> {
    const lease = await this.#lease(facts.sha256);
    try {
      await this.#locks.run(hex(facts.sha256), () => this.#files.place(facts, temporaryPath));
      return { ...facts, lease };
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  async #lease(sha256: Bytes): Promise<Lease> {
    const { store, clock, random } = this.#components;
    const row = key(PREFIX.blobLease, sha256, random(LEASE_ID_BYTES));
    await store.commit({ writes: [{ put: row, value: uint64be(clock.nowMs()) }] });
    const writes = [{ del: row }];
    const require = [{ key: row, expect: 'present' as const }];
    return { writes, require, release: () => store.commit({ writes }) };
  }

  async #isLeased(sha256: Bytes): Promise<boolean> {
    const range = { ...prefixRange(PREFIX.blobLease, sha256), limit: 1 };
    for await (const _ of this.#components.store.range(range)) return true;
    return false;
  }

  async #endOldLeases(): Promise<void> {
    const { store } = this.#components;
    for (;;) {
      const writes: Write[] = [];
      for await (const { key: row } of store.range({ ...prefixRange(PREFIX.blobLease), limit: 1000 }))
        writes.push({ del: row });
      if (writes.length === 0) return;
      await store.commit({ writes });
    }
  }

  /** Reads the whole file; its facts when it is what its name says (also put beside it again when they differ). */
  async #hashAgain(sha256: Bytes, signal: AbortSignal | undefined): Promise<BlobFacts | undefined> {
    const reader = await this.open(sha256);
    if (reader === undefined) return undefined;
    try {
      const whole = newSha256();
      const hashes: Bytes[] = [];
      const buffer = new ChunkBuffer();
      for (let index = 0; index < chunkCount(reader.size); index++) {
        signal?.throwIfAborted();
        buffer.length = chunkLength(reader.size, index);
        await reader.readInto(buffer.chunk, index * CHUNK_BYTES);
        const hash = buffer.leafHash();
        whole.update(buffer.chunk);
        hashes.push(await hash);
      }
      if (!equalBytes(new Uint8Array(whole.digest()), sha256)) return undefined;
      const facts = factsOf(sha256, reader.size, hashes);
      const kept = await this.#files.readFacts(sha256);
      if (kept === undefined || !equalBytes(kept.chunkRoot, facts.chunkRoot))
        await this.#files.writeFacts(facts);
      return facts;
    } finally {
      await reader.close();
    }
  }

  async #requireRoom(bytes: number): Promise<void> {
    const availableBytes = await this.availableBytes();
    if (availableBytes < Math.max(1, bytes))
      throw new LienthongError('disk-full', { where: 'blobs', neededBytes: bytes, availableBytes });
  }
}
