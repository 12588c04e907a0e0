/** One stream of /lienthong/blob/1 from the reader's side: requests and answers of one file. Used by blob-puller and shared-pull. */
import { type BlobResponse, blobRequest, blobResponse, type lienthong } from '../../proto/messages.ts';
import type { Bytes } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import type { Frames } from './ports.ts';

/** A chunk takes 33 s at 256 kbit/s; beyond this the seat has stalled. */
export const CHUNK_MS = 60_000;

export interface WantedFile {
  /** The ticket. */
  dispatchId: Bytes;
  sha256: Bytes;
  /** The Signed dispatch, where the seat doesn't know it or received it. */
  ticket?: Bytes | undefined;
}

export type Want = Pick<
  lienthong.v1.BlobRequest.$Properties,
  'hashesFrom' | 'chunk' | 'spread' | 'held' | 'came'
>;

export class BlobStream {
  readonly #frames: Frames;
  readonly #file: WantedFile;
  #signal: AbortSignal;
  #sequence = 0;

  constructor(frames: Frames, file: WantedFile, signal: AbortSignal) {
    this.#frames = frames;
    this.#file = file;
    this.#signal = signal;
  }

  /** From now on another signal ends its reads. */
  follow(signal: AbortSignal): void {
    this.#signal = signal;
  }

  /** The sequence its answers bear. A write that fails breaks the stream, which the next read tells. */
  ask(want: Want): number {
    const sequence = ++this.#sequence;
    this.#frames.write(blobRequest.encode({ ...this.#file, ...want, sequence })).catch(() => {});
    return sequence;
  }

  /** The next answer, a refusal too. Throws 'blob-unavailable' at the stream's end. */
  async next(timeoutMs = CHUNK_MS): Promise<BlobResponse> {
    const bytes = await this.#frames.read({ signal: this.#signal, timeoutMs });
    if (bytes === undefined) throw new LienthongError('blob-unavailable', { reason: 'stream ended' });
    return blobResponse.parse(bytes);
  }

  /** The next answer; a refusal is thrown as 'blob-unavailable'. */
  async answer(): Promise<BlobResponse> {
    const response = await this.next();
    if (response.refused)
      throw new LienthongError('blob-unavailable', { reason: 'refused', isFinal: !response.refused.later });
    return response;
  }

  /** The list of chunk hashes of a file of so many chunks. */
  async hashes(chunks: number): Promise<Bytes[]> {
    const hashes: Bytes[] = [];
    while (hashes.length < chunks) {
      this.ask({ hashesFrom: hashes.length });
      const { hashes: page } = await this.answer();
      const more = page?.leafHashes ?? [];
      if (more.length === 0 || hashes.length + more.length > chunks) {
        throw new LienthongError('malformed', { field: 'ChunkHashes' });
      }
      hashes.push(...more);
    }
    return hashes;
  }

  /** Nothing more is asked; what was asked and is still to come isn't wanted. */
  async end(isIdle: boolean): Promise<void> {
    if (isIdle) await this.#frames.close().catch(() => {});
    else this.#frames.abort(new LienthongError('unreachable', { reason: 'no longer wanted' }));
  }
}
