/**
 * What a sender has given out of a circular's files, so that it gives different chunks to different recipients first,
 * and each only a few times: from then on recipients have it from each other. What it gave to somebody who broke off is
 * given again, and so is what was given long ago, since whoever still asks for it didn't get it elsewhere. In memory
 * only, while anybody reads the file: what is forgotten costs a few chunks more. Used by blob-server.
 */
import { type Bytes, hex } from '../core/bytes.ts';
import { hasBit } from './chunk-bits.ts';

/** Times each chunk is given: with two a recipient that takes one and leaves costs no time. */
const COPIES = 2;
/** Longer ago than this, and than some times what a chunk takes to arrive, who still wants it won't get it elsewhere. */
const LONG_AGO_MS = 1_000;
const LONG_AGO_TIMES = 4;

export class Spreading {
  readonly #files = new Map<string, { file: SpreadFile; users: number }>();

  /** To be closed by everyone who opened it. */
  open(documentId: Bytes, sha256: Bytes, chunks: number): { file: SpreadFile; close: () => void } {
    const name = `${hex(documentId)} ${hex(sha256)}`;
    const known = this.#files.get(name) ?? { file: new SpreadFile(chunks), users: 0 };
    this.#files.set(name, known);
    known.users++;
    const close = () => {
      if (--known.users === 0) this.#files.delete(name);
    };
    return { file: known.file, close };
  }
}

export class SpreadFile {
  readonly #given: Uint8Array;
  readonly #lastMs: Float64Array;
  #tookMs = 0;

  constructor(chunks: number) {
    this.#given = new Uint8Array(chunks);
    this.#lastMs = new Float64Array(chunks);
  }

  /** The chunk given least that isn't in either set; undefined where others are to be asked for all that is left. */
  pick(unwanted: Bytes, given: ReadonlySet<number>, nowMs: number): number | undefined {
    const longAgoMs = nowMs - Math.max(LONG_AGO_MS, LONG_AGO_TIMES * this.#tookMs);
    let best: number | undefined;
    for (const [index, times] of this.#given.entries()) {
      if (hasBit(unwanted, index) || given.has(index)) continue;
      if (times >= COPIES && this.#lastMs[index]! > longAgoMs) continue;
      if (best === undefined || times < this.#given[best]!) best = index;
      if (times === 0) break;
    }
    return best;
  }

  give(index: number, nowMs: number): void {
    this.#given[index] = Math.min(COPIES, this.#given[index]! + 1);
    this.#lastMs[index] = nowMs;
  }

  /** Who was given it broke off. */
  takeBack(index: number): void {
    this.#given[index] = Math.max(0, this.#given[index]! - 1);
  }

  /** A chunk given then has arrived. */
  took(ms: number): void {
    this.#tookMs = this.#tookMs === 0 ? ms : this.#tookMs * 0.8 + ms * 0.2;
  }
}
