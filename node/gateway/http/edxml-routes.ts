/**
 * edXML files: `POST /v1/edxml` takes one as it streams in, `GET /v1/documents/:id/edxml` writes one as it streams out.
 * Nothing is buffered here. A caller that goes away, stands still or sends too much leaves nothing behind; one that is
 * refused half way gets its answer while it still sends. A file that turns out wrong while it is written is broken off.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { CLASSIFICATIONS } from '../../core/classification.ts';
import { LienthongError } from '../../core/errors.ts';
import { EDXML_LIMITS } from '../../edxml/limits.ts';
import { Id } from './schemas.ts';
import type { NodeService } from './services.ts';
import { DEFAULT_SYSTEM } from './submission.ts';

const flag = () => Type.Optional(Type.Enum(['true', 'false']));
const ImportQuery = Type.Object(
  {
    system: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    key: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    classification: Type.Optional(Type.Enum([...CLASSIFICATIONS])),
  },
  { additionalProperties: false },
);
const ExportQuery = Type.Object(
  {
    original: flag(),
    status: flag(),
    unit: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
    code: Type.Optional(Type.String({ pattern: '^(0[1-6]|1[356])$' })),
  },
  { additionalProperties: false },
);

export function addEdxmlRoutes(
  app: FastifyInstance,
  node: Pick<NodeService, 'importEdxml' | 'exportEdxml'>,
): void {
  app.get<{ Params: Static<typeof Id>; Querystring: Static<typeof ExportQuery> }>(
    '/v1/documents/:id/edxml',
    { schema: { params: Id, querystring: ExportQuery } },
    async (request, reply) => {
      const { original, status, ...which } = request.query;
      const options = { original: original === 'true', status: status === 'true', ...which };
      if (node.exportEdxml === undefined) throw new LienthongError('not-found', { what: 'edxml' });
      const { name, stream } = await node.exportEdxml(request.params.id, options);
      return reply
        .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`)
        .type('application/xml')
        .send(Readable.from(stream, { objectMode: false }));
    },
  );

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    const asItIs = (_request: unknown, payload: Readable, done: (error: null, body: Readable) => void) =>
      done(null, payload);
    scope.addContentTypeParser(['application/octet-stream', 'application/xml', 'text/xml'], asItIs);
    scope.post<{ Body: Readable | undefined; Querystring: Static<typeof ImportQuery> }>(
      '/v1/edxml',
      { bodyLimit: EDXML_LIMITS.fileBytes, schema: { querystring: ImportQuery } },
      async (request, reply) => {
        const body = request.body;
        if (body === undefined || typeof body.pipe !== 'function') throw new LienthongError('file-empty');
        const gone = new AbortController();
        request.raw.once('close', () => {
          if (!request.raw.complete)
            gone.abort(new LienthongError('timeout', { reason: 'upload-cancelled' }));
        });
        try {
          if (node.importEdxml === undefined) throw new LienthongError('not-found', { what: 'edxml' });
          const { system = DEFAULT_SYSTEM, ...rest } = request.query;
          const source = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
          const answer = await node.importEdxml(source, { system, ...rest, signal: gone.signal });
          const repeated = 'repeated' in answer && answer.repeated === true;
          return reply.code(repeated ? 200 : 201).send(answer);
        } catch (error) {
          // read on, to nowhere: a connection closed under a caller that still writes would take the answer with it
          body.resume();
          throw error;
        }
      },
    );
  });
}
