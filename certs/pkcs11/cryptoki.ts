/**
 * The part of Cryptoki (PKCS#11 v2.40) that signing needs, over koffi: each function takes and gives plain values,
 * structures are laid out here by hand in the C ABI of 64-bit Linux and macOS (CK_ULONG is 8 bytes, natural alignment).
 * Loading and calls run on koffi's thread, so that this process still hears its parent while a token is slow or hangs; one
 * at a time.
 * Loaded in the token's own process only (token-process.ts): a module that crashes takes nothing else with it.
 */
import { constants } from 'node:os';
import { promisify } from 'node:util';
import { CKA, CKF, CKR, CKU_USER, FUNCTION } from './cryptoki-numbers.ts';

/** A Cryptoki function that didn't return CKR_OK. */
export class CryptokiError extends Error {
  readonly value: number;

  constructor(what: string, value: number) {
    super(`C_${what} 0x${value.toString(16)}`);
    this.name = 'CryptokiError';
    this.value = value;
  }
}

export type Attribute = [type: number, value: Uint8Array | number | boolean];

export interface TokenInfo {
  label: string;
  serialNumber: string;
  flags: number;
}

type Native = (...args: unknown[]) => Promise<number | bigint>;

const WORD = 8;
const ATTRIBUTE_BYTES = 3 * WORD;
/** CK_TOKEN_INFO: four texts of 96 bytes together, flags, ten numbers, two versions, a time. */
const TOKEN_INFO_BYTES = 208;
const FLAGS_AT = 96;
/** A certificate has at most 8 KiB here; a larger value is none we could use. */
const MAX_VALUE_BYTES = 16 * 1024;
/** RSA-8192. */
const MAX_SIGNATURE_BYTES = 1024;
const MAX_SLOTS = 256;
const UNAVAILABLE = 0xffff_ffff_ffff_ffffn;

const PARAMETERS: Record<keyof typeof FUNCTION, string> = {
  initialize: 'void *args',
  finalize: 'void *reserved',
  getSlotList: 'uint8 present, void *slots, void *count',
  getTokenInfo: 'ulong slot, void *info',
  openSession: 'ulong slot, ulong flags, void *application, void *notify, void *session',
  getSessionInfo: 'ulong session, void *info',
  login: 'ulong session, ulong user, void *pin, ulong length',
  getAttributeValue: 'ulong session, ulong object, void *attributes, ulong count',
  findObjectsInit: 'ulong session, void *attributes, ulong count',
  findObjects: 'ulong session, void *objects, ulong most, void *count',
  findObjectsFinal: 'ulong session',
  signInit: 'ulong session, void *mechanism, ulong key',
  sign: 'ulong session, void *data, ulong length, void *signature, void *signatureLength',
  generateKeyPair:
    'ulong session, void *mechanism, void *publics, ulong publicCount, void *privates, ulong privateCount, void *publicKey, void *privateKey',
};

export class Cryptoki {
  readonly #functions: Record<keyof typeof FUNCTION, Native>;
  readonly #address: (bytes: Uint8Array) => bigint;
  /** What the call under way points to. */
  readonly #held = new Set<unknown>();

  private constructor(
    functions: Record<keyof typeof FUNCTION, Native>,
    address: (bytes: Uint8Array) => bigint,
  ) {
    this.#functions = functions;
    this.#address = address;
  }

  /** Loads and initialises a module. Rejects with koffi's error when it can't be loaded, else CryptokiError. */
  static async open(path: string): Promise<Cryptoki> {
    const { default: koffi } = await import('koffi');
    // a module does what it likes while it is loaded: here on the thread, so that `load` finds it done, or says why not
    const { RTLD_NOW, RTLD_LOCAL } = constants.dlopen;
    const dlopen = koffi.load(null).func('void *dlopen(const char *path, int flags)');
    await promisify(dlopen.async)(path, RTLD_NOW! | RTLD_LOCAL!);
    const found = Buffer.alloc(WORD);
    const getFunctionList = koffi.load(path).func('ulong C_GetFunctionList(void *list)');
    const result = await promisify(getFunctionList.async)(found);
    if (Number(result) !== CKR.ok) throw new CryptokiError('GetFunctionList', Number(result));
    const list = koffi.decode(found, 'void *');
    const names = Object.keys(FUNCTION) as (keyof typeof FUNCTION)[];
    const native = (name: keyof typeof FUNCTION): Native => {
      const pointer = koffi.decode(list, FUNCTION[name] * WORD, 'void *');
      const call = koffi.decode(pointer, koffi.proto(`ulong C_${name}(${PARAMETERS[name]})`));
      return promisify(call.async) as Native;
    };
    const functions = Object.fromEntries(names.map((name) => [name, native(name)]));
    const cryptoki = new Cryptoki(functions as Record<keyof typeof FUNCTION, Native>, (bytes) =>
      koffi.address(bytes),
    );
    await cryptoki.#initialize();
    return cryptoki;
  }

  async #initialize(): Promise<void> {
    // CK_C_INITIALIZE_ARGS: four unused callbacks, flags, reserved
    const args = Buffer.alloc(6 * WORD);
    args.writeBigUInt64LE(BigInt(CKF.osLockingOk), 4 * WORD);
    const value = await this.#value('initialize', args);
    if (value === CKR.alreadyInitialized) return;
    if (value === CKR.cantLock) await this.#call('initialize', null);
    else if (value !== CKR.ok) throw new CryptokiError('initialize', value);
  }

  finalize(): Promise<void> {
    return this.#call('finalize', null);
  }

  /** Ids of the slots that hold a token. */
  async slots(): Promise<bigint[]> {
    const count = wordOf(BigInt(MAX_SLOTS));
    const slots = Buffer.alloc(MAX_SLOTS * WORD);
    await this.#call('getSlotList', 1, slots, count);
    return words(slots, Number(count.readBigUInt64LE()));
  }

  async tokenInfo(slot: bigint): Promise<TokenInfo> {
    const info = Buffer.alloc(TOKEN_INFO_BYTES);
    await this.#call('getTokenInfo', slot, info);
    const text = (from: number, to: number) => info.toString('utf8', from, to).replace(/[ \0]+$/, '');
    return {
      label: text(0, 32),
      serialNumber: text(80, FLAGS_AT),
      flags: Number(info.readBigUInt64LE(FLAGS_AT)),
    };
  }

  async openSession(slot: bigint, { isWriting }: { isWriting: boolean }): Promise<bigint> {
    const session = Buffer.alloc(WORD);
    const flags = CKF.serialSession | (isWriting ? CKF.rwSession : 0);
    await this.#call('openSession', slot, flags, null, null, session);
    return session.readBigUInt64LE();
  }

  /** Rejects when the session isn't one any more. */
  async requireSession(session: bigint): Promise<void> {
    await this.#call('getSessionInfo', session, Buffer.alloc(4 * WORD));
  }

  /** One attempt with the user PIN. */
  async login(session: bigint, pin: Buffer): Promise<void> {
    const value = await this.#value('login', session, CKU_USER, pin, pin.byteLength);
    if (value !== CKR.ok && value !== CKR.userAlreadyLoggedIn) throw new CryptokiError('login', value);
  }

  /** Handles of the objects that have all these attributes, `most` of them. */
  async find(session: bigint, attributes: readonly Attribute[], most: number): Promise<bigint[]> {
    const template = this.#template(attributes);
    await this.#call('findObjectsInit', session, template, attributes.length);
    try {
      const objects = Buffer.alloc(most * WORD);
      const count = Buffer.alloc(WORD);
      await this.#call('findObjects', session, objects, most, count);
      return words(objects, Math.min(most, Number(count.readBigUInt64LE())));
    } finally {
      await this.#call('findObjectsFinal', session);
    }
  }

  /** One attribute's value; undefined where the object has none or doesn't give it. */
  async attribute(session: bigint, object: bigint, type: number): Promise<Buffer | undefined> {
    const value = Buffer.alloc(MAX_VALUE_BYTES);
    const template = this.#template([[type, value]]);
    const result = await this.#value('getAttributeValue', session, object, template, 1);
    if (result === CKR.attributeSensitive || result === CKR.attributeTypeInvalid) return undefined;
    if (result !== CKR.ok) throw new CryptokiError('getAttributeValue', result);
    const length = template.readBigUInt64LE(2 * WORD);
    return length === UNAVAILABLE ? undefined : value.subarray(0, Number(length));
  }

  /** A key pair in the token; its private half's handle. */
  async generateKeyPair(
    session: bigint,
    mechanism: number,
    publics: readonly Attribute[],
    privates: readonly Attribute[],
  ): Promise<bigint> {
    const [open, secret] = [this.#template(publics), this.#template(privates)];
    const [publicKey, privateKey] = [Buffer.alloc(WORD), Buffer.alloc(WORD)];
    await this.#call(
      'generateKeyPair',
      session,
      mechanismOf(mechanism),
      open,
      publics.length,
      secret,
      privates.length,
      publicKey,
      privateKey,
    );
    return privateKey.readBigUInt64LE();
  }

  async sign(session: bigint, key: bigint, mechanism: number, data: Uint8Array): Promise<Uint8Array> {
    await this.#call('signInit', session, mechanismOf(mechanism), key);
    const signature = Buffer.alloc(MAX_SIGNATURE_BYTES);
    const length = wordOf(BigInt(MAX_SIGNATURE_BYTES));
    await this.#call('sign', session, Buffer.from(data), data.byteLength, signature, length);
    return Uint8Array.from(signature.subarray(0, Number(length.readBigUInt64LE())));
  }

  /** CK_ATTRIBUTE[] for the next call. */
  #template(attributes: readonly Attribute[]): Buffer {
    const template = Buffer.alloc(attributes.length * ATTRIBUTE_BYTES);
    for (const [i, [type, value]] of attributes.entries()) {
      const bytes = bytesOf(value);
      this.#held.add(bytes);
      const at = i * ATTRIBUTE_BYTES;
      template.writeBigUInt64LE(BigInt(type), at);
      template.writeBigUInt64LE(this.#address(bytes), at + WORD);
      template.writeBigUInt64LE(BigInt(bytes.byteLength), at + 2 * WORD);
    }
    return template;
  }

  async #call(name: keyof typeof FUNCTION, ...args: unknown[]): Promise<void> {
    const value = await this.#value(name, ...args);
    if (value !== CKR.ok) throw new CryptokiError(name, value);
  }

  async #value(name: keyof typeof FUNCTION, ...args: unknown[]): Promise<number> {
    this.#held.add(args);
    try {
      return Number(await this.#functions[name](...args));
    } finally {
      this.#held.clear();
    }
  }
}

function wordOf(value: bigint): Buffer {
  const word = Buffer.alloc(WORD);
  word.writeBigUInt64LE(value);
  return word;
}

const words = (bytes: Buffer, count: number): bigint[] =>
  Array.from({ length: count }, (_, i) => bytes.readBigUInt64LE(i * WORD));

/** CK_BBOOL is one byte, numbers are CK_ULONG; a buffer is used as it is, to be written to. */
function bytesOf(value: Uint8Array | number | boolean): Buffer {
  if (typeof value === 'boolean') return Buffer.from([value ? 1 : 0]);
  if (typeof value === 'number') return wordOf(BigInt(value));
  return Buffer.isBuffer(value) ? value : Buffer.from(value);
}

/** CK_MECHANISM without a parameter. */
const mechanismOf = (mechanism: number): Buffer =>
  Buffer.concat([wordOf(BigInt(mechanism)), Buffer.alloc(2 * WORD)]);

/** Attributes every key made here has: it stays in the token, behind the PIN, and can't be taken out. */
export const CUSTODY: readonly Attribute[] = [
  [CKA.token, true],
  [CKA.private, true],
  [CKA.sensitive, true],
  [CKA.extractable, false],
  [CKA.sign, true],
];
