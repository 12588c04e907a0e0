import t from 'tap';
import { sha256 } from '../../node/core/bytes.ts';
import { parseInviteToken } from '../../node/directory/invite-token.ts';
import { SeatPolicy } from '../../node/directory/seat-policy.ts';
import { PROTOCOLS } from '../../node/network/protocols.ts';
import { VALID_MS } from '../../node/registry/publisher.ts';
import { RegistryPolicy } from '../../node/registry/registry-policy.ts';
import { applicant, type MemoryRegistry, memoryRegistry } from '../registry/federation.ts';

const DAY_MS = 24 * 3_600_000;

async function join(registry: MemoryRegistry, code: string) {
  const { token } = await registry.service.invite(code);
  const made = await applicant(registry, code, parseInviteToken(token).seed);
  await registry.enrolment.enrol(made.envelope, { peerId: made.peerId });
  return made;
}

t.test('who answers for a unit is what the directory says', async (t) => {
  const registry = await memoryRegistry();
  const { service } = registry;
  await join(registry, 'H40');
  await join(registry, 'H40');
  await service.import({
    agencies: [
      { code: 'H51', name: 'Sóc Trăng', mergedInto: 'H40' },
      { code: 'G22', name: 'Văn phòng Chính phủ' },
      { code: 'K01', name: 'Đã giải thể', state: 'retired' },
    ],
    units: [
      { code: 'H40.01', legacyCode: '000.00.01.H40', name: 'Sở Nội vụ' },
      { code: 'H40.02', legacyCode: '000.99.99.H40', name: 'Sở Tài chính', seat: 'H40/2' },
      { code: 'H40.02.05', name: 'Phòng Ngân sách' },
      { code: 'H40.03', name: 'Cũ', mergedInto: 'H40.01' },
      { code: 'G22.01', name: 'Vụ' },
      { code: 'K01.01', name: 'Phòng' },
    ],
  });
  const directory = () => registry.directory.require();
  const served = (text: string) => {
    const found = directory().service(text);
    return found.kind === 'served' ? `${found.unit} ${found.seat}` : found.kind;
  };
  t.equal(served('H40'), 'H40 H40');
  t.equal(served('h40.01'), 'H40.01 H40');
  t.equal(served('000.00.01.H40'), 'H40.01 H40', 'old code by table');
  t.equal(served('000.99.99.H40'), 'H40.02 H40/2', 'the table goes before the rule');
  t.equal(
    served('000.05.02.H40'),
    'H40.02.05 H40/2',
    'by the plain rule; the nearest ancestor names the seat',
  );
  t.same(directory().service('H51'), { kind: 'merged', name: 'Sóc Trăng', into: 'H40' });
  t.same(directory().service('H40.03'), { kind: 'merged', name: 'Cũ', into: 'H40.01' });
  t.equal(served('K01'), 'retired');
  t.equal(served('K01.01'), 'retired');
  t.equal(served('G22.01'), 'no-node');
  for (const unknown of ['H40.09', 'Z99', '', 'x'.repeat(500), '../H40', '000.00.07.H40'])
    t.equal(served(unknown), 'unknown', unknown);
  t.same(directory().ancestorsOf('H40.02.05'), ['H40.02', 'H40']);

  await service.import({ seats: [{ seat: 'H40/2', successor: 'H40' }] });
  t.equal(served('H40.02'), 'H40.02 H40', 'the successor answers');
  await service.revoke('H40', { reason: 'cessation-of-operation' });
  t.equal(served('H40'), 'no-node', 'a seat whose node certificates are all revoked serves nobody');
  const again = await join(registry, 'H40');
  t.equal(served('H40.02.05'), 'H40.02.05 H40/3', 'the new seat succeeds the revoked ones');
  t.equal(directory().seatOfPeer(again.peerId)?.seat, 'H40/3');
});

t.test('what counts, for whom and how long', async (t) => {
  const registry = await memoryRegistry();
  const { clock, service } = registry;
  const h40 = await join(registry, 'H40');
  const h51 = await join(registry, 'H51');
  await service.import({ units: [{ code: 'H40.01', name: 'Sở' }] });
  const directory = () => registry.directory.require();
  const of = (code: string, role: string) =>
    directory()
      .certificatesOf(code)
      .find((one) => one.role === role)!;
  const now = () => clock.nowMs();
  const fault = (code: string, seat: string, atMs = now()) =>
    directory().serviceFault(of(code, 'service').sha256, seat, atMs);
  const sealFault = (unit: string, atMs = now()) =>
    directory().sealFault(of('H40', 'seal').sha256, unit, atMs);
  t.equal(fault('H40', 'H40'), undefined);
  t.equal(fault('H40', 'H51'), 'unknown-certificate', "another agency's certificate");
  t.equal(
    directory().serviceFault(of('H40', 'seal').sha256, 'H40', now()),
    'unknown-certificate',
    'a seal is no service key',
  );
  t.equal(directory().serviceFault(sha256(new Uint8Array(1)), 'H40', now()), 'unknown-certificate');
  t.equal(sealFault('H40'), undefined);
  t.equal(sealFault('H40.01'), undefined, 'for the subtree');
  t.equal(sealFault('H51'), 'seal-scope');
  t.equal(sealFault('H40X'), 'seal-scope');
  t.equal(directory().sealedBy(of('H40', 'seal').sha256), 'H40');
  t.equal(directory().chainOf(of('H40', 'seal').sha256).length, 2);
  t.same(directory().certificate(of('H40', 'seal').sha256)?.agency, 'H40');
  const data = new Uint8Array([1, 2, 3]);
  t.ok(of('H40', 'service').verifySignature(data, h40.service.sign(data)));
  t.notOk(of('H40', 'service').verifySignature(data, h51.service.sign(data)));

  t.equal(
    fault('H40', 'H40', now() + VALID_MS + 1),
    'directory-expired',
    'nothing counts past the hard limit',
  );
  t.equal(sealFault('H40', now() + VALID_MS + 1), 'directory-expired');
  t.same(directory().nodeMayConnect(h40.peerId, now()), { ok: true, seat: 'H40' });
  t.same(directory().nodeMayConnect('12D3KooWnobody', now()), { ok: false, code: 'unknown' });
  t.same(directory().nodeMayConnect(h40.peerId, now() + 3 * 365 * DAY_MS), { ok: false, code: 'expired' });
  t.equal(directory().freshness(now()), 'fresh');
  t.equal(directory().freshness(now() + 2 * DAY_MS), 'stale');
  t.equal(directory().freshness(now() + VALID_MS + 1), 'expired');

  const policy = new SeatPolicy({ directory, clock, ownPeerId: h51.peerId, registryPeerIds: [] });
  const registryPeer = directory().registry!.peerIds[0]!;
  const atRegistry = new RegistryPolicy({ directory, clock, ownPeerId: registryPeer });
  t.equal(policy.mayConnect(h40.peerId, 'inbound'), 'allow');
  t.equal(policy.mayConnect(registryPeer, 'outbound'), 'allow');
  t.notOk(policy.mayUse(registryPeer, PROTOCOLS.delivery.id), 'no document ever passes through the registry');
  t.same(policy.mayConnect(h51.peerId, 'inbound'), { refused: 'self' });
  t.equal(atRegistry.mayConnect('12D3KooWnobody', 'inbound'), 'enrol-only');
  clock.advance(VALID_MS + DAY_MS);
  t.equal(policy.mayConnect(h40.peerId, 'inbound'), 'head-only', 'past the limit only heads are exchanged');
  await service.refresh();
  t.equal(policy.mayConnect(h40.peerId, 'inbound'), 'allow');

  const serial = of('H40', 'seal').serial;
  await service.revoke(serial, { reason: 'key-compromise', sinceMs: clock.nowMs() - DAY_MS });
  t.equal(sealFault('H40'), 'certificate-revoked');
  t.equal(fault('H40', 'H40'), undefined, 'only the seal was revoked');
  const seal = of('H40', 'seal').certificate;
  t.ok(
    directory().verdict(seal, 'seal', clock.nowMs() - 2 * DAY_MS, { revocation: 'at', nowMs: clock.nowMs() })
      .ok,
    'proven before: it stands',
  );
  t.notOk(directory().verdict(seal, 'seal', clock.nowMs(), { revocation: 'at', nowMs: clock.nowMs() }).ok);
  await service.revoke('H40');
  t.same(directory().nodeMayConnect(h40.peerId, clock.nowMs()), { ok: false, code: 'revoked' });
  t.same(policy.mayConnect(h40.peerId, 'inbound'), { refused: 'revoked' });
  t.equal(atRegistry.mayConnect(h40.peerId, 'inbound'), 'head-only', 'it may still fetch the head');
  t.same((await service.revoke('H40')).revoked, [], 'again: nothing to do');
  await t.rejects(service.revoke('ZZ'), { code: 'not-found' });
  await t.rejects(service.revoke('H51', { reason: 'because' }), { code: 'usage' });
});

t.test('a renewed certificate stands beside the old one', async (t) => {
  const registry = await memoryRegistry();
  const made = await join(registry, 'H40');
  const before = registry.directory.require().certificatesOf('H40');
  registry.clock.advance(DAY_MS);
  for (const { serial } of before) await registry.service.renew(serial);
  const after = registry.directory.require().certificatesOf('H40');
  t.equal(after.length, 6);
  for (const { sha256: sha, role } of after) {
    if (role === 'service')
      t.equal(registry.directory.require().serviceFault(sha, 'H40', registry.clock.nowMs()), undefined);
  }
  t.same(registry.directory.require().nodeMayConnect(made.peerId, registry.clock.nowMs()), {
    ok: true,
    seat: 'H40',
  });
  await t.rejects(registry.service.renew('00'), { code: 'not-found' });
});

t.test('lists outlive the head that carries them, whatever the rhythm', async (t) => {
  const registry = await memoryRegistry();
  const { parseCrl } = await import('../../certs/crl.ts');
  const numbers = new Set<string>();
  for (let month = 0; month < 12; month++) {
    registry.clock.advance(30 * DAY_MS);
    await registry.service.refresh();
    const directory = registry.directory.require();
    for (const der of directory.crls) {
      const crl = parseCrl(der)!;
      t.ok(crl.nextUpdateMs >= directory.validUntilMs);
      numbers.add(`${Buffer.from(crl.issuerDer).toString('hex').slice(-8)} ${crl.number}`);
    }
  }
  t.ok(numbers.size > 3 && numbers.size < 10, 'and are made again only when they must');
});

t.test('bad lists change nothing and say where', async (t) => {
  const registry = await memoryRegistry();
  const { service } = registry;
  const bad: [unknown, object][] = [
    ['x', { list: 'file', reason: 'not-a-list' }],
    [{ agency: [] }, { field: 'agency', reason: 'unknown-field' }],
    [[{ code: 'H40' }], { code: 'H40', field: 'name', reason: 'missing' }],
    [[{ code: 'h-40', name: 'X' }], { field: 'code', reason: 'invalid-code' }],
    [[{ code: 'H40', name: 'X', colour: 'red' }], { field: 'colour', reason: 'unknown-field' }],
    [
      [
        { code: 'H40', name: 'X' },
        { code: 'H40', name: 'Y' },
      ],
      { reason: 'twice' },
    ],
    [[{ code: 'H40', name: 'X', mergedInto: 'Z01' }], { field: 'mergedInto', reason: 'unknown' }],
    [
      [
        { code: 'H40', name: 'X', mergedInto: 'H51' },
        { code: 'H51', name: 'Y', mergedInto: 'H40' },
      ],
      { reason: 'loop' },
    ],
    [[{ code: 'H40', name: 'x'.repeat(801) }], { field: 'name', reason: 'too-long' }],
    [[{ code: 'H40', name: 5 }], { field: 'name', reason: 'not-a-text' }],
    [{ units: [{ code: 'Z01.01', name: 'X' }] }, { field: 'parent', reason: 'unknown' }],
    [{ units: [{ code: 'H40.01', name: 'X', seat: 'H40' }] }, { field: 'seat', reason: 'unknown' }],
    [
      {
        units: [
          { code: 'H40.01', name: 'X', parent: 'H40.02' },
          { code: 'H40.02', name: 'X', parent: 'H40.01' },
        ],
      },
      { reason: 'loop' },
    ],
    [{ seats: [{ seat: 'H40' }] }, { field: 'seat', reason: 'unknown' }],
  ];
  for (const [list, details] of bad) await t.rejects(service.import(list), { code: 'invalid-file', details });
  t.equal(registry.directory.require().version, 1);
  t.equal(
    (
      await service.import([
        { code: 'H40', name: 'UBND tỉnh Nam Định', legacyCode: '000.00.00.H40', kind: 'province' },
      ])
    ).changed,
    0,
  );
  t.equal((await service.import([{ code: 'H40', name: 'Sở\u0301' }])).changed, 1);
  t.equal(registry.directory.require().agencyName('H40'), 'Sở\u0301'.normalize('NFC'));
});
