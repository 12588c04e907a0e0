/**
 * A circular of 20 MB to 94 nodes beside the same to one, in one run: how many times it leaves the sender, by the
 * bytes on its line, and how long until the last receipt is stored there. Every node is a process of its own, run from
 * the bundle, with a line of its own held to the same rate both ways (links.ts). 94 nodes share this machine's cores:
 * the rate is chosen so that these aren't what is measured; LIENTHONG_BENCH_MBIT sets another, as
 * LIENTHONG_BENCH_RECIPIENTS the number of recipients. For the picture also to some numbers between, and to a few as no
 * circular, where each recipient pulls from the sender alone.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeClient } from '../../node/cli/node-client.ts';
import AGENCIES from '../../node/registry/agencies.json' with { type: 'json' };
import { Child } from '../sandbox/child.ts';
import { type Entry, resultOf } from '../sandbox/command.ts';
import { nodeAt, registryAt } from '../sandbox/local-node.ts';
import { buildProgram, ENTRY } from './bundle.ts';
import type { Enrolling } from './enrol-process.ts';
import type { Curve } from './line-chart.ts';
import { inTurn, Links } from './links.ts';
import { type Figure, figure, median } from './report.ts';

const SENDER = 'G22';
const BYTES = 20 * 10 ** 6;
const SMOKE_BYTES = 4 * 10 ** 6;
const ROUNDS = 3;
const PORT = 7400;
/** The registry lets 30 from one address at once. */
const ENROLLED_FROM_ONE = 25;
/** A line so slow that a node's share of the cores fills it. */
const MBIT = Number(process.env.LIENTHONG_BENCH_MBIT ?? 10);
const RECIPIENTS = Number(process.env.LIENTHONG_BENCH_RECIPIENTS ?? 94);
const SMOKE_RECIPIENTS = 4;
/** Of the picture. */
const BETWEEN = [1, 4, 16, 47, 94];
const SMOKE_BETWEEN = [1, 2, 4];
/** As no circular it takes as many times longer: for more nobody would wait. */
const MOST_DIRECT = 16;
const WITHIN_MS = 30 * 60_000;
const POLL_MS = 20;

export async function run({ smoke, plot }: { smoke: boolean; plot?: boolean }): Promise<Figure[]> {
  const lack = await Links.lack();
  if (lack !== undefined) {
    process.stderr.write(`circular: left out: ${lack}\n`);
    return [];
  }
  const recipients = smoke ? SMOKE_RECIPIENTS : RECIPIENTS;
  const bytes = smoke ? SMOKE_BYTES : BYTES;
  const others = AGENCIES.map(({ code }) => code).filter((code) => code !== SENDER);
  const federation = await Federation.start([SENDER, ...others.slice(0, recipients)]);
  try {
    const all = federation.codes.slice(1);
    // connections are there before the clock starts, as they are between agencies that exchange daily
    await federation.send(all, 1000);
    const one: Sent[] = [];
    const many: Sent[] = [];
    for (let round = 0; round < (smoke ? 1 : ROUNDS); round++) {
      one.push(await federation.send([all[round % all.length]!], bytes));
      many.push(await federation.send(all, bytes));
      const [alone, together] = [one.at(-1)!, many.at(-1)!];
      process.stderr.write(`circular: ${JSON.stringify({ alone, together })}\n`);
    }
    const measured = (unit: string, values: number[]) => ({
      ...{ value: median(values), unit, n: values.length },
      p95: null,
    });
    const times = (sent: Sent[]) =>
      measured(
        '× its size',
        sent.map((each) => each.bytes / bytes),
      );
    const seconds = (sent: Sent[]) =>
      measured(
        's',
        sent.map(({ ms }) => ms / 1000),
      );
    const what = `${recipients}-recipients-${MBIT}-mbit`;
    const between: Figure[] = [];
    for (const count of plot ? (smoke ? SMOKE_BETWEEN : BETWEEN).filter((of) => of <= recipients) : []) {
      const to = all.slice(0, count);
      const circular = seconds([await federation.send(to, bytes)]);
      const direct = count <= MOST_DIRECT ? seconds([await federation.send(to, bytes, false)]) : undefined;
      between.push(figure(`circular-recipients/${count}`, circular, direct));
    }
    return [
      figure(`circular-bytes-${what}`, times(many), times(one)),
      figure(`circular-time-${what}`, seconds(many), seconds(one)),
      ...between,
    ];
  } finally {
    await federation.stop();
  }
}

export function draw(figures: readonly Figure[]): Curve[] {
  const measured = figures.flatMap(({ name, value, baseline }) => {
    const [of, count] = name.split('/');
    return of === 'circular-recipients' ? [{ count: Number(count), value, baseline }] : [];
  });
  if (measured.length === 0) return [];
  return [
    {
      file: 'time-against-recipients',
      title: 'One attachment to many, until the last receipt',
      x: { label: 'Recipients', unit: 'agencies' },
      y: { label: 'Time', unit: 's' },
      lines: [
        { name: 'circular', points: measured.map(({ count, value }) => [count, value] as const) },
        {
          name: 'each from the sender',
          points: measured.flatMap(({ count, baseline }) =>
            baseline === null ? [] : [[count, baseline] as const],
          ),
        },
      ],
    },
  ];
}

/** What one circular cost: bytes on the sender's line, and time until the last receipt. */
interface Sent {
  bytes: number;
  ms: number;
}

class Federation {
  readonly codes: readonly string[];
  readonly #dir: string;
  readonly #links: Links;
  readonly #children: Child[] = [];
  #sender!: NodeClient;
  #number = 0;

  private constructor(codes: readonly string[], dir: string, links: Links) {
    this.codes = codes;
    this.#dir = dir;
    this.#links = links;
  }

  /** The first sends. */
  static async start(codes: readonly string[]): Promise<Federation> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'lienthong-bench-'));
    const federation = new Federation(codes, dir, await Links.create(codes.length, MBIT));
    try {
      await federation.#enrol();
      await inTurn(codes.length, (i) => federation.#run(codes[i]!, federation.#links.at(i, ENTRY), 'node'));
      federation.#sender = await nodeAt(federation.#folder(SENDER), AbortSignal.timeout(WITHIN_MS));
      await federation.#known();
      return federation;
    } catch (error) {
      await federation.stop();
      throw error;
    }
  }

  async send(to: readonly string[], size: number, circular = true): Promise<Sent> {
    const { lease, sha256 } = await this.#sender.upload(pieces(size), size);
    const sentBefore = await this.#links.sentBytes(0);
    const startedAt = performance.now();
    const number = String(++this.#number);
    const fields = { type: 'Thông báo', number, notation: 'TB-BENCH', subject: `Thông báo số ${number}` };
    const { id } = await this.#sender.submit(
      { ...fields, to: [...to], circular, classification: 'thuong', system: 'bench' },
      [{ name: 'phu-luc.bin', lease, sha256 }],
    );
    const waiting = new Set<string>(to);
    for await (const { to: unit, state } of this.#sender.watch(id, AbortSignal.timeout(WITHIN_MS))) {
      if (state === 'refused') throw new Error(`refused by ${unit}`);
      if (state === 'delivered') waiting.delete(unit);
      if (waiting.size === 0) break;
    }
    const ms = performance.now() - startedAt;
    return { bytes: (await this.#links.sentBytes(0)) - sentBefore, ms };
  }

  async stop(): Promise<void> {
    await inTurn(this.#children.length, (i) => this.#children.at(-1 - i)!.stop());
    await this.#links.remove();
    await rm(this.#dir, { recursive: true, force: true });
  }

  #folder = (code: string): string => path.join(this.#dir, code);

  async #run(name: string, entry: Entry, command: 'node' | 'registry'): Promise<void> {
    const child = new Child({ name, entry, args: [command, 'run', '--dir', this.#folder(name)] });
    this.#children.push(child);
    await child.ready();
  }

  async #enrol(): Promise<void> {
    const dir = this.#folder('registry');
    const entry = this.#links.atHub(ENTRY);
    const listen = `/ip4/${this.#links.hubAddress}/tcp/${PORT}`;
    const init = ['registry', 'init', '--name', 'Bench', '--auto-seal', '--listen', listen, '--dir', dir];
    await resultOf(init, { entry });
    await this.#run('registry', entry, 'registry');
    const registry = await registryAt(dir, AbortSignal.timeout(WITHIN_MS));
    const all: Enrolling[] = [];
    for (const [i, code] of this.codes.entries()) {
      const { token } = await registry.invite(code, {});
      all.push({ token, dir: this.#folder(code), listen: `/ip4/${this.#links.address(i)}/tcp/${PORT}` });
    }
    const program = [process.execPath, await buildProgram('enrol-process')] as const;
    for (let at = 0; at < all.length; at += ENROLLED_FROM_ONE)
      await runToEnd(this.#links.at(at, program), JSON.stringify(all.slice(at, at + ENROLLED_FROM_ONE)));
  }

  /** Until the sender's directory has everybody. */
  async #known(): Promise<void> {
    for (;;) {
      const known = (await this.#sender.directory()).filter(({ seats }) => seats > 0);
      if (known.length >= this.codes.length) return;
      await sleep(POLL_MS);
    }
  }
}

async function runToEnd([program, ...args]: Entry, input: string): Promise<void> {
  const child = spawn(program, args, { stdio: ['pipe', 2, 2] });
  child.stdin!.end(input);
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${signal ?? `exit ${code}`}`);
}

/** Other bytes each time. */
async function* pieces(size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; left -= 2 ** 20) yield randomBytes(Math.min(left, 2 ** 20));
}
