/** What a node and its token's process say to each other: one request, one answer. The PIN is in none of it. */
import type { TokenErrorCode } from '../errors.ts';
import type { KeyAlgorithm } from '../keys.ts';
import type { TokenSettings } from './token-settings.ts';

/** Tells one content of a PIN file from the next without telling anything of the PIN. WARNING: persisted. */
export interface PinMark {
  file: string;
  /** Of the file: inode, size, times of modification and change in nanoseconds. */
  state: string;
}

export type TokenRequest =
  | {
      do: 'open';
      settings: TokenSettings;
      /** Make a key of this kind where none has the label. */
      make?: KeyAlgorithm;
      /** SubjectPublicKeyInfo of the key it must be. */
      expected?: Uint8Array;
      /** The PIN that was refused: it isn't tried again. */
      refusedPin?: PinMark;
    }
  | { do: 'sign'; sha256: Uint8Array }
  | { do: 'check' };

/** Logging out is a courtesy: after it the process is killed, by its parent and by itself. */
export const CLOSE_TIMEOUT_MS = 2_000;

export interface TokenFault {
  code: TokenErrorCode;
  reason: string;
  /** Of the PIN the token refused just now. */
  refusedPin?: PinMark;
}

export type TokenAnswer =
  | { ok: true; spki: Uint8Array }
  | { ok: true; signature: Uint8Array }
  | { ok: true }
  | { ok: false; fault: TokenFault };
