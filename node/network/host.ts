/**
 * The node's one door to other nodes: listens, dials, knows every connection and hands streams to their protocols.
 * What always holds: nobody is connected whom the policy refuses (gater, every stream, recheck()); a connection is
 * usable only after the other side's Hello; new work of one purpose goes to one connection per peer. Made by a
 * composition root, which brings policy, HelloBook and handlers; the constructor does no I/O.
 */
import type { Connection, Libp2p, Listener, Stream } from '@libp2p/interface';
import { LienthongError } from '../core/errors.ts';
import { isAnnounceAddress, isListenAddress } from './addresses.ts';
import { Connections } from './connections.ts';
import { Dialler } from './dialler.ts';
import type { FrameStream } from './framing.ts';
import { Gater } from './gater.ts';
import { answerHello } from './hello.ts';
import { DEFAULT_LIMITS, type HostLimits } from './host-limits.ts';
import type { HostOptions } from './host-options.ts';
import { createNode } from './libp2p-node.ts';
import { translateListenError } from './network-errors.ts';
import { PeerConnection } from './peer-connection.ts';
import { type PeerIdText, peerIdOfKey } from './peer-id.ts';
import { type Direction, isRefused, type RefusalReason } from './peer-policy.ts';
import { PROTOCOLS, type Protocol, type Purpose } from './protocols.ts';
import { tuneSocket } from './socket-tuning.ts';
import { StreamDesk, type StreamHandler } from './stream-desk.ts';

export type { HostOptions };

type ConnectionListener = (connection: PeerConnection) => void;

const nothing = () => {};

export class Host {
  readonly peerId: PeerIdText;
  readonly #options: HostOptions;
  readonly #limits: HostLimits;
  readonly #connections: Connections;
  readonly #desk: StreamDesk;
  readonly #gater: Gater;
  readonly #handlers = new Map<Protocol, StreamHandler>();
  readonly #listeners = new Set<Listener>();
  readonly #onConnect = new Set<ConnectionListener>();
  readonly #onDisconnect = new Set<ConnectionListener>();
  #node: Libp2p | undefined;
  #dialler: Dialler | undefined;

  /** RangeError when the key isn't an Ed25519 private key; `usage` when an address isn't one. */
  constructor(options: HostOptions) {
    for (const address of options.listen) requireAddress(isListenAddress(address), address);
    for (const address of options.announce ?? []) requireAddress(isAnnounceAddress(address), address);
    this.peerId = peerIdOfKey(options.privateKey);
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#connections = new Connections(this.peerId, this.#limits.drainTimeoutMs);
    const onRefused = options.onRefused ?? nothing;
    this.#gater = new Gater({
      policy: options.policy,
      onRefused,
      onUnknownPeer: options.onUnknownPeer ?? nothing,
      onRawConnection: tuneSocket,
      overLimit: (peerId, direction, isStranger) => this.#overLimit(peerId, direction, isStranger),
    });
    this.#desk = new StreamDesk({
      policy: options.policy,
      clock: options.clock,
      onRefused,
      onHandlerError: options.onHandlerError ?? nothing,
      onPeerRefused: (peerId, reason) => this.closePeer(peerId, reason),
    });
    const { hello } = options;
    if (hello !== undefined) {
      this.#handlers.set(PROTOCOLS.hello, (stream, connection) =>
        answerHello(stream, hello, (purpose) => this.#accept(connection, purpose)),
      );
    }
  }

  /** Listens. Errors: `address-in-use` with host and port, `usage` for an address this machine doesn't have. */
  async start(): Promise<void> {
    if (this.#node !== undefined) return;
    const { privateKey, listen } = this.#options;
    const node = await createNode({ privateKey, listen, gater: this.#gater, limits: this.#limits });
    node.addEventListener('transport:listening', (event) => this.#listeners.add(event.detail));
    node.addEventListener('transport:close', (event) => this.#listeners.delete(event.detail));
    node.addEventListener('connection:open', (event) => this.#opened(event.detail));
    node.addEventListener('connection:close', (event) => this.#closed(event.detail.id));
    // libp2p remembers every peer it ever saw, strangers too; we keep none
    node.addEventListener(
      'peer:disconnect',
      (event) => void node.peerStore.delete(event.detail).catch(nothing),
    );
    for (const [protocol, handler] of this.#handlers) await this.#register(node, protocol, handler);
    try {
      await node.start();
    } catch (error) {
      throw translateListenError(error);
    }
    this.#node = node;
    const { hello, policy, onRefused = nothing } = this.#options;
    this.#dialler = new Dialler({
      node,
      connections: this.#connections,
      policy,
      hello,
      limits: this.#limits,
      clock: this.#options.clock,
      onRefused,
      accept: (connection, purpose) => this.#accept(connection, purpose),
    });
  }

  /** Closes every connection and ends every handler, in that order; what is in flight is in doubt afterwards. */
  async stop(): Promise<void> {
    const node = this.#node;
    if (node === undefined) return;
    this.#node = undefined;
    await this.#dialler?.stop();
    this.#dialler = undefined;
    await Promise.all(this.#connections.all().map((connection) => connection.close()));
    await node.stop();
    const deadline = new AbortController();
    await Promise.race([
      this.#desk.idle(),
      this.#options.clock.sleep(this.#limits.stopTimeoutMs, deadline.signal).catch(nothing),
    ]);
    deadline.abort();
  }

  /** Where it really listens (port 0 resolved, a wildcard as this machine's addresses), without /p2p/. */
  addresses(): string[] {
    return [...this.#listeners].flatMap((listener) => listener.getAddrs().map(String));
  }

  /** What others are told: the configured addresses, or else those it listens on. */
  announced(): string[] {
    return [...(this.#options.announce ?? this.addresses())];
  }

  /** Serves a protocol: the handler's end closes the stream, its error resets it. One handler per protocol. */
  async handle(protocol: Protocol, handler: StreamHandler): Promise<void> {
    if (this.#handlers.has(protocol))
      throw new LienthongError('internal', { reason: 'handled-twice', protocol: protocol.name });
    this.#handlers.set(protocol, handler);
    if (this.#node !== undefined) await this.#register(this.#node, protocol, handler);
  }

  /**
   * The connection of that purpose to the peer: the one there is, or a new one, dialled at the given addresses in
   * order and accepted by the peer's Hello. Callers at the same time share one dial. Errors: `peer-refused` (by us or,
   * as far as one can tell, by them), `unreachable`, `timeout`, `not-running`; the signal's reason when cancelled.
   */
  async connect(
    peerId: string,
    addresses: readonly string[],
    options: { purpose: Purpose; signal?: AbortSignal },
  ): Promise<PeerConnection> {
    if (this.#dialler === undefined) throw new LienthongError('not-running', { what: 'network' });
    return this.#dialler.connect(peerId, addresses, options.purpose, options.signal);
  }

  /** A stream on the present connection for that protocol's purpose; `unreachable` when there is none. */
  async openStream(
    peerId: string,
    protocol: Protocol,
    options: { signal: AbortSignal },
  ): Promise<FrameStream> {
    for (const purpose of protocol.purposes) {
      const connection = this.#connections.current(peerId, purpose);
      if (connection !== undefined) return connection.openStream(protocol, options);
    }
    throw new LienthongError('unreachable', { peer: peerId, reason: 'not-connected' });
  }

  /** The accepted connection that new work of the purpose goes to. */
  current(peerId: string, purpose: Purpose): PeerConnection | undefined {
    return this.#connections.current(peerId, purpose);
  }

  connections(peerId?: string): PeerConnection[] {
    return peerId === undefined ? this.#connections.all() : this.#connections.ofPeer(peerId);
  }

  /** Ends every connection of the peer at once; how many there were. */
  closePeer(peerId: string, reason: string): number {
    return this.#connections.abortPeer(peerId, new LienthongError('peer-refused', { peer: peerId, reason }));
  }

  /**
   * Asks the policy again about every connected peer: who is refused now, or allowed less, is closed; who is allowed
   * more stays (a stranger that has just been enrolled still waits for its answer). To be called with each new head.
   */
  recheck(): void {
    for (const connection of this.#connections.all()) {
      const { peerId, address, direction, standing } = connection;
      const answer = this.#options.policy.mayConnect(peerId, direction);
      if (answer === standing) continue;
      if (answer === 'allow') {
        connection.promote();
        continue;
      }
      const reason = isRefused(answer) ? answer.refused : 'protocol-not-allowed';
      this.#options.onRefused?.({ peerId, address, direction, reason });
      connection.abort(new LienthongError('peer-refused', { peer: peerId, reason }));
    }
  }

  /** Called for each connection when it is accepted; the answer unsubscribes. */
  onConnect(call: ConnectionListener): () => void {
    this.#onConnect.add(call);
    return () => this.#onConnect.delete(call);
  }

  /** Called for each accepted connection when it is gone; the answer unsubscribes. */
  onDisconnect(call: ConnectionListener): () => void {
    this.#onDisconnect.add(call);
    return () => this.#onDisconnect.delete(call);
  }

  #register(node: Libp2p, protocol: Protocol, handler: StreamHandler): Promise<void> {
    const receive = (stream: Stream, { id }: Connection) => {
      const connection = this.#connections.get(id);
      if (connection === undefined)
        return stream.abort(new LienthongError('unreachable', { reason: 'connection-closed' }));
      if (protocol === PROTOCOLS.enrolment && connection.state === 'new')
        this.#accept(connection, 'enrolment');
      return this.#desk.receive(stream, connection, protocol, handler);
    };
    return node.handle(protocol.id, receive, {
      // one above ours, which counts over all connections and logs
      maxInboundStreams: protocol.maxInboundStreamsPerPeer + 1,
      maxOutboundStreams: protocol.maxOutboundStreams,
    });
  }

  #opened(raw: Connection): void {
    const peerId = raw.remotePeer.toString();
    const answer = this.#options.policy.mayConnect(peerId, raw.direction);
    if (isRefused(answer)) {
      this.#options.onRefused?.({
        peerId,
        address: raw.remoteAddr.toString(),
        direction: raw.direction,
        reason: answer.refused,
      });
      raw.abort(new LienthongError('peer-refused', { peer: peerId, reason: answer.refused }));
      return;
    }
    const connection = new PeerConnection(raw, answer, this.#options.clock, this.#limits);
    this.#connections.add(connection);
    if (raw.direction === 'outbound') return;
    connection.setTimer(this.#limits.helloTimeoutMs, () => {
      this.#options.onRefused?.({
        peerId,
        address: connection.address,
        direction: 'inbound',
        reason: 'no-hello',
      });
      connection.abort(new LienthongError('timeout', { peer: peerId, reason: 'no-hello' }));
    });
  }

  #closed(id: string): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.remove(connection);
    connection.closed();
    if (connection.purpose === undefined) return;
    for (const call of this.#onDisconnect) call(connection);
  }

  #accept(connection: PeerConnection, purpose: Purpose): void {
    const isFirst = connection.purpose === undefined;
    connection.clearTimer();
    if (!this.#connections.accept(connection, purpose)) {
      throw new LienthongError('malformed', { peer: connection.peerId, reason: 'another-purpose' });
    }
    if (purpose === 'enrolment') {
      connection.setTimer(this.#limits.strangerLifetimeMs, () => void connection.close());
    }
    if (isFirst) for (const call of this.#onConnect) call(connection);
  }

  #overLimit(peerId: string, direction: Direction, isStranger: boolean): RefusalReason | undefined {
    if (this.#connections.ofPeer(peerId).length >= this.#limits.maxConnectionsPerPeer)
      return 'too-many-connections';
    if (!isStranger || direction === 'outbound') return undefined;
    const strangers = this.#connections.all().filter(({ standing }) => standing === 'enrol-only').length;
    return strangers >= this.#limits.maxStrangers ? 'too-many-strangers' : undefined;
  }
}

function requireAddress(isGood: boolean, address: string): void {
  if (!isGood) throw new LienthongError('usage', { what: 'address', address });
}
