/**
 * One stream of a seat that reads attachments. Answers in the order asked; only what a helper holds is told in between.
 *
 * To the recipients of a circular a sender gives, one after another, the chunks it has given least, so that they soon
 * have all of it among themselves. They say when a chunk of it has come, since what the system's buffers have taken is
 * still going out, and few at a time go out soonest. Made by blob-server.
 */
import { type BlobRequest, blobRequest, blobResponse } from '../../proto/messages.ts';
import { type Bytes, hex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { isLienthongError } from '../core/errors.ts';
import type { ChunkBuffer } from '../store/chunk-buffer.ts';
import type { BlobAccess, OpenedBlob } from './blob-access.ts';
import { chunkFrame } from './blob-frames.ts';
import type { DeliveryEvents } from './delivery-events.ts';
import type { Frames, Report, TrustedDirectory } from './ports.ts';
import type { Quotas } from './quotas.ts';
import type { SpreadFile, Spreading } from './spreading.ts';
import type { Turn, Turns } from './turns.ts';

/** Chunk hashes in one answer: 512 KiB, half the frame. */
const HASHES_PER_ANSWER = 16_384;
/** Chunks read and hashed ahead of the one being written: as many as a puller asks for. */
const ANSWERS_AHEAD = 4;
/** Files one stream may have open. */
const OPEN_FILES = 4;
/** A chunk that doesn't get its turn by then may have come to others meanwhile. */
const TURN_WITHIN_MS = 20_000;

/** What all streams share. */
export interface BlobServing {
  access: BlobAccess;
  directory: () => Pick<TrustedDirectory, 'agencyOfSeat'>;
  quotas: Quotas;
  events: DeliveryEvents;
  report: Report;
  clock: Clock;
  turns: Turns;
  /** Of circulars. */
  sharedTurns: Turns;
  spreading: Spreading;
}

interface Answer {
  frames: Bytes[];
  /** They have been handed to the stream, or never will be. */
  written?: () => void;
}

/** A chunk of a circular on its way: until the reader says that it has come. */
interface UnderWay {
  turn: Turn;
  arrived(): void;
  lost(): void;
}

interface Reading extends OpenedBlob {
  /** Ends telling its reader what is held. */
  stopTelling?: () => void;
  spread?: { file: SpreadFile; given: Set<number>; close: () => void };
}

export class ServedStream {
  readonly #frames: Frames;
  readonly #seat: string;
  readonly #with: BlobServing;
  readonly #open = new Map<string, Reading>();
  /** By the sequence they answer. */
  readonly #underWay = new Map<number, UnderWay>();
  #last: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(frames: Frames, seat: string, components: BlobServing) {
    this.#frames = frames;
    this.#seat = seat;
    this.#with = components;
  }

  async run(): Promise<void> {
    // answers are made some ahead and written in the order asked: disk and hashing go on while a chunk travels
    const ahead: Promise<void>[] = [];
    let isBroken = false;
    try {
      for (;;) {
        const bytes = await this.#frames.read();
        if (bytes === undefined) break;
        const request = blobRequest.parse(bytes);
        if (request.want === 'came') {
          this.#came(request.came!);
          continue;
        }
        const file = await this.#opened(request);
        ahead.push(this.#inOrder(this.#answer(request, file)));
        if (ahead.length >= ANSWERS_AHEAD) await ahead.shift();
      }
      await this.#last;
      await this.#frames.close();
    } catch (error) {
      isBroken = true;
      this.#frames.abort(error as Error);
      const reason = (error as Error).message;
      this.#with.report('stream.broken', { seat: this.#seat, protocol: 'blob', reason });
    } finally {
      this.#isOver = true;
      await Promise.allSettled(ahead);
      for (const one of this.#underWay.values()) {
        if (isBroken) one.lost();
        one.turn.end();
      }
      await Promise.allSettled([...this.#open.values()].map((file) => close(file)));
    }
  }

  /** Writes what is being made when all before it has been written. */
  #inOrder(making: Promise<Answer>): Promise<void> {
    const before = this.#last;
    const write = async (): Promise<void> => {
      const [made] = await Promise.allSettled([making, before]);
      try {
        await before;
        for (const frame of (await making).frames) await this.#frames.write(frame);
      } finally {
        if (made.status === 'fulfilled') made.value.written?.();
      }
    };
    this.#last = write();
    this.#last.catch(() => {});
    return this.#last;
  }

  async #answer(request: BlobRequest, file: Reading | 'over-limit' | undefined): Promise<Answer> {
    const { sequence, want } = request;
    if (file === 'over-limit') return refused(sequence, true);
    if (file === undefined) return refused(sequence);
    if (want === 'hashesFrom') {
      const from = request.hashesFrom ?? 0;
      const leafHashes = file.chunkHashes.slice(from, from + HASHES_PER_ANSWER);
      return { frames: [blobResponse.encode({ sequence, hashes: { leafHashes } })] };
    }
    if (want === 'held' && file.as === 'helped' && !file.stopTelling) return this.#subscribe(sequence, file);
    if (want === 'spread' && file.spread !== undefined)
      return this.#spread(sequence, file, file.spread, request.spread!);
    const index = request.chunk ?? 0;
    if (want !== 'chunk' || index >= file.chunkHashes.length) return refused(sequence);
    return file.as === 'helped' ? this.#help(sequence, file, index) : this.#chunk(sequence, file, index);
  }

  /** A chunk of a document's own recipient, or of what is taken back. */
  async #chunk(sequence: number, file: Reading, index: number): Promise<Answer> {
    const turn = (await this.#with.turns.take(this.#turnOf(file)))!;
    const chunk = await this.#read(file, index).catch((error) => {
      turn.end();
      throw error;
    });
    if (chunk === undefined) {
      turn.end();
      return refused(sequence, true);
    }
    file.spread?.file.give(index, this.#with.clock.nowMs());
    this.#pulled(file, chunk);
    return { frames: [chunkFrame(sequence, chunk)], written: turn.end };
  }

  /** A chunk for another recipient of a circular. */
  async #help(sequence: number, file: Reading, index: number): Promise<Answer> {
    const turn = await this.#sharedTurn(file);
    const chunk = turn && (await this.#read(file, index).catch(() => undefined));
    if (chunk === undefined) {
      turn?.end();
      return refused(sequence);
    }
    this.#setOut(sequence, { turn: turn!, arrived: () => {}, lost: () => {} });
    return { frames: [chunkFrame(sequence, chunk)], written: turn!.free };
  }

  /** The chunk that was given least of those the reader wants; another time where other recipients have them all. */
  async #spread(
    sequence: number,
    file: Reading,
    { file: spread, given }: NonNullable<Reading['spread']>,
    unwanted: Bytes,
  ): Promise<Answer> {
    const { clock, sharedTurns } = this.#with;
    const turn = sharedTurns.isCrowded(this.#turnOf(file)) ? undefined : await this.#sharedTurn(file);
    const index = turn && spread.pick(unwanted, given, clock.nowMs());
    if (index === undefined) {
      turn?.end();
      return refused(sequence, true);
    }
    const givenAtMs = clock.nowMs();
    given.add(index);
    spread.give(index, givenAtMs);
    const chunk = await this.#read(file, index).catch(() => undefined);
    if (chunk === undefined) {
      spread.takeBack(index);
      turn!.end();
      return refused(sequence, true);
    }
    this.#setOut(sequence, {
      turn: turn!,
      arrived: () => spread.took(clock.nowMs() - givenAtMs),
      lost: () => spread.takeBack(index),
    });
    this.#pulled(file, chunk);
    const frames = [blobResponse.encode({ sequence, given: index }), chunkFrame(sequence, chunk)];
    return { frames, written: turn!.free };
  }

  #came(sequence: number): void {
    const come = this.#underWay.get(sequence);
    this.#underWay.delete(sequence);
    come?.arrived();
    come?.turn.end();
  }

  /** A reader that uses a sequence again will never say that the earlier chunk has come. */
  #setOut(sequence: number, one: UnderWay): void {
    this.#underWay.get(sequence)?.turn.end();
    this.#underWay.set(sequence, one);
  }

  async #sharedTurn(file: Reading): Promise<Turn | undefined> {
    const turn = await this.#with.sharedTurns.take(this.#turnOf(file), TURN_WITHIN_MS);
    if (!this.#isOver) return turn;
    turn?.end();
    return undefined;
  }

  /** Tells what is held now, and more whenever there is, as fast as the reader takes it. */
  #subscribe(sequence: number, file: Reading): Answer {
    const frame = () => blobResponse.encode({ sequence, held: { bitmap: file.held() } });
    let isTelling = false;
    let isMore = false;
    const tell = async () => {
      isMore = true;
      if (isTelling) return;
      isTelling = true;
      while (isMore && !this.#isOver) {
        isMore = false;
        await this.#frames.write(frame()).catch((error: Error) => this.#frames.abort(error));
      }
      isTelling = false;
    };
    file.stopTelling = file.onMore(() => void tell());
    return { frames: [frame()] };
  }

  /** As signed; undefined where it isn't here, or not as signed any more. */
  async #read(file: Reading, index: number): Promise<ChunkBuffer | undefined> {
    try {
      return await file.chunk(index);
    } catch (error) {
      if (!isLienthongError(error, 'damaged')) throw error;
      this.#with.access.noteDamage(file);
      return undefined;
    }
  }

  #pulled({ row }: Reading, chunk: ChunkBuffer): void {
    if (row !== undefined) this.#with.events.pulled(row, chunk.length);
  }

  #turnOf({ documentId, rank }: Reading) {
    return { document: hex(documentId), seat: this.#seat, rank };
  }

  async #opened(request: BlobRequest): Promise<Reading | 'over-limit' | undefined> {
    const name = `${hex(request.dispatchId)} ${hex(request.sha256)}`;
    const already = this.#open.get(name);
    if (already !== undefined) return already;
    const { access, directory, quotas, spreading } = this.#with;
    // before the disk is asked: what isn't to be had costs as much as what is
    if (!quotas.mayPull(directory().agencyOfSeat(this.#seat) ?? this.#seat)) return 'over-limit';
    const file: Reading | undefined = await access.open(request, this.#seat);
    if (file === undefined) return undefined;
    if (file.as === 'recipient-of-circular') {
      const spread = spreading.open(file.documentId, file.sha256, file.chunkHashes.length);
      file.spread = { ...spread, given: new Set() };
    }
    for (const [oldest, other] of this.#open) {
      if (this.#open.size < OPEN_FILES) break;
      this.#open.delete(oldest);
      // an answer under way may still read from it; that the stream broke is told by its next read
      await this.#last.catch(() => {});
      await close(other);
    }
    this.#open.set(name, file);
    return file;
  }
}

function close(file: Reading): Promise<void> {
  file.spread?.close();
  file.stopTelling?.();
  return file.close();
}

const refused = (sequence: number, later = false): Answer => ({
  frames: [blobResponse.encode({ sequence, refused: later ? { later } : {} })],
});
