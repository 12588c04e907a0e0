/**
 * Composition root of an agency node: what starts in which order, stopped in reverse. Storage, directory, network,
 * exchange, door: nothing is served before what it needs is there, and nothing is closed while something above it may
 * still write. The only place that knows all parts.
 */
import { KeySigner } from '../certs/keys.ts';
import { type Clock, type Random, systemClock, systemRandom } from './core/clock.ts';
import type { ErrorDetails } from './core/errors.ts';
import type { RecoveryReport } from './core/log-views.ts';
import type { CheckReport } from './core/node-views.ts';
import { VERSION } from './core/version.ts';
import { WorkingCalendar } from './core/working-days.ts';
import { Announcer } from './directory/announcer.ts';
import { DirectoryStore } from './directory/directory-store.ts';
import { askForSeal } from './directory/foreign-seal-wish.ts';
import { foreignSealsOf } from './directory/foreign-seals.ts';
import { openNodeFolder } from './directory/node-folder.ts';
import { OwnKeys } from './directory/own-keys.ts';
import { Renewal } from './directory/renewal.ts';
import { SeatNetwork } from './directory/seat-network.ts';
import { Exchange } from './exchange/exchange.ts';
import { Janitor } from './exchange/janitor.ts';
import { statedHead } from './exchange/log-heads.ts';
import { AgencyService } from './gateway/agency-service.ts';
import { openNodeDoor } from './gateway/http/door.ts';
import { checkWithSeal } from './gateway/seal-check.ts';
import { PROTOCOLS } from './network/protocols.ts';
import { SearchIndex } from './search/search-index.ts';
import { freeBytes } from './store/folder.ts';
import { type NodeStore, openNodeStore } from './store/node-store.ts';
import { inspectLoss, recover } from './store/recovery.ts';
import { DOCUMENT_RESERVE_BYTES, RoomGuard } from './store/room-guard.ts';

export { initNode, installNode, requestNode } from './directory/applicant.ts';
export { askForSealAtRest, keepSeal } from './directory/foreign-seal-wish.ts';

export type Report = (event: string, details: ErrorDetails) => void;

export interface AgencyOptions {
  dir: string;
  report?: Report;
  signal?: AbortSignal;
  clock?: Clock;
  random?: Random;
}

export interface AgencyReady {
  agency: string;
  agencyName: string;
  peerId: string;
  listening: string[];
  version: string;
  directoryVersion: number;
}

export interface RunningAgency {
  ready: AgencyReady;
  service: AgencyService;
  /** Ends everything in order; never rejects twice. */
  stop(): Promise<void>;
}

/** What ends when the node does, in the order it was begun. */
class Stops {
  readonly #parts: (() => Promise<void>)[] = [];
  #stopping: Promise<void> | undefined;

  add(part: () => Promise<void>): void {
    this.#parts.push(part);
  }

  /** Every part is ended, whatever another one throws; the first failure is told at the end. */
  stop(): Promise<void> {
    this.#stopping ??= (async () => {
      const failures: unknown[] = [];
      for (const part of this.#parts.reverse()) await part().catch((error) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    })();
    return this.#stopping;
  }
}

/** Throws 'not-initialised', 'locked', 'address-in-use', 'damaged', 'folder-damaged'; nothing is left running then. */
export async function startAgency(options: AgencyOptions): Promise<RunningAgency> {
  const stops = new Stops();
  try {
    const { ready, service } = await start(options, stops);
    options.signal?.throwIfAborted();
    return { ready, service, stop: () => stops.stop() };
  } catch (error) {
    await stops.stop();
    throw error;
  }
}

async function start(
  options: AgencyOptions,
  stops: Stops,
): Promise<{ ready: AgencyReady; service: AgencyService }> {
  const { dir, report = () => {}, clock = systemClock, random = systemRandom } = options;
  const startedAtMs = clock.nowMs();
  const { identity, config } = await openNodeFolder(dir);
  const { sealToken } = identity;
  if (sealToken !== undefined) stops.add(() => sealToken.close());

  const storage: NodeStore = await openNodeStore(dir, { clock, random });
  stops.add(() => storage.close());
  for (const { kind, where } of storage.store.health.problems)
    report('store.read-only', { problem: kind, where });

  const { federationId, root, seat, agency } = identity;
  const directory = new DirectoryStore({ store: storage.store, clock, federationId, root });
  await directory.load();
  const now = () => directory.require();
  const { serviceKey, sealKey } = identity;
  const foreignSeals = await foreignSealsOf(dir);
  const own = new OwnKeys({ seat, agency, serviceKey, sealKey, foreignSeals, directory: now, clock });

  const network = new SeatNetwork({
    directory,
    privateKey: identity.nodeKey,
    listen: config.listen,
    announce: config.announce,
    registryPeerIds: identity.registryPeerIds,
    seat,
    clock,
    random,
    report,
    onContact: (from) => exchange.onContact(from),
    logs: {
      statementFor: (of) => exchange.logWitness.statementFor(of),
      shown: (statement) => exchange.logWitness.shown(statement),
    },
  });
  const guard = new RoomGuard(
    DOCUMENT_RESERVE_BYTES,
    () => freeBytes(dir),
    clock,
    (lacksRoom, freeBytes) => report(lacksRoom ? 'disk.full' : 'disk.room', { freeBytes }),
  );
  const room = () => guard.require();
  const calendar = new WorkingCalendar(config.calendar);
  const exchange = new Exchange(
    {
      store: storage.store,
      blobs: storage.blobs,
      auditLog: storage.audit,
      directory: now,
      self: own,
      peers: network.seats,
      clock,
      random,
      report,
      room,
      search: { index: new SearchIndex({ dir, clock }), room },
      onUnknownHead: () => network.sync.askForNewer(),
    },
    {
      quota: config.quota,
      registers: config.registers,
      calendar,
      edxmlOriginalTravels: config.edxmlOriginalTravels,
    },
  );
  await exchange.load();
  await network.handleSeats(PROTOCOLS.delivery, (frames, from) => exchange.serveDelivery(frames, from));
  await network.handleSeats(PROTOCOLS.blob, (frames, from) => exchange.serveBlobs(frames, from));
  await network.handleSeats(PROTOCOLS.log, (frames, from) => exchange.serveLog(frames, from));
  stops.add(() => exchange.finish());
  stops.add(() => network.stop());
  const announcer = new Announcer({
    dir,
    identity,
    configured: config.announce,
    directory,
    inStep: (peerId) => network.sync.ready(peerId),
    clock,
    random,
    report,
  });
  announcer.follow(network.host);
  const renewal = new Renewal({
    dir,
    agency,
    seat,
    keys: { node: new KeySigner(identity.nodeKey), service: serviceKey, seal: sealKey },
    directory: now,
    ask: () => announcer.renew(),
    pull: () => network.sync.pullFromAny(),
    clock,
    random,
    report,
  });
  // both at once: a renewal waits for the announcer's request
  stops.add(async () => void (await Promise.all([renewal.stop(), announcer.stop()])));
  await network.start();
  renewal.start();
  stops.add(() => exchange.stopSending());
  // before what may wait for it: a token that hangs holds up no stop
  if (sealToken !== undefined) stops.add(() => sealToken.close());
  await exchange.start();
  const janitor = new Janitor({ store: storage.store, blobs: storage.blobs, clock, report });
  stops.add(() => janitor.stop());
  janitor.start();

  const service = new AgencyService({
    dir,
    exchange,
    storage,
    directory,
    network,
    own,
    sealToken,
    clock,
    startedAtMs,
    classification: config.classification,
    calendar,
    announce: (addresses) => announcer.announce(addresses),
    askForSeal: (fingerprint) => askForSeal(fingerprint, { dir, agency, directory, announcer, own }),
  });
  const door = await openNodeDoor(service, { folder: dir, report: doorReport(report) });
  stops.add(() => door.close());
  const ready: AgencyReady = {
    agency,
    agencyName: now().agencyName(agency) ?? agency,
    peerId: network.host.peerId,
    listening: network.host.addresses(),
    version: VERSION,
    directoryVersion: now().version,
  };
  return { ready, service };
}

const doorReport =
  (report: Report) =>
  (error: unknown): void =>
    report('door.failed', { reason: error instanceof Error ? error.message : String(error) });

/** `node check` on a folder at rest. Throws 'locked' while a node runs there, 'not-initialised'. */
export async function checkFolder(dir: string): Promise<CheckReport> {
  const { sealToken } = (await openNodeFolder(dir)).identity;
  const storage = await openNodeStore(dir, { clock: systemClock, random: systemRandom });
  try {
    return await checkWithSeal(storage, sealToken);
  } finally {
    await sealToken?.close();
    await storage.close();
  }
}

/**
 * `node recover` on a folder at rest: what is missing, and with `accept` the new epoch it goes on in. Throws 'locked'
 * while a node runs there, 'not-initialised', 'damaged' where what is damaged can't be left behind.
 */
export async function recoverFolder(options: { dir: string; accept: boolean }): Promise<RecoveryReport> {
  const { dir, accept } = options;
  await openNodeFolder(dir);
  const components = { dir, clock: systemClock, random: systemRandom, headOf: statedHead };
  const { loss, epoch } = accept
    ? await recover(components)
    : { loss: await inspectLoss(components), epoch: undefined };
  const pointOf = ({ epoch, size }: { epoch: number; size: number }) => ({ epoch, size });
  return {
    problems: loss.problems.map(({ kind, where }) => ({ kind, where })),
    held: pointOf(loss.held),
    shown: loss.shown === undefined ? null : pointOf(loss.shown),
    epoch: epoch ?? null,
  };
}
