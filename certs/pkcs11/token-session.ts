/**
 * One logged-in session with a token and the one key it signs with. Opened once, with one attempt at the PIN; whatever
 * fails afterwards, its process is thrown away and another begins anew, so there is no way back from a bad state here.
 * Lives in the token's own process.
 */
import { createHash, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { type KeyAlgorithm, keyAlgorithm, spkiOf } from '../keys.ts';
import { type Attribute, Cryptoki, CUSTODY, type TokenInfo } from './cryptoki.ts';
import { CKA, CKF, CKK, CKM, CKO } from './cryptoki-numbers.ts';
import { readPin } from './pin-file.ts';
import { CURVES, ecPublicKey, inputOf, isEc, rsaPublicKey } from './token-key-forms.ts';
import type { PinMark, TokenRequest } from './token-messages.ts';
import { problemOf, TokenProblem } from './token-problem.ts';
import type { TokenSettings } from './token-settings.ts';

type Opening = Extract<TokenRequest, { do: 'open' }>;

/** Named at most when several fit. */
const MOST_NAMED = 8;
const RSA_EXPONENT = Buffer.of(1, 0, 1);

export class TokenSession {
  readonly spki: Uint8Array;
  readonly #cryptoki: Cryptoki;
  readonly #slot: bigint;
  readonly #session: bigint;
  readonly #key: bigint;
  readonly #algorithm: KeyAlgorithm;

  private constructor(
    cryptoki: Cryptoki,
    slot: bigint,
    session: bigint,
    key: bigint,
    publicKey: KeyObject,
    algorithm: KeyAlgorithm,
  ) {
    this.#cryptoki = cryptoki;
    this.#slot = slot;
    this.#session = session;
    this.#key = key;
    this.spki = spkiOf(publicKey);
    this.#algorithm = algorithm;
  }

  /** Rejects with TokenProblem. */
  static async open({ settings, make, expected, refusedPin }: Opening): Promise<TokenSession> {
    const cryptoki = await Cryptoki.open(settings.module).catch((error) => {
      if (error?.code === 'ERR_MODULE_NOT_FOUND') throw new TokenProblem('token-module', 'npm install koffi');
      const { code, message } = problemOf(error);
      const isLoading = error?.name !== 'CryptokiError';
      throw new TokenProblem(isLoading ? 'token-module' : code, `${settings.module}: ${message}`);
    });
    const { slot, info } = await chooseToken(cryptoki, settings);
    const session = await cryptoki.openSession(slot, { isWriting: make !== undefined });
    if (info.flags & CKF.loginRequired) await login(cryptoki, session, info, settings, refusedPin);
    const key = await findKey(cryptoki, session, settings, make);
    const publicKey = await publicKeyOf(cryptoki, session, key, settings.label);
    const algorithm = keyAlgorithm(publicKey);
    if (algorithm === undefined || algorithm === 'ed25519')
      throw new TokenProblem(
        'token-key',
        `${settings.label}: neither ECDSA P-256 or P-384 nor RSA 2048, 3072 or 4096`,
      );
    const opened = new TokenSession(cryptoki, slot, session, key, publicKey, algorithm);
    if (expected !== undefined && !Buffer.from(expected).equals(opened.spki)) {
      const found = createHash('sha256').update(opened.spki).digest('hex');
      throw new TokenProblem('token-key', `${settings.label}: another key (${found})`);
    }
    return opened;
  }

  /** As the token gives it: r ‖ s, or an RSA signature. */
  sign(sha256: Uint8Array): Promise<Uint8Array> {
    const mechanism = isEc(this.#algorithm) ? CKM.ecdsa : CKM.rsaPkcs;
    return this.#cryptoki.sign(this.#session, this.#key, mechanism, inputOf(this.#algorithm, sha256));
  }

  get algorithm(): KeyAlgorithm {
    return this.#algorithm;
  }

  /** Rejects unless token, session and key are still there. */
  async check(): Promise<void> {
    await this.#cryptoki.tokenInfo(this.#slot);
    await this.#cryptoki.requireSession(this.#session);
    const type = await this.#cryptoki.attribute(this.#session, this.#key, CKA.keyType);
    if (type === undefined) throw new TokenProblem('token-absent', 'the key is gone');
  }

  close(): Promise<void> {
    return this.#cryptoki.finalize();
  }
}

async function chooseToken(
  cryptoki: Cryptoki,
  { module, slot, tokenLabel }: TokenSettings,
): Promise<{ slot: bigint; info: TokenInfo }> {
  const found: { slot: bigint; info: TokenInfo }[] = [];
  for (const id of await cryptoki.slots()) {
    if (slot !== undefined && id !== BigInt(slot)) continue;
    const info = await cryptoki.tokenInfo(id);
    const isNamed = tokenLabel === undefined || info.label === tokenLabel;
    if (isNamed && info.flags & CKF.tokenInitialized) found.push({ slot: id, info });
  }
  if (found.length === 1) return found[0]!;
  const wanted = tokenLabel ?? (slot === undefined ? module : `slot ${slot}`);
  if (found.length === 0) throw new TokenProblem('token-absent', wanted);
  const named = found.slice(0, MOST_NAMED).map(({ slot, info }) => `${info.label} (slot ${slot})`);
  throw new TokenProblem('token-unclear', named.join(', '));
}

/**
 * One attempt at most, and none with a PIN that was refused, or where the token says it is locked or the next one may lock
 * it. What met a lock may be the right PIN: it is not among the refused, so that it works when the token is unlocked.
 */
async function login(
  cryptoki: Cryptoki,
  session: bigint,
  { flags, label }: TokenInfo,
  { pinFile }: TokenSettings,
  refused: PinMark | undefined,
): Promise<void> {
  if (flags & CKF.userPinLocked) throw new TokenProblem('token-pin-locked', label);
  if (flags & CKF.userPinFinalTry) throw new TokenProblem('token-pin-locked', `${label}: one attempt left`);
  const { bytes, mark } = await readPin(pinFile);
  try {
    if (refused !== undefined && refused.file === mark.file && refused.state === mark.state)
      throw new TokenProblem('token-pin-wrong', pinFile);
    await cryptoki.login(session, bytes);
  } catch (error) {
    const { code, message } = problemOf(error);
    const isPin = code === 'token-pin-wrong' || code === 'token-pin-locked';
    throw new TokenProblem(code, isPin ? pinFile : message, code === 'token-pin-wrong' ? mark : undefined);
  } finally {
    bytes.fill(0);
  }
}

async function findKey(
  cryptoki: Cryptoki,
  session: bigint,
  settings: TokenSettings,
  make: KeyAlgorithm | undefined,
): Promise<bigint> {
  const { label, id } = settings;
  const named: Attribute[] = [
    [CKA.class, CKO.privateKey],
    [CKA.label, Buffer.from(label)],
  ];
  if (id !== undefined) named.push([CKA.id, Buffer.from(id, 'hex')]);
  const keys = await cryptoki.find(session, named, MOST_NAMED);
  if (keys.length > 1) {
    const ids: string[] = [];
    for (const one of keys) ids.push((await idOf(cryptoki, session, one)).toString('hex'));
    throw new TokenProblem('token-unclear', `${label}: id ${ids.join(', ')}`);
  }
  const key = keys[0] ?? (make && (await makeKey(cryptoki, session, settings, make)));
  if (key === undefined) throw new TokenProblem('token-key', label);
  const flag = async (type: number) => (await cryptoki.attribute(session, key, type))?.[0];
  // an explicit "no": silence promises nothing
  if ((await flag(CKA.extractable)) !== 0)
    throw new TokenProblem('token-key', `${label}: may be taken out (CKA_EXTRACTABLE)`);
  if ((await flag(CKA.sign)) !== 1) throw new TokenProblem('token-key', `${label}: may not sign (CKA_SIGN)`);
  return key;
}

function makeKey(
  cryptoki: Cryptoki,
  session: bigint,
  { label, id }: TokenSettings,
  algorithm: KeyAlgorithm,
): Promise<bigint> {
  const names: Attribute[] = [
    [CKA.label, Buffer.from(label)],
    [CKA.id, id === undefined ? randomBytes(16) : Buffer.from(id, 'hex')],
  ];
  const publics: Attribute[] = [[CKA.token, true], [CKA.verify, true], ...names];
  const secrets: Attribute[] = [...CUSTODY, ...names];
  if (isEc(algorithm)) {
    const curve: Attribute = [CKA.ecParams, CURVES[algorithm].params];
    return cryptoki.generateKeyPair(session, CKM.ecKeyPairGen, [...publics, curve], secrets);
  }
  const size: Attribute[] = [
    [CKA.modulusBits, Number(algorithm.slice('rsa-'.length))],
    [CKA.publicExponent, RSA_EXPONENT],
  ];
  return cryptoki.generateKeyPair(session, CKM.rsaKeyPairGen, [...publics, ...size], secrets);
}

const idOf = async (cryptoki: Cryptoki, session: bigint, key: bigint): Promise<Buffer> =>
  (await cryptoki.attribute(session, key, CKA.id)) ?? Buffer.alloc(0);

/** From the public key object of the same id, else from a certificate of the same id. */
async function publicKeyOf(
  cryptoki: Cryptoki,
  session: bigint,
  key: bigint,
  label: string,
): Promise<KeyObject> {
  const id = await idOf(cryptoki, session, key);
  const same: Attribute = id.byteLength > 0 ? [CKA.id, id] : [CKA.label, Buffer.from(label)];
  const first = async (kind: number) => (await cryptoki.find(session, [[CKA.class, kind], same], 1))[0];
  const of = (object: bigint, type: number) => cryptoki.attribute(session, object, type);
  const open = await first(CKO.publicKey);
  let found: KeyObject | undefined;
  if (open !== undefined) {
    const type = Number((await of(open, CKA.keyType))?.readBigUInt64LE() ?? -1);
    if (type === CKK.ec) {
      const [params, point] = [await of(open, CKA.ecParams), await of(open, CKA.ecPoint)];
      found = params && point && ecPublicKey(params, point);
    } else if (type === CKK.rsa) {
      const [modulus, exponent] = [await of(open, CKA.modulus), await of(open, CKA.publicExponent)];
      found = modulus && exponent && rsaPublicKey(modulus, exponent);
    }
  } else {
    const certificate = await first(CKO.certificate);
    const der = certificate === undefined ? undefined : await of(certificate, CKA.value);
    found = der && new X509Certificate(der).publicKey;
  }
  if (found === undefined)
    throw new TokenProblem('token-key', `${label}: no public key or certificate beside it`);
  return found;
}
