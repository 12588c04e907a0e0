/**
 * How long a circular takes, and what leaves its sender, where every node has a line of 100 Mbit/s: the parts that
 * decide who gives whom which chunk, over lines in a time of their own (lines.ts), so that the machine plays no part.
 */
import t from 'tap';
import { utf8 } from '../../node/core/bytes.ts';
import { BlobServer } from '../../node/exchange/blob-server.ts';
import { BlobStream } from '../../node/exchange/blob-stream.ts';
import { bitsOf } from '../../node/exchange/chunk-bits.ts';
import { helpersFor } from '../../node/exchange/circular-helpers.ts';
import { DeliveryEvents } from '../../node/exchange/delivery-events.ts';
import { HelperLanes } from '../../node/exchange/helper-lanes.ts';
import { SharedPull } from '../../node/exchange/shared-pull.ts';
import { ChunkBuffer } from '../../node/store/blob-facts.ts';
import { seeded } from '../store/seeded.ts';
import { CHUNK_STANDIN_BYTES, Line, LineClock, lineFrames } from './lines.ts';

const random = seeded(34);
const SENDER = 'G22';
const DOCUMENT = random.bytes(32);
const MIB = 1024 * 1024;

interface Circular {
  recipients: number;
  chunks: number;
  mbit?: number;
  delayMs?: number;
}

/** Seconds until the last has it, and how many times the file left the sender and all nodes. */
async function sent({ recipients, chunks, mbit = 100, delayMs = 10 }: Circular) {
  const clock = new LineClock();
  const seats = Array.from({ length: recipients }, (_, i) => `H${i}`);
  const nodes = new Map<string, Node>();
  const common = { clock, chunks, delayMs, mbit, nodes };
  for (const seat of [SENDER, ...seats]) nodes.set(seat, new Node(seat, common));
  const startedAtMs = clock.nowMs();
  let done = 0;
  for (const seat of seats)
    nodes
      .get(seat)!
      .pull(helpersFor(DOCUMENT, seat, seats))
      .then(() => done++);
  await clock.until(() => done === recipients);
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
  readonly #common: Common;
  readonly #held: Uint8Array;
  readonly #listeners = new Set<() => void>();
  readonly #server: BlobServer;
  #has = false;

  constructor(seat: string, common: Common & { mbit: number }) {
    const { clock, mbit, chunks } = common;
    this.#seat = seat;
    this.#common = common;
    this.#held = new Uint8Array(chunks).fill(seat === SENDER ? 1 : 0);
    this.line = new Line(clock, mbit);
    const access = { open: async () => this.#open() } as never;
    this.#server = new BlobServer({ access, clock, events: new DeliveryEvents(), report: () => {} });
  }

  async pull(helpers: readonly string[]): Promise<void> {
    const { clock, chunks } = this.#common;
    this.#has = true;
    const peers = { openBlob: async (seat: string) => this.#stream(seat) } as never;
    const file = {
      ...{ chunks, helpers, sender: SENDER, urgency: 1, ticket: utf8('ticket') },
      wanted: { dispatchId: DOCUMENT, sha256: DOCUMENT },
      has: (index: number) => this.#held[index] === 1,
      keep: async (index: number) => {
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

  #stream(to: string) {
    const { clock, delayMs, nodes } = this.#common;
    const server = nodes.get(to)!;
    const ends = lineFrames(clock, [this.line, server.line], delayMs);
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
      held: () => bitsOf(chunks, (index) => this.#held[index] === 1),
      onMore: (call: () => void) => {
        this.#listeners.add(call);
        return () => this.#listeners.delete(call);
      },
      chunk: async (index: number) => {
        if (this.#held[index] === 0) return undefined;
        const buffer = new ChunkBuffer(CHUNK_STANDIN_BYTES);
        buffer.length = CHUNK_STANDIN_BYTES;
        return buffer;
      },
      close: async () => {},
    };
  }
}

const one = await sent({ recipients: 1, chunks: 20 });

for (const recipients of [2, 8, 24, 94]) {
  t.test(`20 MiB to ${recipients}`, async (t) => {
    const circular = await sent({ recipients, chunks: 20 });
    t.ok(circular.left <= 3, `left the sender ${circular.left.toFixed(2)} times`);
    const times = circular.seconds / one.seconds;
    t.ok(
      times <= 5,
      `took ${times.toFixed(2)} times as long as to one; ${circular.total.toFixed(2)} sent a recipient`,
    );
  });
}
