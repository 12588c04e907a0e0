/** A key in a PKCS#11 token, with SoftHSM as the token; what SoftHSM never does is done by a module in front of it. */
import { execFileSync, fork } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import t from 'tap';
import type { KeyAlgorithm } from '../../certs/keys.ts';
import { RefusedPin } from '../../certs/pkcs11/refused-pin.ts';
import type { Within } from '../../certs/pkcs11/token-link.ts';
import type { TokenSettings } from '../../certs/pkcs11/token-settings.ts';
import { TokenSigner, takeTokenKey } from '../../certs/pkcs11/token-signer.ts';
import { checkRequest, createRequest } from '../../certs/request.ts';
import { eventually } from '../helpers/eventually.ts';
import { makeSoftToken, NO_SOFTHSM, PIN, SOFTHSM } from '../helpers/soft-token.ts';
import { makeTokenSpy } from '../helpers/token-spy.ts';
import { OpenSsl } from './openssl.ts';

/** Ids of this process's own. */
function tokenProcesses(): string[] {
  const listed = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], {
    encoding: 'utf8',
  });
  return listed.split('\n').filter((line) => line.includes('token-process'));
}

if (NO_SOFTHSM) t.plan(0, NO_SOFTHSM);
else {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'lienthong-p11-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const openssl = await OpenSsl.open();
  t.teardown(() => openssl.close());
  const token = await makeSoftToken(dir);
  const spy = makeTokenSpy(dir);
  const noSpy = spy === undefined ? 'no C compiler on this machine' : false;
  const refused = path.join(dir, 'refused');

  /** Waits as long as it takes, unless the test ends the wait. */
  let giveUp: () => void = () => {};
  const within: Within = (_ms, outer, work) => {
    const limit = new AbortController();
    giveUp = () => limit.abort();
    return work(outer === undefined ? limit.signal : AbortSignal.any([outer, limit.signal]));
  };
  const placeOf = (more: Partial<TokenSettings> = {}) => ({
    settings: { module: token.module, label: 'khoa', pinFile: token.pinFile, ...more },
    refusedPin: new RefusedPin(refused),
    within,
  });
  const take = async (more: Partial<TokenSettings> = {}, make?: KeyAlgorithm) => {
    const signer = await takeTokenKey(placeOf(more), make);
    t.teardown(() => signer.close());
    return signer;
  };
  /** Of OpenSSL: does it accept the signature over the data? */
  const verified = async (signer: TokenSigner, data: string, signature: Uint8Array) => {
    const key = await openssl.file(signer.publicKeySpki, 'PUBLIC KEY');
    const files = [await openssl.file(signature), await openssl.file(Buffer.from(data))];
    return (await openssl.run('dgst', '-sha256', '-verify', key, '-signature', ...files)).ok;
  };
  const inToken = (...args: string[]) =>
    execFileSync('pkcs11-tool', ['--module', SOFTHSM!, '--login', '--pin', PIN, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const noTool = existsSync('/usr/bin/pkcs11-tool') ? false : 'no opensc on this machine';

  t.test('keys of every kind are made in the token, and OpenSSL accepts what they sign', async (t) => {
    for (const algorithm of ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-3072'] as const) {
      const signer = await take({ label: algorithm }, algorithm);
      t.equal(signer.algorithm, algorithm);
      for (let i = 0; i < 20; i++) {
        // r and s begin with zeros or high bits now and then: each form of a DER integer comes by
        const text = `văn bản ${i}`;
        t.ok(await verified(signer, text, await signer.sign(Buffer.from(text))), `${algorithm} ${i}`);
      }
      const request = await createRequest(signer, 'H40 seal');
      t.ok(checkRequest(request, 'seal').ok, `${algorithm} request`);
      t.ok(
        (
          await openssl.run(
            'req',
            '-verify',
            '-noout',
            '-in',
            await openssl.file(request, 'CERTIFICATE REQUEST'),
          )
        ).ok,
      );
      await signer.close();
    }
  });

  t.test('a key is made once, then found; without leave to make one it is missing', async (t) => {
    await t.rejects(take(), { code: 'token-key' });
    const made = await take({}, 'ecdsa-p256');
    const found = await take({}, 'rsa-2048');
    t.same(found.publicKeySpki, made.publicKeySpki);
    // one after the other: SoftHSM rewrites its token's file at each login
    const one = await made.sign(Buffer.from('a'));
    const other = await found.sign(Buffer.from('b'));
    t.ok(await verified(found, 'a', one));
    t.ok(await verified(made, 'b', other));
  });

  t.test('a key made here never leaves the token', { skip: noTool }, async (t) => {
    const listed = inToken('--list-objects', '--type', 'privkey', '--label', 'khoa');
    t.match(listed, /sensitive/);
    t.notMatch(listed, /[^r] extractable/, 'but "never extractable"');
    t.match(listed, /never extractable/);
  });

  t.test('a wrong PIN is tried once, whoever asks, until its file changes', { skip: noSpy }, async (t) => {
    const settings = { module: spy!.module };
    const signer = await take(settings);
    t.teardown(() => token.setPin(PIN));
    token.setPin('11111111');
    const before = spy!.count('login');
    const many = await Promise.allSettled([1, 2, 3].map((n) => signer.sign(Buffer.of(n))));
    t.ok(many.every((one) => one.status === 'rejected' && one.reason.code === 'token-pin-wrong'));
    await t.rejects(signer.check(), { code: 'token-pin-wrong' });
    const restarted = new TokenSigner(placeOf(settings), signer.publicKeySpki);
    await t.rejects(restarted.sign(Buffer.of(1)), { code: 'token-pin-wrong' });
    t.equal(spy!.count('login'), before + 1, 'also after a restart');
    t.notMatch(readFileSync(refused, 'utf8'), '11111111', 'what is remembered says nothing of the PIN');

    token.setPin(PIN);
    t.ok(await signer.sign(Buffer.of(1)));
    t.equal(spy!.count('login'), before + 2);
    t.notOk(existsSync(refused));
    await signer.sign(Buffer.of(2));
    t.equal(spy!.count('login'), before + 2, 'one login for a session');
    await restarted.close();
  });

  t.test('a PIN that is locked, or has one attempt left, is not sent', { skip: noSpy }, async (t) => {
    const signer = await take({ module: spy!.module });
    t.teardown(() => spy!.set('plain'));
    const before = spy!.count('login');
    for (const mode of ['final', 'flagged'] as const) {
      spy!.set(mode);
      await t.rejects(signer.sign(Buffer.of(1)), { code: 'token-pin-locked' }, mode);
    }
    t.equal(spy!.count('login'), before);
    spy!.set('locked');
    await t.rejects(signer.sign(Buffer.of(1)), { code: 'token-pin-locked' });
    t.equal(spy!.count('login'), before + 1);
    spy!.set('flagged');
    await t.rejects(signer.sign(Buffer.of(1)), { code: 'token-pin-locked' });
    t.equal(spy!.count('login'), before + 1, 'a PIN that met a lock is not sent again either');
    spy!.set('plain');
    t.ok(await signer.sign(Buffer.of(1)), 'unlocked: the right PIN in an untouched file');
  });

  t.test('a refusal that can’t be written down is remembered all the same', { skip: noSpy }, async (t) => {
    const place = placeOf({ module: spy!.module });
    const { publicKeySpki } = await take(place.settings);
    const refusedPin = new RefusedPin(path.join(dir, 'nowhere', 'refused'));
    const signer = new TokenSigner({ ...place, refusedPin }, publicKeySpki);
    t.teardown(() => token.setPin(PIN));
    token.setPin('11111111');
    const [logins, idle] = [spy!.count('login'), tokenProcesses()];
    for (let i = 0; i < 3; i++) await t.rejects(signer.sign(Buffer.of(i)), { code: 'token-pin-wrong' });
    t.equal(spy!.count('login'), logins + 1);
    t.same(tokenProcesses(), idle, 'no process stays');
    token.setPin(PIN);
    t.ok(await signer.sign(Buffer.of(1)));
    await signer.close();
  });

  t.test(
    'a module that crashes, hangs or answers nonsense ends with its process',
    { skip: noSpy },
    async (t) => {
      const signer = await take({ module: spy!.module });
      t.teardown(() => spy!.set('plain'));
      t.ok(await signer.sign(Buffer.from('trước')));
      spy!.set('crash');
      await t.rejects(signer.sign(Buffer.of(1)), { code: 'token-failed', reason: /SIGABRT/ });
      spy!.set('nonsense');
      await t.rejects(signer.sign(Buffer.of(1)), { code: 'token-failed', reason: /does not verify/ });
      spy!.set('plain');
      t.ok(
        await verified(signer, 'sau', await signer.sign(Buffer.from('sau'))),
        'signs again without a restart',
      );

      const before = spy!.count('sign');
      spy!.set('hang');
      const hanging = [signer.sign(Buffer.of(1)), signer.sign(Buffer.of(2))].map((one) =>
        one.catch((error) => error),
      );
      for (const attempt of [1, 2]) {
        await eventually('it hangs', () => spy!.count('sign') === before + attempt);
        giveUp();
      }
      for (const one of await Promise.all(hanging))
        t.match(one, { code: 'token-failed', reason: /no answer/ });
      t.equal(spy!.count('sign'), before + 2, 'what waited behind it is refused with it');
      spy!.set('plain');
      t.ok(await signer.sign(Buffer.of(3)));
    },
  );

  t.test('closing waits for no token that hangs', { skip: noSpy }, async (t) => {
    const signer = await take({ module: spy!.module });
    t.teardown(() => spy!.set('plain'));
    const [signs, idle] = [spy!.count('sign'), tokenProcesses()];
    spy!.set('hang');
    const hanging = [1, 2].map((n) => signer.sign(Buffer.of(n)).catch((error) => error));
    await eventually('it hangs', () => spy!.count('sign') === signs + 1);
    let isClosed = false;
    const closing = signer.close().then(() => {
      isClosed = true;
    });
    await eventually('it is closed', () => isClosed);
    for (const one of await Promise.all(hanging)) t.match(one, { code: 'token-failed', reason: 'closed' });
    t.equal(spy!.count('sign'), signs + 1, 'and nothing is tried again');
    t.same(tokenProcesses(), idle);
    await closing;
    await t.rejects(signer.sign(Buffer.of(3)), { code: 'token-failed', reason: 'closed' });
  });

  t.test('a process whose parent is gone ends, also where its module hangs', { skip: noSpy }, async (t) => {
    t.teardown(() => spy!.set('plain'));
    const { settings } = placeOf({ module: spy!.module });
    for (const word of ['load', 'finalize'] as const) {
      const entry = path.join(import.meta.dirname, '../../certs/pkcs11/token-process.ts');
      const child = fork(entry, [], {
        serialization: 'advanced',
        execArgv: [],
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      t.teardown(() => child.kill('SIGKILL'));
      let isOpen = false;
      child.once('message', () => {
        isOpen = true;
      });
      spy!.set(`hang-${word}`);
      child.send({ do: 'open', settings });
      if (word === 'finalize') await eventually('it is open', () => isOpen);
      else await eventually('it hangs', () => spy!.count('load') === 1);
      child.disconnect();
      await eventually(`it is gone: ${word}`, () => child.exitCode !== null || child.signalCode !== null);
      t.equal(spy!.count(word), 1, word);
    }
  });

  t.test('a token that is pulled out is named, and put back it signs again', async (t) => {
    const signer = await take();
    t.ok(await signer.sign(Buffer.of(1)));
    token.pullOut();
    try {
      await t.rejects(signer.sign(Buffer.of(1)), { code: 'token-absent' });
      await t.rejects(signer.check(), { code: 'token-absent' });
    } finally {
      token.putBack();
    }
    await signer.check();
    t.ok(await verified(signer, 'lại', await signer.sign(Buffer.from('lại'))));
  });

  t.test('no module, a file that is none, no such token, no such slot', async (t) => {
    const text = path.join(dir, 'text.so');
    writeFileSync(text, 'not a module');
    for (const module of ['/nowhere/module.so', text]) {
      await t.rejects(take({ module }), { code: 'token-module' }, module);
    }
    await t.rejects(take({ tokenLabel: 'khác' }), { code: 'token-absent' });
    await t.rejects(take({ slot: 7 }), { code: 'token-absent' });
    t.ok(await take({ tokenLabel: token.label }));
  });

  t.test('the PIN file must hold a PIN and be nobody else’s to read', async (t) => {
    const pinFile = path.join(dir, 'pin-b');
    await t.rejects(take({ pinFile }), { code: 'token-pin-file', reason: /ENOENT/ });
    writeFileSync(pinFile, PIN, { mode: 0o600 });
    t.ok(await take({ pinFile }), 'with or without a line end');
    chmodSync(pinFile, 0o640);
    await t.rejects(take({ pinFile }), { code: 'token-pin-file', reason: /chmod 600/ });
    writeFileSync(pinFile, '\n');
    chmodSync(pinFile, 0o600);
    await t.rejects(take({ pinFile }), { code: 'token-pin-file', reason: /empty/ });
    await t.rejects(take({ pinFile: dir }), { code: 'token-pin-file' });
  });

  t.test('keys others made: several of one label, one that may be taken out', { skip: noTool }, async (t) => {
    const make = (...args: string[]) =>
      inToken('--keypairgen', '--key-type', 'EC:prime256v1', '--usage-sign', ...args);
    make('--label', 'đôi', '--id', '0a01');
    make('--label', 'đôi', '--id', '0a02');
    await t.rejects(take({ label: 'đôi' }), { code: 'token-unclear', reason: /0a01.*0a02|0a02.*0a01/ });
    const second = await take({ label: 'đôi', id: '0a02' });
    t.ok(await verified(second, 'x', await second.sign(Buffer.from('x'))));
    make('--label', 'mở', '--id', '0b', '--extractable');
    await t.rejects(take({ label: 'mở' }), { code: 'token-key', reason: /EXTRACTABLE/ });
    inToken('--keypairgen', '--key-type', 'EC:secp521r1', '--usage-sign', '--label', 'lạ', '--id', '0c');
    await t.rejects(take({ label: 'lạ' }), { code: 'token-key' });
  });

  t.test('a key the token doesn’t say stays inside is not the seal', { skip: noSpy }, async (t) => {
    t.teardown(() => spy!.set('plain'));
    spy!.set('silent');
    await t.rejects(take({ module: spy!.module }), { code: 'token-key', reason: /EXTRACTABLE/ });
  });

  t.test('another key under the same label is not the seal', { skip: noTool }, async (t) => {
    const other = await take({ label: 'đôi', id: '0a01' });
    const signer = new TokenSigner(placeOf({ label: 'đôi', id: '0a02' }), other.publicKeySpki);
    await t.rejects(signer.sign(Buffer.of(1)), { code: 'token-key', reason: /another key/ });
    await signer.close();
  });

  t.test('two tokens in one module must be told apart', async (t) => {
    execFileSync('softhsm2-util', [
      '--init-token',
      '--free',
      '--label',
      'hai',
      '--pin',
      PIN,
      '--so-pin',
      '12345678',
    ]);
    await t.rejects(take(), { code: 'token-unclear', reason: /con-dau.*hai|hai.*con-dau/ });
    t.ok(await take({ tokenLabel: 'con-dau' }));
    t.equal(readdirSync(token.folder).length, 2);
  });

  t.test('a closed signer refuses at once', async (t) => {
    const signer = await take({ tokenLabel: 'con-dau' });
    await signer.close();
    await t.rejects(signer.sign(Buffer.of(1)), { code: 'token-failed' });
  });
}
