/**
 * Documents per second between two nodes: 10 KB each, 64 in flight, signed, fsynced at both ends; one counts when its
 * signed receipt is stored at the sender. p95 is of one document, from handing it in to its receipt. `documents` hands
 * them in within the sender's process, as the baseline does; `documents-http` from a third process through the HTTP API.
 */
import { randomBytes } from 'node:crypto';
import { runBaseline } from './baseline.ts';
import { InsideSender } from './inside.ts';
import { Pair } from './pair.ts';
import { type Figure, type Measured, median, percentile } from './report.ts';
import { pairedRounds } from './rounds.ts';

export const BYTES = 10_240;
const IN_FLIGHT = 64;

/** Something that delivers documents: milliseconds of each, with at most `inFlight` out at a time. */
export interface Sender {
  readonly pair: Pair;
  deliver(n: number, inFlight: number): Promise<number[]>;
  stop(): Promise<void>;
}

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  return [
    await measure('documents', await InsideSender.start(BYTES), smoke),
    await measure('documents-http', await DoorSender.start(IN_FLIGHT), smoke),
  ];
}

async function measure(name: string, sender: Sender, smoke: boolean): Promise<Figure> {
  const n = smoke ? 200 : 4000;
  try {
    await sender.deliver(smoke ? 100 : 2000, IN_FLIGHT);
    const ours = () => rate(sender, n);
    const baseline = () =>
      runBaseline({ name: 'documents', n, bytes: BYTES, inFlight: IN_FLIGHT, within: sender.pair.dir });
    return await pairedRounds(name, smoke ? 1 : 5, ours, baseline);
  } finally {
    await sender.stop();
  }
}

async function rate(sender: Sender, n: number): Promise<Measured> {
  const startedAt = performance.now();
  const each = await sender.deliver(n, IN_FLIGHT);
  const allMs = performance.now() - startedAt;
  return { value: (n * 1000) / allMs, unit: 'documents/s', p95: percentile(each, 0.95), n };
}

export async function latency(sender: Sender, n: number): Promise<Measured> {
  const each = await sender.deliver(n, 1);
  return { value: median(each), unit: 'ms', p95: percentile(each, 0.95), n };
}

/** Through the HTTP API on the sender's socket. Numbers documents on, so that none is refused as used. */
export class DoorSender implements Sender {
  readonly pair: Pair;
  readonly #content = randomBytes(BYTES);
  #last = 0;

  private constructor(pair: Pair) {
    this.pair = pair;
  }

  static async start(sockets: number): Promise<DoorSender> {
    return new DoorSender(await Pair.start({ sockets }));
  }

  async deliver(n: number, inFlight: number): Promise<number[]> {
    const end = this.#last + n;
    const each: number[] = [];
    const worker = async () => {
      while (this.#last < end) {
        const number = ++this.#last;
        const content = Buffer.from(this.#content);
        content.writeUInt32BE(number);
        const file = { name: 'cong-van.bin', base64: content.toString('base64') };
        const startedAt = performance.now();
        await this.pair.deliver(number, file);
        each.push(performance.now() - startedAt);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    return each;
  }

  stop(): Promise<void> {
    return this.pair.stop();
  }
}
