import { randomBytes } from 'node:crypto';
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto';
import t from 'tap';
import { Uint8ArrayList } from 'uint8arraylist';
import { createNoiseCrypto } from '../../node/network/noise-crypto.ts';

const ours = createNoiseCrypto();
const SIZES = [0, 1, 1183, 1184, 1199, 1200, 1216, 5000, 65_519];
const bytesOf = (data: Uint8Array | Uint8ArrayList) => Buffer.from(data.subarray());
const cut = (data: Uint8Array) =>
  new Uint8ArrayList(
    data.subarray(0, 12),
    data.subarray(12, data.length >> 1),
    data.subarray(data.length >> 1),
  );

t.test(
  'byte for byte what the library makes, in one piece or several, with and without associated data',
  async (t) => {
    for (const size of SIZES) {
      for (const ad of [new Uint8Array(0), randomBytes(32)]) {
        const [text, key, nonce] = [randomBytes(size), randomBytes(32), randomBytes(12)];
        const expected = bytesOf(defaultCrypto.chaCha20Poly1305Encrypt(text, nonce, ad, key));
        for (const input of size >= 24 ? [text, cut(text)] : [text]) {
          t.same(bytesOf(ours.chaCha20Poly1305Encrypt(input, nonce, ad, key)), expected, `encrypt ${size}`);
        }
        const wire = Uint8Array.from(expected);
        for (const input of size >= 24 ? [wire, cut(wire)] : [wire]) {
          const back = ours.chaCha20Poly1305Decrypt(input, nonce, ad, key);
          t.same(bytesOf(back), text, `decrypt ${size}`);
        }
      }
    }
  },
);

t.test('one flipped bit anywhere is refused', async (t) => {
  const [text, key, nonce, ad] = [randomBytes(5000), randomBytes(32), randomBytes(12), randomBytes(8)];
  const good = bytesOf(ours.chaCha20Poly1305Encrypt(text, nonce, ad, key));
  for (const at of [0, 2500, 4999, 5000, 5015]) {
    const bad = Uint8Array.from(good);
    bad[at]! ^= 1;
    t.throws(() => ours.chaCha20Poly1305Decrypt(bad, nonce, ad, key), `bit in byte ${at}`);
    t.throws(() => ours.chaCha20Poly1305Decrypt(cut(bad), nonce, ad, key), `bit in byte ${at}, in pieces`);
  }
  t.throws(() => ours.chaCha20Poly1305Decrypt(good, nonce, ad, randomBytes(32)), 'another key');
  t.throws(() => ours.chaCha20Poly1305Decrypt(good, nonce, randomBytes(8), key), 'other associated data');
});

t.test('two keys with the same content are told apart only by content', async (t) => {
  const [text, nonce, ad] = [randomBytes(4000), randomBytes(12), new Uint8Array(0)];
  const key = randomBytes(32);
  const one = bytesOf(ours.chaCha20Poly1305Encrypt(text, nonce, ad, key));
  const two = bytesOf(ours.chaCha20Poly1305Encrypt(text, nonce, ad, Uint8Array.from(key)));
  t.same(one, two);
});
