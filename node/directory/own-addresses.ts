/**
 * Addresses of this machine: ports chosen once for listening, and what others are told when nothing else is said.
 */
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { LienthongError } from '../core/errors.ts';
import {
  type Address,
  formatAddress,
  isListenAddress,
  isWildcard,
  parseAddress,
} from '../network/addresses.ts';

/** As many as are worth trying one after another. */
const MAX_INTERFACES = 4;

/** Listening addresses with every port 0 replaced by a free one. 'usage' for what isn't a listening address. */
export async function withPorts(listen: readonly string[]): Promise<string[]> {
  const bad = listen.find((address) => !isListenAddress(address));
  if (bad !== undefined) throw new LienthongError('usage', { what: 'address', address: bad });
  const chosen: string[] = [];
  for (const text of listen) {
    const address = parseAddress(text)!;
    chosen.push(
      address.port === 0 ? formatAddress({ ...address, port: await freePort(address.host) }) : text,
    );
  }
  return chosen;
}

/** What others are told: what was said, or else where it listens, a wildcard as this machine's own addresses. */
export function announceable(listen: readonly string[], announce: readonly string[]): string[] {
  if (announce.length > 0) return [...announce];
  return listen.flatMap((text) => {
    const address = parseAddress(text);
    if (address === undefined) return [];
    return isWildcard(address)
      ? ownHosts(address).map((host) => formatAddress({ ...address, host }))
      : [text];
  });
}

/** Addresses other machines can reach, of the same family; loopback where there are none. */
function ownHosts({ kind }: Address): string[] {
  const family = kind === 'ip6' ? 'IPv6' : 'IPv4';
  const found = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter((one) => one.family === family && !one.internal && !one.address.startsWith('fe80:'))
    .map(({ address }) => address);
  return found.length > 0 ? found.slice(0, MAX_INTERFACES) : [kind === 'ip6' ? '::1' : '127.0.0.1'];
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) =>
      reject(new LienthongError('usage', { what: 'address', address: host }, { cause })),
    );
    server.listen(0, host, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
