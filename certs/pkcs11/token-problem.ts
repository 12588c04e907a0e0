/** What is wrong with a token, in the terms a caller of certs/ knows: the return values of Cryptoki end here. */
import type { TokenErrorCode } from '../errors.ts';
import { CryptokiError } from './cryptoki.ts';
import { CKR } from './cryptoki-numbers.ts';
import type { PinMark } from './token-messages.ts';

export class TokenProblem extends Error {
  readonly code: TokenErrorCode;
  readonly refusedPin: PinMark | undefined;

  constructor(code: TokenErrorCode, reason: string, refusedPin?: PinMark) {
    super(reason);
    this.code = code;
    this.refusedPin = refusedPin;
  }
}

const CODES: ReadonlyMap<number, TokenErrorCode> = new Map([
  [CKR.slotIdInvalid, 'token-absent'],
  [CKR.deviceRemoved, 'token-absent'],
  [CKR.tokenNotPresent, 'token-absent'],
  [CKR.tokenNotRecognized, 'token-absent'],
  [CKR.pinIncorrect, 'token-pin-wrong'],
  [CKR.pinInvalid, 'token-pin-wrong'],
  [CKR.pinLengthRange, 'token-pin-wrong'],
  [CKR.pinExpired, 'token-pin-wrong'],
  [CKR.pinLocked, 'token-pin-locked'],
]);

export function problemOf(error: unknown): TokenProblem {
  if (error instanceof TokenProblem) return error;
  if (error instanceof CryptokiError)
    return new TokenProblem(CODES.get(error.value) ?? 'token-failed', error.message);
  return new TokenProblem('token-failed', error instanceof Error ? error.message : String(error));
}
