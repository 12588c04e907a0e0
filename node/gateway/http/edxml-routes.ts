/**
 * edXML files: `POST /v1/edxml` takes one as it streams in, `GET /v1/documents/:id/edxml` writes one as it streams out.
 * Nothing is buffered here. A file that turns out wrong while it is written is broken off.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { CLASSIFICATIONS } from '../../core/classification.ts';
import { MOST_SEPARATE_FILES } from '../../core/edxml-views.ts';
import { LienthongError } from '../../core/errors.ts';
import { EDXML_LIMITS } from '../../edxml/limits.ts';
import { Id } from './schemas.ts';
import type { NodeService } from './services.ts';
import { DEFAULT_SYSTEM } from './submission.ts';
import { onlyStreams, takeStream } from './uploads.ts';

const UPLOAD = '[0-9a-f]{32}\\.[0-9a-f]{64}';
const flag = () => Type.Optional(Type.Enum(['true', 'false']));
const ImportQuery = Type.Object(
  {
    system: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    key: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    classification: Type.Optional(Type.Enum([...CLASSIFICATIONS])),
    separate: Type.Optional(
      Type.String({
        pattern: `^${UPLOAD}(,${UPLOAD}){0,${MOST_SEPARATE_FILES - 1}}$`,
        description: 'leases of files of an older message that names them: lease.sha256, in its order',
      }),
    ),
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

/** "lease.sha256" */
function uploadOf(text: string): { lease: string; sha256: string } {
  const [lease = '', sha256 = ''] = text.split('.');
  return { lease, sha256 };
}

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
    onlyStreams(scope, ['application/octet-stream', 'application/xml', 'text/xml']);
    scope.post<{ Querystring: Static<typeof ImportQuery> }>(
      '/v1/edxml',
      { bodyLimit: EDXML_LIMITS.fileBytes, schema: { querystring: ImportQuery } },
      async (request, reply) => {
        const { system = DEFAULT_SYSTEM, separate: uploads, ...rest } = request.query;
        const separate = uploads?.split(',').map(uploadOf);
        const answer = await takeStream(request, EDXML_LIMITS.fileBytes, async (source, signal) => {
          if (node.importEdxml === undefined) throw new LienthongError('not-found', { what: 'edxml' });
          return node.importEdxml(source, { system, ...rest, separate, signal });
        });
        const repeated = 'repeated' in answer && answer.repeated === true;
        return reply.code(repeated ? 200 : 201).send(answer);
      },
    );
  });
}
