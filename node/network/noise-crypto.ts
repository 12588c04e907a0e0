/**
 * The cipher of noise (ChaCha20-Poly1305) for large messages, faster than the library's own: the key object is made
 * once per key instead of once per message, and what came in pieces leaves in pieces, uncopied. Everything else (X25519, HKDF, SHA-256,
 * small messages) is the library's. Byte for byte the same output; the tests hold it against the default.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { ICryptoInterface } from '@chainsafe/libp2p-noise';
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto';

const ALGORITHM = 'chacha20-poly1305';
const TAG_BYTES = 16;
/** Below this the library's WebAssembly beats the cost of a node:crypto cipher object. */
const SMALL_BYTES = 1200;

export function createNoiseCrypto(): ICryptoInterface {
  // noise keeps one array per cipher key for as long as the connection lives
  const keys = new WeakMap<Uint8Array, KeyObject>();
  const keyOf = (bytes: Uint8Array): KeyObject => {
    let key = keys.get(bytes);
    if (key === undefined) {
      key = createSecretKey(bytes);
      keys.set(bytes, key);
    }
    return key;
  };
  return {
    ...defaultCrypto,
    chaCha20Poly1305Encrypt(plaintext, nonce, ad, k) {
      if (plaintext.byteLength < SMALL_BYTES)
        return defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, k);
      const cipher = createCipheriv(ALGORITHM, keyOf(k), nonce, { authTagLength: TAG_BYTES });
      if (ad.byteLength > 0) cipher.setAAD(ad, { plaintextLength: plaintext.byteLength });
      if (plaintext instanceof Uint8Array) {
        const text = cipher.update(plaintext);
        cipher.final();
        return Buffer.concat([text, cipher.getAuthTag()], text.byteLength + TAG_BYTES);
      }
      const output = plaintext.sublist(0, 0);
      for (const part of plaintext) output.append(cipher.update(part));
      cipher.final();
      output.append(cipher.getAuthTag());
      return output;
    },
    chaCha20Poly1305Decrypt(ciphertext, nonce, ad, k, dst) {
      if (ciphertext.byteLength < SMALL_BYTES) {
        return defaultCrypto.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, k, dst);
      }
      const textBytes = ciphertext.byteLength - TAG_BYTES;
      const decipher = createDecipheriv(ALGORITHM, keyOf(k), nonce, { authTagLength: TAG_BYTES });
      if (ad.byteLength > 0) decipher.setAAD(ad, { plaintextLength: textBytes });
      decipher.setAuthTag(ciphertext.subarray(textBytes));
      // noise has the text's bytes in one piece already, as the memory to decrypt into; were it ever other bytes, the tag would say so
      const whole = dst?.byteLength === textBytes ? dst : ciphertext.subarray(0, textBytes);
      const text = decipher.update(whole);
      // what is returned is only used after this has checked the tag
      decipher.final();
      return text;
    },
  };
}
