/**
 * What this seat asks of its registry with its enrolled keys: where others dial it, and the next certificates (renewal.ts
 * says when), both in one request. `announce` is what an admin asks for: granted by the registry first,
 * kept in the configuration after, so a crash between leaves the earlier wish, which the next contact restores. What
 * the configuration says and the directory doesn't is announced again whenever the registry is connected: after a
 * change by hand, or a version that reads more. Goes over a short visit of its own beside the running host, one at a
 * time; stop() ends what is under way. Made by agency.ts.
 */
import type { KeyObject } from 'node:crypto';
import { KeySigner } from '../../certs/keys.ts';
import { backoffMs } from '../core/backoff.ts';
import type { Clock, Random } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import { type ErrorDetails, isLienthongError, LienthongError } from '../core/errors.ts';
import { parseAddress, withPeer } from '../network/addresses.ts';
import type { Host } from '../network/host.ts';
import { parsePeerId, peerIdOfKey } from '../network/peer-id.ts';
import type { DirectoryStore } from './directory-store.ts';
import { type GrantedEnrolment, judgeAnswer } from './enrolment-answer.ts';
import { sealEnvelope } from './enrolment-envelope.ts';
import { makeRequest, type RequestKeys, requireAnnounceable } from './enrolment-request.ts';
import type { HeldForeignSeal } from './foreign-seals.ts';
import { READS } from './hello.ts';
import { type OpenIdentity, saveAnnounced } from './node-folder.ts';
import { sendEnrolment } from './registry-client.ts';

/** A person waits for it: dial, one request, one answer. */
const ANNOUNCE_TIMEOUT_MS = 30_000;
/** Many seats behind one address may be told "rate-limited" after an update of them all: that is over in a minute. */
const FIRST_RETRY_MS = 60_000;
const MOST_RETRY_MS = 600_000;

export interface AnnouncerComponents {
  dir: string;
  identity: Pick<
    OpenIdentity,
    'agency' | 'seat' | 'federationId' | 'nodeKey' | 'serviceKey' | 'sealKey' | 'registryAddresses'
  >;
  /** What the configuration says others are to be told. */
  configured: readonly string[];
  directory: DirectoryStore;
  /** Resolves when no news is being pulled from that peer. */
  inStep: (peerId: string) => Promise<void>;
  clock: Clock;
  random: Random;
  report: (event: string, details: ErrorDetails) => void;
}

type SealWish = Pick<HeldForeignSeal, 'signer' | 'chain'>;

export class Announcer {
  readonly #with: AnnouncerComponents;
  readonly #privateKey: KeyObject;
  readonly #keys: RequestKeys;
  readonly #stopping = new AbortController();
  readonly #working = new Set<Promise<void>>();
  #configured: readonly string[];
  #last: Promise<unknown> = Promise.resolve();
  #isWaiting = false;
  #unsubscribe = () => {};

  constructor(components: AnnouncerComponents) {
    this.#with = components;
    const { nodeKey, serviceKey, sealKey } = components.identity;
    this.#privateKey = nodeKey;
    this.#keys = { node: new KeySigner(nodeKey), service: serviceKey, seal: sealKey };
    this.#configured = components.configured;
  }

  /**
   * Changes what others dial; resolves when the registry has published it and the configuration keeps it. 'usage' (not
   * an address to announce), 'unreachable' (the registry is off: nothing changed), 'certificate-revoked', or the registry's refusal by its code.
   */
  async announce(addresses: readonly string[]): Promise<void> {
    requireAnnounceable(addresses);
    if (addresses.length === 0) throw new LienthongError('usage', { what: 'address', address: '' });
    await this.#inTurn(async () => {
      await this.#tell(addresses);
      await saveAnnounced(this.#with.dir, addresses);
      this.#configured = [...addresses];
    });
  }

  /** Asks for what the registry would grant now, changing nothing else. Errors as `announce`. */
  async renew(): Promise<GrantedEnrolment> {
    let granted: GrantedEnrolment | undefined;
    await this.#inTurn(async () => {
      granted = await this.#tell(this.#addresses());
    });
    return granted!;
  }

  /**
   * Asks for a seal another CA certified to be granted; resolves when the registry keeps the wish. Errors as `announce`,
   * and those of the certificate ('certificate-refused', 'certificate-expired', 'quota').
   */
  async askForSeal(seal: SealWish): Promise<void> {
    await this.#inTurn(async () => {
      await this.#tell(this.#addresses(), seal);
    });
  }

  /** From now on every connection to the registry is an occasion to put the directory right. */
  follow(host: Host): void {
    const { directory } = this.#with;
    this.#unsubscribe = host.onConnect(({ peerId, purpose }) => {
      if (purpose !== 'exchange' || directory.current?.isRegistryPeer(peerId) !== true) return;
      const mine = this.#putRight(peerId).finally(() => this.#working.delete(mine));
      this.#working.add(mine);
    });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stopping.abort(new LienthongError('not-running', { what: 'announcer' }));
    await Promise.all([...this.#working, this.#last]);
  }

  /** Tries again for as long as the registry answers "later"; when it is away its next contact is the occasion. */
  async #putRight(registryPeer: string): Promise<void> {
    const { inStep, report, clock, random } = this.#with;
    const { signal } = this.#stopping;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await inStep(registryPeer);
        await this.#inTurn(async () => {
          if (this.#isListed()) return;
          await this.#tell(this.#configured);
          report('addresses.announced', { addresses: this.#configured });
        });
        return;
      } catch (error) {
        if (signal.aborted) return;
        report('addresses.unannounced', { code: isLienthongError(error) ? error.code : 'internal' });
        const isLater = isLienthongError(error) && error.retry !== 'never' && error.code !== 'unreachable';
        if (!isLater || this.#isWaiting) return;
      }
      this.#isWaiting = true;
      await clock.sleep(backoffMs(failures, random, FIRST_RETRY_MS, MOST_RETRY_MS), signal).catch(() => {});
      this.#isWaiting = false;
    }
  }

  #isListed(): boolean {
    const seat = this.#with.directory.require().seat(this.#with.identity.seat);
    const isAny = seat === undefined || this.#configured.length === 0;
    return isAny || (same(seat.addresses, this.#configured) && same(seat.reads, READS));
  }

  /** What others are told already. */
  #addresses(): readonly string[] {
    const listed = this.#with.directory.require().seat(this.#with.identity.seat)?.addresses;
    return this.#configured.length > 0 ? this.#configured : (listed ?? []);
  }

  async #tell(addresses: readonly string[], seal?: SealWish): Promise<GrantedEnrolment> {
    this.#requireStanding();
    return within(this.#with.clock, ANNOUNCE_TIMEOUT_MS, this.#stopping.signal, (signal) =>
      this.#ask(addresses, signal, seal),
    );
  }

  async #ask(addresses: readonly string[], signal: AbortSignal, seal?: SealWish): Promise<GrantedEnrolment> {
    const { identity, clock, report } = this.#with;
    const { agency, federationId } = identity;
    const keys = seal === undefined ? this.#keys : { ...this.#keys, seal: seal.signer };
    const request = await makeRequest({
      agency,
      federationId,
      keys,
      addresses,
      madeAtMs: clock.nowMs(),
      sealChain: seal?.chain,
      onSealFault: ({ code }) => report('seal.unavailable', { code }),
    });
    const envelope = await sealEnvelope(request, keys.node, undefined);
    let failure: unknown = new LienthongError('unreachable', { what: 'registry', reason: 'no-address' });
    for (const known of this.#registries()) {
      try {
        const answer = await sendEnrolment(
          { privateKey: this.#privateKey, addresses: known, clock, signal },
          envelope,
        );
        return judgeAnswer(answer, { rootFingerprint: federationId, agency, keys, nowMs: clock.nowMs() });
      } catch (error) {
        signal.throwIfAborted();
        if (!isLienthongError(error, 'unreachable')) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** The registry refuses what a revoked node asks, without a word. One whose certificate ran out asks for the next. */
  #requireStanding(): void {
    const { directory, clock, identity } = this.#with;
    const own = directory.require().nodeMayConnect(peerIdOfKey(this.#privateKey), clock.nowMs());
    if (!own.ok && own.code === 'revoked')
      throw new LienthongError('certificate-revoked', { agency: identity.agency, role: 'node' });
  }

  /** Addresses of the registry with /p2p/, each list of one PeerId: as the directory says, then as enrolment said. */
  #registries(): string[][] {
    const { directory, identity } = this.#with;
    const listed = directory.current?.registry;
    const now = (listed?.peerIds ?? []).map((text) => {
      const peerId = parsePeerId(text);
      return peerId === undefined
        ? []
        : listed!.addresses.flatMap((address) => withPeer(address, peerId) ?? []);
    });
    const then = new Map<string, string[]>();
    for (const address of identity.registryAddresses) {
      const peerId = parseAddress(address)?.peerId ?? '';
      then.set(peerId, [...(then.get(peerId) ?? []), address]);
    }
    const others = [...then.values()].filter((list) => !now.some((other) => same(other, list)));
    return [...now, ...others].filter((list) => list.length > 0);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(() => {
      this.#stopping.signal.throwIfAborted();
      return work();
    });
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, at) => text === b[at]);
