/**
 * Keeps a node connected to its registry: redials within 2 s, then with backoff to 60 s, for as long as the node
 * runs. The registry being away costs news, nothing else: every failure is only reported, once per change.
 */
import { backoffMs } from '../core/backoff.ts';
import type { Clock, Random } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { Host } from '../network/host.ts';

const FIRST_REDIAL_MS = 2_000;
const MOST_REDIAL_MS = 60_000;
const CONNECT_MS = 10_000;

export interface RegistryLinkComponents {
  host: Host;
  clock: Clock;
  random: Random;
  /** PeerIds and addresses of the registry, as the directory says now, else as enrolment said. */
  registry: () => { peerIds: readonly string[]; addresses: readonly string[] };
  report: (event: string, details: Record<string, string | number>) => void;
}

export class RegistryLink {
  readonly #with: RegistryLinkComponents;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #isConnected = false;

  constructor(components: RegistryLinkComponents) {
    this.#with = components;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new LienthongError('not-running', { what: 'registry link' }));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, random, report } = this.#with;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const untilClosed = await this.#connect(signal);
        if (failures > 0) report('registry.back', {});
        failures = 0;
        this.#isConnected = true;
        await untilClosed();
        if (!signal.aborted) report('registry.lost', {});
      } catch (error) {
        if (signal.aborted) break;
        if (failures === 0)
          report('registry.unreachable', { code: isLienthongError(error) ? error.code : 'internal' });
      }
      this.#isConnected = false;
      failures++;
      await clock.sleep(backoffMs(failures, random, FIRST_REDIAL_MS, MOST_REDIAL_MS), signal).catch(() => {});
    }
    this.#isConnected = false;
  }

  /** Resolves when connected, with a function that waits until the connection is gone. */
  async #connect(signal: AbortSignal): Promise<() => Promise<void>> {
    const { host, clock, registry } = this.#with;
    const { peerIds, addresses } = registry();
    let failure: unknown = new LienthongError('unreachable', { what: 'registry' });
    for (const peerId of peerIds) {
      try {
        const connection = await within(clock, CONNECT_MS, signal, (inner) =>
          host.connect(peerId, addresses, { purpose: 'exchange', signal: inner }),
        );
        return () =>
          new Promise((resolve) => {
            connection.onClosed(resolve);
            if (signal.aborted) resolve();
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
