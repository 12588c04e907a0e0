/**
 * One command of the command line, run to its end as a process: arguments in, the JSON value or the coded error out.
 * Used by the sandbox, the benchmarks and the end-to-end tests; nothing here knows what the commands mean.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** The words before the command: what starts the command line. */
export type Entry = readonly [string, ...string[]];

/** As people start it in a checkout. */
export const LAUNCHER: Entry = [path.join(ROOT, 'bin', 'lienthong')];
/** The same source without the launcher's shell. */
export const SOURCE: Entry = [process.execPath, path.join(ROOT, 'node', 'cli', 'main.ts')];

export interface CommandFault {
  code: string;
  message: string;
  details: Record<string, unknown>;
}

export interface CommandEnd {
  /** Exit status; null when a signal ended it. */
  exit: number | null;
  /** What was printed on stdout as JSON; undefined when nothing was. */
  value: unknown;
  /** The error of stderr, where the command ended with one. */
  error: CommandFault | undefined;
  stderr: string;
}

/** A command that was expected to succeed and didn't. `message` is the command line's own sentence. */
export class CommandFailed extends Error {
  readonly exit: number | null;
  readonly code: string | undefined;

  constructor(what: string, { exit, error, stderr }: Pick<CommandEnd, 'exit' | 'error' | 'stderr'>) {
    super(error?.message ?? (stderr.trim().slice(-500) || `${what}: exit ${exit}`));
    this.name = 'CommandFailed';
    this.exit = exit;
    this.code = error?.code;
  }
}

/** Longest output kept of one command: a directory of some hundred agencies fits many times. */
const MAX_OUTPUT_BYTES = 32 * 2 ** 20;
const COMMAND_TIMEOUT_MS = 120_000;

export interface CommandOptions {
  entry?: Entry;
  lang?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Runs one command with `--json` to its end, whatever that is. Rejects only when it can't be started or is aborted: it
 * is killed then, and gone when this rejects.
 */
export function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<CommandEnd> {
  const { entry = SOURCE, lang = 'vi', timeoutMs = COMMAND_TIMEOUT_MS, signal } = options;
  const [program, ...before] = entry;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...before, ...args, '--json', '--lang', lang], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      signal,
    });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text: string) => {
        out[name] += text;
        if (out[name].length > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
      });
    }
    let failure: Error | undefined;
    child.once('error', (error) => {
      if (child.pid === undefined) reject(error);
      failure = error;
    });
    child.once('close', (exit) => {
      if (failure !== undefined) reject(failure);
      resolve({ exit, value: parsed(out.stdout), error: faultIn(out.stderr), stderr: out.stderr });
    });
  });
}

/** The value of a command that must succeed; CommandFailed otherwise. */
export async function resultOf<T>(args: readonly string[], options: CommandOptions = {}): Promise<T> {
  const end = await runCommand(args, options);
  if (end.exit !== 0) throw new CommandFailed(args.slice(0, 2).join(' '), end);
  return end.value as T;
}

export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The `{"error":…}` line among what a command wrote on stderr. */
export function faultIn(stderr: string): CommandFault | undefined {
  for (const line of stderr.split('\n').reverse()) {
    const value = line.startsWith('{"error"')
      ? (parsed(line) as { error?: CommandFault } | undefined)
      : undefined;
    if (value?.error !== undefined) return value.error;
  }
  return undefined;
}

export const folderExists = (dir: string): boolean => existsSync(dir);
