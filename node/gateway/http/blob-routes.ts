/**
 * Files in: `POST /v1/blobs` takes octets as they come and answers what was stored and the lease that keeps it for the
 * submission. Nothing is buffered here; the store reads as fast as it writes. A caller that goes away, stands still
 * or sends too much leaves nothing behind. One that is refused half way gets its answer while it still sends.
 */
import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { LienthongError } from '../../core/errors.ts';
import { MAX_ATTACHMENT_BYTES } from '../../core/field-limits.ts';
import { Lease, Nothing } from './schemas.ts';
import type { NodeService } from './services.ts';

export function addBlobRoutes(
  app: FastifyInstance,
  node: Pick<NodeService, 'storeBlob' | 'releaseBlob'>,
): void {
  app.delete<{ Params: Static<typeof Lease> }>(
    '/v1/blobs/:lease',
    { schema: { params: Lease } },
    async (request, reply) => {
      await node.releaseBlob?.(request.params.lease);
      return reply.code(204).send();
    },
  );

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));

    scope.post<{ Body: Readable | undefined }>(
      '/v1/blobs',
      { bodyLimit: MAX_ATTACHMENT_BYTES, schema: { querystring: Nothing } },
      async (request, reply) => {
        const body = request.body;
        if (body === undefined || typeof body.pipe !== 'function') throw new LienthongError('file-empty');
        const gone = new AbortController();
        request.raw.once('close', () => {
          if (!request.raw.complete)
            gone.abort(new LienthongError('timeout', { reason: 'upload-cancelled' }));
        });
        try {
          const declared = Number(request.headers['content-length'] ?? 0);
          if (declared > MAX_ATTACHMENT_BYTES) throw tooLarge(declared);
          const stored = await node.storeBlob(bounded(body), { signal: gone.signal });
          return reply.code(201).send(stored);
        } catch (error) {
          // read on, to nowhere: a connection closed under a caller that still writes would take the answer with it
          body.resume();
          throw error;
        }
      },
    );
  });
}

async function* bounded(source: Readable): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += piece.byteLength;
    if (bytes > MAX_ATTACHMENT_BYTES) throw tooLarge(bytes);
    yield piece;
  }
  if (bytes === 0) throw new LienthongError('file-empty');
}

const tooLarge = (bytes: number): LienthongError =>
  new LienthongError('file-too-large', { bytes, maxBytes: MAX_ATTACHMENT_BYTES });
