/**
 * What the benchmarks measure: a registry and two agency nodes run from the bundle, each a process of its own on
 * 127.0.0.1, in a temporary folder that is removed afterwards. Benchmarks hand documents in through the HTTP API on
 * the sender's Unix socket, over connections that are kept.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { NODE_SOCKET } from '../../node/gateway/http/socket-names.ts';
import { socketPath } from '../../node/store/folder.ts';
import { Child } from '../sandbox/child.ts';
import { resultOf } from '../sandbox/command.ts';
import { registryAt } from '../sandbox/local-node.ts';
import { ENTRY } from './bundle.ts';

const LISTEN = '/ip4/127.0.0.1/tcp/0';
const ANSWER_TIMEOUT_MS = 600_000;
/** How long the node is asked to wait for the receipt; a benchmark that needs longer has failed. */
const WAIT_MS = 540_000;
/** Arguments of Node for the agencies' processes: `--cpu-prof` writes a profile of each when it stops. */
const NODE_OPTIONS = process.env.LIENTHONG_BENCH_NODE_OPTIONS ?? '';

export const SENDER = 'G22';
export const RECIPIENT = 'H40';

export class Pair {
  readonly dir: string;
  readonly #children: Child[] = [];
  #agent: Agent | undefined;
  #socket = '';

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** Enrolled and running; `nodes: false` leaves the two agencies stopped. */
  static async start({ nodes = true, sockets = 64 } = {}): Promise<Pair> {
    const pair = new Pair(await mkdtemp(path.join(os.tmpdir(), 'lienthong-bench-')));
    try {
      await pair.#enrol();
      if (nodes) await Promise.all([SENDER, RECIPIENT].map((code) => pair.run(code)));
      pair.#agent = new Agent({ keepAlive: true, maxSockets: sockets });
      pair.#socket = await socketPath(pair.folder(SENDER), NODE_SOCKET);
      return pair;
    } catch (error) {
      await pair.stop();
      throw error;
    }
  }

  folder = (code: string): string => path.join(this.dir, code);

  /** Starts the agency's node; resolves when it says it is up. */
  async run(code: string): Promise<Child> {
    const child = new Child({
      name: code,
      args: ['node', 'run', '--dir', this.folder(code)],
      entry: ENTRY,
      env: { NODE_OPTIONS },
    });
    this.#children.push(child);
    await child.ready();
    return child;
  }

  async stop(): Promise<void> {
    this.#agent?.destroy();
    await Promise.all(this.#children.map((child) => child.stop()));
    await rm(this.dir, { recursive: true, force: true });
  }

  async #enrol(): Promise<void> {
    const registry = this.folder('registry');
    const init = [
      'registry',
      'init',
      '--name',
      'Bench',
      '--auto-seal',
      '--listen',
      LISTEN,
      '--dir',
      registry,
    ];
    await resultOf(init, { entry: ENTRY });
    const child = new Child({ name: 'registry', args: ['registry', 'run', '--dir', registry], entry: ENTRY });
    this.#children.push(child);
    await child.ready();
    const client = await registryAt(registry, AbortSignal.timeout(ANSWER_TIMEOUT_MS));
    const enrolling = [SENDER, RECIPIENT].map(async (code) => {
      const { token } = await client.invite(code, {});
      const init = ['node', 'init', '--invite', token, '--listen', LISTEN, '--dir', this.folder(code)];
      await resultOf(init, { entry: ENTRY });
    });
    await Promise.all(enrolling);
  }

  /** One document in; resolves when its receipt is stored here. Throws when it isn't delivered. */
  async deliver(number: number, attachment: object): Promise<void> {
    const body = JSON.stringify({
      to: [RECIPIENT],
      type: 'Công văn',
      number: String(number),
      notation: 'CV-BENCH',
      subject: `Văn bản đo số ${number}`,
      classification: 'thuong',
      system: 'bench',
      attachments: [attachment],
    });
    const answer = await this.#call(
      `/v1/documents?wait=${WAIT_MS}`,
      'application/json',
      (call) => call.end(body),
      Buffer.byteLength(body),
    );
    const { settled, deliveries } = answer as { settled: boolean; deliveries: { state: string }[] };
    if (!settled || deliveries.some(({ state }) => state !== 'delivered'))
      throw new Error(`document ${number} was not delivered: ${JSON.stringify(answer)}`);
  }

  /** A file into the sender's store, as `send` hands one over; what a submission names it by. */
  async upload(file: string, bytes: number): Promise<{ sha256: string; lease: string }> {
    const { dev, ino, mtimeNs } = await stat(file, { bigint: true });
    const identity = { device: `${dev}`, inode: `${ino}`, modifiedNs: `${mtimeNs}`, size: bytes };
    const body = JSON.stringify({ path: file, ...identity });
    return (await this.#call(
      '/v1/blobs/local',
      'application/json',
      (call) => call.end(body),
      Buffer.byteLength(body),
    )) as { sha256: string; lease: string };
  }

  #call(
    url: string,
    type: string,
    send: (call: ReturnType<typeof request>) => void,
    bytes: number,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = request({
        socketPath: this.#socket,
        path: url,
        method: 'POST',
        agent: this.#agent,
        headers: { 'content-type': type, 'content-length': bytes },
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      call.once('error', reject);
      call.once('response', (answer: IncomingMessage) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.once('error', reject);
        answer.once('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          if ((answer.statusCode ?? 500) >= 300)
            reject(new Error(`${answer.statusCode}: ${text.slice(0, 500)}`));
          else resolve(JSON.parse(text.trim().split('\n').at(-1)!));
        });
      });
      send(call);
    });
  }
}
