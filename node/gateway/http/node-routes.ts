/** What a node says of itself and of the directory: status, check, announce, directory. */
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { AnnounceBody, Code, Nothing, SealWish } from './schemas.ts';
import type { NodeService } from './services.ts';

export function addNodeRoutes(app: FastifyInstance, node: NodeService): void {
  app.get('/v1/status', { schema: { querystring: Nothing } }, () => node.status());

  app.post('/v1/check', { schema: { querystring: Nothing } }, () => node.check());

  app.post<{ Body: Static<typeof AnnounceBody> }>(
    '/v1/announce',
    { schema: { body: AnnounceBody } },
    async (request) => {
      await node.announce(request.body.addresses);
      return { addresses: request.body.addresses };
    },
  );

  app.post<{ Body: Static<typeof SealWish> }>('/v1/seals', { schema: { body: SealWish } }, (request) =>
    node.askForSeal(request.body.fingerprint),
  );

  app.get('/v1/directory', { schema: { querystring: Nothing } }, () => node.directory());

  app.get<{ Params: Static<typeof Code> }>('/v1/directory/:code', { schema: { params: Code } }, (request) =>
    node.directoryEntry(request.params.code),
  );
}
