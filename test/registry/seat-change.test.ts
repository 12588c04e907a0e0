import t from 'tap';
import { readCertificate } from '../../certs/certificate.ts';
import { fingerprint } from '../../certs/fingerprint.ts';
import { createRequest } from '../../certs/request.ts';
import { judgeAnswer } from '../../node/directory/enrolment-answer.ts';
import { sealEnvelope } from '../../node/directory/enrolment-envelope.ts';
import { makeRequest } from '../../node/directory/enrolment-request.ts';
import { READS } from '../../node/directory/hello.ts';
import { parseInviteToken } from '../../node/directory/invite-token.ts';
import { RegistryPolicy } from '../../node/registry/registry-policy.ts';
import { enrolmentRequest } from '../../proto/messages.ts';
import { OpenSsl } from '../certs/openssl.ts';
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
  const { renewed } = await registry.service.renew(old.serial);
  const serial = renewed[0]?.serial;
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
});

t.test("a seat past half of its certificates' life gets new ones for its keys, once", async (t) => {
  const registry = await memoryRegistry();
  const h40 = await enrolled(registry, 'H40');
  const at = registry.clock.nowMs();
  const { peerId } = h40;
  const asking = () => staying(registry, h40, 'H40');
  const serials = (role: string) =>
    registry.directory
      .require()
      .certificatesOf('H40')
      .filter((one) => one.role === role)
      .map(({ serial }) => serial);

  registry.clock.advance(YEAR_MS - DAY_MS);
  await registry.service.refresh();
  const { version } = registry.directory.require();
  await registry.enrolment.enrol(await asking(), { peerId });
  t.equal(registry.directory.require().version, version, 'a day before half of it: nothing');

  registry.clock.advance(2 * DAY_MS);
  const [one, two] = await Promise.all(
    [await asking(), await asking()].map((envelope) => registry.enrolment.enrol(envelope, { peerId })),
  );
  t.same(one, two, 'asked twice at once, answered once');
  t.equal(registry.directory.require().version, version + 1);
  for (const role of ['node', 'service', 'seal'])
    t.equal(serials(role).length, 2, `${role}: beside the old one`);
  const granted = judgeAnswer(one!, expectedOf(registry, h40));
  const openssl = await OpenSsl.open();
  t.teardown(() => openssl.close());
  const current = registry.directory.require();
  for (const [role, der] of Object.entries({
    node: granted.node,
    service: granted.service,
    seal: granted.seal!,
  })) {
    const certificate = readCertificate(der);
    t.ok(certificate.notAfterMs > at + 2.9 * YEAR_MS, role);
    const verdict = await openssl.verify({
      leaf: der,
      anchors: [registry.keys.root.bytes],
      intermediates: [registry.keys.issuing.certificate.bytes],
      crls: current.crls,
      atMs: registry.clock.nowMs() + 1_000,
    });
    t.ok(verdict.ok, `${role}: ${verdict.text}`);
  }
  const [oldSeal, newSeal] = [...current.groups.get('H40')!.seals.values()].sort(
    (a, b) => a.fromVersion - b.fromVersion,
  );
  t.same(
    { ...newSeal, certificate: 0, fromVersion: 0 },
    { ...oldSeal, certificate: 0, fromVersion: 0 },
    'what the seal counts for stays',
  );
  t.equal(newSeal!.fromVersion, current.version);
  t.equal(registry.audited.filter(({ event }) => event === 'certificate.renewed').length, 3);
  t.same(
    current.seatOfPeer(peerId)?.addresses,
    ['/ip4/127.0.0.1/tcp/7400'],
    'the seat is otherwise as it was',
  );
});

t.test('a certificate that ran out is renewed; a revoked, a lost and an unknown key are not', async (t) => {
  const registry = await memoryRegistry();
  const [h40, h51] = [await enrolled(registry, 'H40'), await enrolled(registry, 'H51')];
  const policy = new RegistryPolicy({
    directory: () => registry.directory.current,
    clock: registry.clock,
    ownPeerId: 'registry',
  });
  const listed = (agency: string, role: string) =>
    registry.directory
      .require()
      .certificatesOf(agency)
      .filter((one) => one.role === role);
  const ask = async (of: Applicant, agency: string) =>
    registry.enrolment.enrol(await staying(registry, of, agency), { peerId: of.peerId });

  // replaced in the ordinary way, and the old one revoked: the key stands
  registry.clock.advance(DAY_MS);
  await registry.service.renew('H51');
  for (const { serial } of [listed('H51', 'node')[0]!, listed('H51', 'service')[0]!])
    await registry.service.revoke(serial, { reason: 'superseded' });
  registry.clock.advance(2 * YEAR_MS + DAY_MS);
  await registry.service.refresh();
  for (const { peerId } of [h40, h51]) {
    t.notOk(registry.directory.require().nodeMayConnect(peerId, registry.clock.nowMs()).ok);
    t.equal(policy.mayConnect(peerId, 'inbound'), 'allow', 'run out, it may ask for the next one');
  }
  await ask(h40, 'H40');
  await ask(h51, 'H51');
  t.equal(policy.mayConnect(h40.peerId, 'inbound'), 'allow');
  t.equal(listed('H40', 'seal').length, 2);
  t.equal(listed('H51', 'node').length, 2, 'of a node key two certificates are enough');
  t.equal(listed('H51', 'service').length, 3, 'those of a service key stay for what they signed');

  // a lost key is lost in every certificate it has
  registry.clock.advance(DAY_MS);
  const before = listed('H40', 'seal').length;
  const seals = listed('H40', 'seal').map(({ serial }) => serial);
  const { revoked } = await registry.service.revoke(seals[0]!, { reason: 'key-compromise' });
  t.same(new Set(revoked.map(({ serial }) => serial)), new Set(seals));
  registry.clock.advance(2 * YEAR_MS);
  await registry.service.refresh();
  await ask(h40, 'H40');
  t.equal(listed('H40', 'seal').length, before, 'node and service go on, the lost seal does not');
  await t.rejects(registry.service.renew(seals[0]!), { code: 'certificate-revoked' });
  const { renewed } = await registry.service.renew('H40').catch((error) => t.fail(error) as never);
  t.same(renewed, [], 'just renewed: nothing would last longer');

  await registry.service.revoke('H51');
  t.equal(policy.mayConnect(h51.peerId, 'inbound'), 'head-only', 'revoked, it may not even ask');
  await t.rejects(ask(h51, 'H51'), { code: 'invite-invalid' });
  await t.rejects(registry.service.renew('H51'), { code: 'certificate-revoked' });
  const stranger = await applicant(registry, 'H51', undefined, {
    federationId: registry.directory.federationId,
  });
  await t.rejects(registry.enrolment.enrol(stranger.envelope, { peerId: stranger.peerId }), {
    code: 'invite-invalid',
  });
});

t.test("a seal that was never granted, or is another CA's, or withdrawn, is not renewed", async (t) => {
  const registry = await memoryRegistry({ autoSeal: false });
  const h40 = await enrolled(registry, 'H40');
  registry.clock.advance(YEAR_MS + DAY_MS);
  await registry.service.refresh();
  const answer = await registry.enrolment.enrol(await staying(registry, h40, 'H40'), { peerId: h40.peerId });
  t.equal(judgeAnswer(answer, expectedOf(registry, h40)).seal, undefined);
  await registry.service.grantSeal('H40', fingerprint(h40.seal.publicKeySpki));
  const current = registry.directory.require();
  const [key, seal] = [...current.groups.get('H40')!.seals][0]!;
  await registry.publisher.publish(() => ({
    entries: [{ group: 'H40', key, seal: { ...seal, toVersion: current.version + 1 } }],
  }));
  registry.clock.advance(YEAR_MS + 2 * DAY_MS);
  await registry.service.refresh();
  await registry.enrolment.enrol(await staying(registry, h40, 'H40'), { peerId: h40.peerId });
  t.equal(registry.directory.require().groups.get('H40')!.seals.size, 1, 'withdrawn');
  t.equal(
    registry.directory
      .require()
      .certificatesOf('H40')
      .filter(({ role }) => role === 'node').length,
    2,
  );
});

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** What a seat asks that moved nowhere. */
const staying = (registry: MemoryRegistry, of: Applicant, agency: string) =>
  moving(registry, of, agency, { addresses: ['/ip4/127.0.0.1/tcp/7400'] });

const expectedOf = (registry: MemoryRegistry, keys: Applicant) => ({
  rootFingerprint: registry.directory.federationId,
  agency: 'H40',
  keys,
  nowMs: registry.clock.nowMs(),
});
