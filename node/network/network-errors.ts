/** libp2p's and the system's errors in our codes. Texts of a library never leave this folder except as `cause`. */
import { isLienthongError, LienthongError } from '../core/errors.ts';

interface ErrorLike {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** An error of listening: `address-in-use` with the port, else `usage` with what the system said. */
export function translateListenError(error: unknown): LienthongError {
  if (isLienthongError(error)) return error;
  const text = (error as ErrorLike)?.message ?? '';
  const taken = /EADDRINUSE: [^\n]* (\S+):(\d+)/.exec(text);
  if (taken !== null) {
    const details = { host: taken[1] ?? '', port: Number(taken[2]) };
    return new LienthongError('address-in-use', details, { cause: error });
  }
  const system = /\b(E[A-Z]{3,})\b/.exec(text);
  return new LienthongError(
    'usage',
    { reason: system?.[1] ?? 'cannot-listen', what: 'listen-address' },
    { cause: error },
  );
}

/** An error of dialling a peer. A caller's own cancellation is passed on as it is. */
export function translateDialError(error: unknown, peerId: string, signal?: AbortSignal): unknown {
  if (isLienthongError(error)) return error;
  if (signal?.aborted === true && !isTimeout(signal.reason)) return signal.reason;
  const all = flatten(error);
  const reason = (name: string) => ({ peer: peerId, reason: name });
  if (all.some((e) => /does not match expected remote identity key/.test(e.message ?? ''))) {
    return new LienthongError('peer-refused', reason('wrong-identity'), { cause: error });
  }
  const names = new Set(all.map((e) => e.name));
  if (names.has('DialDeniedError') || names.has('ConnectionInterceptedError')) {
    return new LienthongError('peer-refused', reason('denied-here'), { cause: error });
  }
  const system = all.map((e) => e.code).find((code) => code !== undefined && /^E[A-Z_]+$/.test(code));
  if (system !== undefined) return new LienthongError('unreachable', reason(system), { cause: error });
  if (isTimeout(error) || all.some(isTimeout))
    return new LienthongError('timeout', reason('dial'), { cause: error });
  if (names.has('NoValidAddressesError'))
    return new LienthongError('unreachable', reason('no-address'), { cause: error });
  if (names.has('EncryptionFailedError')) {
    return new LienthongError('unreachable', reason('handshake-failed'), { cause: error });
  }
  return new LienthongError('unreachable', reason('dial-failed'), { cause: error });
}

/** An error of opening a stream on a connection. */
export function translateStreamError(
  error: unknown,
  peerId: string,
  protocol: string,
  signal?: AbortSignal,
): unknown {
  if (isLienthongError(error)) return error;
  if (signal?.aborted === true && !isTimeout(signal.reason)) return signal.reason;
  const name = (error as ErrorLike)?.name;
  const details = { peer: peerId, protocol };
  if (name === 'UnsupportedProtocolError')
    return new LienthongError('version-unsupported', details, { cause: error });
  if (isTimeout(error)) return new LienthongError('timeout', details, { cause: error });
  if (name === 'TooManyOutboundProtocolStreamsError') {
    return new LienthongError('too-many-waiting', details, { cause: error });
  }
  return new LienthongError('unreachable', { ...details, reason: 'connection-lost' }, { cause: error });
}

function isTimeout(error: unknown): boolean {
  const name = (error as ErrorLike | undefined)?.name;
  return name === 'TimeoutError' || name === 'AbortError' || isLienthongError(error, 'timeout');
}

/** The error with its causes and parts, at most a few dozen. */
function flatten(error: unknown, found: ErrorLike[] = []): ErrorLike[] {
  if (typeof error !== 'object' || error === null || found.length >= 32) return found;
  const like = error as ErrorLike;
  found.push(like);
  for (const part of like.errors ?? []) flatten(part, found);
  return like.cause === undefined ? found : flatten(like.cause, found);
}
