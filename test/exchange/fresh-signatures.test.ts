/** Documents that wait longer than the certificates they were signed with: signed again, and provable afterwards. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { equalBytes } from '../../node/core/bytes.ts';
import { LienthongError } from '../../node/core/errors.ts';
import { arrivalsOf } from '../../node/store/arrivals.ts';
import { deliveriesOf, getDelivery } from '../../node/store/deliveries.ts';
import { getDocument } from '../../node/store/documents.ts';
import { receipt as receiptCodec, scope as scopeCodec, signed as signedCodec } from '../../proto/messages.ts';
import { DAY_MS, unitEntry } from './authority.ts';
import { TestFederation, type TestNode } from './federation.ts';

const YEAR_MS = 365 * DAY_MS;

/** The time goes on, and the registry signs its head again, as it does twice a day. */
async function later(federation: TestFederation, ms: number): Promise<void> {
  federation.clock.advance(ms);
  await federation.authority.publish({ entries: [] });
}

const bytesOf = (hash: string) => new Uint8Array(Buffer.from(hash, 'hex'));

async function rowsOf(node: TestNode, id: string) {
  const { documentHash } = await node.exchange.show(id);
  const documentId = bytesOf(documentHash);
  return { documentId, document: (await getDocument(node.store, documentId))! };
}

/** What `verify` says, what is in the evidence, and whether OpenSSL and sha256sum agree with all of it. */
async function proof(t: Test, node: TestNode, id: string): Promise<string[]> {
  const verified = await node.exchange.verify(id);
  t.ok(verified.valid, JSON.stringify(verified.checks.filter(({ ok }) => !ok)));
  const files = await node.exchange.evidence(id);
  const folder = await mkdtemp(join(tmpdir(), 'lienthong-evidence-'));
  try {
    for (const { name, bytes } of files) await writeFile(join(folder, name), bytes);
    const { stdout } = await promisify(execFile)('sh', [join(folder, 'verify.sh')]);
    t.match(stdout, /every signature verifies/);
    const signed = files.map(({ name }) => name).filter((name) => name.endsWith('.signed'));
    const sums = await promisify(execFile)('sha256sum', signed, { cwd: folder });
    for (const { name, bytes } of files.filter(({ name }) => /^receipt-.*\.signed$/.test(name))) {
      const { documentEnvelope, dispatchEnvelope } = receiptCodec.parse(signedCodec.parse(bytes).payload);
      for (const named of [documentEnvelope, dispatchEnvelope])
        t.match(sums.stdout, Buffer.from(named).toString('hex'), `${name}: what it names is there`);
    }
    return signed;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const certificateOf = (envelope: Uint8Array): string => {
  const { scope } = signedCodec.parse(envelope).signatures.at(-1)!;
  return Buffer.from(scopeCodec.parse(scope!).certificateSha256).toString('hex');
};

t.test(
  'a document that waited past the end of its certificates is signed again by their successors',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40', 'H51']);
    const { authority } = federation;
    const [g22, h40] = [federation.node('G22'), federation.node('H40')];
    for (const seat of ['H40', 'H51']) federation.unreachable.add(seat);
    const { id } = await g22.exchange.submit(federation.submission({ to: ['H40', 'H51'] }));
    const { documentId, document } = await rowsOf(g22, id);
    const before = await deliveriesOf(g22.store, documentId);
    await later(federation, 1.5 * YEAR_MS);
    for (const { who } of federation.nodes.values()) await authority.renew(who);
    await later(federation, YEAR_MS);
    federation.unreachable.clear();
    await federation.settled('G22', id, 'delivered', 10_000);

    const after = (await rowsOf(g22, id)).document;
    t.equal(certificateOf(document.envelope) !== certificateOf(after.envelope), true);
    t.equal(certificateOf(after.envelope), g22.who.seal.sha256);
    t.ok(equalBytes(signedCodec.parse(after.envelope).payload, signedCodec.parse(document.envelope).payload));
    for (const { unit, dispatch, dispatchId } of before) {
      const now = (await getDelivery(g22.store, { documentId, unit }))!;
      t.equal(certificateOf(now.dispatch), g22.who.service.sha256, unit);
      t.ok(equalBytes(now.dispatchId, dispatchId) && !equalBytes(now.dispatch, dispatch), 'the same id');
    }
    const again = g22.reported('document.signed-again');
    t.equal(again.filter(({ what }) => what === 'dispatch').length, 2);
    t.equal(
      again.filter(({ what }) => what === 'document').length,
      1,
      'two seats at once, sealed again once',
    );
    t.match(again[0], { reason: 'certificate-expired' });
    t.equal((await h40.only('inbox')).id, id);
    for (const node of [g22, h40]) await proof(t, node, id);

    for (const { who } of federation.nodes.values()) await authority.renew(who);
    await later(federation, 3 * YEAR_MS);
    for (const node of [g22, h40]) await proof(t, node, id);
  },
);

t.test('what must be sealed again waits for a token that is away, and goes when it is back', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { authority } = federation;
  const g22 = federation.node('G22');
  federation.unreachable.add('H40');
  const { id } = await g22.exchange.submit(federation.submission());
  await later(federation, 1.5 * YEAR_MS);
  for (const { who } of federation.nodes.values()) await authority.renew(who);
  await later(federation, YEAR_MS);
  const { sealKey } = g22.who;
  const sign = sealKey.sign.bind(sealKey);
  sealKey.sign = () => {
    throw new LienthongError('seal-token-absent', { reason: 'con-dau' });
  };
  federation.unreachable.clear();
  await federation.until(
    'it waits, and says for what',
    async () => {
      const [delivery] = (await g22.exchange.show(id)).deliveries;
      return delivery?.state === 'queued' && /^seal-token-absent/.test(delivery.lastError ?? '');
    },
    10_000,
  );
  sealKey.sign = sign;
  await federation.settled('G22', id, 'delivered', 10_000);
});

t.test(
  'without a successor it waits and says for which certificate; the rest of the queue too',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const { authority } = federation;
    const g22 = federation.node('G22');
    federation.unreachable.add('H40');
    const { id } = await g22.exchange.submit(federation.submission());
    await later(federation, 1.9 * YEAR_MS);
    await authority.renew(federation.node('H40').who);
    await authority.renew(g22.who, ['service']);
    await later(federation, 0.2 * YEAR_MS);
    federation.unreachable.clear();
    const waits = (reason: RegExp) =>
      federation.until(
        `waits: ${reason}`,
        async () => {
          const [delivery] = (await g22.exchange.show(id)).deliveries;
          return delivery?.state === 'queued' && reason.test(delivery.lastError ?? '');
        },
        10_000,
      );
    await waits(/^certificate-expired: seal$/);
    t.equal(
      (await federation.node('H40').exchange.list({ box: 'inbox' })).items.length,
      0,
      'and offers nothing',
    );
    await authority.renew(g22.who, ['seal']);
    await federation.settled('G22', id, 'delivered', 10_000);
    await proof(t, g22, id);
  },
);

t.test('a receipt that got lost names what was first received: kept and shown by both', async (t) => {
  const federation = await TestFederation.create(t, ['G22', 'H40']);
  const { authority } = federation;
  const [g22, h40] = [federation.node('G22'), federation.node('H40')];
  await authority.publish({ entries: [unitEntry('H40.01')] });
  federation.fault = ({ toward, protocol }) =>
    protocol === 'delivery' && toward === 'client' ? [] : undefined;
  const submission = federation.submission();
  const { id } = await g22.exchange.submit(submission);
  await federation.until(
    'it is stored',
    async () => (await h40.exchange.list({ box: 'inbox' })).items.length === 1,
    0,
  );
  const { documentId, document } = await rowsOf(g22, id);
  const [arrival] = await arrivalsOf(h40.store, documentId);
  const old = { ...g22.who };
  await later(federation, DAY_MS);
  await authority.renew(g22.who);
  await authority.revoke(old.service, 'service', old, 'superseded');
  await authority.revoke(old.seal, 'seal', old, 'superseded');
  federation.fault = () => undefined;
  await federation.settled('G22', id, 'delivered', 10_000);
  t.match(g22.reported('document.signed-again')[0], { reason: 'certificate-revoked' });
  const [delivery] = await deliveriesOf(g22.store, documentId);
  t.ok(equalBytes(delivery!.outcome, arrival!.receipt), 'the stored receipt, byte for byte');
  t.notOk(equalBytes((await rowsOf(g22, id)).document.envelope, document.envelope));
  t.equal((await proof(t, g22, id)).filter((name) => name.startsWith('document')).length, 2);
  t.equal((await proof(t, h40, id)).filter((name) => name.startsWith('document')).length, 1);

  // one more unit of the same seat gets the document as it is sealed now
  await g22.exchange.submit({ ...submission, to: ['H40.01'], key: 'more' });
  await federation.settled('G22', id, 'delivered', 10_000);
  for (const node of [g22, h40])
    t.equal((await proof(t, node, id)).length, 6, 'two documents, dispatches, receipts');
  t.ok(
    equalBytes((await rowsOf(h40, id)).document.envelope, document.envelope),
    'what was received first stays',
  );
});

t.test(
  'a stored receipt is repeated as it is after its certificate ran out, signed again when it was revoked',
  async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const { authority } = federation;
    const [g22, h40] = [federation.node('G22'), federation.node('H40')];
    const lost = async () => {
      federation.fault = ({ toward, protocol }) =>
        protocol === 'delivery' && toward === 'client' ? [] : undefined;
      const { length } = (await h40.exchange.list({ box: 'inbox' })).items;
      const { id } = await g22.exchange.submit(federation.submission());
      await federation.until(
        'it is stored',
        async () => (await h40.exchange.list({ box: 'inbox' })).items.length > length,
        0,
      );
      const { documentId } = await rowsOf(g22, id);
      return { id, documentId, receipt: (await arrivalsOf(h40.store, documentId))[0]!.receipt };
    };
    const settled = async ({ id, documentId }: { id: string; documentId: Uint8Array }) => {
      federation.fault = () => undefined;
      await federation.settled('G22', id, 'delivered', 10_000);
      return (await deliveriesOf(g22.store, documentId))[0]!.outcome;
    };
    const first = await lost();
    const firstService = h40.who.service;
    await later(federation, 1.5 * YEAR_MS);
    for (const { who } of federation.nodes.values()) await authority.renew(who);
    await later(federation, YEAR_MS);
    t.ok(equalBytes(await settled(first), first.receipt), 'run out: byte for byte');

    const second = await lost();
    const old = { ...h40.who };
    await later(federation, DAY_MS);
    await authority.renew(h40.who, ['service']);
    await authority.revoke(old.service, 'service', old, 'superseded');
    const outcome = await settled(second);
    t.notOk(equalBytes(outcome, second.receipt));
    t.ok(
      equalBytes(signedCodec.parse(outcome).payload, signedCodec.parse(second.receipt).payload),
      'the same receipt',
    );
    t.equal(certificateOf(outcome), h40.who.service.sha256);
    t.ok(
      equalBytes((await arrivalsOf(h40.store, second.documentId))[0]!.receipt, outcome),
      'stored before it was shown',
    );
    for (const { id } of [first, second]) for (const node of [g22, h40]) await proof(t, node, id);
    await authority.revoke(firstService, 'service', h40.who);
    const { checks } = await g22.exchange.verify(first.id);
    t.match(
      checks.filter(({ ok }) => !ok),
      [{ what: /^receipt-H40/, reason: 'certificate-expired' }],
      'once its key is lost, its own word for the time is worth nothing',
    );
  },
);

for (const when of ['before', 'after'] as const) {
  t.test(`killed ${when} each commit that signs again, it is delivered once and provable`, async (t) => {
    const federation = await TestFederation.create(t, ['G22', 'H40']);
    const { authority } = federation;
    const [g22, h40] = [federation.node('G22'), federation.node('H40')];
    federation.unreachable.add('H40');
    const { id } = await g22.exchange.submit(federation.submission());
    await later(federation, 1.5 * YEAR_MS);
    for (const { who } of federation.nodes.values()) await authority.renew(who);
    await later(federation, YEAR_MS);
    federation.unreachable.clear();
    for (const what of ['dispatch', 'document']) {
      let wasKilled = false;
      g22.store.killAt = (_commit, { audit = [] }) => {
        const isIt = audit.some(
          ({ event, fields }) => event === AGAIN && fields.some(({ value }) => value === what),
        );
        if (!isIt || wasKilled) return undefined;
        wasKilled = true;
        return when;
      };
      await federation.until(`${what} is about to be signed again`, () => wasKilled, 10_000);
      await g22.reopen();
    }
    await federation.settled('G22', id, 'delivered', 10_000);
    t.equal((await h40.only('inbox')).id, id);
    for (const node of [g22, h40]) await proof(t, node, id);
  });
}

const AGAIN = 'document.signed-again';
