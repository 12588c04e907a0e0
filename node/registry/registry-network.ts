/**
 * The registry on the network: serves directory and enrolment, answers nothing else; tells every connected seat of a
 * new head at once and dials the others, spread over a few seconds; signs the head again before it stops being fresh.
 * Background work ends with stop().
 */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { SOFTWARE } from '../core/version.ts';
import type { DirectoryStore } from '../directory/directory-store.ts';
import type { SeatFacts } from '../directory/entries.ts';
import { checkAuthorship } from '../directory/head.ts';
import { DirectoryHello } from '../directory/hello.ts';
import { askHead } from '../directory/pull-requests.ts';
import { serveDirectory } from '../directory/serve.ts';
import { DirectorySync, type HeadClaim } from '../directory/sync.ts';
import { Host } from '../network/host.ts';
import { peerIdOfKey } from '../network/peer-id.ts';
import { PROTOCOLS } from '../network/protocols.ts';
import type { Enrolment } from './enrolment.ts';
import { EnrolmentServer } from './enrolment-server.ts';
import type { Publisher } from './publisher.ts';
import type { RegistryConfig } from './registry-folder.ts';
import { RegistryPolicy } from './registry-policy.ts';

export interface RegistryNetworkComponents {
  config: RegistryConfig;
  privateKey: KeyObject;
  directory: DirectoryStore;
  publisher: Publisher;
  enrolment: Enrolment;
  clock: Clock;
  /** A number in [0, 1). */
  jitter: () => number;
  report: (event: string, details: Record<string, string | number>) => void;
}

/** Seats that aren't connected are dialled within this after a start or a new head: not all at once. */
const DIAL_SPREAD_MS = 3_000;
/** A seat that doesn't answer isn't dialled for every head of a busy morning. */
const DIAL_PAUSE_MS = 10_000;
const DIAL_TIMEOUT_MS = 10_000;
/** Looks for a head that is due this often. */
const DUE_CHECK_MS = 60_000;

export class RegistryNetwork {
  readonly host: Host;
  readonly #components: RegistryNetworkComponents;
  readonly #hello: DirectoryHello;
  readonly #sync: DirectorySync;
  readonly #stopping = new AbortController();
  readonly #working = new Set<Promise<void>>();
  readonly #dialledAtMs = new Map<string, number>();
  readonly #unsubscribe: (() => void)[] = [];

  constructor(components: RegistryNetworkComponents) {
    this.#components = components;
    const { directory, clock, config, privateKey, report } = components;
    this.#sync = new DirectorySync({
      store: directory,
      clock,
      open: (peerId, signal) => this.host.openStream(peerId, PROTOCOLS.directory, { signal }),
      sources: () => [],
      report,
    });
    this.#hello = new DirectoryHello({
      store: directory,
      clock,
      software: SOFTWARE,
      onHead: (peerId, claim) => this.#claimed(peerId, claim),
    });
    const ownPeerId = peerIdOfKey(privateKey);
    const policy = new RegistryPolicy({ directory: () => directory.current, clock, ownPeerId });
    this.host = new Host({
      privateKey,
      listen: config.listen,
      policy,
      hello: this.#hello,
      clock,
      onRefused: ({ peerId = '', address, reason }) =>
        report('peer.refused', { peer: peerId, address, reason }),
      onHandlerError: (error, peerId, protocol) => {
        const code = isLienthongError(error) ? error.code : 'internal';
        report('stream.failed', { peer: peerId, protocol: protocol.name, code });
      },
    });
  }

  async start(): Promise<void> {
    const { directory, enrolment, clock, report } = this.#components;
    const server = new EnrolmentServer({ enrolment, clock, report });
    await this.host.handle(PROTOCOLS.directory, (stream, { peerId }) =>
      serveDirectory(stream, peerId, {
        directory,
        onAnnounced: (head, from) =>
          this.#claimed(from, { epoch: head.facts.epoch, version: head.facts.version, hash: head.hash }),
      }),
    );
    await this.host.handle(PROTOCOLS.enrolment, (stream, connection) =>
      server.serve(stream, connection.peerId, connection.address),
    );
    await this.host.start();
    this.#unsubscribe.push(
      directory.onHead(() => this.#tellAll()),
      this.host.onConnect(({ peerId, purpose }) => {
        if (purpose === 'exchange') this.#hello.accepted(peerId);
      }),
    );
    this.#background(() => this.#keepFresh());
    this.#tellAll();
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#stopping.abort(new LienthongError('not-running', { what: 'registry' }));
    const synced = this.#sync.stop();
    await Promise.all([...this.#working]);
    await synced;
    await this.host.stop();
  }

  /** Tells every seat of the present head: at once where it is connected, else by dialling it (Hello tells the head). */
  #tellAll(): void {
    const { directory, clock } = this.#components;
    const nowMs = clock.nowMs();
    for (const seat of directory.current?.seats() ?? []) {
      for (const peerId of seat.peerIds) {
        if (this.host.current(peerId, 'exchange') !== undefined)
          this.#background(() => this.#announce(peerId));
        else if (nowMs - (this.#dialledAtMs.get(peerId) ?? Number.NEGATIVE_INFINITY) >= DIAL_PAUSE_MS) {
          this.#dialledAtMs.set(peerId, nowMs);
          this.#background(() => this.#dial(peerId, seat));
        }
      }
    }
  }

  async #announce(peerId: string): Promise<void> {
    try {
      await this.#sync.announceTo(peerId);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#components.report('head.unannounced', {
        peer: peerId,
        code: isLienthongError(error) ? error.code : 'internal',
      });
    }
  }

  async #dial(peerId: string, seat: SeatFacts): Promise<void> {
    const { clock, jitter, directory } = this.#components;
    try {
      await clock.sleep(jitter() * DIAL_SPREAD_MS, this.#stopping.signal);
      if (directory.current?.nodeMayConnect(peerId, clock.nowMs()).ok !== true) return;
      await within(clock, DIAL_TIMEOUT_MS, this.#stopping.signal, (signal) =>
        this.host.connect(peerId, seat.addresses, { purpose: 'exchange', signal }),
      );
    } catch {
      // it is off, or unreachable from here: it will come by itself and say Hello
    }
  }

  async #keepFresh(): Promise<void> {
    const { clock, publisher, report } = this.#components;
    while (!this.#stopping.signal.aborted) {
      try {
        await clock.sleep(DUE_CHECK_MS, this.#stopping.signal);
        if (clock.nowMs() >= publisher.dueAtMs()) await publisher.publish(() => ({ entries: [] }));
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        report('head.unsigned', { code: isLienthongError(error) ? error.code : 'internal' });
      }
    }
  }

  /** A seat holds a newer head than we: if it is genuine, we were restored from a backup and must not sign another. */
  #claimed(peerId: string, claim: HeadClaim): void {
    const { directory, publisher, clock, report } = this.#components;
    const { current } = directory;
    if (current === undefined || (claim.epoch === current.epoch && claim.version <= current.version)) return;
    if (claim.epoch < current.epoch || claim.version <= publisher.behindVersion) return;
    this.#background(async () => {
      const head = await within(clock, DIAL_TIMEOUT_MS, this.#stopping.signal, (signal) =>
        askHead(
          (inner) => this.host.openStream(peerId, PROTOCOLS.directory, { signal: inner }),
          signal,
          current.version,
        ),
      ).catch(() => undefined);
      if (
        head === undefined ||
        checkAuthorship(head, directory.federationId, [directory.root], current.crls) !== undefined
      ) {
        return;
      }
      publisher.isBehind(head.facts.version);
      report('registry.behind', { peer: peerId, version: current.version, seen: head.facts.version });
    });
  }

  #background(work: () => Promise<void>): void {
    const mine = work().finally(() => this.#working.delete(mine));
    this.#working.add(mine);
  }
}
