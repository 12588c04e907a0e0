/** The registry's admin calls, on its own socket: the same functions the command line uses on a folder at rest. */
import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { LienthongError } from '../../core/errors.ts';
import { addAnchorRoutes } from './anchor-routes.ts';
import { MAX_IMPORT_BYTES, MAX_REQUEST_BYTES } from './limits.ts';
import { AgenciesQuery, InviteBody, Nothing, RenewalBody, RevocationBody, SealBody } from './schemas.ts';
import type { RegistryApi } from './services.ts';

export function addRegistryRoutes(app: FastifyInstance, registry: RegistryApi): void {
  app.get('/v1/registry', { schema: { querystring: Nothing } }, () => registry.status());

  app.get<{ Querystring: Static<typeof AgenciesQuery> }>(
    '/v1/registry/agencies',
    { schema: { querystring: AgenciesQuery } },
    (request) => registry.list({ certificates: request.query.certificates === 'true' }),
  );

  app.post<{ Body: Static<typeof InviteBody> }>(
    '/v1/registry/invites',
    { schema: { body: InviteBody } },
    (request) => registry.invite(request.body.agency, { expiresMs: request.body.expiresMs }),
  );

  app.post<{ Body: Static<typeof SealBody> }>(
    '/v1/registry/seals',
    { schema: { body: SealBody } },
    async ({ body: { agency, fingerprint, unit, unitOnly } }) =>
      (await registry.grantSeal(agency, fingerprint, { unit, unitOnly })) ?? {},
  );

  app.post<{ Body: Static<typeof RevocationBody> }>(
    '/v1/registry/revocations',
    { schema: { body: RevocationBody } },
    async ({ body: { target, reason, sinceMs } }) =>
      (await registry.revoke(target, { reason, sinceMs })) ?? {},
  );

  app.post<{ Body: Static<typeof RenewalBody> }>(
    '/v1/registry/renewals',
    { schema: { body: RenewalBody } },
    ({ body: { target } }) => registry.renew(target),
  );

  app.post(
    '/v1/registry/import',
    { bodyLimit: MAX_IMPORT_BYTES },
    async (request) => (await registry.import(request.body)) ?? {},
  );

  addAnchorRoutes(app, registry);

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/octet-stream',
      { parseAs: 'buffer', bodyLimit: MAX_REQUEST_BYTES },
      (_request, body, done) => done(null, body),
    );
    scope.post<{ Body: Buffer | Readable | undefined }>(
      '/v1/registry/requests',
      { bodyLimit: MAX_REQUEST_BYTES },
      async (request, reply) => {
        const body = request.body;
        if (!Buffer.isBuffer(body) || body.byteLength === 0)
          throw new LienthongError('request-invalid', { reason: 'empty' });
        const answer = await registry.issue(new Uint8Array(body));
        return reply.type('application/octet-stream').send(Buffer.from(answer));
      },
    );
  });
}
