/**
 * Where a node keeps its seal key: `keys/seal.key`, or a PKCS#11 token. Of one in a token the folder holds only the public
 * half, `keys/seal.pub` (WARNING: persisted): a node starts, announces and shows its fingerprint without the token. What a
 * token says becomes one of the `seal-…` codes here. Used by identity-files and the composition root.
 */
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { CertsError, type TokenErrorCode } from '../../certs/errors.ts';
import { type KeyAlgorithm, spkiOf } from '../../certs/keys.ts';
import { toPem } from '../../certs/pem.ts';
import { RefusedPin } from '../../certs/pkcs11/refused-pin.ts';
import type { TokenSettings } from '../../certs/pkcs11/token-settings.ts';
import { type TokenPlace, TokenSigner, takeTokenKey } from '../../certs/pkcs11/token-signer.ts';
import type { Signer } from '../../certs/signer.ts';
import { type Bytes, copyOf } from '../core/bytes.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import { LienthongError, type SEAL_FAULTS } from '../core/errors.ts';
import { readSmallFile, writeFileDurably } from '../store/folder.ts';

/** A seal in a token as an engineer asks for it. */
export interface SealWish {
  token: TokenSettings;
  /** What to make where the token has no key of that label; ECDSA P-256 when absent. */
  algorithm?: KeyAlgorithm;
}

export const SEAL_ALGORITHMS = ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'] as const;

const CODES: Readonly<Record<TokenErrorCode, (typeof SEAL_FAULTS)[number]>> = {
  'token-module': 'seal-module',
  'token-absent': 'seal-token-absent',
  'token-unclear': 'seal-token-unclear',
  'token-key': 'seal-key',
  'token-pin-file': 'seal-pin-file',
  'token-pin-wrong': 'seal-pin-wrong',
  'token-pin-locked': 'seal-pin-locked',
  'token-busy': 'busy',
  'token-failed': 'seal-token-failed',
};
const MAX_PUBLIC_KEY_BYTES = 8 * 1024;
const PUBLIC_KEY = join('keys', 'seal.pub');

/** A seal key in a token. Its errors are LienthongError `seal-…` or 'busy', `reason` saying which file, token or answer. */
export class SealInToken implements Signer {
  readonly algorithm: KeyAlgorithm;
  readonly publicKeySpki: Bytes;
  readonly settings: TokenSettings;
  readonly #signer: TokenSigner;
  #checking: Promise<LienthongError | undefined> | undefined;

  constructor(signer: TokenSigner) {
    this.#signer = signer;
    this.algorithm = signer.algorithm;
    this.publicKeySpki = copyOf(signer.publicKeySpki);
    this.settings = signer.settings;
  }

  sign(data: Bytes): Promise<Bytes> {
    return this.#signer.sign(data).then(copyOf, translate);
  }

  /** Why it couldn't sign now; undefined when it could. Many who ask at once are answered by one look. */
  fault(): Promise<LienthongError | undefined> {
    this.#checking ??= this.#signer
      .check()
      .catch(translate)
      .then(
        () => undefined,
        (error) => {
          if (error instanceof LienthongError) return error;
          throw error;
        },
      )
      .finally(() => {
        this.#checking = undefined;
      });
    return this.#checking;
  }

  close(): Promise<void> {
    return this.#signer.close();
  }
}

/** The seal in a token whose public half the folder has; undefined in a folder without. 'folder-damaged'. */
export async function openSealInToken(
  dir: string,
  token: TokenSettings,
  clock: Clock = systemClock,
): Promise<SealInToken | undefined> {
  const path = join(dir, PUBLIC_KEY);
  const pem = await readSmallFile(path, MAX_PUBLIC_KEY_BYTES);
  if (pem === undefined) return undefined;
  try {
    const spki = spkiOf(createPublicKey({ key: Buffer.from(pem), format: 'pem' }));
    return new SealInToken(new TokenSigner(placeOf(dir, token, clock), spki));
  } catch (cause) {
    throw new LienthongError('folder-damaged', { where: path }, { cause });
  }
}

/** Finds or makes the key in the token, and keeps its public half. */
export async function takeSealInToken(
  dir: string,
  { token, algorithm = 'ecdsa-p256' }: SealWish,
  clock: Clock = systemClock,
): Promise<SealInToken> {
  const signer = await takeTokenKey(placeOf(dir, token, clock), algorithm).catch(translate);
  await writeFileDurably(join(dir, PUBLIC_KEY), toPem(signer.publicKeySpki, 'PUBLIC KEY'));
  return new SealInToken(signer);
}

export const hasSealInToken = async (dir: string): Promise<boolean> =>
  (await readSmallFile(join(dir, PUBLIC_KEY), MAX_PUBLIC_KEY_BYTES)) !== undefined;

const placeOf = (dir: string, settings: TokenSettings, clock: Clock): TokenPlace => ({
  settings,
  refusedPin: new RefusedPin(join(dir, 'keys', 'seal.pin-refused')),
  within: (ms, outer, work) => within(clock, ms, outer, work),
});

function translate(error: unknown): never {
  if (!(error instanceof CertsError) || !Object.hasOwn(CODES, error.code)) throw error;
  const code = CODES[error.code as TokenErrorCode];
  throw new LienthongError(code, error.reason === undefined ? {} : { reason: error.reason }, {
    cause: error,
  });
}
