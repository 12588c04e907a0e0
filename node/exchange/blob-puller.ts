/**
 * Pulls one attachment from the seat that offered it: the list of chunk hashes first, held against the signed chunk
 * root, then the chunks, a few outstanding, each checked before it is written; the whole file's SHA-256 is checked
 * before it is used. What was pulled survives a break or a restart and isn't pulled again. Chunks of a circular come
 * from the recipients its sender named, too (shared-pull), and are theirs to read meanwhile. Called by collector.
 */
import type { Attachment } from '../../proto/messages.ts';
import { type Bytes, equalBytes, hex } from '../core/bytes.ts';
import { isLienthongError, LienthongError } from '../core/errors.ts';
import { rootOf } from '../core/merkle.ts';
import { chunkCount } from '../store/blob-facts.ts';
import type { BlobReceiver } from '../store/blob-receiver.ts';
import type { LeasedBlob } from '../store/blobs.ts';
import { KeyedLock } from '../store/keyed-lock.ts';
import { BlobStream, type WantedFile } from './blob-stream.ts';
import type { ArrivingDocument } from './files-arriving.ts';
import { HelperLanes } from './helper-lanes.ts';
import type { ExchangeComponents } from './ports.ts';
import { PullLanes } from './pull-lanes.ts';
import { SharedPull } from './shared-pull.ts';

/** Chunks asked for and not yet here: hides a round trip, and bounds memory to 4 MiB a file. */
const OUTSTANDING = 4;
/** Chunks being hashed and written at once. */
const WRITING = 3;

export interface Pull {
  seat: string;
  /** The ticket. */
  dispatchId: Bytes;
  attachment: Attachment;
  /** Of the document it belongs to, as on the wire. */
  urgency: number;
  /** The Signed dispatch, where the seat received it rather than made it. */
  ticket?: Bytes;
  /** What is good in a damaged file of that name needn't travel: only where this seat may know that it was here. */
  salvage?: boolean;
  /** Of a circular. */
  shared?: SharedWith;
}

export interface SharedWith {
  /** Where what has come may be read by other recipients. */
  arriving: ArrivingDocument;
  /** Recipients named by the sender; none where it is the only one to ask. */
  helpers: readonly string[];
  /** The Signed dispatch. */
  ticket: Bytes;
}

export type BlobPullerComponents = Pick<
  ExchangeComponents,
  'peers' | 'blobs' | 'clock' | 'random' | 'report'
>;

export class BlobPuller {
  readonly #with: BlobPullerComponents;
  readonly #locks = new KeyedLock();
  readonly #lanes = new PullLanes();
  readonly #helperLanes = new HelperLanes();
  readonly #stopping = new AbortController();

  constructor(components: BlobPullerComponents) {
    this.#with = components;
  }

  /** Pulls that go on without their sender end, and keep what is there. */
  stop(): void {
    this.#stopping.abort(new LienthongError('not-running', { what: 'pulls' }));
  }

  /** A leased file. Throws 'blob-mismatch' when signed facts contradict each other, else 'blob-unavailable'. */
  async pull(pull: Pull, signal: AbortSignal): Promise<LeasedBlob> {
    try {
      const { seat, urgency, salvage, attachment } = pull;
      // a file of one seat is pulled by one stream at a time, and a seat by a few; nobody waits for another's
      const file = `${hex(attachment.sha256)} ${salvage ? '' : seat}`;
      return await this.#lanes.run(seat, urgency, signal, () =>
        this.#locks.run(file, () => this.#pull(pull, signal)),
      );
    } catch (error) {
      if (isLienthongError(error, 'blob-mismatch') && error.details.chunk === undefined) throw error;
      if (isLienthongError(error, 'disk-full')) throw error;
      signal.throwIfAborted();
      this.#stopping.signal.throwIfAborted();
      throw new LienthongError('blob-unavailable', { name: pull.attachment.name }, { cause: error });
    }
  }

  async #pull(pull: Pull, signal: AbortSignal): Promise<LeasedBlob> {
    signal.throwIfAborted();
    const { attachment, shared } = pull;
    const isHelped = shared !== undefined && shared.helpers.length > 0;
    // from helpers it goes on when the stream it was offered over has broken
    const pulling = isHelped ? this.#stopping.signal : signal;
    const { sender, chunkHashes } = await this.#hashes(pull, pulling);
    try {
      const { sha256, size } = attachment;
      const { seat: from, salvage } = pull;
      const how = { from, salvage, signal: pulling };
      const receiver = await this.#with.blobs.receive({ sha256, size, chunkHashes }, how);
      const file = shared?.arriving.receiving(sha256, chunkHashes, receiver);
      try {
        const keep = async (index: number, chunk: Bytes) => {
          await receiver.writeChunk(index, chunk);
          file?.grew();
        };
        if (isHelped) await this.#fromAll(pull, shared, sender, receiver, keep, pulling);
        else await pullChunks(sender!, receiver.missing(), keep);
        return await receiver.finish();
      } finally {
        await receiver.close();
        file?.end();
      }
    } finally {
      await sender?.end(true);
    }
  }

  /** From the sender, or a helper where it has left: the signed root proves them, whoever gives them. */
  async #hashes(pull: Pull, signal: AbortSignal): Promise<{ sender?: BlobStream; chunkHashes: Bytes[] }> {
    const { attachment, shared } = pull;
    let failure: unknown;
    for (const seat of [pull.seat, ...(shared?.helpers ?? [])]) {
      const isSender = seat === pull.seat;
      let stream: BlobStream | undefined;
      try {
        const ticket = isSender ? pull.ticket : shared?.ticket;
        const frames = await this.#with.peers.openBlob(seat, signal);
        stream = new BlobStream(frames, wantedBy(pull, ticket), signal);
        const chunkHashes = await stream.hashes(chunkCount(attachment.size));
        if (!equalBytes(rootOf(chunkHashes), attachment.chunkRoot)) {
          const reason = 'chunk hashes differ from the signed root';
          throw new LienthongError('blob-unavailable', { reason, isFinal: true });
        }
        if (isSender) return { sender: stream, chunkHashes };
        await stream.end(true);
        return { chunkHashes };
      } catch (error) {
        await stream?.end(true);
        failure ??= error;
      }
    }
    throw failure;
  }

  #fromAll(
    pull: Pull,
    { helpers, ticket }: SharedWith,
    sender: BlobStream | undefined,
    receiver: BlobReceiver<LeasedBlob>,
    keep: (index: number, chunk: Bytes) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { attachment, seat, urgency } = pull;
    const file = {
      ...{ sender: seat, helpers, ticket, urgency, keep },
      chunks: chunkCount(attachment.size),
      wanted: wantedBy(pull, pull.ticket),
      has: (index: number) => receiver.has(index),
    };
    return new SharedPull(file, { ...this.#with, lanes: this.#helperLanes }).run(sender, signal);
  }
}

const wantedBy = ({ dispatchId, attachment }: Pull, ticket: Bytes | undefined): WantedFile => ({
  dispatchId,
  sha256: attachment.sha256,
  ticket,
});

/** All that are missing, from one seat, which answers in the order asked. */
async function pullChunks(
  stream: BlobStream,
  missing: readonly number[],
  keep: (index: number, chunk: Bytes) => Promise<void>,
): Promise<void> {
  const asked: number[] = [];
  const writing: Promise<void>[] = [];
  try {
    for (let next = 0; next < missing.length || asked.length > 0; ) {
      while (next < missing.length && asked.length < OUTSTANDING) {
        const chunk = missing[next++]!;
        stream.ask({ chunk });
        asked.push(chunk);
      }
      const { chunk } = await stream.answer();
      if (chunk === undefined || chunk === null)
        throw new LienthongError('malformed', { field: 'BlobResponse.chunk' });
      const work = keep(asked.shift()!, chunk);
      // awaited some chunks later: hashing and writing go on while those travel
      work.catch(() => {});
      writing.push(work);
      if (writing.length >= WRITING) await writing.shift();
    }
    await Promise.all(writing);
  } finally {
    await Promise.allSettled(writing);
  }
}
