/**
 * Where a private key lives is behind these two interfaces: a file today, a PKCS#11 token by the same door.
 * Nothing that signs (certificates, requests, CRLs, statements) ever sees a private key, only a Signer.
 */
import type { KeyAlgorithm } from './keys.ts';

export interface Signer {
  readonly algorithm: KeyAlgorithm;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeySpki: Uint8Array;
  /**
   * Signs `data` (not a digest): ECDSA with SHA-256 in DER, RSA PKCS#1 v1.5 with SHA-256, or plain Ed25519.
   * A token answers later, hence the promise; files answer at once.
   */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A place that holds keys by name. Creating never replaces a key; a missing one is undefined. */
export interface KeyCustody {
  create(name: string, algorithm: KeyAlgorithm): Promise<Signer>;
  get(name: string): Promise<Signer | undefined>;
}
