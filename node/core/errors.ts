/**
 * The one error class and its table of codes. A code decides everything a program needs: whether to retry,
 * the HTTP status, the exit status; and the sentence a person reads, Vietnamese first.
 * Code and tests match on `code`, never on text. Texts live in messages.ts, keyed by the same codes.
 */

export type Retry = 'never' | 'later' | 'now';
/** Exit statuses scripts rely on. WARNING: part of the command line contract. */
export type ExitStatus = 1 | 2 | 3 | 4 | 5 | 6 | 7;

interface CodeRow {
  retry: Retry;
  http: number;
  exit: ExitStatus;
}

const row = (retry: Retry, http: number, exit: ExitStatus): CodeRow => ({ retry, http, exit });

/** code → what a program does about it. WARNING: persisted (refusals) and on the wire; codes are never renamed. */
export const ERROR_CODES = {
  // something nobody foresaw
  internal: row('later', 500, 1),
  // wrong usage of a command or a call
  usage: row('never', 400, 2),
  'invalid-code': row('never', 400, 2),
  'invalid-date': row('never', 400, 2),
  'invalid-file': row('never', 400, 2),
  'file-missing': row('never', 400, 2),
  'file-empty': row('never', 422, 3),
  'file-too-large': row('never', 413, 3),
  'already-initialised': row('never', 409, 3),
  'not-initialised': row('never', 409, 3),
  'folder-damaged': row('never', 500, 3),
  configuration: row('never', 500, 2),
  // rules of a submission
  'no-recipient': row('never', 422, 3),
  'duplicate-recipient': row('never', 422, 3),
  'unknown-recipient': row('never', 422, 3),
  'retired-recipient': row('never', 422, 3),
  'recipient-without-node': row('never', 422, 3),
  'own-recipient': row('never', 422, 3),
  'unknown-sender-unit': row('never', 422, 3),
  'field-missing': row('never', 422, 3),
  'field-too-long': row('never', 422, 3),
  'classification-missing': row('never', 422, 3),
  classified: row('never', 422, 3),
  'secrecy-marking': row('never', 422, 3),
  'number-used': row('never', 409, 3),
  'key-reused': row('never', 409, 3),
  'seal-not-granted': row('later', 409, 3),
  'seal-required': row('never', 422, 3),
  'certificate-expired': row('later', 409, 3),
  'certificate-revoked': row('never', 409, 3),
  'certificate-refused': row('never', 422, 3),
  'directory-expired': row('later', 503, 3),
  'disk-full': row('later', 507, 3),
  quota: row('later', 429, 3),
  'read-only': row('later', 503, 3),
  recovering: row('later', 503, 3),
  // a document's life
  'status-not-allowed': row('never', 409, 3),
  'too-many-waiting': row('later', 503, 3),
  // a seal in a PKCS#11 token that can't sign now
  'seal-module': row('later', 503, 3),
  'seal-token-absent': row('later', 503, 3),
  'seal-token-unclear': row('later', 503, 3),
  'seal-key': row('later', 503, 3),
  'seal-pin-file': row('later', 503, 3),
  'seal-pin-wrong': row('later', 503, 3),
  'seal-pin-locked': row('later', 503, 3),
  'seal-token-failed': row('later', 503, 3),
  // what a receiver refuses
  malformed: row('never', 400, 3),
  oversize: row('never', 413, 3),
  'signature-invalid': row('never', 422, 7),
  conflict: row('never', 409, 3),
  'sender-mismatch': row('never', 403, 3),
  'unknown-certificate': row('later', 403, 3),
  'seal-scope': row('later', 403, 3),
  moved: row('later', 409, 3),
  'version-unsupported': row('later', 409, 3),
  'blob-unavailable': row('later', 404, 3),
  'blob-mismatch': row('never', 422, 3),
  'unknown-head': row('later', 409, 3),
  // edXML files
  'edxml-malformed': row('never', 422, 3),
  'edxml-forbidden': row('never', 422, 3),
  'edxml-encoding': row('never', 422, 3),
  'edxml-incomplete': row('never', 422, 3),
  'edxml-attachment': row('never', 422, 3),
  'edxml-value': row('never', 422, 3),
  'edxml-too-large': row('never', 413, 3),
  // finding
  'not-found': row('never', 404, 4),
  ambiguous: row('never', 409, 4),
  // several units here received the document: one has to be named
  'several-units': row('never', 409, 4),
  'search-building': row('later', 503, 3),
  'search-unavailable': row('later', 503, 3),
  // reaching a node or the registry
  'not-running': row('later', 503, 5),
  unreachable: row('later', 503, 5),
  'address-in-use': row('later', 500, 5),
  'peer-refused': row('later', 403, 5),
  locked: row('later', 409, 3),
  busy: row('later', 503, 3),
  timeout: row('later', 504, 6),
  // what doesn't verify
  'does-not-verify': row('never', 422, 7),
  fork: row('never', 409, 7),
  damaged: row('never', 500, 7),
  // enrolment
  'invite-invalid': row('never', 403, 3),
  'invite-expired': row('never', 403, 3),
  'invite-used': row('never', 403, 3),
  'invite-unknown': row('never', 403, 3),
  'registry-mismatch': row('never', 403, 3),
  'request-invalid': row('never', 422, 3),
  'rate-limited': row('later', 429, 3),
  'state-changed': row('now', 409, 3),
} satisfies Record<string, CodeRow>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What a seal's token can be unfit for the moment: the document waits, nothing else does. */
export const SEAL_FAULTS = [
  'seal-module',
  'seal-token-absent',
  'seal-token-unclear',
  'seal-key',
  'seal-pin-file',
  'seal-pin-wrong',
  'seal-pin-locked',
  'seal-token-failed',
  'busy',
] as const satisfies readonly ErrorCode[];

export const isSealFault = (error: unknown): error is LienthongError =>
  error instanceof LienthongError && (SEAL_FAULTS as readonly string[]).includes(error.code);

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}

/** Values a message may name: shown to people, so no secrets, no stacks, no paths of another machine. */
export type ErrorDetails = Record<string, string | number | boolean | readonly string[]>;

export class LienthongError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: { cause?: unknown } = {}) {
    super(describe(code, details), options);
    this.name = 'LienthongError';
    this.code = code;
    this.details = details;
  }

  get retry(): Retry {
    return ERROR_CODES[this.code].retry;
  }

  get httpStatus(): number {
    return ERROR_CODES[this.code].http;
  }

  get exitStatus(): ExitStatus {
    return ERROR_CODES[this.code].exit;
  }
}

export function isLienthongError(error: unknown, code?: ErrorCode): error is LienthongError {
  return error instanceof LienthongError && (code === undefined || error.code === code);
}

/** The developer's line: code and details. What a person reads comes from messages.ts. */
function describe(code: ErrorCode, details: ErrorDetails): string {
  const parts = Object.entries(details).map(
    ([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : value}`,
  );
  return parts.length === 0 ? code : `${code} (${parts.join(' ')})`;
}
