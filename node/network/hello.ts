/**
 * The first words on a connection: the dialler sends its Hello, the other side answers with its own. Only that answer
 * means "accepted": a dial resolves even when the other side's gater refuses. What the bytes say (purpose, head, clock,
 * versions) belongs to whoever gives the HelloBook; here are only order, limits and time.
 */
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { raceSignal } from '../core/race-signal.ts';
import type { FrameStream } from './framing.ts';
import type { PeerConnection } from './peer-connection.ts';
import { PROTOCOLS, type Purpose } from './protocols.ts';

/** What Hello says and what its answers mean; given by a composition root. Each may throw a LienthongError to refuse. */
export interface HelloBook {
  /** Our Hello, for a connection we dialled. */
  compose(peerId: string, purpose: Purpose): Uint8Array | Promise<Uint8Array>;
  /** A peer that dialled us said this: for which purpose, and what we answer. */
  answer(peerId: string, hello: Uint8Array): HelloAnswer | Promise<HelloAnswer>;
  /** A peer we dialled answered this. */
  answered(peerId: string, purpose: Purpose, answer: Uint8Array): void | Promise<void>;
}

export interface HelloAnswer {
  readonly purpose: Purpose;
  readonly answer: Uint8Array;
}

/**
 * Says Hello on a connection we dialled and waits for the answer; `peer-refused` when the other side ends the
 * connection instead of answering.
 */
export async function sayHello(
  connection: PeerConnection,
  purpose: Purpose,
  book: HelloBook,
  signal: AbortSignal,
): Promise<void> {
  let stream: FrameStream | undefined;
  try {
    const hello = await raceSignal(book.compose(connection.peerId, purpose), signal);
    stream = await connection.openStream(PROTOCOLS.hello, { signal });
    await stream.write(hello, { signal });
    const answer = await stream.require({ signal });
    await stream.close();
    await raceSignal(book.answered(connection.peerId, purpose, answer), signal);
  } catch (error) {
    const refusal = asRefusal(error, connection.peerId);
    stream?.abort(refusal);
    throw refusal;
  }
}

/**
 * Answers the Hello of a peer that dialled us. `accept` is called with the purpose before the answer leaves, so that
 * what the peer sends right after it is already welcome.
 */
export async function answerHello(
  stream: FrameStream,
  book: HelloBook,
  accept: (purpose: Purpose) => void,
): Promise<void> {
  const hello = await stream.require();
  const { purpose, answer } = await book.answer(stream.peerId, hello);
  accept(purpose);
  await stream.write(answer);
}

/** A connection that breaks before its answer was refused, as far as the dialler can tell. */
function asRefusal(error: unknown, peerId: string): LienthongError {
  if (isTimeout(error))
    return new LienthongError('timeout', { peer: peerId, reason: 'no-hello' }, { cause: error });
  if (isLienthongError(error) && error.code !== 'unreachable' && error.code !== 'malformed') return error;
  return new LienthongError(
    'peer-refused',
    { peer: peerId, reason: 'closed-before-hello' },
    { cause: error },
  );
}

const isTimeout = (error: unknown): boolean =>
  isLienthongError(error, 'timeout') || (error instanceof Error && error.name === 'TimeoutError');
