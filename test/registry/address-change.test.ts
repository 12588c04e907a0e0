import t from 'tap';
import { createRequest } from '../../certs/request.ts';
import { judgeAnswer } from '../../node/directory/enrolment-answer.ts';
import { sealEnvelope } from '../../node/directory/enrolment-envelope.ts';
import { makeRequest } from '../../node/directory/enrolment-request.ts';
import { READS } from '../../node/directory/hello.ts';
import { parseInviteToken } from '../../node/directory/invite-token.ts';
import { enrolmentRequest } from '../../proto/messages.ts';
import { type Applicant, applicant, type MemoryRegistry, memoryRegistry, newKey } from './federation.ts';

const OTHER = ['/ip4/127.0.0.1/tcp/7401', '/dns4/nut.example.vn/tcp/7400'];

async function enrolled(registry: MemoryRegistry, agency: string): Promise<Applicant> {
  const { token } = await registry.service.invite(agency);
  const made = await applicant(registry, agency, parseInviteToken(token).seed);
  await registry.enrolment.enrol(made.envelope, { peerId: made.peerId });
  return made;
}

/** The envelope a seat sends when it moves; `change` alters the request before it is signed. */
async function moving(
  registry: MemoryRegistry,
  of: Applicant,
  agency: string,
  change: Partial<ReturnType<typeof enrolmentRequest.parse>> = {},
): Promise<Uint8Array> {
  const request = await makeRequest({
    agency,
    federationId: registry.directory.federationId,
    keys: of,
    addresses: OTHER,
    madeAtMs: registry.clock.nowMs(),
  });
  return sealEnvelope(
    enrolmentRequest.encode({ ...enrolmentRequest.parse(request), ...change }),
    of.node,
    undefined,
  );
}

t.test('an enrolled seat changes its addresses with its keys alone, once', async (t) => {
  const registry = await memoryRegistry();
  const h40 = await enrolled(registry, 'H40');
  const before = registry.directory.require();
  const seatBefore = before.seat('H40')!;
  const { peerId } = h40;
  const envelope = await moving(registry, h40, 'H40', { reads: ['document/1', 'document/2'] });
  const answer = await registry.enrolment.enrol(envelope, { peerId });
  const after = registry.directory.require();
  t.equal(after.version, before.version + 1);
  t.same(after.seat('H40')!.addresses, OTHER);
  t.same(after.seat('H40')!.reads, ['document/1', 'document/2']);
  const { addresses, reads, ...rest } = after.seat('H40')!;
  const { addresses: _, reads: __, ...restBefore } = seatBefore;
  t.same(rest, restBefore, 'and nothing else of the seat');
  t.equal(after.certificatesOf('H40').length, 3, 'no certificate is issued');
  t.match(
    registry.audited.filter(({ event }) => event === 'seat.changed'),
    [
      {
        fields: [
          { value: 'H40' },
          { value: 'H40' },
          { value: OTHER.join(' ') },
          { value: seatBefore.addresses[0]! },
        ],
      },
    ],
  );

  const expected = {
    rootFingerprint: registry.directory.federationId,
    agency: 'H40',
    keys: h40,
    nowMs: registry.clock.nowMs(),
  };
  const granted = judgeAnswer(answer, expected);
  t.equal(granted.seat, 'H40');
  t.same(granted.node, seatBefore.nodeCertificates[0]);
  t.ok(granted.seal, 'the seal it asked about has been granted');

  t.same(await registry.enrolment.enrol(envelope, { peerId }), answer, 'again');
  const [one, two] = await Promise.all(
    [envelope, envelope].map((same) => registry.enrolment.enrol(same, { peerId })),
  );
  t.same(one, two);
  t.equal(registry.directory.require().version, after.version, 'no new head for what it says already');
  t.equal(registry.audited.filter(({ event }) => event === 'seat.changed').length, 1);

  await registry.enrolment.enrol(await moving(registry, h40, 'H40', { reads: [...READS] }), { peerId });
  t.equal(registry.directory.require().version, after.version + 1, 'what it reads alone is a change too');
});

t.test('a renewed certificate is the one that is answered', async (t) => {
  const registry = await memoryRegistry();
  const h40 = await enrolled(registry, 'H40');
  registry.clock.advance(24 * 3_600_000);
  const old = registry.directory
    .require()
    .certificatesOf('H40')
    .find(({ role }) => role === 'service')!;
  const { serial } = await registry.service.renew(old.serial);
  await registry.service.revoke(old.serial, { reason: 'superseded' });
  const answer = await registry.enrolment.enrol(await moving(registry, h40, 'H40'), { peerId: h40.peerId });
  const expected = {
    rootFingerprint: registry.directory.federationId,
    agency: 'H40',
    keys: h40,
    nowMs: registry.clock.nowMs(),
  };
  const { service } = judgeAnswer(answer, expected);
  const listed = registry.directory
    .require()
    .certificatesOf('H40')
    .find((one) => one.serial === serial)!;
  t.equal(Buffer.compare(service, listed.der), 0);
});

t.test('whoever lacks one thing needs an invite, and nothing changes', async (t) => {
  const registry = await memoryRegistry();
  const h40 = await enrolled(registry, 'H40');
  const h51 = await enrolled(registry, 'H51');
  const { version } = registry.directory.require();
  const refused = async (code: string, reason: string, envelope: Uint8Array, from = h40.peerId) => {
    await t.rejects(
      registry.enrolment.enrol(envelope, { peerId: from }),
      { code, details: { reason } },
      `${code} ${reason}`,
    );
    t.equal(registry.directory.require().version, version);
  };
  const stranger = await applicant(registry, 'H40', undefined, {
    federationId: registry.directory.federationId,
  });
  const otherKey = await newKey('ecdsa-p256');
  await refused('invite-invalid', 'signature', stranger.envelope, stranger.peerId);
  await refused('invite-invalid', 'other-agency', await moving(registry, h40, 'H51'));
  await refused(
    'invite-invalid',
    'other-key',
    await moving(registry, h40, 'H40', { serviceCsr: await createRequest(otherKey, 'service') }),
  );
  await refused(
    'invite-invalid',
    'other-key',
    await moving(registry, h40, 'H40', { serviceCsr: await createRequest(h51.service, 'service') }),
  );
  await refused('request-invalid', 'other-peer', await moving(registry, h51, 'H51'));
  await refused(
    'request-invalid',
    'address',
    await moving(registry, h40, 'H40', { addresses: ['/ip4/0.0.0.0/tcp/1'] }),
  );
  await refused('request-invalid', 'no-address', await moving(registry, h40, 'H40', { addresses: [] }));
  await refused(
    'registry-mismatch',
    'federation',
    await moving(registry, h40, 'H40', { federationId: new Uint8Array(32) }),
  );
  const request = enrolmentRequest.encode({ ...enrolmentRequest.parse(h40.request), addresses: OTHER });
  await refused('request-invalid', 'signature', await sealEnvelope(request, h51.node, undefined));
  await refused(
    'request-invalid',
    'node-already-enrolled',
    await sealEnvelope(request, h40.node, new Uint8Array(32).fill(3)),
  );

  const node = registry.directory
    .require()
    .certificatesOf('H51')
    .find(({ role }) => role === 'node')!;
  const late = await moving(registry, h51, 'H51');
  await registry.service.revoke(node.serial);
  await t.rejects(
    registry.enrolment.enrol(late, { peerId: h51.peerId }),
    { code: 'invite-invalid' },
    'a revoked node',
  );
  registry.clock.advance(10 * 365 * 24 * 3_600_000);
  await registry.service.refresh();
  await t.rejects(
    registry.enrolment.enrol(await moving(registry, h40, 'H40'), { peerId: h40.peerId }),
    { code: 'invite-invalid' },
    'an expired one',
  );
});
