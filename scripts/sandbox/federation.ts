/**
 * The sandbox's federation in one folder: a registry and a node per agency, each a process of its own with its own
 * folder and keys, set up and started only through the command line. First the registry, then all agencies side by
 * side: invite, enrolment, start. What is there already is kept; a set-up cut short is finished by the next run.
 */
import path from 'node:path';
import { Child } from './child.ts';
import { CommandFailed, type Entry, folderExists, LAUNCHER, resultOf } from './command.ts';
import { registryAt } from './local-node.ts';

/** Free ports are chosen at the first run; the folder's configuration keeps them. */
const LISTEN = '/ip4/127.0.0.1/tcp/0';
const ENROL_ATTEMPTS = 3;
const CALL_TIMEOUT_MS = 20_000;

export interface Member {
  code: string;
  dir: string;
}

export interface NodeUp {
  agency: string;
  agencyName: string;
  peerId: string;
  listening: string[];
}

export interface FederationEvents {
  registryUp(agencies: number): void;
  nodeUp(node: NodeUp, isNew: boolean): void;
  /** A process ended that nobody stopped. */
  died(name: string, why: string): void;
}

export interface FederationOptions {
  dir: string;
  codes: readonly string[];
  registryName: string;
  lang: string;
  events: FederationEvents;
  entry?: Entry;
}

/** What couldn't be started, by the name of its folder. */
export class StartFailed extends Error {
  readonly who: string;
  readonly code: string | undefined;

  constructor(who: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.who = who;
    this.code = cause instanceof CommandFailed ? cause.code : undefined;
  }
}

export class Federation {
  readonly #options: FederationOptions;
  readonly #children: Child[] = [];
  /** Short commands under way: each may be ended at any moment, the same again finishes its work. */
  readonly #commands = new Set<Promise<unknown>>();
  readonly #ending = new AbortController();
  #isStopping = false;

  constructor(options: FederationOptions) {
    this.#options = options;
  }

  member(code: string): Member {
    return { code, dir: path.join(this.#options.dir, code) };
  }

  get processes(): number {
    return this.#children.filter((child) => child.isAlive).length;
  }

  /** Resolves when all run. Rejects with StartFailed; what was started then still has to be stopped. */
  async start(): Promise<void> {
    const { codes, events } = this.#options;
    const registryDir = path.join(this.#options.dir, 'registry');
    const name = this.#options.registryName;
    await this.#upOrMade('registry', registryDir, 'registry', async () => {
      const init = [
        'registry',
        'init',
        '--name',
        name,
        '--auto-seal',
        '--listen',
        LISTEN,
        '--dir',
        registryDir,
      ];
      await this.#command(init);
    });
    const registry = await registryAt(registryDir, AbortSignal.timeout(CALL_TIMEOUT_MS));
    events.registryUp((await registry.status()).agencies);
    const started = await Promise.allSettled(codes.map((code) => this.#startNode(code, registryDir)));
    for (const one of started) if (one.status === 'rejected') throw one.reason;
  }

  /** Ends what is being set up, stops the nodes, then the registry. `now` kills. */
  async stop(now = false): Promise<void> {
    this.#isStopping = true;
    this.#ending.abort();
    await Promise.allSettled(this.#commands);
    if (now) {
      await Promise.all(this.#children.map((child) => child.kill()));
      return;
    }
    const isRegistry = (child: Child) => child.name === 'registry';
    await Promise.all(this.#children.filter((child) => !isRegistry(child)).map((child) => child.stop()));
    await Promise.all(this.#children.filter(isRegistry).map((child) => child.stop()));
  }

  async #startNode(code: string, registryDir: string): Promise<void> {
    const { dir } = this.member(code);
    let isNew = false;
    const up = await this.#upOrMade<NodeUp>(code, dir, 'node', async () => {
      isNew = true;
      const { token } = await this.#command<{ token: string }>([
        'registry',
        'invite',
        code,
        '--dir',
        registryDir,
      ]);
      await patiently(() =>
        this.#command(['node', 'init', '--invite', token, '--listen', LISTEN, '--dir', dir]),
      );
    });
    this.#options.events.nodeUp(up, isNew);
  }

  /** One command to its end, or until stop(). */
  async #command<T>(args: string[]): Promise<T> {
    const { signal } = this.#ending;
    signal.throwIfAborted();
    const running = resultOf<T>(args, { entry: this.#entry, lang: this.#options.lang, signal });
    this.#commands.add(running);
    return running.finally(() => this.#commands.delete(running));
  }

  /** Runs what is in the folder; where there is nothing yet, or only a part, makes it first. */
  async #upOrMade<T>(
    name: string,
    dir: string,
    kind: 'registry' | 'node',
    make: () => Promise<void>,
  ): Promise<T> {
    try {
      if (!folderExists(dir)) await make();
      try {
        return await this.#run<T>(name, dir, kind);
      } catch (error) {
        if (!(error instanceof CommandFailed && error.code === 'not-initialised')) throw error;
        await make();
        return await this.#run<T>(name, dir, kind);
      }
    } catch (error) {
      throw new StartFailed(name, error);
    }
  }

  async #run<T>(name: string, dir: string, kind: 'registry' | 'node'): Promise<T> {
    const { lang, events } = this.#options;
    if (this.#isStopping) throw new Error('stopping');
    const child = new Child({ name, args: [kind, 'run', '--dir', dir], entry: this.#entry, lang });
    this.#children.push(child);
    const ready = await child.ready<T>();
    void child.exited.then(() => {
      if (!child.isStopping && !this.#isStopping) events.died(name, child.lastWords);
    });
    return ready;
  }

  get #entry(): Entry {
    return this.#options.entry ?? LAUNCHER;
  }
}

/** The same enrolment again gets the same answer, so one whose connection broke is simply repeated. */
async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (let left = ENROL_ATTEMPTS; ; left--) {
    try {
      return await act();
    } catch (error) {
      if (left <= 1 || !(error instanceof CommandFailed && error.code === 'unreachable')) throw error;
    }
  }
}
