/**
 * Keeps a node's directory up to date: pulls from peers that hold a newer head, one pull at a time, and tells peers of
 * ours. What always holds: a pull changes the directory wholly or not at all (pull.ts); a stranger who knocks makes us
 * ask at most every 30 s; stop() ends what is under way. Used by both composition roots.
 */
import { directoryRequest } from '../../proto/messages.ts';
import { equalBytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { within } from '../core/deadline.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import type { DirectoryStore } from './directory-store.ts';
import { parseHeadResponse, type SignedHead } from './head.ts';
import { type PullOutcome, pull } from './pull.ts';
import type { Frames } from './serve.ts';

export interface SyncComponents {
  store: DirectoryStore;
  clock: Clock;
  /** A stream of /lienthong/directory/1 to a connected peer; may dial. */
  open: (peerId: string, signal: AbortSignal) => Promise<Frames>;
  /** Whom to ask for news, best first: the registry, then connected seats. */
  sources: () => readonly string[];
  /** For the log: what a peer answered that was refused, or couldn't be asked. */
  report: (event: string, details: Record<string, string | number>) => void;
}

/** A peer that knocks unknown may only be new, and may as well be a probe. */
export const ASK_INTERVAL_MS = 30_000;
/** A whole directory of 120,000 units over a slow line. */
const PULL_TIMEOUT_MS = 300_000;
const ANNOUNCE_TIMEOUT_MS = 10_000;
/** Peers asked one after another before giving up until the next occasion. */
const MAX_SOURCES = 8;

export interface HeadClaim {
  epoch: number;
  version: number;
  hash: Uint8Array;
}

interface Pull {
  hasBegun: boolean;
  suspect: boolean;
  stop: AbortController;
  outcome: Promise<PullOutcome>;
}

export class DirectorySync {
  readonly #components: SyncComponents;
  readonly #stopping = new AbortController();
  /** Of each peer the newest. */
  readonly #pulls = new Map<string, Pull>();
  #last: Promise<unknown> = Promise.resolve();
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(components: SyncComponents) {
    this.#components = components;
  }

  /**
   * Takes what is newer from the peer. Pulls run one after another; a second one from the same peer shares the first, unless
   * that has begun: what it asked for may be older than what the second is about.
   * Rejects when the peer can't be asked ('unreachable', 'timeout', …); a refused answer is an outcome and reported.
   */
  pullFrom(peerId: string, { suspect = false }: { suspect?: boolean } = {}): Promise<PullOutcome> {
    const waiting = this.#pulls.get(peerId);
    if (waiting !== undefined && !waiting.hasBegun) {
      waiting.suspect ||= suspect;
      return waiting.outcome;
    }
    // whoever says it has something newer and takes its time doesn't stand before the registry, which may be revoking it
    if (this.#isRegistry(peerId)) this.#giveWay();
    const mine: Pull = { hasBegun: false, suspect, stop: new AbortController(), outcome: undefined as never };
    mine.outcome = this.#last
      .then(() => {
        mine.hasBegun = true;
        return this.#pull(peerId, mine);
      })
      .finally(() => {
        if (this.#pulls.get(peerId) === mine) this.#pulls.delete(peerId);
      });
    this.#last = mine.outcome.catch(() => undefined);
    this.#pulls.set(peerId, mine);
    return mine.outcome;
  }

  /** A peer said which head it holds: pulls when that is newer than ours, or another one of our version. */
  claimed(peerId: string, claim: HeadClaim): void {
    const own = this.#components.store.current;
    const isNewer =
      own === undefined ||
      claim.epoch > own.epoch ||
      (claim.epoch === own.epoch && claim.version > own.version);
    const isOther =
      claim.epoch === own?.epoch && claim.version === own.version && !equalBytes(claim.hash, own.headHash);
    if (isNewer || isOther) this.#inBackground(peerId, { suspect: isOther });
  }

  /** A peer announced its head (DirectoryRequest.announce). */
  announced(head: SignedHead, peerId: string): void {
    this.claimed(peerId, { epoch: head.facts.epoch, version: head.facts.version, hash: head.hash });
  }

  /** Resolves when no pull from that peer is under way: the lower head syncs first. */
  async ready(peerId: string): Promise<void> {
    await this.#pulls.get(peerId)?.outcome.catch(() => undefined);
  }

  /** Somebody unknown knocked: asks the sources for a newer head, at most every 30 s. */
  askForNewer(): void {
    const nowMs = this.#components.clock.nowMs();
    if (nowMs - this.#askedAtMs < ASK_INTERVAL_MS) return;
    this.#askedAtMs = nowMs;
    void this.pullFromAny().catch(() => undefined);
  }

  /** Asks the sources in turn until one has something newer or all have answered. */
  async pullFromAny(): Promise<PullOutcome> {
    let outcome: PullOutcome = { kind: 'current' };
    let failure: unknown;
    let answered = false;
    for (const peerId of this.#components.sources().slice(0, MAX_SOURCES)) {
      try {
        outcome = await this.pullFrom(peerId);
        answered = true;
      } catch (error) {
        failure = error;
        continue;
      }
      if (outcome.kind === 'adopted') return outcome;
    }
    if (!answered) throw failure ?? new LienthongError('unreachable', { what: 'directory' });
    return outcome;
  }

  /** Tells a connected peer of our head; what it holds that is newer is pulled. */
  async announceTo(peerId: string): Promise<void> {
    const { store, clock } = this.#components;
    const head = store.current?.head;
    if (head === undefined) return;
    await within(clock, ANNOUNCE_TIMEOUT_MS, this.#stopping.signal, (signal) =>
      this.#announce(head, peerId, signal),
    );
  }

  async #announce(head: SignedHead, peerId: string, signal: AbortSignal): Promise<void> {
    const frames = await this.#components.open(peerId, signal);
    try {
      const announce = parseAnnounce(head);
      await frames.write(directoryRequest.encode({ announce }), { signal });
      const answer = parseHeadResponse(await frames.require({ signal }));
      await frames.close();
      if (answer !== undefined) this.announced(answer, peerId);
    } catch (error) {
      const failure = isLienthongError(error)
        ? error
        : new LienthongError('malformed', { what: 'directory answer' }, { cause: error });
      frames.abort(failure);
      throw failure;
    }
  }

  /** Ends what is under way; what was being pulled changed nothing. */
  async stop(): Promise<void> {
    this.#stopping.abort(new LienthongError('not-running', { what: 'directory sync' }));
    await this.#last;
  }

  #inBackground(peerId: string, options: { suspect?: boolean }): void {
    void this.pullFrom(peerId, options).catch((error) => {
      if (this.#stopping.signal.aborted) return;
      const code = isLienthongError(error) ? error.code : 'internal';
      this.#components.report('directory.unasked', { peer: peerId, code });
    });
  }

  #isRegistry(peerId: string): boolean {
    return this.#components.store.current?.isRegistryPeer(peerId) === true;
  }

  #giveWay(): void {
    for (const [peerId, { stop }] of this.#pulls)
      if (!this.#isRegistry(peerId)) stop.abort(new LienthongError('busy', { what: 'directory' }));
  }

  async #pull(peerId: string, { suspect, stop }: Pull): Promise<PullOutcome> {
    const { store, clock, open, report } = this.#components;
    const ended = AbortSignal.any([this.#stopping.signal, stop.signal]);
    ended.throwIfAborted();
    const outcome = await within(clock, PULL_TIMEOUT_MS, ended, (signal) =>
      pull(store, (inner) => open(peerId, inner), signal, { suspect }),
    );
    if (outcome.kind === 'refused') report('directory.refused', { peer: peerId, fault: outcome.fault });
    if (outcome.kind === 'adopted')
      report('directory.adopted', { peer: peerId, version: outcome.directory.version });
    return outcome;
  }
}

const parseAnnounce = (head: SignedHead) => ({
  head: head.bytes,
  certificates: [...head.certificates],
  epochStatement: head.epochStatement,
});
