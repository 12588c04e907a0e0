/**
 * Every protocol id of the wire, each with its limits: the one table. A limit is what a peer may make us hold
 * or wait for, so every number carries its reason. Host applies the stream limits, FrameStream the rest.
 * WARNING: on the wire. An incompatible change is a new id with the next number, never another meaning.
 */

export type Purpose = 'exchange' | 'bulk' | 'enrolment';

/** What a peer may do: everything, only enrol (a stranger), or only fetch the directory head (a revoked node). */
export type Standing = 'allow' | 'enrol-only' | 'head-only';

export interface ProtocolLimits {
  /** Longest frame in bytes, the length prefix not counted; a longer one is refused before it is buffered. */
  readonly maxFrameBytes: number;
  /** Streams one peer may hold open towards us at once, over all its connections. */
  readonly maxInboundStreamsPerPeer: number;
  /** Streams we open to one peer over one connection. */
  readonly maxOutboundStreams: number;
  /** From an opened stream to its first whole frame. */
  readonly firstFrameTimeoutMs: number;
  /** From the first byte of a frame to its last: ends peers that drip bytes. */
  readonly frameTimeoutMs: number;
  /** How long a read waits for the next frame unless it says otherwise. */
  readonly idleTimeoutMs: number;
  /** How long a write waits for a peer that doesn't read before the stream is given up. */
  readonly writeTimeoutMs: number;
  /** Whole frames that wait, in bytes, before the peer is made to pause. */
  readonly maxUnreadBytes: number;
  /** Frames that wait to be written, in bytes, before write() answers `too-many-waiting`. */
  readonly maxUnwrittenBytes: number;
}

export interface Protocol extends ProtocolLimits {
  readonly id: ProtocolId;
  readonly name: ProtocolName;
  /** Kinds of connection it may run on. */
  readonly purposes: readonly Purpose[];
  /** Standings that may use it. */
  readonly standings: readonly Standing[];
  /** False only where a peer that can't say Hello must be served. */
  readonly afterHello: boolean;
}

export type ProtocolName = 'hello' | 'directory' | 'enrolment' | 'delivery' | 'blob' | 'log';
export type ProtocolId = `/lienthong/${ProtocolName}/1`;

const KIB = 1024;
const MIB = 1024 * KIB;

/** A peer across a slow line (256 kbit/s) still sends 2 MiB within this. */
const FRAME_TIMEOUT_MS = 75_000;
/** A new stream without a frame is a probe or a stalled peer; a satellite round trip is under 1 s. */
const FIRST_FRAME_TIMEOUT_MS = 10_000;
/** As long as a slow line needs for the largest frame. */
const WRITE_TIMEOUT_MS = 75_000;

export const PROTOCOLS = {
  hello: {
    id: '/lienthong/hello/1',
    name: 'hello',
    // versions, a clock and a signed head with its signature: a few KiB
    maxFrameBytes: 64 * KIB,
    // one at the start of each connection, and one more while a new head is compared
    maxInboundStreamsPerPeer: 4,
    maxOutboundStreams: 2,
    firstFrameTimeoutMs: FIRST_FRAME_TIMEOUT_MS,
    frameTimeoutMs: 10_000,
    idleTimeoutMs: 10_000,
    writeTimeoutMs: 10_000,
    // one frame each way
    maxUnreadBytes: 64 * KIB,
    maxUnwrittenBytes: 128 * KIB,
    purposes: ['exchange', 'bulk'],
    standings: ['allow', 'head-only'],
    afterHello: false,
  },
  directory: {
    id: '/lienthong/directory/1',
    name: 'directory',
    // a page of entries; the server cuts pages to fit
    maxFrameBytes: 1 * MIB,
    // one that pulls, one that listens for new heads, two while one of them is replaced
    maxInboundStreamsPerPeer: 4,
    maxOutboundStreams: 4,
    firstFrameTimeoutMs: FIRST_FRAME_TIMEOUT_MS,
    frameTimeoutMs: FRAME_TIMEOUT_MS,
    idleTimeoutMs: 60_000,
    writeTimeoutMs: WRITE_TIMEOUT_MS,
    maxUnreadBytes: 2 * MIB,
    // a page being sent and the next one
    maxUnwrittenBytes: 4 * MIB,
    purposes: ['exchange', 'bulk'],
    standings: ['allow', 'head-only'],
    afterHello: true,
  },
  enrolment: {
    id: '/lienthong/enrolment/1',
    name: 'enrolment',
    // four CSRs with proofs one way, certificate chains and a registry entry the other
    maxFrameBytes: 256 * KIB,
    // a stranger needs one
    maxInboundStreamsPerPeer: 1,
    maxOutboundStreams: 1,
    firstFrameTimeoutMs: FIRST_FRAME_TIMEOUT_MS,
    frameTimeoutMs: 20_000,
    idleTimeoutMs: 30_000,
    writeTimeoutMs: 20_000,
    maxUnreadBytes: 256 * KIB,
    maxUnwrittenBytes: 512 * KIB,
    purposes: ['enrolment'],
    standings: ['allow', 'enrol-only'],
    afterHello: false,
  },
  delivery: {
    id: '/lienthong/delivery/1',
    name: 'delivery',
    // an offer: a document with inline attachments up to 64 KiB each, and its dispatches
    maxFrameBytes: 2 * MIB,
    // one long-lived stream, and one that replaces it
    maxInboundStreamsPerPeer: 4,
    maxOutboundStreams: 4,
    firstFrameTimeoutMs: 30_000,
    frameTimeoutMs: FRAME_TIMEOUT_MS,
    // long-lived: dead peers are found by the connection's pings, not by silence
    idleTimeoutMs: 600_000,
    writeTimeoutMs: WRITE_TIMEOUT_MS,
    // two largest offers, or hundreds of ordinary ones (10 KiB)
    maxUnreadBytes: 4 * MIB,
    maxUnwrittenBytes: 16 * MIB,
    purposes: ['exchange'],
    standings: ['allow'],
    afterHello: true,
  },
  blob: {
    id: '/lienthong/blob/1',
    name: 'blob',
    // one chunk of 1 MiB with its header and path
    maxFrameBytes: 1 * MIB + 4 * KIB,
    // files pulled at once by one peer, six of our documents and three of circulars we help with, and one that ends;
    // each stream has its own outstanding chunks
    maxInboundStreamsPerPeer: 10,
    maxOutboundStreams: 10,
    firstFrameTimeoutMs: FIRST_FRAME_TIMEOUT_MS,
    frameTimeoutMs: FRAME_TIMEOUT_MS,
    idleTimeoutMs: 120_000,
    writeTimeoutMs: WRITE_TIMEOUT_MS,
    // four chunks: what a puller keeps outstanding
    maxUnreadBytes: 4 * MIB,
    maxUnwrittenBytes: 8 * MIB,
    purposes: ['bulk'],
    standings: ['allow'],
    afterHello: true,
  },
  log: {
    id: '/lienthong/log/1',
    name: 'log',
    // a largest document with dispatch, receipt and its small attachments, taken back
    maxFrameBytes: 1600 * KIB,
    // one that asks for a proof, one that takes back
    maxInboundStreamsPerPeer: 2,
    maxOutboundStreams: 2,
    firstFrameTimeoutMs: FIRST_FRAME_TIMEOUT_MS,
    frameTimeoutMs: FRAME_TIMEOUT_MS,
    // taking back commits and pulls attachments between two requests
    idleTimeoutMs: 600_000,
    writeTimeoutMs: WRITE_TIMEOUT_MS,
    // requests are small; of answers the largest and one more
    maxUnreadBytes: 3200 * KIB,
    maxUnwrittenBytes: 3200 * KIB,
    purposes: ['exchange'],
    standings: ['allow'],
    afterHello: true,
  },
} as const satisfies Record<ProtocolName, Protocol>;

const BY_ID = new Map<string, Protocol>(Object.values(PROTOCOLS).map((protocol) => [protocol.id, protocol]));

export const getProtocol = (id: string): Protocol | undefined => BY_ID.get(id);
