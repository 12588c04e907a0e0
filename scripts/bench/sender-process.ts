/**
 * A sending node and the local system that hands it documents, in one process, as the baseline's client is both. Bundled
 * as the product is and started by inside.ts with an IPC channel: the folder of an enrolled node in, `{ ready }` out,
 * then orders in and answers out: `{ n, inFlight }` delivers, the milliseconds of each; with `queue` it only hands in;
 * `{ drain }` waits until so many that were handed in are delivered, the milliseconds from the first of them to the last
 * (`drain` is asked before the recipient is there). Ends when the channel closes.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAgency } from '../../node/agency.ts';
import { collectBuffersEarly } from '../../node/core/heap.ts';
import type { AgencyService } from '../../node/gateway/agency-service.ts';

export interface Setup {
  dir: string;
  to: string;
  bytes: number;
}
export interface Order {
  n: number;
  inFlight: number;
  /** Handed in only. */
  queue?: boolean;
}
export interface DrainOrder {
  drain: number;
}

const WAIT_MS = 60_000;
const POLL_MS = 50;

/** The recipient may have been enrolled after this node: its directory follows within seconds. */
async function knows(service: AgencyService, code: string): Promise<void> {
  const untilMs = performance.now() + WAIT_MS;
  while ((await service.directoryEntry(code)).seats === 0) {
    if (performance.now() > untilMs) throw new Error(`${code} has no node in the directory`);
    await sleep(POLL_MS);
  }
}

collectBuffersEarly();
process.once('message', async ({ dir, to, bytes }: Setup) => {
  let onDelivered = () => {};
  const report = (event: string) => {
    if (event === 'delivery.delivered') onDelivered();
  };
  const agency = await startAgency({ dir, report });
  const content = randomBytes(bytes);
  let last = 0;

  /** From the submission to the receipt stored here. */
  async function deliver(number: number, isQueuedOnly: boolean): Promise<void> {
    const file = Buffer.from(content);
    file.writeUInt32BE(number);
    const { id } = await agency.service.submit({
      to: [to],
      type: 'Công văn',
      number: String(number),
      notation: 'CV-BENCH',
      subject: `Văn bản đo số ${number}`,
      classification: 'thuong',
      system: 'bench',
      attachments: [{ name: 'cong-van.bin', bytes: new Uint8Array(file) }],
    });
    if (isQueuedOnly) return;
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), WAIT_MS);
    let state = '';
    for await (const update of agency.service.watch(id, waiting.signal)) state = update.state;
    clearTimeout(timer);
    if (state !== 'delivered') throw new Error(`document ${number} is ${state}`);
  }

  /** Counts deliveries from now on. */
  function drained(n: number): Promise<number> {
    let startedAt = 0;
    let count = 0;
    return new Promise((resolve) => {
      onDelivered = () => {
        count++;
        if (count === 1) startedAt = performance.now();
        if (count === n) resolve(performance.now() - startedAt);
      };
    });
  }

  process.on('message', async (order: Order | DrainOrder) => {
    if ('drain' in order) {
      process.send?.({ drainMs: await drained(order.drain) });
      return;
    }
    const { n, inFlight, queue = false } = order;
    const each: number[] = [];
    const end = last + n;
    const worker = async () => {
      while (last < end) {
        const startedAt = performance.now();
        await deliver(++last, queue);
        each.push(performance.now() - startedAt);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    process.send?.({ each });
  });
  process.once('disconnect', () => void agency.stop());
  await knows(agency.service, to);
  process.send?.({ ready: true });
});
