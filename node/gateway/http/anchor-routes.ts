/** Foreign CAs listed for seals: the admin's calls, on the registry's own socket. Files come as Base64. */
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { Bytes } from '../../core/bytes.ts';
import { MAX_ANCHOR_BYTES } from './limits.ts';
import { AnchorBody, AnchorList, Fingerprint, Nothing } from './schemas.ts';
import type { RegistryApi } from './services.ts';

export function addAnchorRoutes(app: FastifyInstance, registry: RegistryApi): void {
  app.get('/v1/registry/anchors', { schema: { querystring: Nothing } }, () => registry.anchors());

  app.post<{ Body: Static<typeof AnchorBody> }>(
    '/v1/registry/anchors',
    { schema: { body: AnchorBody }, bodyLimit: MAX_ANCHOR_BYTES },
    ({ body: { certificates, intermediates, crls, fingerprint, name } }) =>
      registry.addAnchor({
        certificates: bytesOf(certificates),
        intermediates: intermediates?.map(bytesOf),
        crls: crls?.map(bytesOf),
        fingerprint,
        name,
      }),
  );

  app.delete<{ Params: Static<typeof Fingerprint> }>(
    '/v1/registry/anchors/:fingerprint',
    { schema: { params: Fingerprint } },
    (request) => registry.removeAnchor(request.params.fingerprint),
  );

  app.post<{ Params: Static<typeof Fingerprint>; Body: Static<typeof AnchorList> }>(
    '/v1/registry/anchors/:fingerprint/lists',
    { schema: { params: Fingerprint, body: AnchorList }, bodyLimit: MAX_ANCHOR_BYTES },
    (request) => registry.refreshAnchor(request.params.fingerprint, bytesOf(request.body.crl)),
  );
}

const bytesOf = (base64: string): Bytes => new Uint8Array(Buffer.from(base64, 'base64'));
