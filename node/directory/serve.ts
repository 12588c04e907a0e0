/**
 * The serving side of /lienthong/directory/1: any node and the registry answer for the version they hold. One request
 * per stream. Answers come from one snapshot, in pages below the frame limit; a reader that doesn't read meets the
 * stream's own deadline. Who may ask is the policy's business; nothing here is secret within the federation.
 */
import { type DirectoryRequest, directoryRequest, entriesResponse } from '../../proto/messages.ts';
import { type Bytes, copyOf, EMPTY } from '../core/bytes.ts';
import { LienthongError } from '../core/errors.ts';
import type { DirectoryStore } from './directory-store.ts';
import { encodeHeadResponse, readHead, type SignedHead } from './head.ts';

/** What a stream is here: frames in order, each a whole message (network's FrameStream fits). */
export interface Frames {
  read(options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<Bytes | undefined>;
  require(options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<Bytes>;
  write(frame: Bytes, options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<void>;
  close(): Promise<void>;
  abort(error: LienthongError): void;
}

/** Below the protocol's frame limit of 1 MiB by more than a page's own framing. */
const PAGE_BYTES = 900 * 1024;
/** As many as one answer may hold. */
const PAGE_ITEMS = 4096;
/** Heads per request: two years of daily ones; who is further behind asks again. */
export const MAX_HEADS = 512;

export interface ServeComponents {
  directory: DirectoryStore;
  /** A peer told us of a head it holds; called after its stream was answered. */
  onAnnounced?: (head: SignedHead, peerId: string) => void;
}

/** Answers one stream. Throws `malformed` on a frame that isn't a request, and the stream's own errors. */
export async function serveDirectory(
  frames: Frames,
  peerId: string,
  components: ServeComponents,
): Promise<void> {
  const request = parseRequest(await frames.require());
  const { directory } = components;
  if (request.head) {
    const own = directory.current?.head;
    await frames.write(
      encodeHeadResponse(own && own.facts.version > request.head.knownVersion ? own : undefined),
    );
  } else if (request.heads) {
    const { fromVersion, toVersion } = request.heads;
    for (const head of await directory.heads(fromVersion, toVersion, MAX_HEADS)) {
      await frames.write(encodeHeadResponse(head));
    }
  } else if (request.entries) {
    await sendEntries(frames, directory, request.entries.sinceVersion, request.entries.version);
  } else if (request.announce) {
    await answerAnnounce(frames, peerId, request.announce, components);
  }
}

function parseRequest(frame: Bytes): DirectoryRequest {
  try {
    const request = directoryRequest.parse(frame);
    if (request.head || request.heads || request.entries || request.announce) return request;
  } catch (cause) {
    throw new LienthongError('malformed', { what: 'directory request' }, { cause });
  }
  throw new LienthongError('malformed', { what: 'directory request' });
}

async function sendEntries(
  frames: Frames,
  directory: DirectoryStore,
  since: number,
  version: number,
): Promise<void> {
  if (directory.current?.version !== version) throw new LienthongError('unknown-head', { version });
  let page: Bytes[] = [];
  let bytes = 0;
  for await (const row of directory.entriesSince(since)) {
    if (page.length >= PAGE_ITEMS || (page.length > 0 && bytes + row.bytes.byteLength > PAGE_BYTES)) {
      await frames.write(entriesResponse.encode({ entries: page }));
      page = [];
      bytes = 0;
    }
    page.push(row.bytes);
    bytes += row.bytes.byteLength + 8;
  }
  await frames.write(entriesResponse.encode({ entries: page, last: true }));
}

async function answerAnnounce(
  frames: Frames,
  peerId: string,
  announce: NonNullable<DirectoryRequest['announce']>,
  { directory, onAnnounced }: ServeComponents,
): Promise<void> {
  let head: SignedHead | undefined;
  try {
    head = readHead({ ...announce, head: copyOf(announce.head ?? EMPTY) } as Parameters<typeof readHead>[0]);
  } catch (cause) {
    throw new LienthongError('malformed', { what: 'announced head' }, { cause });
  }
  const own = directory.current?.head;
  const isNewer = own !== undefined && head !== undefined && own.facts.version > head.facts.version;
  await frames.write(encodeHeadResponse(isNewer ? own : undefined));
  if (head !== undefined) onAnnounced?.(head, peerId);
}
