/** What the command line takes from the process it runs in; tests hand in their own. */
import type { Clock } from '../core/clock.ts';
import type { Roots } from './roots.ts';

export interface Output {
  write(text: string): void;
  isTTY: boolean;
  columns(): number;
}

export interface Io {
  out: Output;
  err: Output;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** Aborts at the first Ctrl-C or SIGTERM. */
  signal: AbortSignal;
  /** One line from who sits at the terminal; absent where nobody does. */
  ask?: (question: string) => Promise<string>;
  /** Exit status for the signal that came. */
  exitOfSignal(): number;
  roots: Roots;
}
