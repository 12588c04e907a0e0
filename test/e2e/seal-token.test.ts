/** A node whose seal lives in a PKCS#11 token (SoftHSM), through the command line, from enrolment to renewal. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import type { CheckReport } from '../../node/core/node-views.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Agency, Federation, LOOPBACK } from '../helpers/federation.ts';
import { makeSoftToken, NO_SOFTHSM, PIN } from '../helpers/soft-token.ts';
import { makeTokenSpy } from '../helpers/token-spy.ts';

const DAY_MS = 86_400_000;
/** Less than a revocation list lives. */
const SEASON_MS = 115 * DAY_MS;

if (NO_SOFTHSM) t.plan(0, NO_SOFTHSM);
else {
  t.setTimeout(180_000);
  const dir = await mkdtemp(path.join(os.tmpdir(), 'lienthong-seal-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const token = await makeSoftToken(dir);
  const spy = makeTokenSpy(dir);
  const module = spy?.module ?? token.module;
  const federation = await Federation.start(t, { agencies: ['H40'], autoSeal: false });
  const { registry } = federation;
  const recipient = federation.agency('H40');
  const sender = federation.newcomer('G22');
  const invite = await federation.invite('G22');
  const sealOptions = (label: string, algorithm: string) => [
    ...['--seal-token', module, '--seal-label', label, '--seal-token-label', token.label],
    ...['--seal-pin-file', token.pinFile, '--seal-algorithm', algorithm],
  ];
  const init = () =>
    sender.cli(
      ...['node', 'init', '--invite', invite, '--listen', LOOPBACK, ...sealOptions('G22', 'ecdsa-p384')],
    );
  const codeOf = (sending: Promise<unknown>) =>
    sending.then(
      () => 'queued',
      ({ code }) => code,
    );

  t.test('init with a wrong PIN says so and asks the token once; with the right one it enrols', async (t) => {
    token.setPin('00000000');
    for (let i = 0; i < 3; i++) {
      const wrong = await init();
      t.match({ exit: wrong.exit, code: wrong.error?.code }, { exit: 3, code: 'seal-pin-wrong' });
      t.notMatch(wrong.stderr, '00000000');
    }
    if (spy) t.equal(spy.count('login'), 1);
    token.setPin(PIN);
    const made = await init();
    t.equal(made.exit, 0, made.stderr);
    const { sealFingerprint } = made.value as { sealFingerprint: string };
    const granted = await registry.cli('registry', 'grant-seal', 'G22', sealFingerprint);
    t.equal(granted.exit, 0, granted.stderr);
    const spki = path.join(sender.dir, 'keys', 'seal.pub');
    const der = execFileSync('openssl', ['pkey', '-pubin', '-in', spki, '-outform', 'DER']);
    const hash = execFileSync('openssl', ['dgst', '-sha256', '-r'], { input: der, encoding: 'utf8' });
    t.equal(hash.split(' ')[0], sealFingerprint);
  });

  t.test('a document is sealed by the token, and the recipient and OpenSSL verify it', async (t) => {
    await sender.start();
    await federation.inStep([sender, recipient]);
    await deliverAndVerify(t, 1);
    t.match((await sender.status()).seal, { custody: 'token', label: 'G22', module, fault: null });
    t.match((await recipient.status()).seal, { custody: 'file' });
  });

  t.test('neither the key nor the PIN is anywhere in the folder', async (t) => {
    t.same(readdirSync(path.join(sender.dir, 'keys')).sort(), ['node.key', 'seal.pub', 'service.key']);
    const { seal } = JSON.parse(readFileSync(path.join(sender.dir, 'config.json'), 'utf8'));
    t.same(seal, { module, label: 'G22', tokenLabel: token.label, pinFile: token.pinFile });
    for (const name of readdirSync(sender.dir, { recursive: true, encoding: 'utf8' })) {
      const file = path.join(sender.dir, name);
      if (statSync(file).isFile()) t.notOk(readFileSync(file).includes(PIN), name);
    }
    t.notMatch(sender.child?.stderr, PIN);
  });

  t.test(
    'without its token a node receives, and says what to do; put back it sends, as it runs',
    async (t) => {
      const { pid } = sender.child!;
      token.pullOut();
      try {
        t.equal(await codeOf(sender.send({ to: ['H40'], number: 2 })), 'seal-token-absent');
        const status = await sender.cli('node', 'status');
        t.match(
          { exit: status.exit, value: status.value },
          {
            exit: 0,
            value: { seal: { fault: { code: 'seal-token-absent' } }, warnings: [/thiết bị giữ con dấu/] },
          },
        );
        const check = await sender.cli('node', 'check');
        t.equal(check.exit, 7);
        t.match((check.value as CheckReport).problems, [{ kind: 'seal-token-absent' }]);
        const { announce } = JSON.parse(readFileSync(path.join(sender.dir, 'config.json'), 'utf8'));
        const announced = await sender.cli('node', 'announce', ...announce);
        t.equal(announced.exit, 0, 'the seal is no reason not to move');
        await sender.said(/seal can't be used now/);
        await grant(recipient);
        await federation.inStep([sender, recipient]);
        const incoming = await recipient.send({ to: ['G22'], number: 1 });
        await recipient.delivered(incoming.id);
        await sender.restart();
        const other = await recipient.send({ to: ['G22'], number: 2 });
        await recipient.delivered(other.id);
        t.not(sender.child!.pid, pid, 'and it starts without its token');
      } finally {
        token.putBack();
      }
      await deliverAndVerify(t, 2);
      t.equal((await sender.cli('node', 'check')).exit, 0);
    },
  );

  t.test('a module that crashes leaves the node up', { skip: spy ? false : 'no C compiler' }, async (t) => {
    const { pid } = sender.child!;
    spy!.set('crash');
    t.equal(await codeOf(sender.send({ to: ['H40'], number: 3 })), 'seal-token-failed');
    spy!.set('plain');
    await deliverAndVerify(t, 3);
    t.equal(sender.child!.pid, pid);
  });

  t.test('a node that is killed leaves no process with an open token behind', async (t) => {
    const children = childrenOf(sender.child!.pid!);
    t.equal(children.length, 1);
    await sender.kill();
    await eventually('its token process is gone', () => children.every((pid) => !existsSync(`/proc/${pid}`)));
    const check = await sender.cli('node', 'check');
    t.equal(check.exit, 0, 'on the folder at rest');
    await sender.start();
  });

  t.test('an offline request with an RSA key in the token', async (t) => {
    const node = federation.newcomer('H51');
    const request = path.join(dir, 'h51.request');
    const asked = await node.cli(
      ...['node', 'request', '--agency', 'H51', '--out', request, '--listen', LOOPBACK],
      ...['--announce', '/ip4/127.0.0.1/tcp/7498', ...sealOptions('H51', 'rsa-2048')],
    );
    t.equal(asked.exit, 0, asked.stderr);
    const issued = await registry.cli('registry', 'issue', request);
    t.equal(issued.exit, 0, issued.stderr);
    const answer = globSync(path.join(dir, 'h51.request*')).find((name) => name !== request)!;
    const root = execFileSync('openssl', [
      ...[
        'x509',
        '-noout',
        '-fingerprint',
        '-sha256',
        '-in',
        path.join(sender.dir, 'certificates', 'root.crt'),
      ],
    ]);
    const fingerprint = root.toString().trim().split('=')[1]!;
    const installed = await node.cli('node', 'install', answer, '--root', fingerprint);
    t.equal(installed.exit, 0, installed.stderr);
    await grant(node);
    await node.start();
    await federation.inStep([node, recipient]);
    const sent = await node.send({ to: ['H40'], number: 1 });
    await node.delivered(sent.id);
    await verifiedByOpenssl(t, node, sent.id);
    await node.kill();
  });

  t.test('the seal’s certificate is renewed for the key in the token', async (t) => {
    const { certificates } = await sender.status();
    const first = certificates.find(({ role }) => role === 'seal')!;
    const dueMs = (Date.parse(first.notAfter) - Date.now()) * 0.7;
    const members = [registry, sender, recipient];
    for (let aheadMs = SEASON_MS; aheadMs < dueMs + SEASON_MS; aheadMs += SEASON_MS) {
      await Promise.all(members.map((member) => member.kill()));
      for (const member of members) await member.start({ aheadMs });
      await eventually('a fresh directory', async () => (await sender.status()).directory.state === 'fresh');
    }
    await eventually('a new certificate', async () => {
      const seals = (await sender.status()).certificates.filter(({ role }) => role === 'seal');
      return seals.some(({ serial, state }) => serial !== first.serial && state === 'valid');
    });
    const sent = await sender.send({ to: ['H40'], number: 9 });
    const view = await sender.delivered(sent.id);
    t.not(view.signatures[0]!.serial, first.serial);
    await verifiedByOpenssl(t, sender, sent.id);
    const kept = path.join(sender.dir, 'certificates', 'seal.crt');
    const key = execFileSync('openssl', ['x509', '-noout', '-pubkey', '-in', kept], { encoding: 'utf8' });
    t.equal(key, readFileSync(path.join(sender.dir, 'keys', 'seal.pub'), 'utf8'), 'for the same key');
  });

  async function deliverAndVerify(t: Checks, number: number): Promise<void> {
    const sent = await sender.send({ to: ['H40'], number });
    await sender.delivered(sent.id);
    t.equal((await recipient.verify(sent.id)).valid, true);
    await verifiedByOpenssl(t, recipient, sent.id);
  }

  /** The evidence's own script runs `openssl dgst -sha256 -verify` for each signature. */
  async function verifiedByOpenssl(t: Checks, agency: Agency, id: string): Promise<void> {
    const out = path.join(dir, `evidence-${agency.name}-${id}`);
    t.equal((await agency.cli('fetch', id, '--out', out, '--evidence')).exit, 0);
    const [script] = globSync('**/verify.sh', { cwd: out });
    const { stdout } = await promisify(execFile)('sh', [path.join(out, script!)]);
    t.match(stdout, /every signature verifies/);
  }

  async function grant(agency: Agency): Promise<void> {
    const granted = await registry.cli('registry', 'grant-seal', agency.name, fingerprintOf(agency));
    if (granted.exit !== 0) throw new Error(granted.stderr);
  }
}

type Checks = Pick<typeof t, 'equal' | 'match'>;

function fingerprintOf({ dir }: Agency): string {
  return JSON.parse(readFileSync(path.join(dir, 'identity.json'), 'utf8')).sealFingerprint;
}

/** Process ids. */
function childrenOf(pid: number): number[] {
  const listed = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return listed.trim().split(/\s+/).map(Number);
}
