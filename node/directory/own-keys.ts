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
import { certificatesOfKey, type KeyOfSeat, standingCertificate } from './renewal-rule.ts';

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
    const listed = (role: 'service' | 'seal', { publicKeySpki: spki }: Signer) =>
      currentOf(directory, { role, agency: this.agency, seat: this.seat, spki });
    this.#service = identityOf(listed('service', serviceKey), serviceKey, this.#service);
    this.#seal = sealKey && identityOf(listed('seal', sealKey), sealKey, this.#seal);
    this.#version = directory;
  }
}

/** The certificate that stands for a key; where none does the newest, so that what is wrong with it can be told. */
const currentOf = (directory: Directory, key: KeyOfSeat): ListedCertificate | undefined =>
  standingCertificate(directory, key) ?? certificatesOfKey(directory, key)[0];

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
