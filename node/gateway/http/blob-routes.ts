/**
 * Files in: `POST /v1/blobs` takes octets as they come and answers what was stored and the lease that keeps it for the
 * submission.
 */
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { MAX_ATTACHMENT_BYTES } from '../../core/field-limits.ts';
import { Lease, Nothing } from './schemas.ts';
import type { NodeService } from './services.ts';
import { onlyStreams, takeStream } from './uploads.ts';

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
    onlyStreams(scope, ['application/octet-stream']);
    scope.post(
      '/v1/blobs',
      { bodyLimit: MAX_ATTACHMENT_BYTES, schema: { querystring: Nothing } },
      async (request, reply) => {
        const declared = Number(request.raw.headers['content-length'] ?? 0);
        const size = declared > 0 ? declared : undefined;
        const stored = await takeStream(request, MAX_ATTACHMENT_BYTES, (source, signal) =>
          node.storeBlob(source, { signal, size }),
        );
        // sent whole, but nobody learns the lease
        if (reply.raw.closed) await node.releaseBlob?.(stored.lease);
        return reply.code(201).send(stored);
      },
    );
  });
}
