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
  | 'subject-refused';

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
