/**
 * A line of its own for every node: a network namespace each, and one more that routes between them, with both directions
 * of each line held to a rate (tc tbf) and its bytes counted by the system. Nothing of it is reachable from outside. Needs
 * root, `ip` and `tc` of iproute2; remove() takes all of it away. Used by circular.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Entry } from '../sandbox/command.ts';

const execute = promisify(execFile);
/** Above what a system's timer lets through at a time, at 100 Mbit/s. */
const BURST = '128kb';
/** A queue as a router has it. */
const LATENCY = '100ms';
const AT_ONCE = 4;

export class Links {
  readonly #prefix = `lienthong-${process.pid}`;
  readonly #count: number;

  private constructor(count: number) {
    this.#count = count;
  }

  /** `count` nodes with lines of `mbit` megabits a second each way, and a place beside them without a limit. */
  static async create(count: number, mbit: number): Promise<Links> {
    const links = new Links(count);
    try {
      await links.#makeHub();
      await inTurn(count, (i) => links.#make(i, mbit));
      return links;
    } catch (error) {
      await links.remove();
      throw error;
    }
  }

  /** Why there can be none here; undefined where there can. */
  static async lack(): Promise<string | undefined> {
    if (process.getuid?.() !== 0) return 'needs root, for network namespaces and tc';
    const name = `lienthong-${process.pid}-try`;
    try {
      await ip('netns', 'add', name);
      await ip('netns', 'delete', name);
      await execute('tc', ['-V']);
      return undefined;
    } catch (error) {
      return `network namespaces can't be made here: ${(error as Error).message.trim()}`;
    }
  }

  /** What runs beside the nodes, without a limit. */
  readonly hubAddress = '10.93.255.254';

  address = (i: number): string => `10.93.${Math.floor(i / 200)}.${(i % 200) + 1}`;

  /** Starts a program at a node's end of its line. */
  at = (i: number, entry: Entry): Entry => ['ip', 'netns', 'exec', this.#name(i), ...entry];

  atHub = (entry: Entry): Entry => ['ip', 'netns', 'exec', this.#hub, ...entry];

  /** Bytes that have left a node over its line, with the headers of every layer. */
  async sentBytes(i: number): Promise<number> {
    const { stdout } = await execute('ip', ['-n', this.#hub, '-s', '-j', 'link', 'show', 'dev', `line${i}`]);
    return JSON.parse(stdout)[0].stats64.rx.bytes;
  }

  async remove(): Promise<void> {
    const names = Array.from({ length: this.#count }, (_, i) => this.#name(i));
    for (const name of [...names, this.#hub]) await execute('ip', ['netns', 'delete', name]).catch(() => {});
  }

  get #hub(): string {
    return `${this.#prefix}-hub`;
  }

  #name(i: number): string {
    return `${this.#prefix}-${i}`;
  }

  async #makeHub(): Promise<void> {
    const hub = ['-n', this.#hub];
    await ip('netns', 'add', this.#hub);
    await ip(...hub, 'link', 'set', 'lo', 'up');
    await ip(...hub, 'address', 'add', `${this.hubAddress}/32`, 'dev', 'lo');
    await execute('ip', ['netns', 'exec', this.#hub, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  }

  async #make(i: number, mbit: number): Promise<void> {
    const [name, hub, line] = [this.#name(i), this.#hub, `line${i}`];
    await ip('netns', 'add', name);
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    await ip('-n', hub, 'link', 'add', 'name', line, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    await ip('-n', hub, 'link', 'set', line, 'up');
    await ip('-n', hub, 'route', 'add', this.address(i), 'dev', line, 'src', this.hubAddress);
    await ip('-n', name, 'address', 'add', `${this.address(i)}/32`, 'dev', 'eth0');
    await ip('-n', name, 'link', 'set', 'eth0', 'up');
    // through the hub, each other's only neighbour: the system's table of these is one for all namespaces
    await ip('-n', name, 'route', 'add', this.hubAddress, 'dev', 'eth0');
    await ip('-n', name, 'route', 'add', 'default', 'via', this.hubAddress);
    const rate = ['root', 'tbf', 'rate', `${mbit}mbit`, 'burst', BURST, 'latency', LATENCY];
    await execute('tc', ['-n', name, 'qdisc', 'add', 'dev', 'eth0', ...rate]);
    await execute('tc', ['-n', hub, 'qdisc', 'add', 'dev', line, ...rate]);
  }
}

const ip = (...args: string[]) => execute('ip', args);

/** Each number below `count`, a few at once. */
export async function inTurn(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, worker));
}
