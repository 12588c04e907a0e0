/**
 * A line between two nodes that a test can count and cut: a TCP proxy on loopback before one node's port, which may
 * change when the node starts again. Knows nothing of what it carries. Cut at exact numbers of bytes. As fast as the
 * machine, or of a rate, each way.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class CountedLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #onBytes: (bytes: number, toNode: boolean) => void;
  readonly #ways: { in: Way; out: Way };
  #target = 0;

  private constructor(onBytes: (bytes: number, toNode: boolean) => void, bytesPerSecond: number) {
    this.#onBytes = onBytes;
    this.#ways = { in: new Way(bytesPerSecond), out: new Way(bytesPerSecond) };
    this.#server = createServer((client) => this.#join(client));
  }

  /** `onBytes` is told what passes, before it does. */
  static async open(
    t: { teardown(call: () => unknown): void },
    onBytes: (bytes: number, toNode: boolean) => void,
    bytesPerSecond = Number.POSITIVE_INFINITY,
  ): Promise<CountedLine> {
    const line = new CountedLine(onBytes, bytesPerSecond);
    await new Promise<void>((resolve) => line.#server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      line.#server.close();
      line.cut();
    });
    return line;
  }

  /** What to announce. */
  get address(): string {
    return `/ip4/127.0.0.1/tcp/${(this.#server.address() as AddressInfo).port}`;
  }

  /** Where the node listens now, as it says: "/ip4/127.0.0.1/tcp/PORT/p2p/…". */
  leadsTo(listening: readonly string[]): void {
    this.#target = Number(/\/tcp\/(\d+)/.exec(listening[0] ?? '')?.[1]);
  }

  /** Every connection ends at once; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#sockets.clear();
  }

  #join(client: Socket): void {
    const node = connect(this.#target, '127.0.0.1');
    for (const socket of [client, node]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        node.destroy();
      });
    }
    this.#ways.in.carry(client, node, (bytes) => this.#onBytes(bytes, true));
    this.#ways.out.carry(node, client, (bytes) => this.#onBytes(bytes, false));
  }
}

/** One direction, shared by all connections. */
class Way {
  readonly #bytesPerSecond: number;
  #freeAtMs = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  carry(from: Socket, to: Socket, passing: (bytes: number) => void): void {
    const pass = (data: Buffer) => {
      if (to.destroyed) return;
      passing(data.byteLength);
      if (to.destroyed || to.write(data)) return;
      from.pause();
      to.once('drain', () => from.resume());
    };
    from.on('data', (data) => {
      const waitMs = this.#taken(data.byteLength);
      if (waitMs <= 0) return pass(data);
      from.pause();
      setTimeout(() => {
        from.resume();
        pass(data);
      }, waitMs);
    });
    from.on('end', () => to.end());
  }

  /** How long until so many bytes may pass. */
  #taken(bytes: number): number {
    const nowMs = performance.now();
    const startMs = Math.max(nowMs, this.#freeAtMs);
    this.#freeAtMs = startMs + (bytes / this.#bytesPerSecond) * 1000;
    return startMs - nowMs;
  }
}
