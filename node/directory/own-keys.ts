/**
 * This node's signing keys with the certificates the directory lists for them now: a seal counts from the head that
 * grants it, a renewed service certificate from the head that carries it. The identity object of a certificate stays
 * the same while the certificate does, so that statements can share a batch. What the exchange calls `Self`.
 */
import type { Signer } from '../../certs/signer.ts';
import { equalBytes, hex, sha256 } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import type { SignerRole } from '../signing/roles.ts';
import type { SigningIdentity } from '../signing/sign.ts';
import type { Directory } from './directory.ts';
import type { ListedCertificate } from './listed-certificate.ts';

export interface OwnKeysComponents {
  seat: string;
  agency: string;
  serviceKey: Signer;
  /** A key that was made at enrolment, granted or not; a node without one only receives. */
  sealKey: Signer | undefined;
  directory: () => Directory;
}

export class OwnKeys {
  readonly seat: string;
  readonly agency: string;
  readonly #with: OwnKeysComponents;
  #version: Directory | undefined;
  #service: SigningIdentity | undefined;
  #seal: SigningIdentity | undefined;

  constructor(components: OwnKeysComponents) {
    this.#with = components;
    this.seat = components.seat;
    this.agency = components.agency;
  }

  /** Throws 'unknown-certificate' when the directory doesn't list this node's service key. */
  service(): SigningIdentity {
    this.#look();
    if (this.#service === undefined)
      throw new LienthongError('unknown-certificate', { role: 'service', seat: this.seat });
    return this.#service;
  }

  /** Undefined until the registry's admin has granted the seal. */
  seal(): SigningIdentity | undefined {
    this.#look();
    return this.#seal;
  }

  /** SHA-256 of the seal key's public half, hex: what a registry's admin compares before granting it. */
  get sealFingerprint(): string {
    return this.#with.sealKey === undefined ? '' : hex(sha256(this.#with.sealKey.publicKeySpki));
  }

  #look(): void {
    const directory = this.#with.directory();
    if (directory === this.#version) return;
    const { serviceKey, sealKey } = this.#with;
    const listed = directory.certificatesOf(this.agency);
    this.#service = identityOf(newestOf(listed, 'service', serviceKey, this.seat), serviceKey, this.#service);
    this.#seal = sealKey && identityOf(newestOf(listed, 'seal', sealKey), sealKey, this.#seal);
    this.#version = directory;
  }
}

/** The listed certificate of a key, the one that lasts longest where there are several. */
function newestOf(
  listed: readonly ListedCertificate[],
  role: 'service' | 'seal',
  key: Signer,
  seat?: string,
): ListedCertificate | undefined {
  return listed
    .filter((one) => one.role === role && (seat === undefined || one.seat === seat))
    .filter((one) => equalBytes(one.certificate.spki, key.publicKeySpki))
    .sort((a, b) => b.certificate.notAfterMs - a.certificate.notAfterMs)[0];
}

function identityOf(
  listed: ListedCertificate | undefined,
  key: Signer,
  before: SigningIdentity | undefined,
): SigningIdentity | undefined {
  if (listed === undefined) return undefined;
  if (before !== undefined && equalBytes(before.certificateSha256, listed.sha256)) return before;
  const role: SignerRole = listed.role === 'seal' ? 'seal' : 'service';
  return { certificateSha256: listed.sha256, role, sign: (data) => key.sign(data) };
}
