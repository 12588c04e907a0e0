/** How much of this machine all peers together may take, each number with its reason. Host applies them. */

export interface HostLimits {
  /** Connections at once, both directions. */
  readonly maxConnections: number;
  /** Connections of one PeerId at once. */
  readonly maxConnectionsPerPeer: number;
  /** Connections of strangers (who may only enrol) at once. */
  readonly maxStrangers: number;
  /** How long a stranger's connection may last. */
  readonly strangerLifetimeMs: number;
  /** Inbound connections per second from one remote address. */
  readonly maxInboundPerSecondPerAddress: number;
  /** Inbound connections that haven't proved their key yet. */
  readonly maxPendingInbound: number;
  /** From an accepted socket to a proved key and a muxer. */
  readonly inboundUpgradeTimeoutMs: number;
  /** One address of a peer; the next one is tried after it. */
  readonly addressDialTimeoutMs: number;
  /** All addresses of a peer together. */
  readonly dialTimeoutMs: number;
  /** From a connection to the other side's Hello, and from an inbound one to its Hello. */
  readonly helloTimeoutMs: number;
  /** Protocol negotiation of one stream. */
  readonly negotiationTimeoutMs: number;
  /** Between two pings that find dead peers, and how long an answer may take. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** How long a replaced connection may take to finish what is on it. */
  readonly drainTimeoutMs: number;
  /** How long a bulk connection stays without a stream: its dialler retires it then. */
  readonly bulkIdleMs: number;
  /** How long stop() waits for connections and handlers to end. */
  readonly stopTimeoutMs: number;
  /** Streams one connection may carry, all protocols together. */
  readonly maxStreamsPerConnection: number;
}

export const DEFAULT_LIMITS: HostLimits = {
  // 95 nodes, two purposes, each perhaps doubled while mutual dials settle: 380, and as many again to grow
  maxConnections: 800,
  // two purposes and an enrolment, each twice while mutual dials settle or a dead one is replaced
  maxConnectionsPerPeer: 8,
  // enrolments are rare and done by hand; a ministry that enrols all its agencies at once fits
  maxStrangers: 32,
  // an enrolment takes seconds; an admin's confirmation comes later, over another connection
  strangerLifetimeMs: 60_000,
  // behind one NAT (and in a simulation) all agencies share one address: 100 nodes with two purposes at once
  maxInboundPerSecondPerAddress: 250,
  // as many as can be handshaken within the upgrade timeout on a small machine while all nodes return at once
  maxPendingInbound: 256,
  inboundUpgradeTimeoutMs: 10_000,
  addressDialTimeoutMs: 5_000,
  dialTimeoutMs: 15_000,
  // one round trip and one signature check; a busy node has seconds to spare
  helloTimeoutMs: 10_000,
  negotiationTimeoutMs: 10_000,
  // a peer whose power failed is noticed within 45 s; longer than the event loop ever blocks
  pingIntervalMs: 15_000,
  pingTimeoutMs: 30_000,
  // the largest offers on a slow line
  drainTimeoutMs: 120_000,
  // longer than between two files of a document; helpers of a circular are rarely asked again
  bulkIdleMs: 120_000,
  stopTimeoutMs: 5_000,
  // the sum of all protocols' limits per peer is below 32; each stream not yet negotiated costs a few KiB
  maxStreamsPerConnection: 64,
};

/** Received bytes libp2p may hold for one stream while we don't read; also yamux's largest window. */
export const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
