import t from 'tap';
import { issueLeaf } from '../../certs/authority.ts';
import { createRequest } from '../../certs/request.ts';
import { createCrl } from '../../certs/revocation-list.ts';
import { EMPTY, sha256 } from '../../node/core/bytes.ts';
import { DirectoryStore } from '../../node/directory/directory-store.ts';
import { crlKey, REGISTRY_GROUP } from '../../node/directory/entries.ts';
import {
  checkAuthorship,
  checkSuccession,
  compareHeads,
  encodeHeadResponse,
  parseHeadResponse,
  type SignedHead,
} from '../../node/directory/head.ts';
import { type PullOutcome, pull } from '../../node/directory/pull.ts';
import { serveDirectory } from '../../node/directory/serve.ts';
import { VALID_MS } from '../../node/registry/publisher.ts';
import { KINDS } from '../../node/signing/envelope.ts';
import { addSignature, sign } from '../../node/signing/sign.ts';
import { headResponse } from '../../proto/messages.ts';
import { OpenSsl } from '../certs/openssl.ts';
import {
  type MemoryRegistry,
  makeKeys,
  memoryRegistry,
  memoryStore,
  newKey,
} from '../registry/federation.ts';
import { directoryIdentity, type HeadInit, headLike } from './heads.ts';
import { serving } from './memory-frames.ts';

const DAY_MS = 24 * 3_600_000;
const signal = () => AbortSignal.timeout(10_000);
const faultOf = (outcome: PullOutcome) => (outcome.kind === 'refused' ? outcome.fault : outcome.kind);
const honest = (store: DirectoryStore) =>
  serving((frames) => serveDirectory(frames, 'peer', { directory: store }));

async function emptyNode(registry: MemoryRegistry): Promise<DirectoryStore> {
  const { store } = memoryStore();
  const root = registry.keys.root.bytes;
  const node = new DirectoryStore({ store, clock: registry.clock, federationId: sha256(root), root });
  await node.load();
  return node;
}

t.test('who made a head: every way it can be wrong has its verdict', async (t) => {
  const registry = await memoryRegistry();
  const { keys, clock, directory } = registry;
  const base = directory.require().head;
  const { issuedAtMs } = base.facts;
  const judge = (head: SignedHead, roots = [keys.root.bytes], crls = directory.require().crls) =>
    checkAuthorship(head, directory.federationId, roots, crls);
  const like = (init: HeadInit) => headLike(registry, base, init);
  t.equal(judge(base), undefined);
  t.equal(judge(await like({})), undefined);
  t.equal(judge(base, undefined, []), undefined, 'a first contact knows no lists');

  t.equal(judge(await like({ facts: { freshUntilMs: issuedAtMs - 1 } })), 'bad-times');
  t.equal(judge(await like({ facts: { validUntilMs: base.facts.freshUntilMs - 1 } })), 'bad-times');
  t.equal(judge(await like({ facts: { issuedAtMs: base.facts.freshUntilMs + 1 } })), 'bad-times');
  t.equal(judge(await like({ certificates: [] })), 'malformed');
  t.equal(judge(await like({ certificates: [Uint8Array.of(1, 2, 3)] })), 'malformed');

  const other = await makeKeys(clock.nowMs());
  const { issuing } = keys;
  t.equal(judge(base, [other.root.bytes]), 'untrusted-certificate', 'another root');
  t.equal(
    judge(await like({ certificates: [keys.directory.certificate.bytes] })),
    'untrusted-certificate',
    'no chain',
  );
  t.equal(judge(await like({ certificates: [issuing.certificate.bytes] })), 'untrusted-certificate', 'a CA');
  const key = await newKey('ecdsa-p256');
  const leaf = async (role: 'directory' | 'service', atMs: number) => {
    const subject = role === 'directory' ? { name: 'X' } : { name: 'X', agency: 'H40', seat: 'H40' };
    const request = await createRequest(key, 'x');
    const certificate = await issueLeaf({ issuer: issuing, request, role, subject, nowMs: atMs });
    const identity = {
      certificateSha256: sha256(certificate.bytes),
      sign: (data: Uint8Array) => key.sign(data),
    };
    return like({ identity, certificates: [certificate.bytes, issuing.certificate.bytes] });
  };
  t.equal(judge(await leaf('directory', clock.nowMs())), undefined, 'a second directory key is as good');
  t.equal(judge(await leaf('service', clock.nowMs())), 'untrusted-certificate', "a seat's key");
  t.equal(
    judge(await leaf('directory', clock.nowMs() + 30 * DAY_MS)),
    'untrusted-certificate',
    'not valid yet',
  );

  const foreign = await like({ federationId: new Uint8Array(32).fill(1) });
  t.equal(judge(foreign), 'other-federation');
  t.equal(
    judge(await like({ identity: { sign: (data) => key.sign(data) } })),
    'bad-signature',
    'another key',
  );
  t.equal(judge(await like({ identity: { role: 'service' } })), 'bad-signature', 'signed as something else');
  t.equal(
    judge(await like({ identity: { certificateSha256: sha256(issuing.certificate.bytes) } })),
    'bad-signature',
    'names another certificate',
  );
  const { federationId } = directory;
  const claims = { federationId, claimedAtMs: issuedAtMs, headHash: EMPTY };
  const resigned = async (bytes: Uint8Array): Promise<SignedHead> =>
    parseHeadResponse(encodeHeadResponse({ ...base, bytes }))!;
  const twice = await addSignature(base.bytes, directoryIdentity(registry), claims);
  t.equal(judge(await resigned(twice)), 'bad-signature', 'one signature too many');
  const { payload } = base.signed;
  const redated = await sign({ kind: KINDS.head, payload }, directoryIdentity(registry), {
    ...claims,
    claimedAtMs: issuedAtMs + 1,
  });
  t.equal(judge(await resigned(redated)), 'bad-signature', 'signed at another time than issued');
});

t.test('what follows a head: each pair has its verdict', async (t) => {
  const registry = await memoryRegistry();
  const first = registry.directory.require().head;
  await registry.service.import([{ code: 'H40', name: 'Mới' }]);
  const second = registry.directory.require().head;
  const like = (facts: HeadInit['facts']) => headLike(registry, second, { facts });
  t.equal(checkSuccession(first, second), undefined);
  t.equal(checkSuccession(second, first), 'older');
  t.equal(checkSuccession(second, second), undefined, 'itself is nothing new');
  t.equal(checkSuccession(second, await like({ entries: 1 })), 'fork');
  t.equal(checkSuccession(first, await like({ previous: sha256(EMPTY) })), 'broken-chain');
  t.equal(checkSuccession(first, await like({ version: 3 })), 'broken-chain', 'one is missing');
  t.equal(checkSuccession(first, await like({ epoch: 2 })), 'epoch-unproven');
  t.equal(checkSuccession(first, await like({ epochStatement: sha256(EMPTY) })), 'epoch-unproven');
  const order = [first, second, await like({ epoch: 2, version: 1 })].map(({ facts }) => facts);
  for (const [i, a] of order.entries())
    for (const [j, b] of order.entries()) t.equal(Math.sign(compareHeads(a, b)), Math.sign(i - j));
});

t.test('what is no head is told from one', async (t) => {
  const registry = await memoryRegistry();
  const { head } = registry.directory.require();
  t.equal(parseHeadResponse(encodeHeadResponse(undefined)), undefined);
  t.same(parseHeadResponse(encodeHeadResponse(head))?.facts, head.facts);
  t.throws(() => parseHeadResponse(Uint8Array.of(255)));
  t.throws(() => parseHeadResponse(headResponse.encode({ head: Uint8Array.of(1, 2, 3) })));
  const claims = { federationId: registry.directory.federationId, claimedAtMs: 1, headHash: EMPTY };
  const status = { kind: KINDS.epoch, payload: head.signed.payload };
  const other = await sign(status, directoryIdentity(registry), claims);
  t.throws(() => parseHeadResponse(headResponse.encode({ head: other })), 'another kind of statement');
});

t.test('a revoked directory certificate signs nothing any more, and openssl agrees', async (t) => {
  const registry = await memoryRegistry();
  const { keys, clock } = registry;
  const node = await emptyNode(registry);
  await pull(node, honest(registry.directory), signal());
  const { certificate } = keys.directory;
  const crl = await createCrl({
    issuer: keys.issuing,
    revoked: [{ serial: certificate.serial, revokedAtMs: clock.nowMs(), reason: 'key-compromise' }],
    number: 1_000,
    nowMs: clock.nowMs(),
    nextUpdateMs: clock.nowMs() + 2 * VALID_MS,
  });
  const issuerSha256 = sha256(keys.issuing.certificate.bytes);
  clock.advance(60_000);
  // the list comes with the very version that the revoked key signed
  const before = node.require();
  await registry.publisher.publish(() => ({
    entries: [{ group: REGISTRY_GROUP, key: crlKey(issuerSha256), crl: { issuerSha256, crl: crl.bytes } }],
  }));
  t.equal(faultOf(await pull(node, honest(registry.directory), signal())), 'revoked-certificate');
  t.equal(node.require(), before, 'nothing changed');
  const newcomer = await emptyNode(registry);
  t.equal(faultOf(await pull(newcomer, honest(registry.directory), signal())), 'revoked-certificate');
  t.equal(newcomer.current, undefined);

  const openssl = await OpenSsl.open();
  t.teardown(() => openssl.close());
  const input = {
    leaf: certificate.bytes,
    intermediates: [keys.issuing.certificate.bytes],
    anchors: [keys.root.bytes],
    atMs: clock.nowMs(),
  };
  t.match(await openssl.verify({ ...input, crls: before.crls }), { ok: true }, 'good by the list before');
  t.match(await openssl.verify({ ...input, crls: registry.directory.require().crls }), {
    ok: false,
    text: /revoked/,
  });
});
