/**
 * Content-addressed files of any size. Order of a new one: temporary file, sync, lease row, rename, sync of the
 * folder; then the caller commits its reference and, in the same batch, ends the lease (`lease.writes`). So a
 * crash anywhere leaves either a referenced whole file or something the collector removes.
 * The collector takes a file only under that file's lock, when no lease names it and, asked after that, nothing
 * refers to it: a reference is only ever committed by who holds a lease.
 */
import type { Bytes } from '../core/bytes.ts';
import { equalBytes, hex } from '../core/bytes.ts';
import type { Clock, Random } from '../core/clock.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { type BlobFacts, chunkCount, factsOf } from './blob-facts.ts';
import { BlobFolder } from './blob-folder.ts';
import { BlobLeases, LEASE_ID_BYTES, type Lease } from './blob-leases.ts';
import { BlobReader } from './blob-reader.ts';
import { BlobReceiver } from './blob-receiver.ts';
import { type BlobExpectation, BlobWriter, type BlobWriterComponents } from './blob-writer.ts';
import { giveChunkBuffer, takeChunkBuffer } from './chunk-buffer.ts';
import { isBlobReferenced } from './documents.ts';
import { freeBytes } from './folder.ts';
import { hashesOf } from './hash-thread.ts';
import type { KeyValueStore } from './key-value.ts';
import { KeyedLock } from './keyed-lock.ts';
import { FILE_RESERVE_BYTES } from './room-guard.ts';
import type { SmallBlobOwner } from './small-blobs.ts';

export type { Lease } from './blob-leases.ts';

/** A transfer nobody has gone on with for this long is dropped, finished or not. */
const KEEP_PARTIAL_MS = 7 * 24 * 60 * 60 * 1000;

/** Longer than the pause between two attempts of anybody who still means to go on with a transfer (5 minutes). */
const GIVEN_UP_MS = 10 * 60 * 1000;

export type BlobVerdict = 'ok' | 'missing' | 'damaged';

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

export interface ReceiveOptions {
  /** The seat it comes from: should its document not be stored now, what is whole isn't pulled from it again. */
  from?: string;
  /** Good chunks of a file of that name that lies here damaged are used, and what others gave of it since. */
  salvage?: boolean;
  signal?: AbortSignal;
}

export class BlobStore {
  readonly #components: BlobStoreComponents;
  readonly #files: BlobFolder;
  readonly #leases: BlobLeases;
  readonly #locks = new KeyedLock();
  readonly #active = new Set<string>();
  /** When what was given up was last dropped. */
  #droppedMs = Number.NEGATIVE_INFINITY;
  /**
   * Brings back what is missing or damaged from whoever has it: a file, or the row of a document's small attachment;
   * whether it did. Never rejects. The exchange fills it in.
   */
  mend: (sha256: Bytes, small?: SmallBlobOwner) => Promise<boolean> = async () => false;

  private constructor(components: BlobStoreComponents) {
    this.#components = components;
    this.#files = new BlobFolder(components.folder);
    this.#leases = new BlobLeases(components);
  }

  /** Ends the leases and removes the temporary files of an earlier run: its references are committed or never will be. */
  static async open(components: BlobStoreComponents): Promise<BlobStore> {
    const blobs = new BlobStore(components);
    await blobs.#files.make();
    if (components.store.health.state === 'ok') await blobs.#leases.endAll();
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
    { from, salvage = false, signal }: ReceiveOptions = {},
  ): Promise<BlobReceiver<LeasedBlob>> {
    // who sends it learns nothing of what of it others sent
    const path = this.#files.partialPath(promised.sha256, salvage ? undefined : from);
    if (this.#active.has(path)) throw new LienthongError('busy', { reason: 'file is being received' });
    const facts = factsOf(promised.sha256, promised.size, promised.chunkHashes);
    const components = this.#writerOf(path, from);
    try {
      if (salvage && (await this.#files.canSalvage(promised.sha256))) {
        await this.#requireRoom(promised.size);
        await this.#files.salvage(promised.sha256);
      }
    } catch (error) {
      components.ended();
      throw error;
    }
    return BlobReceiver.open<LeasedBlob>(components, facts, signal);
  }

  /** Leases a file that is here already, after reading all of it; undefined when it is missing or damaged. */
  async reuse(
    sha256: Bytes,
    { from, signal }: { from?: string; signal?: AbortSignal } = {},
  ): Promise<LeasedBlob | undefined> {
    const lease = await this.#leases.take(sha256, from);
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

  /** Whether it was pulled from this seat before, whole, for a document that couldn't be stored then. */
  wasPulledFrom(seat: string, sha256: Bytes): Promise<boolean> {
    return this.#leases.isPulled(sha256, seat);
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
    return BlobReader.open(this.#files.pathOf(sha256), this.#files.access);
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
  collectOne(
    sha256: Bytes,
    isReferenced: (sha256: Bytes) => Promise<boolean>,
    keepMs = KEEP_PARTIAL_MS,
  ): Promise<boolean> {
    return this.#locks.run(hex(sha256), async () => {
      await this.#files.tidy(sha256);
      if ((await this.#leases.isLeased(sha256)) || (await isReferenced(sha256))) return false;
      const sinceMs = this.#components.clock.nowMs() - keepMs;
      if (await this.#leases.awaitsOffer(sha256, sinceMs)) return false;
      await this.#files.remove(sha256);
      return true;
    });
  }

  #writerOf(temporaryPath: string, from?: string): BlobWriterComponents {
    this.#active.add(temporaryPath);
    return {
      temporaryPath,
      access: this.#files.access,
      requireRoom: (bytes) => this.#requireRoom(bytes),
      place: <T extends BlobFacts>(facts: BlobFacts, path: string) =>
        this.#place(facts, path, from) as Promise<BlobFacts> as Promise<T>,
      ended: () => this.#active.delete(temporaryPath),
    };
  }

  async #place(facts: BlobFacts, temporaryPath: string, from?: string): Promise<LeasedBlob> {
    const lease = await this.#leases.take(facts.sha256, from, from !== undefined);
    try {
      await this.#locks.run(hex(facts.sha256), () => this.#files.place(facts, temporaryPath));
      return { ...facts, lease };
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  /** Reads the whole file; its facts when it is what its name says (also put beside it again when they differ). */
  async #hashAgain(sha256: Bytes, signal: AbortSignal | undefined): Promise<BlobFacts | undefined> {
    const reader = await this.open(sha256);
    if (reader === undefined) return undefined;
    const hashes = hashesOf(reader.size);
    const buffer = takeChunkBuffer();
    try {
      const leaves: Bytes[] = [];
      const checksums: number[] = [];
      for (let index = 0; index < chunkCount(reader.size); index++) {
        signal?.throwIfAborted();
        await reader.readChunk(buffer, index);
        const hashing = Promise.all([hashes.leaf(buffer), hashes.update(buffer)]);
        checksums.push(buffer.checksum());
        leaves.push((await hashing)[0]);
      }
      if (!equalBytes(await hashes.digest(), sha256)) return undefined;
      const facts = factsOf(sha256, reader.size, leaves, checksums);
      const kept = await this.#files.readFacts(sha256);
      if (kept === undefined || !equalBytes(kept.chunkRoot, facts.chunkRoot))
        await this.#files.writeFacts(facts);
      return facts;
    } catch (error) {
      if (isLienthongError(error, 'damaged')) return undefined;
      throw error;
    } finally {
      giveChunkBuffer(buffer);
      hashes.end();
      await reader.close();
    }
  }

  async #requireRoom(bytes: number): Promise<void> {
    if ((await this.availableBytes()) >= Math.max(1, bytes)) return;
    await this.#dropGivenUp();
    const availableBytes = await this.availableBytes();
    if (availableBytes < Math.max(1, bytes))
      throw new LienthongError('disk-full', { where: 'blobs', neededBytes: bytes, availableBytes });
  }

  /** What came for documents that were never stored is kept while there is room, and no longer: nobody fills a disk with it. */
  async #dropGivenUp(): Promise<void> {
    const { clock, store } = this.#components;
    const beforeMs = clock.nowMs() - GIVEN_UP_MS;
    if (this.#droppedMs > beforeMs) return;
    this.#droppedMs = clock.nowMs();
    await this.#files.removeUnfinished((path) => this.#active.has(path), beforeMs);
    const isReferenced = (sha256: Bytes) => isBlobReferenced(store, sha256);
    for (const sha256 of await this.#leases.pulledBefore(beforeMs))
      await this.collectOne(sha256, isReferenced, GIVEN_UP_MS);
  }
}
