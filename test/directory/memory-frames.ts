/** Two ends of a stream in memory: whole frames in order, a clean end, an abort. Enough of FrameStream for the directory. */
import { LienthongError } from '../../node/core/errors.ts';
import type { Frames } from '../../node/directory/serve.ts';

class End implements Frames {
  readonly #frames: Uint8Array[] = [];
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;
  other!: End;

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
  async require(): Promise<Uint8Array> {
    const frame = await this.read();
    if (frame === undefined) throw new LienthongError('malformed', { reason: 'ended-without-a-frame' });
    return frame;
  }
  async write(frame: Uint8Array): Promise<void> {
    this.other.#frames.push(frame);
    this.other.#wake?.();
  }
  async close(): Promise<void> {
    this.other.#ended = true;
    this.other.#wake?.();
  }
  abort(error: LienthongError): void {
    this.other.#error = new LienthongError('unreachable', { reason: 'stream-reset' }, { cause: error });
    this.other.#wake?.();
  }
}

/** A stream whose far end is answered by `serve`, as Host does: its end closes, its error resets. */
export function serving(serve: (frames: Frames) => Promise<void>): () => Promise<Frames> {
  return async () => {
    const near = new End();
    const far = new End();
    near.other = far;
    far.other = near;
    void serve(far).then(
      () => far.close(),
      (error) => far.abort(error),
    );
    return near;
  };
}
