/**
 * Fetches a newer directory from one peer and proves it before anything is kept: the newest head's authorship, the
 * chain of heads from ours to it, the changed entries in order and within limits, the recomputed root, and the
 * directory certificate once more against the revocation lists the new version brings. Whatever is wrong gives a
 * typed fault and changes nothing; only a proven fork leaves a trace, as evidence.
 */
import { equalBytes } from '../core/bytes.ts';
import { isLienthongError } from '../core/errors.ts';
import type { Directory } from './directory.ts';
import type { DirectoryStore } from './directory-store.ts';
import { ANCHOR_USE } from './entries.ts';
import { checkNewEpoch, readEpochStatement } from './epoch.ts';
import { checkAuthorship, checkSuccession, compareHeads, type HeadFault, type SignedHead } from './head.ts';
import type { Prepared } from './prepared-version.ts';
import {
  ask,
  askHead,
  type OpenStream,
  type PullFault,
  pullEntries,
  Refused,
  readEntries,
  readHeadFrame,
} from './pull-requests.ts';
import { MAX_HEADS } from './serve.ts';

export type PullOutcome =
  | { kind: 'adopted'; directory: Directory }
  /** The peer has nothing newer. */
  | { kind: 'current' }
  | { kind: 'refused'; fault: PullFault };

/** Versions a peer may take while one is being pulled: several agencies enrol at once. */
const ROUNDS = 5;
/** Heads of the longest outage anyone catches up with: ten years of two a day. */
const MAX_CHAIN = 8192;

/**
 * Pulls from one peer; `suspect` also asks for the head of our own version (it may be another). Rejects only when the peer can't be reached or asked; a lying peer is an outcome.
 */
export async function pull(
  store: DirectoryStore,
  open: OpenStream,
  signal: AbortSignal,
  options: { suspect?: boolean } = {},
): Promise<PullOutcome> {
  for (let round = 1; ; round++) {
    try {
      return await attempt(store, open, signal, options.suspect === true);
    } catch (error) {
      if (error instanceof Refused) return { kind: 'refused', fault: error.fault };
      if (isLienthongError(error, 'malformed')) return { kind: 'refused', fault: 'broken-answer' };
      if (isLienthongError(error, 'oversize')) return { kind: 'refused', fault: 'oversize' };
      // a peer that takes a newer version between head and entries ends the stream: its new head is asked for
      if (!isLienthongError(error, 'unreachable') || round === ROUNDS || signal.aborted) throw error;
    }
  }
}

async function attempt(
  store: DirectoryStore,
  open: OpenStream,
  signal: AbortSignal,
  suspect: boolean,
): Promise<PullOutcome> {
  const own = store.current;
  const known = suspect || store.forks.length > 0 ? 0 : (own?.version ?? 0);
  const newest = await askHead(open, signal, known);
  if (newest === undefined) return { kind: 'current' };
  // a node that was away for long holds lists that have ended: those of the new version decide, in proveVersion
  const lists = own?.crls ?? [];
  refuse(checkAuthorship(newest, store.federationId, rootsOf(store), lists, { listsMayHaveEnded: true }));
  if (own === undefined) {
    refuse(checkFirst(store, newest));
    return adopt(store, open, signal, newest, { since: 0, between: [] });
  }
  if (newest.facts.epoch !== own.epoch) return changeEpoch(store, open, signal, own, newest);
  if (compareHeads(newest.facts, own.head.facts) <= 0) return sameOrOlder(store, own, newest);
  if (store.forks.length > 0) throw new Refused('fork');
  const between = await chain(store, open, signal, own.head, newest);
  return adopt(store, open, signal, newest, { since: own.version, between });
}

/** The first head ever taken: of a later epoch only with the root's statement. */
function checkFirst(store: DirectoryStore, head: SignedHead): HeadFault | undefined {
  if (head.facts.epoch === 1) return undefined;
  const statement = readEpochStatement(head.epochStatement, store.federationId, [store.root]);
  const names = statement !== undefined && equalBytes(statement.hash, head.facts.epochStatement);
  return names && statement.facts.epoch === head.facts.epoch ? undefined : 'epoch-unproven';
}

/** A version we have already must be the very head we have; anything else is a fork. */
async function sameOrOlder(store: DirectoryStore, own: Directory, head: SignedHead): Promise<PullOutcome> {
  const ours =
    head.facts.version === own.version ? own.head : await store.head(own.epoch, head.facts.version);
  if (ours !== undefined && !equalBytes(ours.hash, head.hash)) {
    await store.keepFork(ours, head);
    throw new Refused('fork');
  }
  return { kind: 'current' };
}

async function changeEpoch(
  store: DirectoryStore,
  open: OpenStream,
  signal: AbortSignal,
  own: Directory,
  newest: SignedHead,
): Promise<PullOutcome> {
  if (newest.facts.epoch < own.epoch) throw new Refused('older');
  const checked = checkNewEpoch(own.head, newest, store.federationId, rootsOf(store));
  if ('fault' in checked) throw new Refused(checked.fault);
  return adopt(store, open, signal, newest, { since: 0, between: [] });
}

/** The heads from ours to the newest, both left out, each naming the one before; a fork is kept as evidence. */
async function chain(
  store: DirectoryStore,
  open: OpenStream,
  signal: AbortSignal,
  own: SignedHead,
  newest: SignedHead,
): Promise<SignedHead[]> {
  if (newest.facts.version - own.facts.version > MAX_CHAIN) throw new Refused('broken-chain');
  const between: SignedHead[] = [];
  let last = own;
  while (last.facts.version + 1 < newest.facts.version) {
    const from = last.facts.version + 1;
    const to = Math.min(newest.facts.version - 1, from + MAX_HEADS - 1);
    const page = await ask(
      open,
      signal,
      { heads: { fromVersion: from, toVersion: to } },
      MAX_HEADS,
      readHeadFrame,
    );
    if (page.length === 0) throw new Refused('broken-chain');
    for (const head of page) {
      between.push(await follow(store, own, last, head));
      last = head;
    }
  }
  await follow(store, own, last, newest);
  return between;
}

async function follow(
  store: DirectoryStore,
  own: SignedHead,
  last: SignedHead,
  head: SignedHead,
): Promise<SignedHead> {
  const fault = checkSuccession(last, head);
  if (fault === undefined) return head;
  // it names another head of our version than ours: signed proof that there are two
  const forks = last === own && fault === 'broken-chain' && head.facts.version === own.facts.version + 1;
  if (forks && checkAuthorship(head, store.federationId, rootsOf(store)) === undefined) {
    await store.keepFork(own, head);
    throw new Refused('fork');
  }
  throw new Refused(fault);
}

async function adopt(
  store: DirectoryStore,
  open: OpenStream,
  signal: AbortSignal,
  head: SignedHead,
  { since, between }: { since: number; between: SignedHead[] },
): Promise<PullOutcome> {
  const entries = await pullEntries(open, signal, head, since);
  const prepared = await store.prepare(head.facts.epoch, entries, since === 0);
  proveVersion(store, prepared, head);
  return { kind: 'adopted', directory: await store.adopt(prepared, head, { between }) };
}

/**
 * Throws unless the entries make the head's root and its own revocation lists let its author stand. Used for every
 * version from elsewhere: pulled from a peer or read from an answer file.
 */
function proveVersion(store: DirectoryStore, prepared: Prepared, head: SignedHead): void {
  if (prepared.entries !== head.facts.entries || !equalBytes(prepared.root, head.facts.root)) {
    throw new Refused('wrong-root');
  }
  const crls = [...(prepared.views.get('')?.crls.values() ?? [])].map(({ crl }) => crl);
  if (crls.length === 0) throw new Refused('untrusted-certificate');
  refuse(
    checkAuthorship(head, store.federationId, rootsOf(store), [...crls, ...(store.current?.crls ?? [])]),
  );
}

/** Adopts a whole first version given as bytes (an answer file). Same proofs as over the wire. */
export async function adoptBundle(
  store: DirectoryStore,
  head: SignedHead,
  entryBytes: readonly Uint8Array[],
): Promise<PullOutcome> {
  try {
    if (store.current !== undefined && compareHeads(head.facts, store.current.head.facts) <= 0)
      return { kind: 'current' };
    refuse(checkAuthorship(head, store.federationId, rootsOf(store)) ?? checkFirst(store, head));
    const entries = readEntries(entryBytes, head.facts.version, 0, undefined);
    const prepared = await store.prepare(head.facts.epoch, entries, true);
    proveVersion(store, prepared, head);
    return { kind: 'adopted', directory: await store.adopt(prepared, head) };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', fault: error.fault };
    throw error;
  }
}

function refuse(fault: HeadFault | undefined): void {
  if (fault !== undefined) throw new Refused(fault);
}

/** The pinned root, and every root the adopted version names. */
function rootsOf(store: DirectoryStore): Uint8Array[] {
  const anchors = [...(store.current?.groups.get('')?.anchors.values() ?? [])];
  return [
    store.root,
    ...anchors.filter(({ use }) => use === ANCHOR_USE.federation).map(({ certificate }) => certificate),
  ];
}
