/**
 * A node's end of its token's process: starts it, one request at a time, each with a time limit after which the process is
 * killed. What fails is a CertsError with a token's code. A link that failed is of no use any more; its owner opens another.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CertsError } from '../errors.ts';
import { CLOSE_TIMEOUT_MS, type PinMark, type TokenAnswer, type TokenRequest } from './token-messages.ts';

/** Runs work with a signal that aborts after `ms`, or with `outer`: the caller's clock, not ours. */
export type Within = <T>(
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

/** A card reader that wakes up and makes an RSA-4096 key takes a minute or more; signing a second or two. */
const OPEN_TIMEOUT_MS = 180_000;
const ANSWER_TIMEOUT_MS = 30_000;

/** From source beside this file; in a bundle at its root, above the chunks. */
function entry(): string {
  const places = ['./token-process.ts', './token-process.js', '../token-process.js'];
  const found = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync);
  if (found === undefined) throw new CertsError('token-failed', 'token-process', { reason: 'token-process' });
  return found;
}

export class TokenLink {
  readonly #within: Within;
  readonly #closing: AbortSignal | undefined;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  /** Of the PIN the token refused in this process. */
  refusedPin: PinMark | undefined;

  /** When `closing` aborts, what is asked then is given up. */
  constructor(within: Within, closing: AbortSignal | undefined) {
    this.#within = within;
    this.#closing = closing;
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#process = fork(entry(), [], {
      serialization: 'advanced',
      execArgv: [],
      // one thread: what a module keeps per thread is always there
      env: { ...env, UV_THREADPOOL_SIZE: '1' },
      // a module may print what it likes, a PIN too
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#ended = new Promise((resolve) => {
      this.#process.once('exit', () => resolve());
      this.#process.once('error', () => resolve());
    });
    this.#hold(false);
  }

  /** An idle token keeps no program from ending. */
  #hold(isHeld: boolean): void {
    const { channel } = this.#process;
    if (isHeld) {
      this.#process.ref();
      channel?.ref();
    } else {
      this.#process.unref();
      channel?.unref();
    }
  }

  /** Rejects with CertsError 'token-…'. */
  async ask(request: TokenRequest): Promise<Extract<TokenAnswer, { ok: true }>> {
    const ms = request.do === 'open' ? OPEN_TIMEOUT_MS : ANSWER_TIMEOUT_MS;
    this.#hold(true);
    try {
      const said = await this.#within(ms, this.#closing, (signal) => this.#exchange(request, signal, ms));
      if (said.ok) return said;
      const { code, reason, refusedPin } = said.fault;
      this.refusedPin = refusedPin;
      throw new CertsError(code, `${code}: ${reason}`, { reason });
    } finally {
      this.#hold(false);
    }
  }

  #exchange(request: TokenRequest, signal: AbortSignal, ms: number): Promise<TokenAnswer> {
    const child = this.#process;
    return new Promise((resolve, reject) => {
      const end = () => {
        child.off('message', onAnswer);
        child.off('exit', onExit);
        child.off('error', onError);
        signal.removeEventListener('abort', onAbort);
      };
      const fail = (reason: string, cause?: unknown) => {
        end();
        child.kill('SIGKILL');
        reject(new CertsError('token-failed', reason, { reason, cause }));
      };
      const onAnswer = (said: unknown) => {
        end();
        resolve(said as TokenAnswer);
      };
      const onExit = (status: number | null, by: string | null) =>
        fail(`the module's process ended (${by ?? status})`);
      const onError = (error: Error) => fail(error.message, error);
      const onAbort = () =>
        fail(this.#closing?.aborted ? 'closed' : `no answer in ${ms / 1000} s`, signal.reason);
      if (signal.aborted) {
        onAbort();
        return;
      }
      if (child.exitCode !== null || child.signalCode !== null || !child.connected) {
        onExit(child.exitCode, child.signalCode);
        return;
      }
      child.once('message', onAnswer);
      child.once('exit', onExit);
      child.once('error', onError);
      signal.addEventListener('abort', onAbort);
      child.send(request, (error) => error !== null && onError(error));
    });
  }

  /** Ends the process, which logs out first if it can; resolves when it is gone. */
  async close(): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (child.connected) child.disconnect();
    this.#process.ref();
    await this.#within(CLOSE_TIMEOUT_MS, undefined, async (signal) => {
      const kill = () => child.kill('SIGKILL');
      signal.addEventListener('abort', kill);
      await this.#ended;
      signal.removeEventListener('abort', kill);
    });
  }
}
