/**
 * One long-lived process of a federation: `registry run` or `node run`. It is in a process group of its own (Ctrl-C in
 * the terminal reaches only who started it), ends with its starter (end-with-parent.ts), says when it is ready, and
 * keeps the last lines it wrote for whoever has to explain its end.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { CommandFailed, type Entry, faultIn, parsed, SOURCE } from './command.ts';

const WITH_PARENT = pathToFileURL(path.join(import.meta.dirname, 'end-with-parent.ts')).href;
const READY_TIMEOUT_MS = 60_000;
/** Longer than a node takes to finish what it has in hand. */
const STOP_TIMEOUT_MS = 20_000;
const KEPT_CHARACTERS = 20_000;

export interface ChildOptions {
  /** Shown when it has to be named. */
  name: string;
  args: readonly string[];
  entry?: Entry;
  lang?: string;
  env?: Readonly<Record<string, string>>;
  /** Each line it writes on stderr: what happens there. */
  onLine?: (line: string) => void;
}

export class Child {
  readonly name: string;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ready: Promise<unknown>;
  readonly #exited: Promise<void>;
  #stderr = '';
  #isStopping = false;

  /** Starts the process. */
  constructor({ name, args, entry = SOURCE, lang = 'vi', env, onLine }: ChildOptions) {
    this.name = name;
    const [program, ...before] = entry;
    const nodeOptions = [process.env.NODE_OPTIONS, env?.NODE_OPTIONS, `--import=${WITH_PARENT}`]
      .filter(Boolean)
      .join(' ');
    this.#process = spawn(program, [...before, ...args, '--json', '--lang', lang], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...env, NODE_OPTIONS: nodeOptions },
    });
    this.#process.stdin.on('error', () => {});
    const closed = once(this.#process, 'close');
    closed.catch(() => {});
    this.#exited = closed.then(() => {}).catch(() => {});
    this.#ready = this.#firstValue(closed);
    this.#ready.catch(() => {});
    this.#process.stderr.setEncoding('utf8');
    let rest = '';
    this.#process.stderr.on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_CHARACTERS);
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      if (onLine) for (const line of lines) onLine(line);
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  get isAlive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** True once stop() or kill() was called: its end is no surprise. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** What it prints when it is up. Rejects with CommandFailed when it ends first, or after a minute. */
  ready<T>(): Promise<T> {
    return this.#ready as Promise<T>;
  }

  /** Resolves when the process is gone; never rejects. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** Why it ended, in its own words; else its exit status or signal. */
  get lastWords(): string {
    const { exitCode, signalCode } = this.#process;
    if (signalCode !== null) return signalCode;
    const last = this.#stderr.trim().split('\n').at(-1);
    return faultIn(this.#stderr)?.message ?? (last || `exit ${exitCode}`);
  }

  /** All it wrote on stderr, the last part of it. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Asks it to stop and waits; one that doesn't is killed. */
  async stop(): Promise<void> {
    if (!this.isAlive) return;
    this.#isStopping = true;
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends it at once, as a power cut would. */
  kill(): Promise<void> {
    this.#isStopping = true;
    this.#process.kill('SIGKILL');
    return this.#exited;
  }

  async #firstValue(closed: Promise<unknown>): Promise<unknown> {
    const { stdout } = this.#process;
    stdout.setEncoding('utf8');
    let text = '';
    const value = new Promise<unknown>((resolve) => {
      stdout.on('data', (piece: string) => {
        if (text.length > KEPT_CHARACTERS) return;
        text += piece;
        const end = text.indexOf('\n');
        if (end >= 0) resolve(parsed(text.slice(0, end)));
      });
    });
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), READY_TIMEOUT_MS);
    try {
      const first = await Promise.race([
        value,
        closed.then(() => undefined),
        once(late.signal, 'abort').then(() => undefined),
      ]);
      if (first !== undefined) return first;
      const { exitCode } = this.#process;
      throw new CommandFailed(this.name, {
        exit: exitCode,
        error: faultIn(this.#stderr),
        stderr: this.#stderr,
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
