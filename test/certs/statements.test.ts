/** Signatures of statements under a certificate: what verifies here verifies with `openssl dgst`, and nothing else. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import t from 'tap';
import { Certificate } from '../../certs/certificate.ts';
import type { KeyAlgorithm } from '../../certs/keys.ts';
import { OpenSsl } from './openssl.ts';
import { Federation, forge, leafDraft, newSigner } from './pki.ts';

const openssl = await OpenSsl.open();
const federation = await Federation.create();
const issuer = {
  certificate: federation.issuing.certificate,
  key: (federation.issuing.signer as unknown as { privateKey: KeyObject }).privateKey,
};
const statement = randomBytes(2000);
t.teardown(() => openssl.close());

for (const algorithm of [
  'ecdsa-p256',
  'ecdsa-p384',
  'rsa-2048',
  'rsa-3072',
] as const satisfies KeyAlgorithm[]) {
  t.test(`${algorithm}: accepted by both, refused by both when touched`, async (t) => {
    const signer = await newSigner(algorithm);
    const { certificate } = await federation.leaf('seal', signer);
    const signature = signer.sign(statement);
    const file = await openssl.file(certificate.bytes, 'CERTIFICATE');
    const key = await openssl.file(
      Buffer.from((await openssl.run('x509', '-in', file, '-noout', '-pubkey')).text),
    );
    const both = async (data: Uint8Array, value: Uint8Array) => {
      const ours = certificate.verifySignature(data, value);
      const answer = await openssl.run(
        ...[
          'dgst',
          '-sha256',
          '-verify',
          key,
          '-signature',
          await openssl.file(value),
          await openssl.file(data),
        ],
      );
      t.equal(answer.ok, ours, answer.text);
      return ours;
    };
    t.equal(await both(statement, signature), true);
    const other = Buffer.from(statement);
    other[7] = (other[7] as number) ^ 1;
    t.equal(await both(other, signature), false);
    t.equal(await both(statement, signature.subarray(1)), false);
    t.equal(await both(statement, new Uint8Array()), false);
    t.equal(await both(statement, sign('sha1', statement, signer.privateKey)), false, 'SHA-1');
    if (algorithm.startsWith('ecdsa')) {
      const raw = sign('sha256', statement, { key: signer.privateKey, dsaEncoding: 'ieee-p1363' });
      t.equal(await both(statement, raw), false, 'r ‖ s instead of DER');
    } else {
      const pss = sign('sha256', statement, { key: signer.privateKey, padding: 6 });
      t.equal(await both(statement, pss), false, 'PSS padding');
    }
  });
}

t.test('no statement verifies under a node certificate or a weak key', async (t) => {
  const node = await newSigner('ed25519');
  const { certificate } = await federation.leaf('node', node);
  t.equal(certificate.verifySignature(statement, node.sign(statement)), false);
  const keys = [
    generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
    generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).privateKey,
  ];
  for (const key of keys) {
    const weak = new Certificate(await forge(leafDraft('seal', key, issuer)));
    t.equal(weak.verifySignature(statement, sign('sha256', statement, key)), false);
  }
});
