/**
 * The asking side of /lienthong/directory/1: one request per stream, its answers read within limits of size, number and
 * time. What a peer answers wrongly is a typed fault, thrown as Refused and turned into an outcome by pull.ts.
 */
import { directoryRequest, entriesResponse, type lienthong } from '../../proto/messages.ts';
import { copyOf } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { compareEntries, type Entry, parseEntry } from './entries.ts';
import { type HeadFault, parseHeadResponse, type SignedHead } from './head.ts';
import type { Frames } from './serve.ts';

export type PullFault =
  | HeadFault
  /** The entries don't make the signed root, or belong to another version. */
  | 'wrong-root'
  | 'out-of-order'
  | 'oversize'
  /** The peer ended the stream early or sent something else. */
  | 'broken-answer';

/** A directory has at most a million entries (enrolment.proto) … */
const MAX_ENTRIES = 1_000_000;
/** … and 120,000 units with everything else make about 30 MiB. */
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;
/** One answer of a peer; the protocol's own deadlines are per frame. */
const READ_TIMEOUT_MS = 30_000;
export type OpenStream = (signal: AbortSignal) => Promise<Frames>;

export class Refused extends Error {
  readonly fault: PullFault;
  constructor(fault: PullFault) {
    super(fault);
    this.fault = fault;
  }
}

/** The newest head a peer holds above `knownVersion`, read but not judged; undefined when it has none. */
export async function askHead(
  open: OpenStream,
  signal: AbortSignal,
  knownVersion: number,
): Promise<SignedHead | undefined> {
  const [head] = await ask(open, signal, { head: { knownVersion } }, 1, readHeadFrame);
  return head;
}

/** The entries of a head changed after `since`, in order. */
export async function pullEntries(
  open: OpenStream,
  signal: AbortSignal,
  head: SignedHead,
  since: number,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  let bytes = 0;
  if (head.facts.entries > MAX_ENTRIES) throw new Refused('oversize');
  const frames = await open(signal);
  try {
    await frames.write(
      directoryRequest.encode({ entries: { sinceVersion: since, version: head.facts.version } }),
    );
    for (let last = false; !last; ) {
      const page = parse(entriesResponse, await frames.require({ signal, timeoutMs: READ_TIMEOUT_MS }));
      last = page.last;
      for (const one of page.entries) bytes += one.byteLength;
      if (bytes > MAX_TOTAL_BYTES || entries.length + page.entries.length > head.facts.entries)
        throw new Refused('oversize');
      for (const entry of readEntries(page.entries, head.facts.version, since, entries.at(-1)))
        entries.push(entry);
      if (!last && page.entries.length === 0) throw new Refused('broken-answer');
    }
    await frames.close();
    return entries;
  } catch (error) {
    frames.abort(asStreamError(error));
    throw error;
  }
}

/** Entries given as bytes, each read strictly; `before` is the last one of the page before. */
export function readEntries(
  all: readonly Uint8Array[],
  version: number,
  since: number,
  before: Entry | undefined,
): Entry[] {
  let last = before;
  return all.map((bytes) => {
    let entry: Entry;
    try {
      entry = parseEntry(copyOf(bytes));
    } catch {
      throw new Refused('malformed');
    }
    if (last !== undefined && compareEntries(last, entry) >= 0) throw new Refused('out-of-order');
    if (entry.changedIn > version || entry.changedIn <= since) throw new Refused('out-of-order');
    last = entry;
    return entry;
  });
}

/** One request and every frame of its answer, at most `limit`. */
export async function ask<T>(
  open: OpenStream,
  signal: AbortSignal,
  request: lienthong.v1.DirectoryRequest.$Properties,
  limit: number,
  read: (frame: Uint8Array) => T | undefined,
): Promise<T[]> {
  const frames = await open(signal);
  const answers: T[] = [];
  try {
    await frames.write(directoryRequest.encode(request));
    for (;;) {
      const frame = await frames.read({ signal, timeoutMs: READ_TIMEOUT_MS });
      if (frame === undefined) break;
      if (answers.length >= limit) throw new Refused('oversize');
      const answer = read(frame);
      if (answer !== undefined) answers.push(answer);
      if (limit === 1) break;
    }
    await frames.close();
    return answers;
  } catch (error) {
    frames.abort(asStreamError(error));
    throw error;
  }
}

export function readHeadFrame(frame: Uint8Array): SignedHead | undefined {
  try {
    return parseHeadResponse(copyOf(frame));
  } catch {
    throw new Refused('malformed');
  }
}

function parse<T>(codec: { parse(bytes: Uint8Array): T }, frame: Uint8Array): T {
  try {
    return codec.parse(frame);
  } catch {
    throw new Refused('malformed');
  }
}

const asStreamError = (error: unknown): LienthongError =>
  isLienthongError(error)
    ? error
    : new LienthongError('malformed', { what: 'directory answer' }, { cause: error });
