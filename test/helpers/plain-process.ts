/** A process as a terminal starts it: a process group of its own that a Ctrl-C reaches whole, and what it writes as text. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from './eventually.ts';

interface Context {
  teardown(call: () => unknown): void;
}

export class PlainProcess {
  readonly pid: number;
  /** Exit status; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  out = '';
  err = '';

  /** Ended with its whole group when the test ends. */
  constructor(t: Context, [program, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...env },
    });
    this.pid = child.pid!;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8');
      child[name].on('data', (text: string) => {
        this[name === 'stdout' ? 'out' : 'err'] += text;
      });
    }
    this.exited = once(child, 'close').then(([code]) => code as number | null);
    t.teardown(() => this.signal('SIGKILL'));
  }

  get text(): string {
    return this.out + this.err;
  }

  /** To the whole group, as a terminal sends it. False when nobody is left there. */
  signal(name: NodeJS.Signals | 0): boolean {
    try {
      return process.kill(-this.pid, name);
    } catch {
      return false;
    }
  }

  says(pattern: RegExp, timeoutMs = 60_000): Promise<unknown> {
    return eventually(`${pattern}`, () => pattern.test(this.text), timeoutMs).catch(() => {
      throw new Error(`never: ${pattern} in:\n${this.text}`);
    });
  }
}

/** A program line on a Node of its own. */
export const nodeScript = (code: string): [string, ...string[]] => [process.execPath, '-e', code];
