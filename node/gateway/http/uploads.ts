/**
 * Files in: a body is taken as it streams, nothing is buffered here, and the node reads as fast as it writes. One that
 * is declared or turns out too large, a caller that goes away or stands still leave nothing behind. A caller that is
 * refused half way gets its answer while it still sends. Used by the routes that take files.
 */
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LienthongError } from '../../core/errors.ts';

export type Take<T> = (source: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<T>;

/** In this scope bodies of these types, and no others, reach the routes as streams. */
export function onlyStreams(scope: FastifyInstance, mediaTypes: string[]): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(mediaTypes, (_request, payload, done) => done(null, payload));
}

/**
 * Gives the body to `take`; the signal aborts when the caller has gone. Throws 'file-empty', 'file-too-large' (at once
 * where the size is declared) and what `take` throws.
 */
export async function takeStream<T>(
  { body, raw }: Pick<FastifyRequest, 'body' | 'raw'>,
  maxBytes: number,
  take: Take<T>,
): Promise<T> {
  if (!isReadable(body)) throw new LienthongError('file-empty');
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.complete) gone.abort(new LienthongError('timeout', { reason: 'upload-cancelled' }));
  });
  try {
    const declared = Number(raw.headers['content-length'] ?? 0);
    if (declared > maxBytes) throw tooLarge(declared, maxBytes);
    return await take(bounded(body, maxBytes), gone.signal);
  } catch (error) {
    // read on, to nowhere: a connection closed under a caller that still writes would take the answer with it
    body.resume();
    throw error;
  }
}

const isReadable = (body: unknown): body is Readable =>
  typeof (body as Readable | null | undefined)?.pipe === 'function';

async function* bounded(source: Readable, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += piece.byteLength;
    if (bytes > maxBytes) throw tooLarge(bytes, maxBytes);
    yield piece;
  }
  if (bytes === 0) throw new LienthongError('file-empty');
}

const tooLarge = (bytes: number, maxBytes: number): LienthongError =>
  new LienthongError('file-too-large', { bytes, maxBytes });
