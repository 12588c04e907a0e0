import { execFile } from 'node:child_process';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { toPem } from '../../certs/pem.ts';
import { EMPTY, equalBytes, sha256 } from '../../node/core/bytes.ts';
import { enrol, installOffline, requestOffline } from '../../node/directory/applicant.ts';
import { type Entry, parseEntry } from '../../node/directory/entries.ts';
import { makeEpochStatement } from '../../node/directory/epoch.ts';
import { formatInviteToken, parseInviteToken } from '../../node/directory/invite-token.ts';
import { peerIdOfSpki } from '../../node/network/peer-id.ts';
import { initRegistry, openRegistryFolder, startRegistry } from '../../node/registry.ts';
import { enrolmentAnswer } from '../../proto/messages.ts';
import { headLike } from '../directory/heads.ts';
import { applicant, memoryRegistry, tempFolder } from './federation.ts';

const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { timeout: 10_000 });
const LISTEN = ['/ip4/127.0.0.1/tcp/0'];
const seedOf = (token: string) => parseInviteToken(token).seed;

t.test('a node enrols, is in the directory, and openssl agrees with every certificate', async (t) => {
  const dir = await tempFolder(t.teardown.bind(t));
  await initRegistry({ dir: join(dir, 'registry'), name: 'Liên thông thử', listen: LISTEN, autoSeal: true });
  const registry = await startRegistry({ dir: join(dir, 'registry') });
  t.teardown(() => registry.stop());
  const invite = await registry.service.invite('h40');
  t.equal(invite.agency, 'H40');
  const h40 = join(dir, 'h40');
  const enrolled = await enrol({ dir: h40, token: invite.token, listen: LISTEN });
  t.match(enrolled, { agency: 'H40', seat: 'H40', sealGranted: true, agencyName: 'UBND tỉnh Nam Định' });
  const directory = registry.directory.require();
  t.same(directory.nodeMayConnect(enrolled.peerId, Date.now()), { ok: true, seat: 'H40' });
  t.equal(directory.service('000.00.00.H40').kind, 'served');

  for (const name of await readdir(join(h40, 'keys')))
    t.equal((await stat(join(h40, 'keys', name))).mode & 0o77, 0, name);
  t.equal((await readdir(h40)).includes('enrolment.pending'), false);
  const crls = join(dir, 'crls.pem');
  await writeFile(crls, directory.crls.map((der) => toPem(der, 'X509 CRL')).join(''));
  const at = (name: string) => join(h40, 'certificates', `${name}.crt`);
  const common = [
    'verify',
    '-x509_strict',
    '-crl_check_all',
    '-CRLfile',
    crls,
    '-CAfile',
    at('root'),
    '-untrusted',
    at('issuing'),
  ];
  // our extended key usage is critical and private: -purpose any leaves it to us
  for (const role of ['service', 'seal', 'node']) {
    const { stdout } = await openssl(...common, '-purpose', 'any', at(role));
    t.match(stdout, /: OK/, role);
  }

  await t.rejects(enrol({ dir: h40, token: invite.token }), { code: 'already-initialised' });
  await t.rejects(enrol({ dir: join(dir, 'other'), token: invite.token, listen: LISTEN }), {
    code: 'invite-used',
  });
  await t.rejects(registry.service.invite('Z99'), { code: 'not-found' });
  const second = await enrol({
    dir: join(dir, 'second'),
    token: (await registry.service.invite('H40')).token,
    listen: LISTEN,
  });
  t.equal(second.seat, 'H40/2', 'another store is another seat');
  t.match(registry.directory.require().service('H40'), { kind: 'served', seat: 'H40' });
});

t.test('an interrupted enrolment sends the same request and gets the same answer', async (t) => {
  const dir = await tempFolder(t.teardown.bind(t));
  await initRegistry({ dir: join(dir, 'registry'), name: 'Thử', listen: LISTEN });
  const registry = await startRegistry({ dir: join(dir, 'registry') });
  t.teardown(() => registry.stop());
  const { token } = await registry.service.invite('H51');
  const folder = join(dir, 'h51');
  // the registry answers, and the node dies before it keeps anything but its request
  const aborted = AbortSignal.abort(new Error('power cut'));
  await t.rejects(enrol({ dir: folder, token, listen: LISTEN, signal: aborted }));
  const opened = peerIdOfSpki(
    (
      await import('../../certs/file-key.ts').then(({ readKeyFile }) =>
        readKeyFile(join(folder, 'keys', 'node.key')),
      )
    ).publicKeySpki,
  )!;
  t.equal(registry.directory.require().seatOfPeer(opened), undefined);
  const enrolled = await enrol({ dir: folder, token });
  t.equal(enrolled.peerId, opened, 'the same keys');
  t.equal(enrolled.sealGranted, false, 'the seal waits for its grant');
  t.equal(
    (await registry.service.list({ certificates: true })).find(({ code }) => code === 'H51')?.certificates
      ?.length,
    2,
  );

  const [asked] = (await registry.service.status()).sealRequests;
  t.equal(asked?.fingerprint, enrolled.sealFingerprint);
  await t.rejects(registry.service.grantSeal('H51', 'ab'.repeat(32)), { code: 'not-found' });
  await registry.service.grantSeal('H51', enrolled.sealFingerprint.toUpperCase());
  const seal = registry.directory
    .require()
    .certificatesOf('H51')
    .find(({ role }) => role === 'seal')!;
  t.equal(registry.directory.require().sealFault(seal.sha256, 'H51', Date.now()), undefined);
  t.equal(registry.directory.require().sealFault(seal.sha256, 'H40', Date.now()), 'seal-scope');
  await t.rejects(registry.service.grantSeal('H51', enrolled.sealFingerprint), { code: 'not-found' }, 'once');
});

t.test('a man in the middle is refused: another PeerId, another root', async (t) => {
  const dir = await tempFolder(t.teardown.bind(t));
  for (const name of ['real', 'false']) await initRegistry({ dir: join(dir, name), name, listen: LISTEN });
  const real = await startRegistry({ dir: join(dir, 'real') });
  const wrong = await startRegistry({ dir: join(dir, 'false') });
  t.teardown(() => Promise.all([real.stop(), wrong.stop()]).then(() => undefined));
  const token = parseInviteToken((await real.service.invite('H40')).token);
  const wrongAddress = (await wrong.service.status()).listening[0]!;
  // the real PeerId at the false one's address
  const hijacked = `${wrongAddress.split('/p2p/')[0]}/p2p/${real.ready.peerId}`;
  const redirected = formatInviteToken({ ...token, registryAddresses: [hijacked] });
  await t.rejects(enrol({ dir: join(dir, 'a'), token: redirected, listen: LISTEN }), {
    code: 'registry-mismatch',
    details: { reason: 'peer-id' },
  });
  // a whole other registry behind a token that names the real root
  const swapped = formatInviteToken({ ...token, registryAddresses: [wrongAddress] });
  await t.rejects(enrol({ dir: join(dir, 'b'), token: swapped, listen: LISTEN }), {
    code: 'registry-mismatch',
  });
  t.equal((await real.service.status()).seats, 0);
  t.equal((await wrong.service.status()).seats, 0);
  t.equal((await real.service.status()).openInvites, 1, 'the invite is still good');
});

t.test('a registry that is off is said to be, and nothing is lost', async (t) => {
  const dir = await tempFolder(t.teardown.bind(t));
  await initRegistry({ dir: join(dir, 'registry'), name: 'Thử', listen: LISTEN });
  const closed = await openRegistryFolder(join(dir, 'registry'));
  const { token } = await closed.service.invite('H40');
  await t.rejects(startRegistry({ dir: join(dir, 'registry') }), { code: 'locked' });
  await closed.close();
  await t.rejects(enrol({ dir: join(dir, 'h40'), token, listen: LISTEN }), { code: 'unreachable' });
  const registry = await startRegistry({ dir: join(dir, 'registry') });
  t.teardown(() => registry.stop());
  t.equal(
    (await enrol({ dir: join(dir, 'h40'), token })).seat,
    'H40',
    'an invite made while it was off works',
  );
  await t.rejects(initRegistry({ dir: join(dir, 'registry'), name: 'X' }), { code: 'already-initialised' });
});

t.test('offline: one request file, one answer file, checked against the root', async (t) => {
  const dir = await tempFolder(t.teardown.bind(t));
  const { rootFingerprint } = await initRegistry({
    dir: join(dir, 'registry'),
    name: 'Thử',
    listen: LISTEN,
    autoSeal: true,
  });
  const folder = join(dir, 'h40');
  const asked = await requestOffline({ dir: folder, agency: 'h40', listen: LISTEN });
  t.same(
    (await requestOffline({ dir: folder, agency: 'H40' })).request,
    asked.request,
    'asked again: the same bytes',
  );
  await t.rejects(requestOffline({ dir: folder, agency: 'H51' }), { code: 'already-initialised' });
  const registry = await openRegistryFolder(join(dir, 'registry'));
  t.teardown(() => registry.close());
  const answer = await registry.service.issue(asked.request);
  const again = await registry.service.issue(asked.request);
  t.same(enrolmentAnswer.parse(again).nodeCertificate, enrolmentAnswer.parse(answer).nodeCertificate);
  const install = (bytes: Uint8Array, fingerprint = rootFingerprint) =>
    installOffline({ dir: folder, answer: bytes, rootFingerprint: fingerprint });
  await t.rejects(install(answer, 'ab'.repeat(32)), { code: 'registry-mismatch' });
  await t.rejects(install(answer, 'x'), { code: 'usage' });
  await t.rejects(install(answer.slice(0, 500)), { code: 'registry-mismatch' });
  const parsed = enrolmentAnswer.parse(answer);
  const entries = parsed.directory!.entries!.slice(1);
  const short = enrolmentAnswer.encode({ ...parsed, directory: { ...parsed.directory!, entries } });
  await t.rejects(install(short), { code: 'does-not-verify' });
  const installed = await install(answer);
  t.match(installed, { agency: 'H40', seat: 'H40', peerId: asked.peerId, sealGranted: true });
  await t.rejects(install(answer), { code: 'already-initialised' });
  await t.rejects(installOffline({ dir: join(dir, 'none'), answer, rootFingerprint }), {
    code: 'not-initialised',
  });
  await t.rejects(registry.service.issue(Uint8Array.of(1, 2)), { code: 'request-invalid' });
});

t.test('offline into a later epoch: the answer carries the statement of the root', async (t) => {
  const registry = await memoryRegistry();
  const { keys, directory, clock } = registry;
  const { federationId } = directory;
  const own = directory.require().head;
  const statement = await makeEpochStatement(
    { epoch: 2, abandoned: [sha256(EMPTY)], standsOn: own.hash, reason: 'restored from a backup' },
    { signer: keys.rootSigner, certificate: keys.root.bytes },
    federationId,
    clock.nowMs(),
  );
  const entries: Entry[] = [];
  for await (const { bytes } of directory.entriesSince(0)) entries.push(parseEntry(bytes));
  const prepared = await directory.prepare(2, entries, true);
  const facts = { epoch: 2, version: 2, previous: own.hash, epochStatement: sha256(statement) };
  await directory.adopt(prepared, await headLike(registry, own, { facts, epochStatement: statement }));

  const dir = join(await tempFolder(t.teardown.bind(t)), 'h40');
  const { request } = await requestOffline({ dir, agency: 'H40', listen: LISTEN, clock });
  const answer = await registry.service.issue(request);
  const rootFingerprint = keys.root.sha256;
  const parsed = enrolmentAnswer.parse(answer);
  t.ok(equalBytes(parsed.directory!.epochStatement!, statement));
  const stripped = enrolmentAnswer.encode({
    ...parsed,
    directory: { ...parsed.directory!, epochStatement: EMPTY },
  });
  await t.rejects(installOffline({ dir, answer: stripped, rootFingerprint, clock }), {
    code: 'does-not-verify',
    details: { reason: 'epoch-unproven' },
  });
  t.match(await installOffline({ dir, answer, rootFingerprint, clock }), {
    seat: 'H40',
    directoryVersion: 3,
  });
});

t.test('what the registry refuses, by code', async (t) => {
  const registry = await memoryRegistry({ autoSeal: false });
  const { enrolment, service, clock } = registry;
  const invite = async (code: string, expiresMs?: number) =>
    seedOf((await service.invite(code, { expiresMs })).token);
  const send = (made: Awaited<ReturnType<typeof applicant>>, peerId = made.peerId) =>
    enrolment.enrol(made.envelope, { peerId });
  const seed = await invite('H40');
  const good = await applicant(registry, 'H40', seed);
  const refused = async (code: string, reason: string | undefined, attempt: Promise<unknown>) =>
    t.rejects(attempt, { code, ...(reason ? { details: { reason } } : {}) }, `${code} ${reason ?? ''}`);

  await refused('request-invalid', 'malformed', enrolment.enrol(Uint8Array.of(9), { peerId: 'x' }));
  await refused('request-invalid', 'other-peer', send(good, (await applicant(registry, 'H40', seed)).peerId));
  const unsigned = await applicant(registry, 'H40', undefined, {
    federationId: registry.directory.federationId,
  });
  await refused('invite-invalid', 'signature', send(unsigned));
  await refused(
    'invite-unknown',
    undefined,
    send(await applicant(registry, 'H40', new Uint8Array(32).fill(7))),
  );
  await refused('invite-invalid', 'other-agency', send(await applicant(registry, 'H51', seed)));
  await refused('request-invalid', 'unknown-agency', send(await applicant(registry, 'Z01', seed)));
  await refused(
    'registry-mismatch',
    'federation',
    send(await applicant(registry, 'H40', seed, { federationId: new Uint8Array(32) })),
  );
  await refused(
    'request-invalid',
    'one-key-twice',
    send(await applicant(registry, 'H40', seed, { serviceIsSeal: true })),
  );
  await refused(
    'request-invalid',
    'address',
    send(await applicant(registry, 'H40', seed, { addresses: ['/ip4/0.0.0.0/tcp/1'] })),
  );
  const flipped = new Uint8Array(good.envelope);
  flipped[40]! ^= 1;
  await t.rejects(enrolment.enrol(flipped, { peerId: good.peerId }));
  t.equal(registry.directory.require().version, 1, 'none of these changed anything');

  const answer = await send(good);
  t.same(await send(good), answer, 'again: byte-identical');
  clock.advance(8 * 24 * 3_600_000);
  t.same(await send(good), answer, 'also after the invite ran out');
  await refused('invite-used', undefined, send(await applicant(registry, 'H40', seed)));
  await refused(
    'request-invalid',
    'node-already-enrolled',
    (async () => {
      const { sealEnvelope } = await import('../../node/directory/enrolment-envelope.ts');
      const { enrolmentRequest } = await import('../../proto/messages.ts');
      const request = enrolmentRequest.encode({ ...enrolmentRequest.parse(good.request), madeAtMs: 5 });
      const envelope = await sealEnvelope(request, good.node, await invite('H40'));
      return enrolment.enrol(envelope, { peerId: good.peerId });
    })(),
  );
  const late = await invite('H51', 1000);
  clock.advance(1001);
  await refused('invite-expired', undefined, send(await applicant(registry, 'H51', late)));
  await service.import([{ code: 'H51', name: 'Sóc Trăng', mergedInto: 'H40' }]);
  await t.rejects(service.invite('H51'), { code: 'retired-recipient' });

  const both = await invite('G22');
  const [one, two] = await Promise.all([applicant(registry, 'G22', both), applicant(registry, 'G22', both)]);
  const results = await Promise.allSettled([send(one), send(two)]);
  t.same(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], 'of two at once one gets it');
  const seats = registry.directory.require().seatsOf('G22');
  t.equal(seats.length, 1);
});

t.test('a token survives being written down, and a slip of the pen is noticed', async (t) => {
  const registry = await memoryRegistry();
  const { token } = await registry.service.invite('H40');
  t.equal(formatInviteToken(parseInviteToken(` ${token}\n`)), token);
  for (let at = 0; at < token.length; at++) {
    const typo = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
    t.throws(() => parseInviteToken(typo), { code: 'invite-invalid' });
  }
  for (const text of ['', 'lt1.', 'lt2.AAAA', token.slice(0, -3), `lt1.${'A'.repeat(9000)}`]) {
    t.throws(() => parseInviteToken(text), { code: 'invite-invalid' });
  }
});
