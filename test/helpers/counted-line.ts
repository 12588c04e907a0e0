/**
 * A line between two nodes that a test can count and cut: a TCP proxy on loopback before one node's port, which may
 * change when the node starts again. Knows nothing of what it carries. Cut at exact numbers of bytes.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class CountedLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #onBytes: (bytes: number, toNode: boolean) => void;
  #target = 0;

  private constructor(onBytes: (bytes: number, toNode: boolean) => void) {
    this.#onBytes = onBytes;
    this.#server = createServer((client) => this.#join(client));
  }

  /** `onBytes` is told what passes, before it does. */
  static async open(
    t: { teardown(call: () => unknown): void },
    onBytes: (bytes: number, toNode: boolean) => void,
  ): Promise<CountedLine> {
    const line = new CountedLine(onBytes);
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
    carry(client, node, (bytes) => this.#onBytes(bytes, true));
    carry(node, client, (bytes) => this.#onBytes(bytes, false));
  }
}

function carry(from: Socket, to: Socket, passing: (bytes: number) => void): void {
  from.on('data', (data) => {
    passing(data.byteLength);
    if (to.destroyed || to.write(data)) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  from.on('end', () => to.end());
}
