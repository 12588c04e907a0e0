/** Numbers of PKCS#11 v2.40 (OASIS, pkcs11t.h) that are used here. */

/** Position of a function's pointer in CK_FUNCTION_LIST, in machine words; the version takes the first. */
export const FUNCTION = {
  initialize: 1,
  finalize: 2,
  getSlotList: 5,
  getTokenInfo: 7,
  openSession: 13,
  getSessionInfo: 16,
  login: 19,
  getAttributeValue: 25,
  findObjectsInit: 27,
  findObjects: 28,
  findObjectsFinal: 29,
  signInit: 43,
  sign: 44,
  generateKeyPair: 60,
} as const;

/** Return values that mean something of their own; the others are shown by number. */
export const CKR = {
  ok: 0x0,
  slotIdInvalid: 0x3,
  cantLock: 0xa,
  attributeSensitive: 0x11,
  attributeTypeInvalid: 0x12,
  deviceRemoved: 0x32,
  pinIncorrect: 0xa0,
  pinInvalid: 0xa1,
  pinLengthRange: 0xa2,
  pinExpired: 0xa3,
  pinLocked: 0xa4,
  tokenNotPresent: 0xe0,
  tokenNotRecognized: 0xe1,
  userAlreadyLoggedIn: 0x100,
  alreadyInitialized: 0x191,
} as const;

export const CKF = {
  osLockingOk: 0x2,
  rwSession: 0x2,
  serialSession: 0x4,
  loginRequired: 0x4,
  tokenInitialized: 0x400,
  userPinFinalTry: 0x20000,
  userPinLocked: 0x40000,
} as const;

export const CKU_USER = 1;

export const CKO = { certificate: 1, publicKey: 2, privateKey: 3 } as const;
export const CKK = { rsa: 0, ec: 3 } as const;

export const CKA = {
  class: 0x0,
  token: 0x1,
  private: 0x2,
  label: 0x3,
  value: 0x11,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  sign: 0x108,
  verify: 0x10a,
  modulus: 0x120,
  modulusBits: 0x121,
  publicExponent: 0x122,
  extractable: 0x162,
  ecParams: 0x180,
  ecPoint: 0x181,
} as const;

export const CKM = { rsaKeyPairGen: 0x0, rsaPkcs: 0x1, ecKeyPairGen: 0x1040, ecdsa: 0x1041 } as const;
