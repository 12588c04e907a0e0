/**
 * Lets @peculiar/x509 sign through a Signer: the library asks a Crypto object to sign with a CryptoKey, and here
 * both are thin shapes around the Signer, so a key in a token issues exactly as a key in a file does.
 */
import type { webcrypto } from 'node:crypto';
import { DerReader, readWhole, tags } from './der.ts';
import type { KeyAlgorithm } from './keys.ts';
import type { Signer } from './signer.ts';

type LibraryAlgorithm = { name: string; namedCurve?: string; hash?: string };

function libraryAlgorithm(algorithm: KeyAlgorithm): LibraryAlgorithm {
  if (algorithm === 'ed25519') return { name: 'Ed25519' };
  if (algorithm === 'ecdsa-p256') return { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  if (algorithm === 'ecdsa-p384') return { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-256' };
  return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
}

/** An ECDSA signature in DER as the fixed-size r ‖ s that WebCrypto answers with. */
function fixedSize(der: Uint8Array, size: number): Uint8Array {
  const pair = new DerReader(readWhole(der, tags.sequence).content);
  const result = new Uint8Array(2 * size);
  for (const end of [size, 2 * size]) {
    const { content } = pair.read(tags.integer);
    const magnitude = content[0] === 0 ? content.subarray(1) : content;
    result.set(magnitude, end - magnitude.length);
  }
  return result;
}

/** The `signingKey`, `signingAlgorithm` and Crypto to hand to the library's generators. */
export function signingWith(signer: Signer): {
  key: webcrypto.CryptoKey;
  algorithm: LibraryAlgorithm;
  crypto: webcrypto.Crypto;
} {
  const algorithm = libraryAlgorithm(signer.algorithm);
  const size = algorithm.namedCurve === 'P-384' ? 48 : 32;
  const subtle = {
    async sign(_algorithm: unknown, _key: unknown, data: ArrayBuffer): Promise<ArrayBuffer> {
      const signature = Uint8Array.from(await signer.sign(new Uint8Array(data)));
      return (algorithm.name === 'ECDSA' ? fixedSize(signature, size) : signature).buffer as ArrayBuffer;
    },
    async exportKey(): Promise<ArrayBuffer> {
      return Uint8Array.from(signer.publicKeySpki).buffer;
    },
  };
  return {
    key: { algorithm } as unknown as webcrypto.CryptoKey,
    algorithm,
    crypto: { subtle } as unknown as webcrypto.Crypto,
  };
}
