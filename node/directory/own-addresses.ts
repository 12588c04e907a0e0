/**
 * Addresses of this machine: ports chosen once for listening, and what others are told when nothing else is said.
 */
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { fraction, type Random, systemRandom } from '../core/clock.ts';
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
/**
 * Where a port that is chosen once and kept comes from: below the ports systems give to outgoing connections (Linux
 * from 32768, others from 49152), any of which would otherwise hold it when the node starts again.
 */
const KEPT_PORTS = { from: 20_000, to: 32_768 };
/** Of ports drawn; more taken ones in a row than this is a machine without room. */
const MAX_TRIES = 100;

/** Listening addresses with every port 0 replaced by a free one. 'usage' for what isn't a listening address. */
export async function withPorts(listen: readonly string[], random: Random = systemRandom): Promise<string[]> {
  const bad = listen.find((address) => !isListenAddress(address));
  if (bad !== undefined) throw new LienthongError('usage', { what: 'address', address: bad });
  const chosen: string[] = [];
  for (const text of listen) {
    const address = parseAddress(text)!;
    chosen.push(
      address.port === 0 ? formatAddress({ ...address, port: await freePort(address.host, random) }) : text,
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

/** A port nobody listens on now. Throws 'usage' where this machine has no such address. */
async function freePort(host: string, random: Random): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = KEPT_PORTS.from + Math.floor(fraction(random) * (KEPT_PORTS.to - KEPT_PORTS.from));
    try {
      await listenOnce(host, port);
      return port;
    } catch (cause) {
      const isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken || tries === MAX_TRIES)
        throw new LienthongError('usage', { what: 'address', address: host }, { cause });
    }
  }
}

function listenOnce(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => server.close(() => resolve()));
  });
}
