/**
 * Brings together the attachments of an offered document: small ones from the offer itself, larger ones pulled from
 * the sender, of a circular also from other recipients, or the files that are here where they came from the same seat: with
 * another document, for another unit, or pulled whole for an offer that couldn't be stored. What came from somebody else is
 * pulled all the same: nobody learns what is held. Nothing of it counts before the inbox's commit: files are leased until
 * then.
 */
import type { Attachment, Document } from '../../proto/messages.ts';
import { type Bytes, copyOf, equalBytes, hex, sha256 } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { leafHash } from '../core/merkle.ts';
import { arrivalsOf } from '../store/arrivals.ts';
import type { BlobStore, LeasedBlob } from '../store/blobs.ts';
import { documentsWithBlob } from '../store/documents.ts';
import type { KeyValueStore, Write } from '../store/key-value.ts';
import { getSmallBlob, SMALL_BLOB_BYTES, type SmallBlobOwner } from '../store/small-blobs.ts';
import type { Offered } from './admission.ts';
import type { BlobPuller, SharedWith } from './blob-puller.ts';
import { MOST_HELPERS } from './circular-helpers.ts';
import type { FilesArriving } from './files-arriving.ts';
import type { Self } from './ports.ts';

/** Documents with one and the same file that are looked at; with more, it is pulled again. */
const MOST_DOCUMENTS = 100;

export interface CollectedAttachments {
  /** Into the document's own commit. */
  writes: Write[];
  /** Bytes that came along, to be kept with the document. */
  small: { sha256: Bytes; bytes: Bytes }[];
  /** Files the document keeps. */
  files: Bytes[];
  /** Names of those that can't be had, where that was allowed. */
  missing: string[];
  /** When there will be no commit. */
  release(): Promise<void>;
  /** After the commit, or when there will be none: the arrival speaks for the files now, or nothing does. */
  end(): void;
}

export interface CollectOptions {
  /** The document is this node's own, held by its recipient: the dispatch itself goes along as the ticket. */
  isOwn?: boolean;
  /** What the seat says it can't give is named instead of thrown. */
  withoutMissing?: boolean;
}

export class Collector {
  readonly #store: KeyValueStore;
  readonly #blobs: BlobStore;
  readonly #puller: BlobPuller;
  readonly #arriving: FilesArriving;
  readonly #ownSeat: string;

  constructor(components: {
    store: KeyValueStore;
    blobs: BlobStore;
    puller: BlobPuller;
    arriving: FilesArriving;
    self: Self;
  }) {
    this.#ownSeat = components.self.seat;
    this.#store = components.store;
    this.#blobs = components.blobs;
    this.#puller = components.puller;
    this.#arriving = components.arriving;
  }

  /** Throws 'blob-mismatch' (the signed facts contradict the bytes), 'blob-unavailable', 'disk-full'. */
  async collect(
    offered: Offered,
    inlineBlobs: readonly Bytes[],
    held: SmallBlobOwner | undefined,
    signal: AbortSignal,
    { isOwn = false, withoutMissing = false }: CollectOptions = {},
  ): Promise<CollectedAttachments> {
    const inline = new Map(inlineBlobs.map((bytes) => [hex(sha256(bytes)), bytes]));
    const collected = {
      writes: [] as Write[],
      small: [] as CollectedAttachments['small'],
      files: [] as Bytes[],
      missing: [] as string[],
    };
    const leased: LeasedBlob[] = [];
    const shared = isOwn ? undefined : this.#sharing(offered);
    const end = () => shared?.arriving.end();
    const release = async () => {
      await Promise.allSettled(leased.map((blob) => blob.lease.release()));
    };
    try {
      for (const attachment of distinct(offered.document.content.attachments as Attachment[])) {
        const bytes = inline.get(hex(attachment.sha256));
        if (bytes !== undefined) {
          collected.small.push({ sha256: attachment.sha256, bytes: checked(attachment, bytes) });
        } else if (!(held && (await getSmallBlob(this.#store, held, attachment.sha256)))) {
          const { fromSeat: from } = offered;
          const isTheirs = held !== undefined || isOwn || (await this.#cameFrom(from, attachment.sha256));
          const blob =
            (isTheirs && (await this.#reuse(from, attachment, signal))) ||
            (await this.#pull(offered, attachment, { isOwn, salvage: isTheirs, shared }, signal).catch(
              (error) => {
                if (!withoutMissing || !isDenied(error)) throw error;
                collected.missing.push(attachment.name);
              },
            ));
          if (!blob) continue;
          leased.push(blob);
          collected.writes.push(...blob.lease.writes);
          collected.files.push(copyOf(attachment.sha256));
        }
      }
    } catch (error) {
      end();
      await release();
      throw error;
    }
    return { ...collected, release, end };
  }

  /** Recipients of a circular may read from each other what they have, and of nothing else. */
  #sharing({ dispatch, document, fromSeat, helpers: named = [] }: Offered): SharedWith | undefined {
    if (!dispatch.content.circular) return undefined;
    const helpers = named.filter((seat) => seat !== fromSeat && seat !== this.#ownSeat);
    const arriving = this.#arriving.begin(document.id, fromSeat);
    return { arriving, helpers: helpers.slice(0, MOST_HELPERS), ticket: dispatch.bytes };
  }

  /**
   * Of a document this seat sends one of its own units: nothing is collected, and the document keeps what it keeps. Throws
   * 'blob-unavailable' where a file is gone.
   */
  async here({ attachments }: Document, held: SmallBlobOwner | undefined): Promise<CollectedAttachments> {
    for (const { sha256: sum, size, name } of distinct(attachments as Attachment[])) {
      const isHere =
        (held && (await getSmallBlob(this.#store, held, sum))) || (await this.#blobs.sizeOf(sum)) === size;
      if (!isHere) throw new LienthongError('blob-unavailable', { name });
    }
    return { writes: [], small: [], files: [], missing: [], release: async () => {}, end: () => {} };
  }

  /** Whether this seat sent the file before: it knows then that it is here. */
  async #cameFrom(seat: string, sum: Bytes): Promise<boolean> {
    if (await this.#blobs.wasPulledFrom(seat, sum)) return true;
    for await (const documentId of documentsWithBlob(this.#store, sum, MOST_DOCUMENTS)) {
      const arrivals = await arrivalsOf(this.#store, documentId);
      if (arrivals.some(({ fromSeat }) => fromSeat === seat)) return true;
    }
    return false;
  }

  /** The file that is here, read to its end, if it is what is signed now. */
  async #reuse(
    from: string,
    { sha256: sum, size, chunkRoot }: Attachment,
    signal: AbortSignal,
  ): Promise<LeasedBlob | undefined> {
    const blob = await this.#blobs.reuse(sum, { from, signal });
    if (blob === undefined || (blob.size === size && equalBytes(blob.chunkRoot, chunkRoot))) return blob;
    await blob.lease.release();
    return undefined;
  }

  #pull(
    { dispatch, fromSeat }: Offered,
    attachment: Attachment,
    { isOwn, salvage, shared }: { isOwn: boolean; salvage: boolean; shared: SharedWith | undefined },
    signal: AbortSignal,
  ): Promise<LeasedBlob> {
    const { urgency } = dispatch.content;
    const helped = shared && { shared };
    const pull = { seat: fromSeat, dispatchId: dispatch.id, attachment, urgency, salvage, ...helped };
    return this.#puller.pull(isOwn ? { ...pull, ticket: dispatch.bytes } : pull, signal);
  }
}

/** The bytes, when they are what was signed. */
function checked(attachment: Attachment, bytes: Bytes): Bytes {
  const fits = bytes.byteLength === attachment.size && bytes.byteLength <= SMALL_BLOB_BYTES;
  if (!fits || !equalBytes(leafHash(bytes), attachment.chunkRoot)) {
    throw new LienthongError('blob-mismatch', { name: attachment.name });
  }
  return bytes;
}

/** The seat answered, and it isn't to be had there; anything else may only be the network. */
const isDenied = (error: unknown): boolean =>
  isLienthongError(error, 'blob-unavailable') &&
  isLienthongError(error.cause, 'blob-unavailable') &&
  error.cause.details.isFinal === true;

function distinct(attachments: readonly Attachment[]): Attachment[] {
  return [...new Map(attachments.map((attachment) => [hex(attachment.sha256), attachment])).values()];
}
