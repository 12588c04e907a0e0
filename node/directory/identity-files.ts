/**
 * Identity of a node in its folder: `keys/` (node, service, seal unless that is in a token), `certificates/`, `identity.json` (who it is and
 * whom it trusts; written last, so a folder that has it is whole), and until then `enrolment.pending`, the exact
 * request that was or will be sent. Keys are made once and never replaced.
 */
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificate, readCertificate } from '../../certs/certificate.ts';
import { FileCustody } from '../../certs/file-key.ts';
import type { KeyAlgorithm, KeySigner } from '../../certs/keys.ts';
import { toPem } from '../../certs/pem.ts';
import type { TokenSettings } from '../../certs/pkcs11/token-settings.ts';
import type { Signer } from '../../certs/signer.ts';
import { type Bytes, utf8 } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import { isMissing, makeFolder, readSmallFile, syncFolder, writeFileDurably } from '../store/folder.ts';
import { hasSealInToken, openSealInToken, type SealWish, takeSealInToken } from './seal-key.ts';

/** WARNING: persisted. */
export interface NodeIdentity {
  agency: string;
  seat: string;
  peerId: string;
  federationName: string;
  /** SHA-256 of the first root certificate, hex. */
  federationId: string;
  /** Multiaddrs with /p2p/. */
  registryAddresses: string[];
  /** Where it listens, ports chosen. */
  listen: string[];
  /** What others are told. */
  announce: string[];
  /** SHA-256 of the seal key's SubjectPublicKeyInfo, hex. */
  sealFingerprint: string;
}

/** A request that has been made and not yet answered. WARNING: persisted. */
export interface PendingEnrolment {
  agency: string;
  /** Hex; empty for an offline request. */
  inviteKey: string;
  listen: string[];
  announce: string[];
  /** The envelope, Base64: sent again byte for byte. */
  envelope: string;
  /** Where the seal is, when not in a file. */
  seal?: TokenSettings;
}

export interface NodeKeys {
  node: KeySigner;
  service: KeySigner;
  seal: Signer;
}

export type CertificateName = 'root' | 'issuing' | 'node' | 'service' | 'seal';

const ALGORITHMS: Readonly<Record<keyof NodeKeys, KeyAlgorithm>> = {
  node: 'ed25519',
  service: 'ecdsa-p256',
  seal: 'ecdsa-p256',
};
const IDENTITY = 'identity.json';
const PENDING = 'enrolment.pending';
const MAX_FILE_BYTES = 1024 * 1024;

export class IdentityFiles {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Undefined in a folder that isn't enrolled; 'folder-damaged' when the file isn't what was written. */
  async identity(): Promise<NodeIdentity | undefined> {
    return this.#json<NodeIdentity>(IDENTITY, ['agency', 'seat', 'peerId', 'federationId']);
  }

  /** Throws 'not-initialised'. */
  async requireIdentity(): Promise<NodeIdentity> {
    const identity = await this.identity();
    if (identity === undefined) throw new LienthongError('not-initialised', { where: this.dir });
    return identity;
  }

  async writeIdentity(identity: NodeIdentity): Promise<void> {
    await writeFileDurably(join(this.dir, IDENTITY), `${JSON.stringify(identity, null, 2)}\n`);
  }

  async pending(): Promise<PendingEnrolment | undefined> {
    return this.#json<PendingEnrolment>(PENDING, ['agency', 'envelope']);
  }

  async writePending(pending: PendingEnrolment): Promise<void> {
    await writeFileDurably(join(this.dir, PENDING), utf8(JSON.stringify(pending)));
  }

  async removePending(): Promise<void> {
    try {
      await unlink(join(this.dir, PENDING));
      await syncFolder(this.dir);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /**
   * The three keys; those that aren't there yet are made. 'already-initialised' when the seal was made elsewhere than is
   * wished now, or `seal-…` as the token says.
   */
  async makeKeys(wish: SealWish | undefined): Promise<NodeKeys> {
    for (const folder of ['', 'keys', 'certificates']) await makeFolder(join(this.dir, folder));
    const custody = new FileCustody(join(this.dir, 'keys'));
    const key = async (name: keyof NodeKeys) =>
      (await this.#key(custody, name)) ?? custody.create(name, ALGORITHMS[name]);
    const isInFile = (await this.#key(custody, 'seal')) !== undefined;
    if (wish === undefined ? await hasSealInToken(this.dir) : isInFile)
      throw new LienthongError('already-initialised', { where: this.dir });
    const [node, service] = [await key('node'), await key('service')];
    if (wish === undefined) return { node, service, seal: await key('seal') };
    const kept = await openSealInToken(this.dir, wish.token);
    return { node, service, seal: kept ?? (await takeSealInToken(this.dir, wish)) };
  }

  /** 'folder-damaged' naming a key that is missing or unusable. The token isn't asked. */
  async keys(token: TokenSettings | undefined): Promise<NodeKeys> {
    const custody = new FileCustody(join(this.dir, 'keys'));
    const key = async (name: keyof NodeKeys): Promise<KeySigner> => {
      const found = await this.#key(custody, name);
      if (found === undefined) throw new LienthongError('folder-damaged', { where: custody.path(name) });
      return found;
    };
    const [node, service] = [await key('node'), await key('service')];
    if (token === undefined) return { node, service, seal: await key('seal') };
    const seal = await openSealInToken(this.dir, token);
    if (seal === undefined)
      throw new LienthongError('folder-damaged', { where: join(this.dir, 'keys', 'seal.pub') });
    return { node, service, seal };
  }

  async writeCertificate(name: CertificateName, der: Bytes): Promise<void> {
    await writeFileDurably(join(this.dir, 'certificates', `${name}.crt`), toPem(der, 'CERTIFICATE'));
  }

  async certificate(name: CertificateName): Promise<Certificate | undefined> {
    const path = join(this.dir, 'certificates', `${name}.crt`);
    const bytes = await readSmallFile(path, MAX_FILE_BYTES);
    if (bytes === undefined) return undefined;
    try {
      return readCertificate(new TextDecoder().decode(bytes));
    } catch (cause) {
      throw new LienthongError('folder-damaged', { where: path }, { cause });
    }
  }

  async #key(custody: FileCustody, name: string): Promise<KeySigner | undefined> {
    return custody.get(name).catch((cause) => {
      throw new LienthongError('folder-damaged', { where: custody.path(name) }, { cause });
    });
  }

  async #json<T>(name: string, needed: readonly string[]): Promise<T | undefined> {
    const path = join(this.dir, name);
    const bytes = await readSmallFile(path, MAX_FILE_BYTES);
    if (bytes === undefined) return undefined;
    try {
      const value = JSON.parse(new TextDecoder().decode(bytes));
      for (const field of needed) if (typeof value[field] !== 'string') throw new TypeError(field);
      return value as T;
    } catch (cause) {
      throw new LienthongError('folder-damaged', { where: path }, { cause });
    }
  }
}
