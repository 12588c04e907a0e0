/**
 * Composition root of the registry: opens its folder, makes the service, and when it runs, the host that serves the
 * signed directory and enrolment and pushes each new head. Started in order, stopped in reverse. The
 * admin's door is opened on `service` by whoever starts it.
 */
import { fingerprint } from '../certs/fingerprint.ts';
import { sha256 } from './core/bytes.ts';
import { type Clock, fraction, type Random, systemClock, systemRandom } from './core/clock.ts';
import { type ErrorDetails, LienthongError } from './core/errors.ts';
import { DirectoryStore } from './directory/directory-store.ts';
import { announceable, withPorts } from './directory/own-addresses.ts';
import { isAnnounceAddress, withPeer } from './network/addresses.ts';
import type { Host } from './network/host.ts';
import { type PeerIdText, peerIdOfSpki } from './network/peer-id.ts';
import { importEntries, PROVIDED_AGENCIES } from './registry/agencies.ts';
import { Authority } from './registry/authority.ts';
import { Enrolment } from './registry/enrolment.ts';
import { Publisher, registryEntries } from './registry/publisher.ts';
import {
  isRegistryFolder,
  makeRegistryKeys,
  type RegistryConfig,
  type RegistryKeys,
  readRegistryConfig,
  readRegistryKeys,
  writeRegistryConfig,
} from './registry/registry-folder.ts';
import { RegistryNetwork } from './registry/registry-network.ts';
import { RegistryService } from './registry/registry-service.ts';
import { openFolderStore } from './store/node-store.ts';

export type Report = (event: string, details: ErrorDetails) => void;

export interface RegistryOptions {
  dir: string;
  clock?: Clock;
  random?: Random;
  report?: Report;
}

export interface OpenRegistry {
  service: RegistryService;
  config: RegistryConfig;
  peerId: string;
  rootFingerprint: string;
  directory: DirectoryStore;
  close(): Promise<void>;
}

export interface RegistryReady {
  name: string;
  peerId: string;
  listening: string[];
  federationId: string;
  directoryVersion: number;
}

export interface RunningRegistry {
  service: RegistryService;
  host: Host;
  directory: DirectoryStore;
  ready: RegistryReady;
  stop(): Promise<void>;
}

/** What `registry init` may be told. */
export interface RegistryInit extends RegistryOptions {
  name: string;
  /** A list of agencies as `import` takes it; the provided 95 when absent. */
  agencies?: unknown;
  /** Multiaddrs; port 0 is chosen now and kept. */
  listen?: readonly string[];
  announce?: readonly string[];
  autoSeal?: boolean;
}

export interface RegistryInitAnswer {
  name: string;
  peerId: string;
  /** SHA-256 of the first root certificate, hex. */
  federationId: string;
  rootFingerprint: string;
  /** Holds the root key: to be taken offline. */
  rootFolder: string;
  agencies: number;
}

export const DEFAULT_REGISTRY_LISTEN = ['/ip4/0.0.0.0/tcp/7300'];

/**
 * Makes a registry: keys, root apart, first directory. Throws 'already-initialised', 'usage' (an address, an empty
 * name), 'invalid-file' (the list). After a crash the same call finishes.
 */
export async function initRegistry(options: RegistryInit): Promise<RegistryInitAnswer> {
  const { dir, clock = systemClock, name } = options;
  if (await isRegistryFolder(dir)) throw new LienthongError('already-initialised', { where: dir });
  const clean = name.normalize('NFC').trim();
  if (clean === '' || Buffer.byteLength(clean) > 200) throw new LienthongError('usage', { what: 'name' });
  const list = options.agencies ?? PROVIDED_AGENCIES;
  importEntries(list, undefined);
  const listen = await withPorts(options.listen ?? DEFAULT_REGISTRY_LISTEN);
  const announce = [...(options.announce ?? [])];
  requireAddresses(announce);
  const keys = await makeRegistryKeys(dir, clean, clock.nowMs());
  const config: RegistryConfig = { name: clean, listen, announce, autoSeal: options.autoSeal === true };
  const opened = await assemble(dir, config, keys, options);
  try {
    if (opened.directory.current === undefined) {
      await opened.publisher.publish(() => ({
        entries: [
          ...registryEntries(keys, clean, opened.peerId, opened.plainAddresses()),
          ...importEntries(list, undefined),
        ],
        audit: [
          {
            atMs: clock.nowMs(),
            event: 'registry.made',
            fields: [{ name: 'root', value: keys.root.sha256 }],
          },
        ],
      }));
    }
  } finally {
    await opened.close();
  }
  await writeRegistryConfig(dir, config);
  return {
    name: clean,
    peerId: opened.peerId,
    federationId: keys.root.sha256,
    rootFingerprint: keys.root.sha256,
    rootFolder: `${dir}/root`,
    agencies: opened.directory.require().agencies().length,
  };
}

/** Opens the folder of a registry that isn't running, for one command. 'locked' while it runs. */
export async function openRegistryFolder(of: string | RegistryOptions): Promise<OpenRegistry> {
  const options = typeof of === 'string' ? { dir: of } : of;
  const config = await readRegistryConfig(options.dir);
  const opened = await assemble(options.dir, config, await readRegistryKeys(options.dir), options);
  return { ...opened, config, rootFingerprint: fingerprint(opened.keys.root.bytes) };
}

/** Runs a registry until stop(). 'address-in-use', 'locked', 'not-initialised', 'folder-damaged'. */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const config = await readRegistryConfig(options.dir);
  const keys = await readRegistryKeys(options.dir);
  const { clock = systemClock, random = systemRandom, report = () => {} } = options;
  const opened = await assemble(options.dir, config, keys, options);
  const { service, directory, publisher } = opened;
  const network = new RegistryNetwork({
    config,
    privateKey: keys.node.privateKey,
    directory,
    publisher,
    enrolment: opened.enrolment,
    clock,
    jitter: () => fraction(random),
    report,
  });
  try {
    await bringUpToDate(opened, keys, config, clock);
    await network.start();
  } catch (error) {
    await network.stop();
    await opened.close();
    throw error;
  }
  return {
    service,
    directory,
    host: network.host,
    ready: {
      name: config.name,
      peerId: opened.peerId,
      listening: network.host.addresses(),
      federationId: keys.root.sha256,
      directoryVersion: directory.require().version,
    },
    async stop() {
      await network.stop();
      await opened.close();
    },
  };
}

interface Assembled {
  service: RegistryService;
  directory: DirectoryStore;
  publisher: Publisher;
  enrolment: Enrolment;
  keys: RegistryKeys;
  peerId: PeerIdText;
  plainAddresses(): string[];
  close(): Promise<void>;
}

async function assemble(
  dir: string,
  config: RegistryConfig,
  keys: RegistryKeys,
  { clock = systemClock, random = systemRandom }: Omit<RegistryOptions, 'dir'>,
): Promise<Assembled> {
  const peerId = peerIdOfSpki(keys.node.publicKeySpki)!;
  const opened = await openFolderStore(dir, { clock, random });
  const { store } = opened;
  try {
    const root = keys.root.bytes;
    const directory = new DirectoryStore({ store, clock, federationId: sha256(root), root });
    await directory.load();
    const authority = new Authority(keys);
    const publisher = new Publisher({ store, directory, keys, authority, clock });
    const plainAddresses = () => announceable(config.listen, config.announce);
    const addresses = () => plainAddresses().flatMap((address) => withPeer(address, peerId) ?? []);
    const enrolment = new Enrolment({
      store,
      directory: () => directory.current,
      publisher,
      authority,
      keys,
      clock,
      federationName: config.name,
      registryAddresses: addresses,
      autoSeal: config.autoSeal,
    });
    const { name } = config;
    const service = new RegistryService({
      store,
      directory,
      publisher,
      authority,
      enrolment,
      keys,
      clock,
      random,
      name,
      peerId,
      addresses,
    });
    return {
      service,
      directory,
      publisher,
      enrolment,
      keys,
      peerId,
      plainAddresses,
      async close() {
        await publisher.idle();
        await opened.close();
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** A head that is due, or a registry entry that no longer says what the configuration does. */
async function bringUpToDate(
  opened: Assembled,
  keys: RegistryKeys,
  config: RegistryConfig,
  clock: Clock,
): Promise<void> {
  const { directory, publisher, peerId, plainAddresses } = opened;
  const own = directory.require().registry;
  const addresses = plainAddresses();
  const isSame =
    own?.name === config.name && own.peerIds.join() === peerId && own.addresses.join() === addresses.join();
  if (isSame && clock.nowMs() < publisher.dueAtMs()) return;
  await publisher.publish(() => ({
    entries: isSame ? [] : registryEntries(keys, config.name, peerId, addresses).slice(0, 1),
  }));
}

function requireAddresses(addresses: readonly string[]): void {
  const bad = addresses.find((address) => !isAnnounceAddress(address));
  if (bad !== undefined) throw new LienthongError('usage', { what: 'address', address: bad });
}
