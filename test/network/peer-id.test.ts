import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey, peerIdFromPublicKey } from '@libp2p/peer-id';
import t from 'tap';
import {
  parsePeerId,
  peerIdOfKey,
  peerIdOfRawKey,
  peerIdOfSpki,
  rawKeyOf,
  rawPrivateKey,
} from '../../node/network/peer-id.ts';

t.test('a PeerId is the one libp2p makes of the same key', async (t) => {
  for (let i = 0; i < 50; i++) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
    const expected = peerIdFromPublicKey(publicKeyFromRaw(raw)).toString();
    t.equal(peerIdOfRawKey(raw), expected);
    t.equal(peerIdOfKey(publicKey), expected);
    t.equal(peerIdOfKey(privateKey), expected);
    t.equal(peerIdOfSpki(publicKey.export({ format: 'der', type: 'spki' })), expected);
    t.equal(peerIdFromPrivateKey(privateKeyFromRaw(rawPrivateKey(privateKey))).toString(), expected);
    t.equal(parsePeerId(expected), expected);
    t.same(Buffer.from(rawKeyOf(expected)!), raw);
  }
});

t.test('a key that is not Ed25519 has no PeerId', async (t) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  t.throws(() => peerIdOfKey(privateKey), RangeError);
  t.throws(() => rawPrivateKey(privateKey), RangeError);
  t.equal(peerIdOfSpki(createPublicKey(privateKey).export({ format: 'der', type: 'spki' })), undefined);
  t.equal(peerIdOfSpki(new Uint8Array([1, 2, 3])), undefined);
  t.throws(() => peerIdOfRawKey(new Uint8Array(31)), RangeError);
});

t.test('only the canonical text of an Ed25519 PeerId is taken', async (t) => {
  const good = peerIdOfKey(generateKeyPairSync('ed25519').publicKey);
  const bad = [
    '',
    good.slice(1),
    `${good}1`,
    ` ${good.slice(1)}`,
    good.replace(/.$/, '0'),
    good.replace(/.$/, 'đ'),
    good.toLowerCase(),
    'QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC',
    'z'.repeat(52),
    '1'.repeat(52),
  ];
  for (const text of bad) t.equal(parsePeerId(text), undefined, JSON.stringify(text));
});
