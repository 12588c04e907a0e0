/**
 * A node's short visits to the registry before it runs: hand in the enrolment request, fetch the first directory. Each
 * with a host of its own that dials the registry's PeerId and knows nobody else.
 */
import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { parseAddress, withoutPeer } from '../network/addresses.ts';
import { Host } from '../network/host.ts';
import { PROTOCOLS } from '../network/protocols.ts';
import type { Directory } from './directory.ts';
import type { DirectoryStore } from './directory-store.ts';
import { DirectoryHello } from './hello.ts';
import { pull } from './pull.ts';

export interface RegistryVisit {
  privateKey: KeyObject;
  /** Multiaddrs with /p2p/. */
  addresses: readonly string[];
  clock: Clock;
  signal: AbortSignal;
}

/** A connection lost half way is tried again: the same envelope gets the same answer. */
const ATTEMPTS = 3;
const AGAIN_AFTER_MS = 1_000;

/** Sends the envelope, answers the answer. 'unreachable' when the registry is off, 'registry-mismatch' when it is another. */
export const sendEnrolment = (visit: RegistryVisit, envelope: Bytes): Promise<Bytes> =>
  persist(visit, () => sendOnce(visit, envelope));

async function persist<T>(visit: RegistryVisit, once: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once();
    } catch (error) {
      const isLost = isLienthongError(error, 'unreachable') && LOST.has(String(error.details.reason));
      if (!isLost || attempt === ATTEMPTS) throw error;
      await visit.clock.sleep(AGAIN_AFTER_MS, visit.signal);
    }
  }
}

/** Reasons that say a connection was there and broke. */
const LOST: ReadonlySet<string> = new Set(['connection-lost', 'stream-reset', 'connection-retired']);

function sendOnce(visit: RegistryVisit, envelope: Bytes): Promise<Bytes> {
  return visitRegistry(visit, undefined, async (host, peerId, addresses) => {
    const { signal } = visit;
    const connection = await host.connect(peerId, addresses, { purpose: 'enrolment', signal });
    const stream = await connection.openStream(PROTOCOLS.enrolment, { signal });
    await stream.write(envelope, { signal });
    const answer = await stream.require({ signal });
    await stream.close();
    return answer;
  });
}

/** Pulls the directory into the store. 'does-not-verify' with the fault when what the registry serves doesn't hold. */
export function fetchDirectory(
  visit: RegistryVisit,
  store: DirectoryStore,
  software: string,
): Promise<Directory> {
  const { clock, signal } = visit;
  const hello = new DirectoryHello({ store, clock, software, onHead: () => {} });
  const fetchOnce = () =>
    visitRegistry(visit, hello, async (host, peerId, addresses) => {
      await host.connect(peerId, addresses, { purpose: 'exchange', signal });
      const open = (inner: AbortSignal) => host.openStream(peerId, PROTOCOLS.directory, { signal: inner });
      const outcome = await pull(store, open, signal);
      if (outcome.kind === 'refused')
        throw new LienthongError('does-not-verify', { what: 'directory', reason: outcome.fault });
      return store.require();
    });
  return persist(visit, fetchOnce);
}

async function visitRegistry<T>(
  { privateKey, addresses, clock }: RegistryVisit,
  hello: DirectoryHello | undefined,
  visit: (host: Host, peerId: string, addresses: string[]) => Promise<T>,
): Promise<T> {
  const peerId = parseAddress(addresses[0] ?? '')?.peerId;
  if (peerId === undefined)
    throw new LienthongError('unreachable', { what: 'registry', reason: 'no-address' });
  const own = addresses.filter((address) => parseAddress(address)?.peerId === peerId);
  const host = new Host({
    privateKey,
    listen: [],
    clock,
    hello,
    policy: { mayConnect: (peer) => (peer === peerId ? 'allow' : { refused: 'unknown' }) },
  });
  await host.start();
  try {
    return await visit(host, peerId, own);
  } catch (error) {
    throw asVisitError(error, own);
  } finally {
    await host.stop();
  }
}

function asVisitError(error: unknown, addresses: readonly string[]): unknown {
  if (isLienthongError(error, 'peer-refused') && error.details.reason === 'wrong-identity') {
    return new LienthongError('registry-mismatch', { reason: 'peer-id' }, { cause: error });
  }
  if (!isLienthongError(error, 'unreachable') && !isLienthongError(error, 'timeout')) return error;
  const details = {
    what: 'registry',
    addresses: addresses.map(withoutPeer),
    reason: String(error.details.reason ?? ''),
  };
  return new LienthongError('unreachable', details, { cause: error });
}
