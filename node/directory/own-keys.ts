/**
 * This node's signing keys with the certificates the directory lists for them now: a seal counts from the head that
 * grants it, a renewed service certificate from the head that carries it. The identity object of a certificate stays
 * the same while the certificate does, so that statements can share a batch. What the exchange calls `Self`.
 */
import type { Signer } from '../../certs/signer.ts';
import { type Bytes, equalBytes, hex, sha256 } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
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
  /** Keys of seals that other CAs certified, granted or not. */
  foreignSeals?: readonly ForeignSeal[];
  directory: () => Directory;
  clock: Pick<Clock, 'nowMs'>;
}

/** A key with the SHA-256 of the very certificate that was asked about. */
export interface ForeignSeal {
  certificateSha256: Bytes;
  signer: Signer;
}

interface HeldSeal {
  listed: ListedCertificate;
  identity: SigningIdentity;
}

export class OwnKeys {
  readonly seat: string;
  readonly agency: string;
  readonly #with: OwnKeysComponents;
  #version: Directory | undefined;
  #service: SigningIdentity | undefined;
  /** In the order they are tried. */
  #seals: readonly HeldSeal[] = [];
  #foreign: readonly ForeignSeal[];

  constructor(components: OwnKeysComponents) {
    this.#with = components;
    this.#foreign = components.foreignSeals ?? [];
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

  /**
   * The seal for a unit (this agency without), of those that count now: what another CA certified and the registry granted
   * comes before the federation's own; where none counts, one all the same, so that what is wrong with it can be told.
   * Undefined until the registry's admin has granted one.
   */
  seal(unit: string = this.agency): SigningIdentity | undefined {
    this.#look();
    const directory = this.#with.directory();
    const nowMs = this.#with.clock.nowMs();
    const counting = this.#seals.find(
      ({ listed }) => directory.sealFault(listed.sha256, unit, nowMs) === undefined,
    );
    const told = () =>
      this.#seals.find(
        ({ listed }) => directory.isInScope(listed, unit) && !directory.isRevoked(listed.certificate),
      );
    return (counting ?? told() ?? this.#seals.at(-1))?.identity;
  }

  /** Takes the keys of seals from other CAs that are in the folder now. */
  useForeign(seals: readonly ForeignSeal[]): void {
    this.#foreign = seals;
    this.#version = undefined;
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
    const before = this.#seals;
    const held = (found: ListedCertificate | undefined, key: Signer): HeldSeal[] => {
      const known = before.find(
        ({ listed }) => found !== undefined && equalBytes(listed.sha256, found.sha256),
      );
      const identity = identityOf(found, key, known?.identity);
      return found === undefined || identity === undefined ? [] : [{ listed: found, identity }];
    };
    const foreign = this.#foreign
      .flatMap(({ certificateSha256, signer }) =>
        held(ownForeign(directory, this.agency, certificateSha256), signer),
      )
      .sort((a, b) => b.listed.scope!.fromVersion - a.listed.scope!.fromVersion);
    this.#seals = [...foreign, ...(sealKey === undefined ? [] : held(listed('seal', sealKey), sealKey))];
    this.#version = directory;
  }
}

/** The certificate that stands for a key; where none does the newest, so that what is wrong with it can be told. */
const currentOf = (directory: Directory, key: KeyOfSeat): ListedCertificate | undefined =>
  standingCertificate(directory, key) ?? certificatesOfKey(directory, key)[0];

/** The seal as the directory lists it, where it is this agency's. */
function ownForeign(directory: Directory, agency: string, sha256: Bytes): ListedCertificate | undefined {
  const found = directory.certificate(sha256);
  return found?.role === 'seal' && found.agency === agency ? found : undefined;
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
