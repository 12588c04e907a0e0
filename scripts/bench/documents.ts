/**
 * Documents per second between two nodes: 10 KB each, 64 in flight, signed, fsynced at both ends; one counts when its
 * signed receipt is stored at the sender. p95 is of one document, from the API call to the answer.
 */
import { randomBytes } from 'node:crypto';
import { runBaseline } from './baseline.ts';
import { Pair } from './pair.ts';
import { type Figure, type Measured, median, percentile } from './report.ts';
import { pairedRounds } from './rounds.ts';

const BYTES = 10_240;
const IN_FLIGHT = 64;

export async function run({ smoke }: { smoke: boolean }): Promise<Figure[]> {
  const n = smoke ? 200 : 4000;
  const pair = await Pair.start({ sockets: IN_FLIGHT });
  try {
    const documents = new Documents(pair);
    await documents.deliver(smoke ? 100 : 2000, IN_FLIGHT);
    const ours = () => documents.rate(n);
    const baseline = () =>
      runBaseline({ name: 'documents', n, bytes: BYTES, inFlight: IN_FLIGHT, within: pair.dir });
    return [await pairedRounds('documents', smoke ? 1 : 5, ours, baseline)];
  } finally {
    await pair.stop();
  }
}

/** Numbers documents on, so that none is refused as used. */
export class Documents {
  readonly #pair: Pair;
  readonly #content = randomBytes(BYTES);
  #last = 0;

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  /** Milliseconds of each, with at most `inFlight` out at a time. */
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
        await this.#pair.deliver(number, file);
        each.push(performance.now() - startedAt);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    return each;
  }

  async rate(n: number): Promise<Measured> {
    const startedAt = performance.now();
    const each = await this.deliver(n, IN_FLIGHT);
    const allMs = performance.now() - startedAt;
    return { value: (n * 1000) / allMs, unit: 'documents/s', p95: percentile(each, 0.95), n };
  }

  async latency(n: number): Promise<Measured> {
    const each = await this.deliver(n, 1);
    return { value: median(each), unit: 'ms', p95: percentile(each, 0.95), n };
  }
}
