/**
 * The libp2p node as Host wants it: TCP, noise, yamux, one key, every limit set, and nothing that isn't needed:
 * no identify (it would tell peers addresses and versions), no relay, no discovery, no address book, no dnsaddr.
 */
import type { KeyObject } from 'node:crypto';
import { noise } from '@chainsafe/libp2p-noise';
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import type { ConnectionGater, Libp2p, Startable } from '@libp2p/interface';
import { type TCPSocketOptions, tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import { type HostLimits, STREAM_WINDOW_BYTES } from './host-limits.ts';
import { createNoiseCrypto } from './noise-crypto.ts';
import { rawPrivateKey } from './peer-id.ts';
import { SOCKET_BUFFER_BYTES } from './socket-tuning.ts';

export interface Libp2pNodeOptions {
  readonly privateKey: KeyObject;
  readonly listen: readonly string[];
  readonly gater: ConnectionGater;
  readonly limits: HostLimits;
}

/** A node that isn't started yet. */
export function createNode({ privateKey, listen, gater, limits }: Libp2pNodeOptions): Promise<Libp2p> {
  // node:net takes it for both kinds of socket; libp2p passes it on
  const socketOptions: TCPSocketOptions & { highWaterMark: number } = { highWaterMark: SOCKET_BUFFER_BYTES };
  return createLibp2p({
    start: false,
    privateKey: privateKeyFromRaw(rawPrivateKey(privateKey)),
    addresses: { listen: [...listen] },
    connectionGater: gater,
    transports: [tcp({ dialOpts: socketOptions, listenOpts: socketOptions })],
    connectionEncrypters: [noise({ crypto: createNoiseCrypto() })],
    streamMuxers: [
      yamux({
        maxInboundStreams: limits.maxStreamsPerConnection,
        maxOutboundStreams: limits.maxStreamsPerConnection,
        streamOptions: {
          maxStreamWindowSize: STREAM_WINDOW_BYTES,
          // a paused stream gets at most one window more; beyond that the peer breaks the rules
          maxReadBufferLength: 2 * STREAM_WINDOW_BYTES,
        },
      }),
    ],
    connectionManager: {
      maxConnections: limits.maxConnections,
      inboundConnectionThreshold: limits.maxInboundPerSecondPerAddress,
      maxIncomingPendingConnections: limits.maxPendingInbound,
      inboundUpgradeTimeout: limits.inboundUpgradeTimeoutMs,
      dialTimeout: limits.dialTimeoutMs,
      addressDialTimeout: limits.addressDialTimeoutMs,
      outboundStreamProtocolNegotiationTimeout: limits.negotiationTimeoutMs,
      inboundStreamProtocolNegotiationTimeout: limits.negotiationTimeoutMs,
      // reconnecting is the courier's work, with its own backoff
      reconnectRetries: 0,
      resolvers: {},
      // addresses are tried in the order they are given
      addressSorter: () => 0,
    },
    services: { tidyStop },
    connectionMonitor: {
      pingInterval: limits.pingIntervalMs,
      pingTimeout: { minTimeout: limits.pingTimeoutMs, maxTimeout: limits.pingTimeoutMs },
    },
  });
}

/**
 * libp2p's address manager starts a one-second timer when the last listener closes, which keeps a stopped process
 * alive for that second; this ends it. Where a later libp2p doesn't have that timer, nothing happens.
 */
function tidyStop(components: { addressManager?: object }): Startable {
  return {
    // libp2p only calls services that have these two
    start: () => {},
    stop: () => {},
    afterStop: () => {
      const manager = components.addressManager as
        | { _updatePeerStoreAddresses?: { stop?: () => void } }
        | undefined;
      manager?._updatePeerStoreAddresses?.stop?.();
    },
  };
}
