/** Drives documents from within the sending node's own process (sender-process.ts), as the baseline does. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { buildProgram, ENVIRONMENT, NODE_OPTIONS } from './bundle.ts';
import type { Sender } from './documents.ts';
import { Pair, RECIPIENT, SENDER } from './pair.ts';
import type { DrainOrder, Order, Setup } from './sender-process.ts';

const ANSWER_TIMEOUT_MS = 300_000;

export class InsideSender implements Sender {
  readonly pair: Pair;
  readonly #child: ChildProcess;

  private constructor(pair: Pair, child: ChildProcess) {
    this.pair = pair;
    this.#child = child;
  }

  /** `pair` as it is: enrolled, its recipient running or not. Else one of its own, with the recipient running. */
  static async start(bytes: number, given?: Pair): Promise<InsideSender> {
    const program = await buildProgram('sender-process');
    const pair = given ?? (await Pair.start({ nodes: false }));
    try {
      if (given === undefined) await pair.run(RECIPIENT);
      const env = { ...process.env, ...ENVIRONMENT };
      const sender = new InsideSender(pair, fork(program, { execArgv: [...NODE_OPTIONS], env }));
      const setup: Setup = { dir: pair.folder(SENDER), to: RECIPIENT, bytes };
      await sender.#ask(setup);
      return sender;
    } catch (error) {
      await pair.stop();
      throw error;
    }
  }

  async deliver(n: number, inFlight: number): Promise<number[]> {
    const order: Order = { n, inFlight };
    return ((await this.#ask(order)) as { each: number[] }).each;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Hands in without waiting for receipts; milliseconds of each. */
  async queue(n: number, inFlight: number): Promise<number[]> {
    const order: Order = { n, inFlight, queue: true };
    return ((await this.#ask(order)) as { each: number[] }).each;
  }

  /** Milliseconds from the first of `n` deliveries to the last; ask before the recipient is there. */
  async drained(n: number): Promise<number> {
    const order: DrainOrder = { drain: n };
    return ((await this.#ask(order)) as { drainMs: number }).drainMs;
  }

  async stop(): Promise<void> {
    const exited = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    if (this.#child.connected) this.#child.disconnect();
    await exited;
    await this.pair.stop();
  }

  async #ask(message: Setup | Order | DrainOrder): Promise<unknown> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const ended = new AbortController();
    this.#child.send(message);
    try {
      return await Promise.race([
        once(this.#child, 'message', { signal: AbortSignal.any([signal, ended.signal]) }).then(
          ([answer]) => answer,
        ),
        once(this.#child, 'exit', { signal: AbortSignal.any([signal, ended.signal]) }).then(([code]) => {
          throw new Error(`the sending process ended (${code})`);
        }),
      ]);
    } finally {
      ended.abort();
    }
  }
}
