/**
 * What every command works with: the language, --json, --dir, the clients, and printing. Made once per run by
 * program.ts, filled in when the options have been parsed. A command prints either for people (`say`, `print`) or one
 * JSON value (`result`), never both on stdout.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { type Language, type MessageKey, message, type Values } from '../core/messages.ts';
import type { RegistryApi } from '../gateway/http/services.ts';
import { NODE_SOCKET, REGISTRY_SOCKET } from '../gateway/http/socket-names.ts';
import { socketPath } from '../store/folder.ts';
import type { Io } from './io.ts';
import { LocalClient } from './local-client.ts';
import { NodeClient } from './node-client.ts';
import { withRegistry } from './registry-client.ts';
import { paint, type Style } from './terminal.ts';

export interface GlobalOptions {
  dir?: string;
  json?: boolean;
  lang?: string;
}

export class Cli {
  readonly io: Io;
  readonly language: Language;
  #globals: GlobalOptions = {};
  #exit = 0;

  constructor(io: Io, language: Language) {
    this.io = io;
    this.language = language;
  }

  /** Called once the options are parsed, before the command acts. */
  take(globals: GlobalOptions): void {
    this.#globals = globals;
  }

  get json(): boolean {
    return this.#globals.json === true;
  }

  /** Exit status of a command that did its work and found something (7: doesn't verify, 6: not in time …). */
  get exit(): number {
    return this.#exit;
  }
  set exit(status: number) {
    this.#exit = status;
  }

  /** The folder of --dir or LIENTHONG_DIR. Throws 'usage' when neither is given. */
  get dir(): string {
    const dir = this.#globals.dir ?? (this.io.env.LIENTHONG_DIR || undefined);
    if (dir === undefined)
      throw new LienthongError('usage', { reason: this.text('usage.noDir'), field: '--dir' });
    return resolve(dir);
  }

  text(key: MessageKey, values?: Values): string {
    return message(this.language, key, values);
  }

  /** A sentence of the table on stdout; nothing with --json. */
  say(key: MessageKey, values?: Values): void {
    this.print(this.text(key, values));
  }

  print(text: string): void {
    if (!this.json) this.io.out.write(`${text}\n`);
  }

  /** A line beside the result: progress, a warning. On stderr, and not with --json. */
  note(text: string): void {
    if (!this.json) this.io.err.write(`${text}\n`);
  }

  /** The one JSON value of --json; nothing otherwise. */
  result(value: unknown): void {
    if (this.json)
      this.io.out.write(`${JSON.stringify(value, undefined, this.io.out.isTTY ? 2 : undefined)}\n`);
  }

  /** Colour only on a terminal, and not where NO_COLOR or TERM=dumb says no. */
  paint(style: Style, text: string): string {
    return this.colours ? paint(style, text) : text;
  }

  get colours(): boolean {
    const { NO_COLOR, TERM } = this.io.env;
    return this.io.out.isTTY && !NO_COLOR && TERM !== 'dumb';
  }

  async node(): Promise<NodeClient> {
    return new NodeClient(await this.#client(NODE_SOCKET, 'lienthong node run'));
  }

  /** Calls `act` with the running registry or, when none runs, with the folder opened for it. */
  async registry<T>(act: (registry: RegistryApi) => Promise<T>): Promise<T> {
    const client = await this.#client(REGISTRY_SOCKET, 'lienthong registry run');
    return withRegistry(client, this.io, this.dir, act);
  }

  /** Whether a node or registry answers on the folder's socket. */
  async isUp(kind: 'node' | 'registry'): Promise<boolean> {
    const client = await this.#client(
      kind === 'node' ? NODE_SOCKET : REGISTRY_SOCKET,
      `lienthong ${kind} run`,
    );
    return client.json('GET', kind === 'node' ? '/v1/status' : '/v1/registry').then(
      () => true,
      (error) => !isNotRunning(error),
    );
  }

  async #client(name: string, start: string): Promise<LocalClient> {
    const dir = this.dir;
    return new LocalClient({
      socketPath: await socketPath(dir, name).catch(() => `${dir}/${name}`),
      dir,
      startCommand: `${start} --dir ${quoted(dir)}`,
      isSetUp: existsSync(join(dir, name === NODE_SOCKET ? 'identity.json' : 'registry.json')),
      clock: this.io.clock,
      signal: this.io.signal,
    });
  }
}

/** A path as a shell takes it. */
export const quoted = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

export const isNotRunning = (error: unknown): boolean => isLienthongError(error, 'not-running');
