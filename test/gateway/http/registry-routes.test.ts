import t from 'tap';
import { openRegistryDoor } from '../../../node/gateway/http/door.ts';
import { temporaryFolder } from '../../helpers/command-line.ts';
import { MemoryRegistry } from '../../helpers/memory-registry.ts';
import { caller } from '../../helpers/socket-caller.ts';

t.test("the registry's calls, checked as all others", async (t) => {
  const registry = new MemoryRegistry();
  const door = await openRegistryDoor(registry, { folder: await temporaryFolder(t) });
  t.teardown(() => door.close());
  const { call } = caller(door.path);
  const octets = { 'content-type': 'application/octet-stream' };

  t.match((await call('GET', '/v1/registry')).body, { agencies: 1 });
  t.match((await call('POST', '/v1/registry/invites', { body: { agency: 'H40' } })).body, {
    token: 'lt1.abc',
  });
  t.equal((await call('POST', '/v1/registry/invites', { body: { agency: 'H99' } })).status, 404);
  t.equal(
    (await call('POST', '/v1/registry/invites', { body: { agency: 'H40', expiresMs: -1 } })).status,
    400,
  );
  t.equal((await call('POST', '/v1/registry/invites', { body: { agency: 'H40', other: 1 } })).status, 400);
  t.equal((await call('GET', '/v1/registry/agencies?certificates=true')).body[0].certificates.length, 2);
  t.equal((await call('GET', '/v1/registry/agencies')).body[0].certificates, undefined);
  await call('POST', '/v1/registry/seals', { body: { agency: 'H40', fingerprint: 'ab'.repeat(32) } });
  await call('POST', '/v1/registry/revocations', {
    body: { target: 'H40', reason: 'superseded', sinceMs: 5 },
  });
  t.match((await call('POST', '/v1/registry/renewals', { body: { target: 'H40' } })).body, {
    renewed: [{ old: '0a1b', serial: '0a1d' }],
  });
  t.equal((await call('POST', '/v1/registry/renewals', { body: { target: 'H99' } })).status, 404);
  for (const body of [{ target: '' }, { target: 'x'.repeat(101) }, { target: 'H40', more: 1 }, {}])
    t.equal((await call('POST', '/v1/registry/renewals', { body })).status, 400);
  await call('POST', '/v1/registry/import', { body: [{ code: 'H40' }] });
  t.match(registry.acts, [
    { agency: 'H40' },
    { target: 'H40', reason: 'superseded', sinceMs: 5 },
    { renew: 'H40' },
    { renew: 'H99' },
    [{ code: 'H40' }],
  ]);
  t.equal(
    (await call('POST', '/v1/registry/requests', { raw: Buffer.from('abc'), headers: octets })).text,
    'cba',
  );
  t.equal(
    (await call('POST', '/v1/registry/requests', { raw: Buffer.from([0]), headers: octets })).status,
    422,
  );
  t.equal(
    (await call('POST', '/v1/registry/requests', { headers: octets })).body.error.code,
    'request-invalid',
  );
  t.equal(
    (await call('POST', '/v1/registry/requests', { raw: Buffer.alloc(300_000), headers: octets })).status,
    413,
  );
  t.equal((await call('POST', '/v1/documents', { body: {} })).status, 404, 'a registry has no documents');
});
