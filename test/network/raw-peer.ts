/** A peer that keeps no rules: a libp2p node of its own, with a Hello said by hand and streams of raw bytes. */
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { utf8 } from '../../node/core/bytes.ts';
import { systemClock } from '../../node/core/clock.ts';
import { FrameStream } from '../../node/network/framing.ts';
import type { Host } from '../../node/network/host.ts';
import { DEFAULT_LIMITS } from '../../node/network/host-limits.ts';
import { createNode } from '../../node/network/libp2p-node.ts';
import { PROTOCOLS, type Protocol, type Purpose } from '../../node/network/protocols.ts';
import { dialAddresses, newKey } from './network-helpers.ts';

export class RawPeer {
  readonly node: Libp2p;
  readonly peerId: string;

  private constructor(node: Libp2p) {
    this.node = node;
    this.peerId = node.peerId.toString();
  }

  static async start(t: { teardown(call: () => Promise<void>): void }, key = newKey()): Promise<RawPeer> {
    const node = await createNode({ privateKey: key, listen: [], gater: {}, limits: DEFAULT_LIMITS });
    await node.start();
    t.teardown(async () => node.stop());
    return new RawPeer(node);
  }

  /** Dials; with a purpose, says Hello and waits for the answer. */
  async connect(host: Host, purpose?: Purpose): Promise<Connection> {
    const connection = await this.node.dial(dialAddresses(host).map(multiaddr), {
      force: true,
      signal: soon(),
    });
    if (purpose !== undefined) {
      const stream = await connection.newStream(PROTOCOLS.hello.id, { signal: soon() });
      const hello = new FrameStream(stream, PROTOCOLS.hello, host.peerId, systemClock);
      await hello.write(utf8(purpose));
      await hello.require();
      await hello.close();
    }
    return connection;
  }

  /** A stream of the protocol over a new connection of its purpose. */
  async open(host: Host, protocol: Protocol): Promise<Stream> {
    const connection = await this.connect(host, protocol.purposes[0]);
    return connection.newStream(protocol.id, { signal: soon() });
  }
}

export const soon = () => AbortSignal.timeout(30_000);
