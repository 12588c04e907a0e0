/** Keys in memory and in files: modes, durability of names, damage, and signatures OpenSSL accepts. */
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { FileCustody, readKeyFile, writeKeyFile } from '../../certs/file-key.ts';
import {
  ed25519FromSeed,
  ed25519Seed,
  generateKey,
  KeySigner,
  keyAlgorithm,
  keyAlgorithms,
  verifyWithSpki,
} from '../../certs/keys.ts';
import { OpenSsl } from './openssl.ts';

async function folder(t: { teardown(fn: () => unknown): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'lienthong-keys-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

t.test('every algorithm: made, kept, read back, signs, and OpenSSL reads the file', async (t) => {
  const custody = new FileCustody(await folder(t));
  const openssl = await OpenSsl.open();
  t.teardown(() => openssl.close());
  const data = Buffer.from('Số 274/QĐ-TTg');
  const message = await openssl.file(data);
  for (const algorithm of keyAlgorithms) {
    const made = await custody.create(algorithm, algorithm);
    t.equal(made.algorithm, algorithm);
    const path = custody.path(algorithm);
    t.equal((await stat(path)).mode & 0o777, 0o600);
    t.match(await readFile(path, 'utf8'), /^-----BEGIN PRIVATE KEY-----/);
    const again = await custody.get(algorithm);
    t.same(again?.publicKeySpki, made.publicKeySpki);
    const signature = again?.sign(data) ?? Buffer.of();
    t.ok(verifyWithSpki(made.publicKeySpki, data, signature), algorithm);
    t.notOk(verifyWithSpki(made.publicKeySpki, Buffer.from('x'), signature));
    t.ok((await openssl.run('pkey', '-in', path, '-noout', '-check')).ok);
    const pub = await openssl.file(made.publicKeySpki, 'PUBLIC KEY');
    const sig = await openssl.file(signature);
    const answer =
      algorithm === 'ed25519'
        ? await openssl.run(
            'pkeyutl',
            '-verify',
            '-rawin',
            '-pubin',
            '-inkey',
            pub,
            '-in',
            message,
            '-sigfile',
            sig,
          )
        : await openssl.run('dgst', '-sha256', '-verify', pub, '-signature', sig, message);
    t.ok(answer.ok, answer.text);
  }
  t.strictSame(
    (await readdir(join(custody.path('x'), '..'))).sort(),
    keyAlgorithms.map((a) => `${a}.key`).sort(),
  );
});

t.test('a key is never readable by others, not even under a loose umask', async (t) => {
  const path = join(await folder(t), 'k.key');
  const before = process.umask(0);
  try {
    await writeKeyFile(path, await generateKey('ecdsa-p256'));
  } finally {
    process.umask(before);
  }
  t.equal((await stat(path)).mode & 0o777, 0o600);
});

t.test('a key is never replaced', async (t) => {
  const custody = new FileCustody(await folder(t));
  const [first] = await Promise.allSettled([custody.create('seal', 'ecdsa-p256')]);
  const bytes = await readFile(custody.path('seal'));
  await t.rejects(custody.create('seal', 'ecdsa-p256'), { code: 'key-file-exists' });
  t.same(await readFile(custody.path('seal')), bytes);
  t.equal(first?.status, 'fulfilled');
  const race = await Promise.allSettled(['a', 'b', 'c'].map(() => custody.create('race', 'ed25519')));
  t.equal(race.filter(({ status }) => status === 'fulfilled').length, 1, 'of three at once one wins');
  t.equal((await readdir(join(custody.path('x'), '..'))).length, 2, 'no temporary files stay');
});

t.test('missing, open, damaged and foreign key files are told apart', async (t) => {
  const dir = await folder(t);
  const custody = new FileCustody(dir);
  t.equal(await custody.get('none'), undefined);
  await t.rejects(readKeyFile(join(dir, 'none')), { code: 'key-file-missing' });
  await custody.create('open', 'ecdsa-p256');
  await chmod(custody.path('open'), 0o640);
  await t.rejects(custody.get('open'), { code: 'key-file-permissions' });
  const damaged = (name: string, content: string | Buffer) =>
    writeFile(custody.path(name), content, { mode: 0o600 });
  await damaged('empty', '');
  await damaged('long', Buffer.alloc(20_000));
  const sound = (await generateKey('ecdsa-p256')).export({ format: 'pem', type: 'pkcs8' });
  await damaged('padded', sound + '\n'.repeat(20_000));
  await damaged('text', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
  const curve = generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).privateKey;
  await damaged('curve', curve.export({ format: 'pem', type: 'pkcs8' }) as string);
  const locked = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  await damaged('locked', (await generateKey('ecdsa-p256')).export(locked));
  for (const name of ['empty', 'long', 'padded', 'text', 'curve', 'locked']) {
    await t.rejects(custody.get(name), { code: 'key-file-damaged' }, name);
  }
  await t.rejects(custody.get('../root'), { code: 'key-unsupported' });
  await t.rejects(custody.create('a/b', 'ed25519'), { code: 'key-unsupported' });
});

t.test('an Ed25519 seed is the whole key (RFC 8032, test 1)', async (t) => {
  const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
  const key = ed25519FromSeed(seed);
  t.same(Buffer.from(ed25519Seed(key)), seed);
  const signer = new KeySigner(key);
  t.equal(
    Buffer.from(signer.publicKeySpki.slice(-32)).toString('hex'),
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  );
  t.match(
    Buffer.from(signer.sign(Buffer.of())).toString('hex'),
    /^e5564300c360ac729086e2cc806e828a84877f1eb8e5d974/,
  );
  t.throws(() => ed25519FromSeed(seed.subarray(1)), { code: 'key-unsupported' });
  const p256 = await generateKey('ecdsa-p256');
  t.throws(() => ed25519Seed(p256), { code: 'key-unsupported' });
});

t.test('keys of other kinds have no algorithm', async (t) => {
  t.equal(keyAlgorithm(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey), undefined);
  t.equal(keyAlgorithm(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey), undefined);
  t.equal(keyAlgorithm(generateKeyPairSync('x25519').publicKey), undefined);
  t.throws(() => new KeySigner(generateKeyPairSync('ed448').privateKey), { code: 'key-unsupported' });
  t.notOk(verifyWithSpki(Buffer.from('nonsense'), Buffer.of(), Buffer.of()));
});
