/**
 * A federation of real processes on 127.0.0.1 for the end-to-end tests: a registry and agencies, each set up and run
 * through the command line in a temporary folder that the test removes. Processes are ended by their ids, killed ones
 * included, also when the test itself is killed. Runs the bundle when it is newer than every source, else the source.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { NodeClient } from '../../node/cli/node-client.ts';
import type { RegistryClient } from '../../node/cli/registry-client.ts';
import type { NodeStatus } from '../../node/core/node-views.ts';
import type { DocumentView, SubmitAnswer } from '../../node/core/views.ts';
import { Child } from '../../scripts/sandbox/child.ts';
import { type CommandEnd, resultOf, runCommand } from '../../scripts/sandbox/command.ts';
import { nodeAt, registryAt } from '../../scripts/sandbox/local-node.ts';
import { entry } from './entry.ts';
import { eventually } from './eventually.ts';

const CLOCK_AHEAD = pathToFileURL(path.join(import.meta.dirname, 'clock-ahead.ts')).href;

/** Of the twenty lines a second that are said one by one. */
const CALM_LINES = 10;
const LINES_WITHIN_MS = 1_100;

export const LOOPBACK = '/ip4/127.0.0.1/tcp/0';

interface Context {
  teardown(call: () => unknown): void;
  comment(text: string): void;
  passing(): boolean;
}

export interface FederationInit {
  /** Agencies that get a running node. */
  agencies?: readonly string[];
  /** Seals are granted at enrolment; true without. */
  autoSeal?: boolean;
}

/** Words of a command line, its end, and a process that stays: what registry and agencies have in common. */
abstract class Member {
  readonly name: string;
  readonly dir: string;
  readonly #kind: 'node' | 'registry';
  protected readonly over: AbortSignal;
  #child: Child | undefined;
  readonly #lineTimes: number[] = [];

  constructor(name: string, dir: string, kind: 'node' | 'registry', over: AbortSignal) {
    this.name = name;
    this.dir = dir;
    this.#kind = kind;
    this.over = over;
  }

  get child(): Child | undefined {
    return this.#child;
  }

  /** A command about this folder, to its end. */
  cli(...args: string[]): Promise<CommandEnd> {
    return runCommand([...args, '--dir', this.dir], { entry: entry(), signal: this.over });
  }

  /** Starts the process and waits until it says it is up; with `aheadMs` its clock runs ahead of everybody's. */
  async start({ aheadMs = 0 }: { aheadMs?: number } = {}): Promise<void> {
    const args = [this.#kind, 'run', '--dir', this.dir];
    const env =
      aheadMs === 0
        ? undefined
        : { NODE_OPTIONS: `--import=${CLOCK_AHEAD}`, LIENTHONG_TEST_AHEAD_MS: `${aheadMs}` };
    this.#child = new Child({
      name: this.name,
      args,
      entry: entry(),
      lang: 'en',
      env,
      onLine: () => this.#lineTimes.push(performance.now()),
    });
    await this.#child.ready();
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  /** SIGKILL, as a power cut would end it. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  /** Killed and started again. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** A process says a limited number of lines a second and sums up the rest: waits until what comes next is said. */
  attentive(): Promise<unknown> {
    const recent = () => this.#lineTimes.filter((at) => at > performance.now() - LINES_WITHIN_MS).length;
    return eventually(`${this.name} is calm`, () => recent() < CALM_LINES);
  }

  /** Waits until the process has said a line that matches. */
  said(pattern: RegExp): Promise<unknown> {
    return eventually(`${this.name} says ${pattern}`, () => pattern.test(this.#child?.stderr ?? ''));
  }
}

export class Registry extends Member {
  client(): Promise<RegistryClient> {
    return registryAt(this.dir, this.over);
  }
}

/** Fields of a document for tests that don't care which. */
export interface Letter {
  to: readonly string[];
  number: number | string;
  text?: string;
  key?: string;
  urgency?: 'thuong' | 'khan' | 'hoa-toc';
}

export class Agency extends Member {
  client(): Promise<NodeClient> {
    return nodeAt(this.dir, this.over);
  }

  status = async (): Promise<NodeStatus> => (await this.client()).status();
  show = async (id: string): Promise<DocumentView> => (await this.client()).show(id);
  verify = async (id: string) => (await this.client()).verify(id);

  /** Hands a small document in; resolves once it is reported queued. */
  async send({ to, number, text = `Nội dung số ${number}`, key, urgency }: Letter): Promise<SubmitAnswer> {
    const client = await this.client();
    const base64 = Buffer.from(text).toString('base64');
    return client.submit(
      {
        to: [...to],
        type: 'Công văn',
        number: String(number),
        notation: `CV-${this.name}`,
        subject: `Công văn số ${number} của ${this.name}`,
        classification: 'thuong',
        system: 'test',
        urgency,
        key,
      },
      [{ name: 'cong-van.txt', mediaType: 'text/plain', base64 }],
    );
  }

  /** Every document of a box, newest first. */
  async list(box: 'inbox' | 'outbox') {
    const client = await this.client();
    const items = [];
    let cursor: string | undefined;
    do {
      const page = await client.list({ box, limit: 500, cursor });
      items.push(...page.items);
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
    return items;
  }

  /** Waits until every delivery of the document has a receipt. */
  async delivered(id: string, timeoutMs = 60_000): Promise<DocumentView> {
    const isDone = async () => {
      const view = await this.show(id).catch(() => undefined);
      return view?.deliveries.every(({ receipt }) => receipt !== null) ? view : undefined;
    };
    return eventually(`${id} of ${this.name} is delivered`, isDone, timeoutMs);
  }
}

export class Federation {
  readonly dir: string;
  readonly registry: Registry;
  readonly #over = new AbortController();
  readonly #agencies = new Map<string, Agency>();

  private constructor(dir: string) {
    this.dir = dir;
    this.registry = new Registry('registry', path.join(dir, 'registry'), 'registry', this.#over.signal);
  }

  static async start(
    t: Context,
    { agencies = ['G22', 'H40'], autoSeal = true }: FederationInit = {},
  ): Promise<Federation> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'lienthong-e2e-'));
    const federation = new Federation(dir);
    t.teardown(() => federation.#end(t));
    const init = [
      'registry',
      'init',
      '--name',
      'Thử nghiệm',
      '--listen',
      LOOPBACK,
      '--dir',
      federation.registry.dir,
    ];
    await resultOf([...init, ...(autoSeal ? ['--auto-seal'] : [])], { entry: entry() });
    await federation.registry.start();
    await Promise.all(agencies.map((code) => federation.enrol(code).then((agency) => agency.start())));
    return federation;
  }

  agency(code: string): Agency {
    const found = this.#agencies.get(code);
    if (found === undefined) throw new RangeError(`no agency ${code} in this test`);
    return found;
  }

  get agencies(): Agency[] {
    return [...this.#agencies.values()];
  }

  /** A folder for an agency, not initialised yet. */
  newcomer(code: string, name = code): Agency {
    const agency = new Agency(code, path.join(this.dir, name), 'node', this.#over.signal);
    this.#agencies.set(name, agency);
    return agency;
  }

  invite = async (code: string): Promise<string> =>
    (await (await this.registry.client()).invite(code, {})).token;

  /** Invites and initialises; the node isn't started. */
  async enrol(code: string): Promise<Agency> {
    const agency = this.newcomer(code);
    const init = [
      'node',
      'init',
      '--invite',
      await this.invite(code),
      '--listen',
      LOOPBACK,
      '--dir',
      agency.dir,
    ];
    await resultOf(init, { entry: entry() });
    return agency;
  }

  /** Waits until every node holds the registry's newest directory. */
  async inStep(agencies: readonly Agency[] = this.agencies): Promise<void> {
    const { version } = (await (await this.registry.client()).status()).directory;
    await eventually(`all nodes hold directory ${version}`, async () => {
      const held = await Promise.all(
        agencies.map(async (agency) => (await agency.status()).directory.version),
      );
      return held.every((one) => one >= version);
    });
  }

  async #end(t: Context): Promise<void> {
    const members = [this.registry, ...this.#agencies.values()];
    if (!t.passing())
      for (const { name, child } of members) t.comment(`--- ${name}\n${child?.stderr.slice(-4000) ?? ''}`);
    this.#over.abort();
    await Promise.all(members.map((member) => member.kill()));
    await rm(this.dir, { recursive: true, force: true });
  }
}
