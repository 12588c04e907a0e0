/**
 * The one error of certs/: thrown where a caller of this folder did something that cannot be done (issue from a
 * refused request, open a damaged key file). What strangers send never throws: it is answered with a verdict.
 * Callers translate the code into their own message table; code and tests match on `code`, never on text.
 */
export type CertsErrorCode =
  | 'malformed'
  | 'key-unsupported'
  | 'key-file-exists'
  | 'key-file-missing'
  | 'key-file-permissions'
  | 'key-file-damaged'
  | 'request-refused'
  | 'issuer-refused'
  | 'subject-refused'
  | TokenErrorCode;

/** What can be wrong with a key in a PKCS#11 token; `reason` names the one thing, where it is known. */
export type TokenErrorCode =
  /** No module at that path, or it can't be loaded (here: also without the library that loads it). */
  | 'token-module'
  /** No token, or not the one named. */
  | 'token-absent'
  /** Several tokens or keys fit; `reason` lists them. */
  | 'token-unclear'
  /** No such key, not the one it was, or one that may not be used as a seal. */
  | 'token-key'
  /** The PIN's file: missing, empty, readable by others. */
  | 'token-pin-file'
  /** The token refused the PIN; it isn't tried again until its file changes. */
  | 'token-pin-wrong'
  /** The token takes no PIN any more, or has one attempt left, which a person should make. */
  | 'token-pin-locked'
  /** More signatures wait than there may be. */
  | 'token-busy'
  /** Anything else it said, no answer in time, or its process ended. */
  | 'token-failed';

export class CertsError extends Error {
  readonly code: CertsErrorCode;
  /** Why, in the terms of the verdict that led here (a request's or a key's refusal), where there is one. */
  readonly reason: string | undefined;

  constructor(code: CertsErrorCode, message: string, options: { reason?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CertsError';
    this.code = code;
    this.reason = options.reason;
  }
}
