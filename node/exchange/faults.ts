/** Why an offer isn't taken, as the refusal says it: for good, or for now. */

import type { Bytes } from '../core/bytes.ts';
import { type ErrorCode, isLienthongError, type LienthongError } from '../core/errors.ts';
import { isOtherVersion } from './trust.ts';

export interface Fault {
  code: ErrorCode;
  /** `never` only where it follows from the offered bytes alone. */
  retry: 'never' | 'later';
  text: string;
  movedTo?: string | undefined;
  /** When asking again makes sense: of an agency's limit. */
  retryAfterMs?: number | undefined;
}

export const never = (code: ErrorCode, text: string): Fault => ({ code, retry: 'never', text });
export const later = (code: ErrorCode, text: string, movedTo?: string): Fault => ({
  code,
  retry: 'later',
  text,
  movedTo,
});

/** What quotas threw. */
export const overLimit = ({ details }: LienthongError): Fault => ({
  ...later('quota', String(details.what)),
  retryAfterMs: Number(details.retryAfterMs),
});

/** A version not read here may be read tomorrow; what is no envelope never will be. */
export function unreadable(what: string, kinds: readonly string[], envelopes: readonly Bytes[]): Fault {
  const isNewer = kinds.some((kind, at) => isOtherVersion(envelopes[at]!, kind));
  return isNewer ? later('version-unsupported', `reads ${kinds.join(', ')}`) : never('malformed', what);
}

/** Errors of taking an offer that are an answer to the sender rather than this node's failure. */
export function refusable(error: unknown): Fault | undefined {
  if (!isLienthongError(error)) return undefined;
  switch (error.code) {
    case 'blob-mismatch':
      return never('blob-mismatch', String(error.details.name ?? ''));
    case 'blob-unavailable':
      return later('blob-unavailable', String(error.details.name ?? ''));
    case 'quota':
      return overLimit(error);
    case 'disk-full':
    case 'read-only':
      return later(error.code, '');
    default:
      return undefined;
  }
}
