/**
 * A circular among nodes that each have a line of 100 Mbit/s: the parts that decide who gives whom which chunk, real,
 * over lines in a time of their own (lines.ts), so that the machine plays no part. Disk, documents and tickets aren't
 * here: every node may read, and holds what it was given.
 */
import { utf8 } from '../../node/core/bytes.ts';
import { LienthongError } from '../../node/core/errors.ts';
import { BlobServer } from '../../node/exchange/blob-server.ts';
import { BlobStream } from '../../node/exchange/blob-stream.ts';
import { bitsOf } from '../../node/exchange/chunk-bits.ts';
import { helpersFor } from '../../node/exchange/circular-helpers.ts';
import { DeliveryEvents } from '../../node/exchange/delivery-events.ts';
import { HelperLanes } from '../../node/exchange/helper-lanes.ts';
import type { Frames } from '../../node/exchange/ports.ts';
import { SharedPull } from '../../node/exchange/shared-pull.ts';
import { ChunkBuffer } from '../../node/store/chunk-buffer.ts';
import { seeded } from '../store/seeded.ts';
import { CHUNK_STANDIN_BYTES, Line, LineClock, lineFrames } from './lines.ts';

const random = seeded(34);
const SENDER = 'G22';
const DOCUMENT = random.bytes(32);
const MIB = 1024 * 1024;
const LIE = 76;
const DAWDLERS_STREAMS = 10;
const DAWDLE_MS = 10_000;
const NEVER = new AbortController().signal;

/**
 * What a recipient does: its part, nothing while it says it holds all, wrong chunks, its part for a second, or asking the
 * sender over many streams at once, and saying that a chunk has come long after it came.
 */
export type Conduct = 'helps' | 'stalls' | 'lies' | 'leaves' | 'dawdles';

interface Circular {
  recipients: number;
  chunks?: number;
  mbit?: number;
  delayMs?: number;
  /** Every fourth recipient. */
  fourth?: Conduct;
}

export interface Sent {
  seconds: number;
  left: number;
  total: number;
}

/** Seconds until the last who helps has it, and how many times the file left the sender, and all nodes a recipient. */
export async function sent({
  recipients,
  chunks = 20,
  mbit = 100,
  delayMs = 10,
  fourth = 'helps',
}: Circular): Promise<Sent> {
  const clock = new LineClock();
  const seats = Array.from({ length: recipients }, (_, i) => `H${i}`);
  const nodes = new Map<string, Node>();
  const common = { clock, chunks, delayMs, mbit, nodes };
  const conductOf = (i: number): Conduct => (i % 4 === 3 ? fourth : 'helps');
  nodes.set(SENDER, new Node(SENDER, 'helps', common));
  for (const [i, seat] of seats.entries()) nodes.set(seat, new Node(seat, conductOf(i), common));
  const startedAtMs = clock.nowMs();
  let pulling = 0;
  for (const [i, seat] of seats.entries()) {
    const pulled = nodes.get(seat)!.pull(helpersFor(DOCUMENT, seat, seats));
    if (conductOf(i) !== 'helps' && fourth !== 'lies') continue;
    pulling++;
    pulled.then(() => pulling--);
  }
  await clock.until(() => pulling === 0);
  const seconds = (clock.nowMs() - startedAtMs) / 1000;
  const size = chunks * MIB;
  const total = [...nodes.values()].reduce((sum, { line }) => sum + line.up.bytes, 0);
  return { seconds, left: nodes.get(SENDER)!.line.up.bytes / size, total: total / size / recipients };
}

interface Common {
  clock: LineClock;
  chunks: number;
  delayMs: number;
  nodes: Map<string, Node>;
}

class Node {
  readonly line: Line;
  readonly #seat: string;
  readonly #conduct: Conduct;
  readonly #streams = new Set<Frames>();
  readonly #common: Common;
  readonly #held: Uint8Array;
  readonly #listeners = new Set<() => void>();
  readonly #server: BlobServer;
  #has = false;

  constructor(seat: string, conduct: Conduct, common: Common & { mbit: number }) {
    const { clock, mbit, chunks } = common;
    this.#seat = seat;
    this.#conduct = conduct;
    this.#common = common;
    this.#held = new Uint8Array(chunks).fill(seat === SENDER ? 1 : 0);
    this.line = new Line(clock, mbit);
    const access = { open: async () => this.#open() } as never;
    this.#server = new BlobServer({
      ...{ access, clock, events: new DeliveryEvents(), report: () => {} },
      directory: () => ({ agencyOfSeat: (name) => name }),
      quotas: { mayPull: () => true } as never,
    });
  }

  async pull(helpers: readonly string[]): Promise<void> {
    const { clock, chunks } = this.#common;
    this.#has = true;
    if (this.#conduct === 'stalls') return this.#stall();
    if (this.#conduct === 'dawdles') {
      for (let stream = 0; stream < DAWDLERS_STREAMS; stream++) void this.#dawdle();
      return;
    }
    if (this.#conduct === 'leaves') clock.after(1000, () => this.#leave());
    const peers = { openBlob: async (seat: string) => this.#stream(seat) } as never;
    const file = {
      ...{ chunks, helpers, sender: SENDER, urgency: 1, ticket: utf8('ticket') },
      wanted: { dispatchId: DOCUMENT, sha256: DOCUMENT },
      has: (index: number) => this.#held[index] === 1,
      keep: async (index: number, bytes: Uint8Array) => {
        if (bytes[0] === LIE) throw new LienthongError('blob-mismatch', { chunk: index });
        this.#held[index] = 1;
        for (const call of this.#listeners) call();
      },
    };
    const pull = new SharedPull(file, {
      peers,
      clock,
      random: random.bytes,
      report: () => {},
      lanes: new HelperLanes(),
    });
    const stopping = new AbortController();
    await pull.run(new BlobStream(this.#stream(SENDER), file.wanted, stopping.signal), stopping.signal);
  }

  /** Asks the sender, and takes nothing of it. */
  async #stall(): Promise<void> {
    const stream = new BlobStream(this.#stream(SENDER), { dispatchId: DOCUMENT, sha256: DOCUMENT }, NEVER);
    for (let i = 0; i < 2; i++) stream.ask({ spread: bitsOf(this.#common.chunks, () => false) });
  }

  async #dawdle(): Promise<void> {
    const { clock, chunks } = this.#common;
    const stream = new BlobStream(this.#stream(SENDER), { dispatchId: DOCUMENT, sha256: DOCUMENT }, NEVER);
    for (;;) {
      const sequence = stream.ask({ spread: bitsOf(chunks, () => false) });
      if ((await stream.next(DAWDLE_MS)).refused) await clock.sleep(DAWDLE_MS / 100);
      else {
        await stream.next(DAWDLE_MS);
        await clock.sleep(DAWDLE_MS);
        stream.ask({ came: sequence });
      }
    }
  }

  #leave(): void {
    this.#has = false;
    for (const frames of this.#streams) frames.abort(new LienthongError('unreachable'));
  }

  #stream(to: string): Frames {
    const { clock, delayMs, nodes } = this.#common;
    const server = nodes.get(to)!;
    const ends = lineFrames(clock, [this.line, server.line], delayMs);
    this.#streams.add(ends.client);
    server.#streams.add(ends.server);
    void server.#server.serve(ends.server, this.#seat);
    return ends.client;
  }

  #open() {
    if (this.#seat !== SENDER && !this.#has) return undefined;
    const { chunks } = this.#common;
    return {
      as: this.#seat === SENDER ? 'recipient-of-circular' : 'helped',
      ...{ row: undefined, documentId: DOCUMENT, sha256: DOCUMENT, rank: 4 },
      chunkHashes: Array.from({ length: chunks }, () => DOCUMENT),
      held: () => bitsOf(chunks, (index) => this.#conduct === 'stalls' || this.#held[index] === 1),
      onMore: (call: () => void) => {
        this.#listeners.add(call);
        return () => this.#listeners.delete(call);
      },
      chunk: async (index: number) => {
        if (this.#conduct === 'stalls') return new Promise<undefined>(() => {});
        if (this.#held[index] === 0) return undefined;
        const buffer = new ChunkBuffer(CHUNK_STANDIN_BYTES);
        buffer.length = CHUNK_STANDIN_BYTES;
        buffer.chunk[0] = this.#conduct === 'lies' ? LIE : 0;
        return buffer;
      },
      close: async () => {},
    };
  }
}
