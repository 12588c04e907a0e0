/** Drives documents from within the sending node's own process (sender-process.ts), as the baseline does. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { buildProgram, NODE_OPTIONS } from './bundle.ts';
import type { Sender } from './documents.ts';
import { Pair, RECIPIENT, SENDER } from './pair.ts';
import type { Order, Setup } from './sender-process.ts';

const ANSWER_TIMEOUT_MS = 300_000;

export class InsideSender implements Sender {
  readonly pair: Pair;
  readonly #child: ChildProcess;

  private constructor(pair: Pair, child: ChildProcess) {
    this.pair = pair;
    this.#child = child;
  }

  static async start(bytes: number): Promise<InsideSender> {
    const program = await buildProgram('sender-process');
    const pair = await Pair.start({ nodes: false });
    try {
      await pair.run(RECIPIENT);
      const sender = new InsideSender(pair, fork(program, { execArgv: [...NODE_OPTIONS] }));
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

  async stop(): Promise<void> {
    const exited = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    if (this.#child.connected) this.#child.disconnect();
    await exited;
    await this.pair.stop();
  }

  async #ask(message: Setup | Order): Promise<unknown> {
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
