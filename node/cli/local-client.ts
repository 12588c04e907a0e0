/**
 * HTTP over a folder's Unix socket, as the commands need it: JSON calls, a file up, bytes down, a stream of lines.
 * Every wait has a deadline or the caller's signal, every answer a largest size. An error answer becomes the same
 * LienthongError the node threw; a socket nobody listens on is 'not-running' with the command to type.
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { createRequire } from 'node:module';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../core/clock.ts';
import { isErrorCode, LienthongError } from '../core/errors.ts';

/** Imported as a module it would load the whole of `fetch` with it, a fifth of what a short command takes. */
const { request: httpRequest }: typeof import('node:http') = createRequire(import.meta.url)('node:http');

/** A call that only reads or commits; waiting calls say their own. */
const CALL_TIMEOUT_MS = 60_000;
/** Silence in the middle of a transfer: the other end is on this machine. */
const IDLE_MS = 60_000;
/** The directory of 120,000 units is about 25 MB. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;
const MAX_LINE_BYTES = 1024 * 1024;
/** Errors that mean nobody is listening. */
const NOBODY = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR']);

export interface LocalClientOptions {
  socketPath: string;
  /** Named in 'not-running'. */
  dir: string;
  /** What to type to start it. */
  startCommand: string;
  /** Whether there is anything in the folder to start; true without. */
  isSetUp?: boolean;
  clock: Clock;
  signal: AbortSignal;
}

export interface CallOptions {
  body?: unknown;
  timeoutMs?: number;
  /** Answer as bytes instead of JSON. */
  signal?: AbortSignal;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export class LocalClient {
  readonly #options: LocalClientOptions;

  constructor(options: LocalClientOptions) {
    this.#options = options;
  }

  async json<T>(
    method: string,
    path: string,
    { body, timeoutMs = CALL_TIMEOUT_MS, signal }: CallOptions = {},
  ): Promise<T> {
    const bytes = await this.#exchange(method, path, {
      type: 'application/json',
      body: body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
      timeoutMs,
      signal,
    });
    return (bytes.byteLength === 0 ? undefined : JSON.parse(bytes.toString('utf8'))) as T;
  }

  async bytes(method: string, path: string, body: Uint8Array): Promise<Uint8Array> {
    const sent = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    return this.#exchange(method, path, {
      type: 'application/octet-stream',
      body: sent,
      timeoutMs: CALL_TIMEOUT_MS,
    });
  }

  /** Streams `source` with back-pressure; an early answer (a refusal) ends the sending: the node keeps the line open. */
  async upload<T>(path: string, source: AsyncIterable<Uint8Array>, size: number): Promise<T> {
    const { request, answered } = this.#open('POST', path, {
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': size,
        connection: 'keep-alive',
      },
    });
    request.setTimeout(IDLE_MS, () => request.destroy(new LienthongError('timeout', { timeoutMs: IDLE_MS })));
    const sending = pipeline(source, request).catch((error: unknown) => error);
    try {
      const answer = await answered;
      return JSON.parse((await this.#read(answer)).toString('utf8')) as T;
    } catch (error) {
      request.destroy();
      // A file that can't be read breaks the request: its own error says why.
      const cause = await sending;
      throw cause instanceof LienthongError ? cause : error;
    }
  }

  /** The body as it comes; a caller that stops reading ends the transfer. */
  async *download(path: string): AsyncGenerator<Uint8Array> {
    const { request, answered } = this.#open('GET', path, {});
    request.setTimeout(IDLE_MS, () => request.destroy(new LienthongError('timeout', { timeoutMs: IDLE_MS })));
    request.end();
    const answer = await answered;
    if (isFailure(answer)) throw errorOf(await this.#read(answer));
    try {
      yield* answer as AsyncIterable<Buffer>;
    } catch (error) {
      throw this.#translate(error);
    } finally {
      request.destroy();
    }
  }

  /** One JSON value a line, until the node ends the stream or `signal` aborts; posts the body where there is one. */
  async *lines<T>(path: string, signal?: AbortSignal, body?: unknown): AsyncGenerator<T> {
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = sent && { 'content-type': 'application/json', 'content-length': sent.byteLength };
    const { request, answered } = this.#open(sent ? 'POST' : 'GET', path, { signal, headers });
    request.end(sent);
    const answer = await answered;
    if (isFailure(answer)) throw errorOf(await this.#read(answer));
    let rest = '';
    answer.setEncoding('utf8');
    for await (const piece of answer as AsyncIterable<string>) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop()!;
      if (rest.length > MAX_LINE_BYTES) throw new LienthongError('oversize', { what: 'line' });
      for (const line of lines) if (line !== '') yield JSON.parse(line) as T;
    }
  }

  async #exchange(
    method: string,
    path: string,
    call: { type: string; body?: Buffer; timeoutMs: number; signal?: AbortSignal },
  ): Promise<Buffer> {
    const headers = call.body ? { 'content-type': call.type, 'content-length': call.body.byteLength } : {};
    const { request, answered } = this.#open(method, path, { headers, signal: call.signal });
    const stopTimer = this.#options.clock.after(call.timeoutMs, () =>
      request.destroy(new LienthongError('timeout', { timeoutMs: call.timeoutMs })),
    );
    try {
      request.end(call.body);
      return await this.#read(await answered);
    } finally {
      stopTimer();
    }
  }

  #open(
    method: string,
    path: string,
    options: RequestOptions,
  ): { request: ClientRequest; answered: Promise<IncomingMessage> } {
    const { socketPath, signal, dir, startCommand, isSetUp = true } = this.#options;
    const all = options.signal ? AbortSignal.any([signal, options.signal]) : signal;
    const request = httpRequest({ ...options, signal: all, socketPath, method, path, agent: false });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.on('error', (error: NodeJS.ErrnoException) => {
        if (!NOBODY.has(error.code ?? '')) reject(this.#translate(error));
        else
          reject(
            new LienthongError(
              'not-running',
              // a mistyped --dir is the likeliest reason; starting something there would be wrong advice
              isSetUp ? { dir, command: startCommand } : { dir, absent: dir },
              { cause: error },
            ),
          );
      });
    });
    answered.catch(() => undefined);
    return { request, answered };
  }

  async #read(answer: IncomingMessage): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const piece of answer as AsyncIterable<Buffer>) {
        bytes += piece.byteLength;
        if (bytes > MAX_ANSWER_BYTES)
          throw new LienthongError('oversize', { what: 'answer', maxBytes: MAX_ANSWER_BYTES });
        pieces.push(piece);
      }
    } catch (error) {
      throw this.#translate(error);
    }
    const body = Buffer.concat(pieces);
    if (isFailure(answer)) throw errorOf(body);
    return body;
  }

  /** What a caller that ended it itself finds broken is broken by that. */
  #translate(error: unknown): unknown {
    const { signal } = this.#options;
    if (signal.aborted) return signal.reason;
    if (error instanceof LienthongError || (error as Error).name === 'AbortError') return error;
    const reason = (error as NodeJS.ErrnoException).code ?? 'connection';
    return new LienthongError('unreachable', { reason }, { cause: error });
  }
}

/** Path with an encoded query; undefined values are left out. */
export function pathOf(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`;
}

const isFailure = (answer: IncomingMessage): boolean => (answer.statusCode ?? 500) >= 400;

function errorOf(body: Buffer): LienthongError {
  try {
    const { error } = JSON.parse(body.toString('utf8'));
    if (isErrorCode(error.code)) return new LienthongError(error.code, error.details ?? {});
  } catch {
    // not ours: answered below
  }
  return new LienthongError('internal', { reason: 'unreadable answer' });
}
