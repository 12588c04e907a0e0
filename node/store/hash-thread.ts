/**
 * SHA-256 of large files, on a thread beside the main one: the chunks lie in memory both share, so nothing is copied. One
 * thread for all files of the process, there only while one is being hashed. Small files are hashed where they are: a
 * thread costs more than they do. A thread that fails fails the files it was hashing, and the next one gets another.
 */
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type Bytes, copyOf } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import type { ChunkBuffer } from './chunk-buffer.ts';
import { type ChunkVerdict, FileHash } from './file-hash.ts';
import type { HashAnswer, HashCall, HashValue } from './hash-worker.ts';

/** From here on a file is worth a thread: a start of it takes as long as hashing so much. */
const LARGE_BYTES = 32 * 1024 * 1024;
/** It holds the state of a few hashes. */
const HEAP_MB = 16;
/** WARNING: the bundle is built with this name (scripts/bundle-options.ts). */
const PROGRAMS = ['./hash-worker.ts', './hash-worker.js', '../hash-worker.js'];

/** The hashes of one file: of its chunks, and of all of it in order. A buffer stays as it is until its call resolves. */
export interface FileHashes {
  /** RFC 6962 leaf hash. */
  leaf(chunk: ChunkBuffer): Promise<Bytes>;
  /** Goes on with the hash of the whole; in the order of the calls. */
  update(chunk: ChunkBuffer): Promise<void>;
  /** Holds a chunk against its leaf hash; where it is right and the next one, the hash of the whole goes on with it. */
  accept(chunk: ChunkBuffer, index: number, expected: Bytes): Promise<ChunkVerdict>;
  /** Of the whole; its last call, but for `end`. */
  digest(): Promise<Bytes>;
  /** Always, at the end. */
  end(): void;
}

export const hashesOf = (size: number): FileHashes => (size < LARGE_BYTES ? hashesHere() : new HashesThere());

/** On the calling thread. */
export function hashesHere(): FileHashes {
  const file = new FileHash();
  return {
    leaf: async (chunk) => chunk.leafHash(),
    update: async (chunk) => file.update(chunk.chunk),
    accept: async (chunk, index, expected) => file.accept(chunk.leaf, index, expected),
    digest: async () => file.digest(),
    end: () => {},
  };
}

class HashesThere implements FileHashes {
  readonly #thread = HashThread.use();
  readonly #of = nextHash++;
  #isEnded = false;

  async leaf(chunk: ChunkBuffer): Promise<Bytes> {
    return this.#thread.ask<Bytes>({ name: 'leaf', bytes: chunk.leaf });
  }

  async update(chunk: ChunkBuffer): Promise<void> {
    await this.#thread.ask({ name: 'update', of: this.#of, bytes: chunk.chunk });
  }

  async accept(chunk: ChunkBuffer, index: number, expected: Bytes): Promise<ChunkVerdict> {
    // a view would take all of the list it lies in along
    const call = { index, expected: copyOf(expected), of: this.#of, bytes: chunk.leaf };
    return this.#thread.ask<ChunkVerdict>({ name: 'accept', ...call });
  }

  async digest(): Promise<Bytes> {
    return this.#thread.ask<Bytes>({ name: 'digest', of: this.#of });
  }

  end(): void {
    if (!this.#isEnded) this.#thread.leave();
    this.#isEnded = true;
  }
}

let nextHash = 1;
let current: HashThread | undefined;

type Asked = HashCall extends infer C ? (C extends HashCall ? Omit<C, 'call'> : never) : never;

interface Waiting {
  resolve: (value: HashValue) => void;
  reject: (error: unknown) => void;
}

class HashThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #users = 0;
  #calls = 0;
  #failure: unknown;

  private constructor() {
    const program = PROGRAMS.map((name) => new URL(name, import.meta.url)).find((url) => existsSync(url))!;
    // what the process was told to load first is not meant for it
    const limits = { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };
    this.#worker = new Worker(program, { execArgv: [], env: {}, resourceLimits: limits });
    this.#worker.on('message', ({ call, value }: HashAnswer) => {
      this.#waiting.get(call)?.resolve(value);
      this.#waiting.delete(call);
      if (this.#waiting.size === 0) this.#worker.unref();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(undefined));
    this.#worker.unref();
  }

  /** The thread of now, for one more file. */
  static use(): HashThread {
    current ??= new HashThread();
    current.#users++;
    return current;
  }

  /** One file fewer: the last one ends the thread. */
  leave(): void {
    if (--this.#users > 0) return;
    if (current === this) current = undefined;
    void this.#worker.terminate();
  }

  ask<T extends HashValue>(asked: Asked): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const call = ++this.#calls;
      this.#waiting.set(call, { resolve: resolve as Waiting['resolve'], reject });
      this.#worker.ref();
      this.#worker.postMessage({ ...asked, call });
    });
  }

  #fail(cause: unknown): void {
    if (current === this) current = undefined;
    this.#failure ??= new LienthongError('internal', { reason: 'hash thread ended' }, { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
