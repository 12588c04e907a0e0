/**
 * A small file beside the database that remembers what the database must still hold: the store's id, the
 * checkpoint from which the commit chain is read, and the last acknowledged commit. Without it a database that
 * lost its newest records, or all, would look like an older good one.
 * Two slots a page apart are written in turn, each with its own CRC, so a torn write leaves the other. The slot
 * is written after each durable group and before its answer, not synced (it may trail the database after a power
 * loss, never lead it); opening, closing and moving the checkpoint sync it. WARNING: persisted.
 */
import { writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Bytes } from '../core/bytes.ts';
import type { ChainPoint } from './commit-chain.ts';
import { diskError, FILE_MODE, isMissing, readAll, syncFolder } from './folder.ts';

export const STORE_ID_BYTES = 16;
const MAGIC = 0x4c545731;
const SLOT_BYTES = 128;
const SLOT_DISTANCE = 4096;
const CRC_AT = SLOT_BYTES - 4;

export interface Testimony {
  storeId: Bytes;
  /** Commits up to here were found whole at an opening, or lie in synced tables. */
  checkpoint: ChainPoint;
  /** The last commit anyone may have been told of. */
  tail: ChainPoint;
}

export class WitnessFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #generation = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** What was remembered; undefined when there is no file or neither slot is whole (`exists` tells which). */
  async read(): Promise<{ exists: boolean; testimony: Testimony | undefined }> {
    try {
      this.#handle = await open(this.#path, 'r+', FILE_MODE);
    } catch (error) {
      if (isMissing(error)) return { exists: false, testimony: undefined };
      throw diskError(error, this.#path);
    }
    let best: { generation: number; testimony: Testimony } | undefined;
    for (const at of [0, SLOT_DISTANCE]) {
      const bytes = new Uint8Array(SLOT_BYTES);
      if ((await readAll(this.#handle, bytes, at)) < SLOT_BYTES) continue;
      const slot = decode(bytes);
      if (slot !== undefined && slot.generation > (best?.generation ?? 0)) best = slot;
    }
    this.#generation = best?.generation ?? 0;
    return { exists: true, testimony: best?.testimony };
  }

  async write(testimony: Testimony, sync: boolean): Promise<void> {
    try {
      if (this.#handle === undefined) {
        this.#handle = await open(this.#path, 'w+', FILE_MODE);
        await syncFolder(dirname(this.#path));
      }
      this.#generation++;
      const at = (this.#generation % 2) * SLOT_DISTANCE;
      // 128 bytes into the page cache take 3 µs here, and 20 to 200 by way of the thread pool, for every group.
      writeSync(this.#handle.fd, encode(this.#generation, testimony), 0, SLOT_BYTES, at);
      if (sync) await this.#handle.sync();
    } catch (error) {
      throw diskError(error, this.#path);
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}

function encode(generation: number, { storeId, checkpoint, tail }: Testimony): Bytes {
  const bytes = new Uint8Array(SLOT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setBigUint64(4, BigInt(generation));
  bytes.set(storeId, 12);
  view.setBigUint64(28, BigInt(checkpoint.sequence));
  bytes.set(checkpoint.hash, 36);
  view.setBigUint64(68, BigInt(tail.sequence));
  bytes.set(tail.hash, 76);
  view.setUint32(CRC_AT, crc32(bytes.subarray(0, CRC_AT)));
  return bytes;
}

function decode(bytes: Bytes): { generation: number; testimony: Testimony } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SLOT_BYTES);
  if (view.getUint32(0) !== MAGIC || view.getUint32(CRC_AT) !== crc32(bytes.subarray(0, CRC_AT)))
    return undefined;
  return {
    generation: Number(view.getBigUint64(4)),
    testimony: {
      storeId: bytes.slice(12, 28),
      checkpoint: { sequence: Number(view.getBigUint64(28)), hash: bytes.slice(36, 68) },
      tail: { sequence: Number(view.getBigUint64(68)), hash: bytes.slice(76, 108) },
    },
  };
}
