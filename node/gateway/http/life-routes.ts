/** A document's life: what is said about one received; recalls of, and more recipients for, one sent. */
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import {
  RecallBody,
  RecipientsBody,
  RegisterBox,
  RegisterQuerystring,
  StatusBody,
  TakenBody,
} from './life-schemas.ts';
import type { LifeService } from './life-service.ts';
import { DEFAULT_PAGE, MAX_PAGE, MAX_UNITS_BYTES } from './limits.ts';
import { Id } from './schemas.ts';

type ById = { Params: Static<typeof Id> };

export function addLifeRoutes(app: FastifyInstance, node: LifeService): void {
  app.post<ById & { Body: StatusBody }>(
    '/v1/documents/:id/statuses',
    { schema: { params: Id, body: StatusBody } },
    (request) => node.say(request.params.id, request.body),
  );

  app.post<ById & { Body: TakenBody }>(
    '/v1/documents/:id/taken',
    { schema: { params: Id, body: TakenBody } },
    async (request, reply) => {
      await node.taken(request.params.id, request.body.unit);
      return reply.code(204).send();
    },
  );

  app.post<ById & { Body: RecallBody }>(
    '/v1/documents/:id/recall',
    { bodyLimit: MAX_UNITS_BYTES, schema: { params: Id, body: RecallBody } },
    (request) => node.recall(request.params.id, request.body),
  );

  app.post<ById & { Body: RecipientsBody }>(
    '/v1/documents/:id/recipients',
    { bodyLimit: MAX_UNITS_BYTES, schema: { params: Id, body: RecipientsBody } },
    ({ params, body: { to, reason, by } }) => node.addRecipients(params.id, to, reason, by),
  );

  app.get<{ Params: Static<typeof RegisterBox>; Querystring: Static<typeof RegisterQuerystring> }>(
    '/v1/registers/:box',
    { schema: { params: RegisterBox, querystring: RegisterQuerystring } },
    ({ params, query: { year, limit, ...query } }) =>
      node.register({
        ...params,
        ...query,
        ...(year !== undefined && { year: Number(year) }),
        limit: Math.min(Number(limit ?? DEFAULT_PAGE), MAX_PAGE),
      }),
  );
}
