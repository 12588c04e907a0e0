/**
 * Documents: submit, list, show, attachments, evidence, verify, and the stream of deliveries as they happen.
 * `POST /v1/documents?wait=<ms>` answers once every delivery is settled or the time is over, `settled` says which.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { Clock } from '../../core/clock.ts';
import { goneSignal } from './gone-signal.ts';
import { MAX_SUBMISSION_BYTES } from './limits.ts';
import {
  Id,
  IdAndIndex,
  ListQuerystring,
  Nothing,
  ProposalBody,
  SubmissionBody,
  SubmitQuery,
} from './schemas.ts';
import type { NodeService } from './services.ts';
import { DEFAULT_SYSTEM, listQueryOf, submissionOf, waitMsOf } from './submission.ts';
import { settledWithin } from './waiting.ts';

type ById = { Params: Static<typeof Id> };

export function addDocumentRoutes(
  app: FastifyInstance,
  node: NodeService,
  stopping: AbortSignal,
  clock: Clock,
): void {
  app.post<{ Body: SubmissionBody; Querystring: Static<typeof SubmitQuery> }>(
    '/v1/documents',
    { bodyLimit: MAX_SUBMISSION_BYTES, schema: { body: SubmissionBody, querystring: SubmitQuery } },
    async (request, reply) => {
      const waitMs = waitMsOf(request.query.wait);
      const answer = await node.submit(submissionOf(request.body));
      reply.code(answer.repeated ? 200 : 201);
      if (waitMs === 0) return answer;
      return {
        ...answer,
        ...(await settledWithin(node, answer, waitMs, goneSignal(reply.raw, stopping), clock)),
      };
    },
  );

  app.post<{ Body: ProposalBody }>(
    '/v1/documents/check',
    { bodyLimit: MAX_SUBMISSION_BYTES, schema: { body: ProposalBody } },
    async (request) => {
      const { system = DEFAULT_SYSTEM, attachments = [], ...fields } = request.body;
      const answer = await node.validate?.({ ...fields, system, attachments });
      return { checked: node.validate !== undefined, answer: answer ?? null };
    },
  );

  app.get<{ Querystring: ListQuerystring }>(
    '/v1/documents',
    { schema: { querystring: ListQuerystring } },
    (request) => node.list(listQueryOf(request.query)),
  );

  app.get<ById>('/v1/documents/:id', { schema: { params: Id } }, (request) => node.show(request.params.id));

  app.get<{ Params: Static<typeof IdAndIndex> }>(
    '/v1/documents/:id/attachments/:index',
    { schema: { params: IdAndIndex } },
    async (request, reply) => {
      const file = await node.attachment(request.params.id, Number(request.params.index));
      return reply
        .header('content-length', file.size)
        .header('x-lienthong-sha256', file.sha256)
        .type('application/octet-stream')
        .send(Readable.from(file.stream, { objectMode: false }));
    },
  );

  app.get<ById>('/v1/documents/:id/evidence', { schema: { params: Id } }, async (request) => ({
    files: (await node.evidence(request.params.id)).map(({ name, bytes }) => ({
      name,
      base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
    })),
  }));

  app.get<ById>('/v1/documents/:id/verification', { schema: { params: Id } }, (request) =>
    node.verify(request.params.id),
  );

  app.get<ById>(
    '/v1/documents/:id/events',
    { schema: { params: Id, querystring: Nothing } },
    async (request, reply) => {
      const gone = goneSignal(reply.raw, stopping);
      const updates = node.watch(request.params.id, gone)[Symbol.asyncIterator]();
      const first = await updates.next();
      const lines = async function* () {
        try {
          for (let next = first; !next.done; next = await updates.next())
            yield `${JSON.stringify(next.value)}\n`;
        } catch (error) {
          if (!gone.aborted) throw error;
        } finally {
          await updates.return?.();
        }
      };
      return reply.type('application/x-ndjson').send(Readable.from(lines(), { objectMode: false }));
    },
  );
}
