import { generateKeyPairSync } from 'node:crypto';
import { multiaddr } from '@multiformats/multiaddr';
import t from 'tap';
import {
  formatAddress,
  isAnnounceAddress,
  isDialAddress,
  isListenAddress,
  isLoopback,
  isWildcard,
  parseAddress,
  withoutPeer,
  withPeer,
} from '../../node/network/addresses.ts';
import { peerIdOfKey } from '../../node/network/peer-id.ts';

const peer = peerIdOfKey(generateKeyPairSync('ed25519').publicKey);
const other = peerIdOfKey(generateKeyPairSync('ed25519').publicKey);

t.test('addresses of the forms we use are read, written back, and are multiaddrs', async (t) => {
  const good = [
    '/ip4/127.0.0.1/tcp/4001',
    '/ip4/0.0.0.0/tcp/0',
    '/ip6/::1/tcp/65535',
    '/ip6/2001:db8::7/tcp/1',
    '/dns/node.namdinh.gov.vn/tcp/4001',
    '/dns4/localhost/tcp/4001',
    `/dns6/a-b.example/tcp/4001/p2p/${peer}`,
  ];
  for (const text of good) {
    const address = parseAddress(text);
    t.ok(address, text);
    t.equal(formatAddress(address!), text);
    t.equal(multiaddr(text).toString(), text);
  }
});

t.test('anything else is refused', async (t) => {
  const bad = [
    '',
    '127.0.0.1:4001',
    'ip4/127.0.0.1/tcp/4001',
    '/ip4/127.0.0.1',
    '/ip4/127.0.0.1/udp/4001',
    '/ip4/127.0.0.1/tcp/4001/ws',
    '/ip4/127.0.0.1/tcp/4001/',
    '/ip4/127.0.0.1/tcp/65536',
    '/ip4/127.0.0.1/tcp/-1',
    '/ip4/127.0.0.1/tcp/04001',
    '/ip4/127.0.0.1/tcp/4 001',
    '/ip4/127.0.0.256/tcp/4001',
    '/ip4/::1/tcp/4001',
    '/ip6/fe80::1%eth0/tcp/4001',
    '/dns4/-bad-.vn/tcp/4001',
    `/dns4/${'a'.repeat(64)}.vn/tcp/4001`,
    '/dnsaddr/bootstrap.example/tcp/4001',
    `/ip4/127.0.0.1/tcp/4001/p2p/${peer}x`,
    `/ip4/127.0.0.1/tcp/4001/p2p/${peer}/p2p-circuit`,
    `/ip4/127.0.0.1/tcp/4001/ipfs/${peer}`,
    `/ip4/${'1'.repeat(500)}/tcp/1`,
    '/unix/tmp/socket',
  ];
  for (const text of bad) t.equal(parseAddress(text), undefined, text);
});

t.test('what is listened on, announced and dialled differ', async (t) => {
  const rows: [string, boolean, boolean, boolean][] = [
    ['/ip4/127.0.0.1/tcp/4001', true, true, false],
    ['/ip4/127.0.0.1/tcp/0', true, false, false],
    ['/ip4/0.0.0.0/tcp/4001', true, false, false],
    ['/ip6/::/tcp/4001', true, false, false],
    ['/ip6/0:0::0/tcp/4001', true, false, false],
    ['/dns4/a.vn/tcp/4001', false, true, false],
    [`/dns4/a.vn/tcp/4001/p2p/${peer}`, false, false, true],
    [`/ip4/0.0.0.0/tcp/4001/p2p/${peer}`, false, false, false],
    [`/ip4/10.0.0.1/tcp/0/p2p/${peer}`, false, false, false],
  ];
  for (const [text, listen, announce, dial] of rows) {
    t.same(
      [isListenAddress(text), isAnnounceAddress(text), isDialAddress(text)],
      [listen, announce, dial],
      text,
    );
  }
});

t.test('a PeerId is added once and never replaced', async (t) => {
  const text = '/ip4/10.1.2.3/tcp/4001';
  t.equal(withPeer(text, peer), `${text}/p2p/${peer}`);
  t.equal(withPeer(`${text}/p2p/${peer}`, peer), `${text}/p2p/${peer}`);
  t.equal(withPeer(`${text}/p2p/${peer}`, other), undefined);
  t.equal(withPeer('nonsense', peer), undefined);
  t.equal(withoutPeer(`${text}/p2p/${peer}`), text);
  t.equal(withoutPeer(text), text);
});

t.test('wildcards and loopback are told apart', async (t) => {
  t.ok(isWildcard(parseAddress('/ip4/0.0.0.0/tcp/1')!));
  t.notOk(isWildcard(parseAddress('/ip6/::1/tcp/1')!));
  t.ok(isLoopback(parseAddress('/ip4/127.9.9.9/tcp/1')!));
  t.ok(isLoopback(parseAddress('/ip6/::1/tcp/1')!));
  t.ok(isLoopback(parseAddress('/dns4/localhost/tcp/1')!));
  t.notOk(isLoopback(parseAddress('/ip4/10.0.0.1/tcp/1')!));
});
