import type { MultiaddrConnection } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import t from 'tap';
import { Gater } from '../../node/network/gater.ts';
import { peerIdOfKey } from '../../node/network/peer-id.ts';
import type { Refusal, RefusalReason } from '../../node/network/peer-policy.ts';
import type { Standing } from '../../node/network/protocols.ts';
import { newKey, TestPolicy } from './network-helpers.ts';

/** As libp2p's ConnectionGater names them; a new one in a later libp2p must be written out too. */
const PEER_HOOKS = [
  'denyDialPeer',
  'denyOutboundConnection',
  'denyInboundEncryptedConnection',
  'denyOutboundEncryptedConnection',
  'denyInboundUpgradedConnection',
  'denyOutboundUpgradedConnection',
] as const;
const RELAY_HOOKS = [
  'denyInboundRelayReservation',
  'denyOutboundRelayedConnection',
  'denyInboundRelayedConnection',
] as const;

const peer = peerIdFromString(peerIdOfKey(newKey()));
const connection = { remoteAddr: multiaddr('/ip4/10.0.0.1/tcp/5') } as MultiaddrConnection;

function gaterWith(otherwise: Standing | RefusalReason, overLimit?: RefusalReason) {
  const refusals: Refusal[] = [];
  const unknown: string[] = [];
  const gater = new Gater({
    policy: new TestPolicy(otherwise),
    onRefused: (refusal) => refusals.push(refusal),
    onUnknownPeer: (peerId) => unknown.push(peerId),
    onRawConnection: () => {},
    overLimit: () => overLimit,
  });
  const hook = (name: (typeof PEER_HOOKS)[number]) =>
    name === 'denyDialPeer' ? gater.denyDialPeer(peer) : gater[name](peer, connection);
  return { gater, refusals, unknown, hook };
}

t.test('every hook that knows the peer denies a refused one with literal true, and tells why', async (t) => {
  for (const reason of ['unknown', 'expired', 'revoked'] as const) {
    for (const name of PEER_HOOKS) {
      const { hook, refusals, unknown } = gaterWith(reason);
      t.equal(hook(name), true, name);
      const direction = /Dial|Outbound/.test(name) ? 'outbound' : 'inbound';
      t.match(refusals, [{ peerId: peer.toString(), reason, direction }]);
      t.equal(unknown.length, reason === 'unknown' ? 1 : 0);
    }
  }
});

t.test(
  'every hook lets an allowed peer, a stranger who may enrol, and a revoked node that fetches the head pass',
  async (t) => {
    for (const standing of ['allow', 'enrol-only', 'head-only'] as const) {
      for (const name of PEER_HOOKS) {
        const { hook, refusals } = gaterWith(standing);
        t.equal(hook(name), false, `${standing} ${name}`);
        t.equal(refusals.length, 0);
      }
    }
  },
);

t.test('a welcome peer over a limit is denied with that reason', async (t) => {
  const { hook, refusals } = gaterWith('allow', 'too-many-connections');
  t.equal(hook('denyInboundEncryptedConnection'), true);
  t.match(refusals, [{ reason: 'too-many-connections' }]);
});

t.test('relays are always denied and nothing is put into the address book', async (t) => {
  const { gater } = gaterWith('allow');
  for (const name of RELAY_HOOKS) t.equal(gater[name](), true, name);
  t.equal(gater.filterMultiaddrForPeer(), false);
});

t.test('only addresses with the PeerId that must answer are dialled', async (t) => {
  const { gater, refusals } = gaterWith('allow');
  const bare = '/ip4/10.0.0.1/tcp/4001';
  t.equal(gater.denyDialMultiaddr(multiaddr(`${bare}/p2p/${peer}`)), false);
  t.equal(gater.denyDialMultiaddr(multiaddr(bare)), true);
  t.equal(gater.denyDialMultiaddr(multiaddr(`${bare}/p2p/${peer}/p2p-circuit`)), true);
  t.same(
    refusals.map(({ reason }) => reason),
    ['no-peer-id', 'not-an-address'],
  );
});

t.test('every hook libp2p calls is written out', async (t) => {
  const { gater } = gaterWith('allow');
  const written = Object.getOwnPropertyNames(Object.getPrototypeOf(gater)).filter(
    (name) => name !== 'constructor',
  );
  const expected = [
    ...PEER_HOOKS,
    ...RELAY_HOOKS,
    'denyDialMultiaddr',
    'denyInboundConnection',
    'filterMultiaddrForPeer',
  ];
  t.same(written.sort(), expected.sort());
});
