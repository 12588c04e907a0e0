/** Runs command lines in this process, with a terminal, an environment and roots of the test's own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../node/cli/io.ts';
import { runCli } from '../../node/cli/program.ts';
import type { Roots } from '../../node/cli/roots.ts';
import { systemClock } from '../../node/core/clock.ts';
import { type Door, openNodeDoor } from '../../node/gateway/http/door.ts';
import { MemoryNode } from './memory-node.ts';

export interface Ran {
  status: number;
  out: string;
  err: string;
}

export interface RunOptions extends Partial<Pick<Io, 'clock' | 'signal' | 'ask'>> {
  tty?: boolean;
  columns?: number;
  env?: Record<string, string | undefined>;
  roots?: Partial<Roots>;
  /** Told of every piece written, as it is. */
  onWrite?: (text: string) => void;
}

export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { tty = false, columns = 80, env = {}, roots = {}, onWrite } = options;
  const written = { out: '', err: '' };
  const output = (name: 'out' | 'err') => ({
    write: (text: string) => {
      written[name] += text;
      onWrite?.(text);
    },
    isTTY: tty,
    columns: () => columns,
  });
  const status = await runCli(argv, {
    out: output('out'),
    err: output('err'),
    env,
    clock: options.clock ?? systemClock,
    signal: options.signal ?? new AbortController().signal,
    exitOfSignal: () => 130,
    ask: options.ask,
    roots: roots as Roots,
  });
  return { status, ...written };
}

/** A folder below the system's temporary one, removed with the test. */
export async function temporaryFolder(t: { teardown(act: () => unknown): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lienthong-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface RunningNode {
  dir: string;
  node: MemoryNode;
  door: Door;
  /** A command line on this node's folder. */
  cli(argv: readonly string[], options?: RunOptions): Promise<Ran>;
}

/** A node in memory behind a real HTTP door on a real socket. */
export async function runningNode(t: { teardown(act: () => unknown): void }): Promise<RunningNode> {
  const dir = await temporaryFolder(t);
  const node = new MemoryNode();
  const door = await openNodeDoor(node, { folder: dir });
  t.teardown(() => door.close());
  return { dir, node, door, cli: (argv, options) => run([...argv, '--dir', dir], options) };
}
